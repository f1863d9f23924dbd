"""Feeds: addresses that calendar programs subscribe to, made and revoked by machines, and read by programs."""

import hashlib
from functools import partial

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from contactpoints.actions import feeds
from contactpoints.api.identity import caller
from contactpoints.api.queries import entry_number
from contactpoints.rules.alerts import moment
from contactpoints.runtime import Runtime
from contactpoints.store.database import Row
from schemas.access import Role
from schemas.calendars import FeedList, FeedMadeOut
from schemas.openapi import Operation

_KEEPERS: tuple[Role, ...] = ("administrator", "secretariat")
_READ = "/feeds/{token}.ics"
_WHOSE = {"officers": ("an officer", "officer"), "posts": ("a duty post", "post")}

FEEDS = (
    *(
        each
        for kind, (said, name) in _WHOSE.items()
        for each in (
            Operation(
                "post",
                f"/v1/{kind}/{{id}}/feeds",
                f"Make a secret address at which the shifts of {said} are a calendar",
                f"make_{name}_feed",
                "rosters",
                responses={201: FeedMadeOut},
                problems=(403,),
                roles=_KEEPERS,
                description=(
                    "For calendar programs: no key, the address is the secret. It is told once, only a hash of it is "
                    "kept, and it ends when it is revoked or its owner retired. From a week ago until 180 days ahead; "
                    "an officer's own tells functions alone, that of a post names its officers; no number, no address."
                ),
            ),
            Operation(
                "get",
                f"/v1/{kind}/{{id}}/feeds",
                f"List the feeds of {said}, without their addresses",
                f"list_{name}_feeds",
                "rosters",
                responses={200: FeedList},
                problems=(403,),
                roles=_KEEPERS,
            ),
        )
    ),
    Operation(
        "delete",
        "/v1/feeds/{id}",
        "Revoke a feed",
        "revoke_feed",
        "rosters",
        responses={204: None},
        problems=(403,),
        roles=_KEEPERS,
    ),
)
"""What this file can do, for the list of all operations."""


def _told(row: Row) -> dict[str, object]:
    read_at = None if row["read_at"] is None else moment(row["read_at"])
    return {"id": row["id"], "created_at": moment(row["created_at"]), "read_at": read_at}


async def _make(runtime: Runtime, request: Request, *, kind: str) -> Response:
    actor, key = await caller(runtime, request), entry_number(request)
    made = await feeds.make(runtime.db, kind, key=key, actor=actor, now=runtime.now(), tools=runtime.tools)
    return JSONResponse(_told(made.row) | {"address": made.address}, status_code=201)


async def _list(runtime: Runtime, request: Request, *, kind: str) -> Response:
    actor, key = await caller(runtime, request), entry_number(request)
    rows = await feeds.listing(runtime.db, kind, key=key, actor=actor)
    return JSONResponse({"items": [_told(row) for row in rows]})


async def _revoke(runtime: Runtime, request: Request) -> Response:
    actor = await caller(runtime, request)
    await feeds.revoke(runtime.db, entry_number(request), actor=actor, now=runtime.now())
    return Response(status_code=204)


async def _read(runtime: Runtime, request: Request) -> Response:
    written = await feeds.read(runtime.db, request.path_params["token"], now=runtime.now(), tools=runtime.tools)
    tag = f'"{hashlib.sha256(written).hexdigest()[:32]}"'
    headers = {"ETag": tag, "Cache-Control": "private, no-cache"}
    if tag in [each.strip().removeprefix("W/") for each in request.headers.get("If-None-Match", "").split(",")]:
        return Response(status_code=304, headers=headers)
    return Response(written, media_type="text/calendar", headers=headers)


def routes() -> list[Route]:
    """Return the addresses of this file."""
    made = [
        route
        for kind in _WHOSE
        for route in (
            Route(f"/v1/{kind}/{{id}}/feeds", partial(_make, kind=kind), methods=["POST"]),
            Route(f"/v1/{kind}/{{id}}/feeds", partial(_list, kind=kind), methods=["GET"]),
        )
    ]
    return [
        *made,
        Route("/v1/feeds/{id}", _revoke, methods=["DELETE"]),
        Route(_READ, _read, methods=["GET"]),
    ]
