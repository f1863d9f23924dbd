"""How long what was asked is kept, for machines: told, reviewed and decided."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from contactpoints.actions import retention
from contactpoints.api.bodies import Json, json_body
from contactpoints.api.identity import caller
from contactpoints.api.queries import PAGES, Asked, written_place
from contactpoints.rules.retention import REVIEW
from contactpoints.runtime import Runtime
from schemas.access import Role
from schemas.openapi import Operation
from schemas.reading import read
from schemas.retention import DECISIONS, RETENTION_CLASSES, RetentionDecision, RetentionDuePage, RetentionOut

_MOST = 200
_EVERYBODY: tuple[Role, ...] = ("requester", "contact_point", "administrator", "secretariat", "auditor")
_ONE = "/v1/alerts/{reference}/retention"
_CLASSES = "\n\n".join(f"`{each.code}`, {each.days} days: {each.meaning}" for each in RETENTION_CLASSES.values())

RETENTION = (
    Operation(
        "get",
        "/v1/retention/due",
        "List what is due for review, what is due first first",
        "list_retention_due",
        "retention",
        responses={200: RetentionDuePage},
        problems=(422,),
        parameters=PAGES,
        roles=_EVERYBODY,
        description=(
            f"Alerts whose particulars are erased within {REVIEW.days} days, and what is held, whenever it would be;"
            " without those that one's own side has let go, and without those that went to the wrong Party where that"
            " asks. Also alerts that were acknowledged a year ago and never closed: nothing of those is "
            "ever erased."
        ),
    ),
    Operation(
        "get",
        _ONE,
        "Read how long the particulars are kept, or the certificate of their erasure",
        "read_retention",
        "retention",
        responses={200: RetentionOut},
        roles=_EVERYBODY,
        description=(
            "A period that is policy, and not law, runs from the end of the alert:\n\n"
            f"{_CLASSES}\n\n"
            "Then its data key is destroyed, and with it particulars, closing note and the texts of replies, for good. "
            "Times, timeline, acknowledgements, receipts and readings stay, and `erasure` certifies what went."
        ),
    ),
    Operation(
        "post",
        _ONE,
        "Prolong, hold, release or let go the particulars",
        "decide_retention",
        "retention",
        request=RetentionDecision,
        examples=DECISIONS,
        responses={200: RetentionOut},
        problems=(400, 403, 409, 410, 413, 415, 422),
        roles=("requester", "contact_point", "administrator"),
        step_up=True,
        description=(
            "Either side may: the authority that asked; the contact point and its Party's administrators. It stands on "
            "the timeline. Each side has a hold of its own. Of what went to the wrong Party the requester decides alone"
            " (403). 409 while the alert is open, and for a release where one's own side holds nothing; 410 once they "
            "are erased."
        ),
    ),
)
"""What this file can do, for the list of all operations."""


async def _due(runtime: Runtime, request: Request) -> Response:
    actor = await caller(runtime, request)
    asked = Asked(request)
    after, most = asked.place("cursor"), asked.number("limit", least=1, most=_MOST) or 50
    asked.sound()
    items, cursor = await retention.due(runtime.db, actor=actor, after=after, most=most, now=runtime.now())
    return Json({"items": items, "next_cursor": cursor and written_place(*cursor)})


async def _read(runtime: Runtime, request: Request) -> Response:
    actor = await caller(runtime, request)
    return Json(await retention.read(runtime.db, actor=actor, reference=request.path_params["reference"]))


async def _decide(runtime: Runtime, request: Request) -> Response:
    actor = await caller(runtime, request)
    said = read(RetentionDecision, await json_body(request))
    reference = request.path_params["reference"]
    return Json(await retention.decide(runtime.db, actor=actor, reference=reference, said=said, now=runtime.now()))


def routes() -> list[Route]:
    """Return the addresses of this file."""
    return [
        Route("/v1/retention/due", _due, methods=["GET"]),
        Route(_ONE, _read, methods=["GET"]),
        Route(_ONE, _decide, methods=["POST"]),
    ]
