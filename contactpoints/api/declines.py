"""That an officer who was called cannot take an alert, for machines."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from contactpoints.api.answering import answered
from contactpoints.rules.refusals import NotDeclined
from contactpoints.runtime import Runtime
from schemas.acknowledgements import NOT_DECLINED, Decline, DeclinedOut, NotDeclinedOut
from schemas.examples import ACTS
from schemas.openapi import Operation

DECLINE = Operation(
    "post",
    "/v1/alerts/{reference}/declines",
    "Decline with an officer's code and PIN: the chain goes on",
    "decline_alert",
    "alerts",
    request=Decline,
    responses={200: DeclinedOut},
    problems=(400, 403, 409, 413, 415, 422),
    told_more={409: NotDeclinedOut},
    roles=("contact_point",),
    examples=ACTS["decline_alert"],
    description=(
        "An officer who was called cannot take the alert. The next step of the chain starts at once, of what is no "
        "emergency within working hours; whoever was called, this officer too, may still acknowledge. Said again it "
        "is answered alike, and counts once in each round of the chain. Where nobody is left the alert is `exhausted` "
        "at once: the requester is told, and the chain begins anew after its pause. An officer who is asked to take "
        "an acknowledged alert over declines that: it stays with whoever has it, who is told. Else nothing is "
        "declined once somebody has acknowledged: the 409 (`/problems/not-declined`) says by `outcome` why.\n\n"
        + "\n\n".join(f"`{code}`: {sentence}" for code, sentence in NOT_DECLINED.items())
    ),
)
"""What this file can do, for the list of all operations."""


async def _decline(runtime: Runtime, request: Request) -> Response:
    """Keep the raw answer before it is weighed, as that of an acknowledgement."""
    return await answered(
        runtime,
        request,
        shape=Decline,
        outcomes=("declined",),
        refusal=NotDeclined,
        why=NOT_DECLINED,
        declines=True,
    )


def routes() -> list[Route]:
    """Return the address of this file."""
    return [Route(DECLINE.path, _decline, methods=["POST"])]
