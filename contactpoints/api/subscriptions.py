"""Subscriptions, for machines: a calendar that the service fetches by itself."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from contactpoints.actions import subscriptions
from contactpoints.api.bodies import json_body
from contactpoints.api.identity import caller
from contactpoints.api.queries import entry_number
from contactpoints.rules.alerts import moment
from contactpoints.runtime import Runtime
from contactpoints.store.database import Row
from schemas.access import Role
from schemas.calendars import Subscription, SubscriptionOut
from schemas.openapi import Operation
from schemas.reading import read

_KEEPERS: tuple[Role, ...] = ("administrator", "secretariat")
_PATH = "/v1/calendars/{id}/subscription"
SUBSCRIPTIONS = (
    Operation(
        "put",
        _PATH,
        "Fetch a calendar from an address from now on",
        "subscribe_calendar",
        "rosters",
        request=Subscription,
        responses={200: SubscriptionOut},
        problems=(400, 403, 409, 413, 415, 422),
        roles=_KEEPERS,
        examples={"a calendar in a group mailbox": {"address": "webcal://calendar.example/secret/duty.ics"}},
        description=(
            "Every half hour. Only https and public machines; no redirects, 2 MB and 30 s at most. What was good last "
            "stays in force: a file with a fault, without any shift, or that would open a gap is held back, and the "
            "administrators are told; of one that does not come, after four hours."
        ),
    ),
    Operation(
        "get",
        _PATH,
        "Read how fetching a calendar goes",
        "read_subscription",
        "rosters",
        responses={200: SubscriptionOut},
        problems=(403,),
        roles=_KEEPERS,
    ),
    Operation(
        "delete",
        _PATH,
        "Fetch a calendar no more; its shifts stay",
        "unsubscribe_calendar",
        "rosters",
        responses={204: None},
        problems=(403,),
        roles=_KEEPERS,
    ),
)
"""What this file can do, for the list of all operations."""


def _told(row: Row) -> Response:
    moments = {name: row[name] for name in ("since", "due_at", "tried_at", "good_at")}
    told = {name: None if at is None else moment(at) for name, at in moments.items()}
    return JSONResponse({"host": row["host"], **told, "trouble": row["trouble"], "faults": row["faults"]})


async def _subscribe(runtime: Runtime, request: Request) -> Response:
    actor, calendar = await caller(runtime, request), entry_number(request)
    said = read(Subscription, await json_body(request))
    return _told(
        await subscriptions.subscribe(
            *(runtime.db, calendar), actor=actor, url=said.address, now=runtime.now(), tools=runtime.tools
        )
    )


async def _read(runtime: Runtime, request: Request) -> Response:
    actor = await caller(runtime, request)
    return _told(await subscriptions.read(runtime.db, entry_number(request), actor=actor))


async def _unsubscribe(runtime: Runtime, request: Request) -> Response:
    actor = await caller(runtime, request)
    await subscriptions.unsubscribe(runtime.db, entry_number(request), actor=actor)
    return Response(status_code=204)


def routes() -> list[Route]:
    """Return the addresses of this file."""
    return [
        Route(_PATH, _subscribe, methods=["PUT"]),
        Route(_PATH, _read, methods=["GET"]),
        Route(_PATH, _unsubscribe, methods=["DELETE"]),
    ]
