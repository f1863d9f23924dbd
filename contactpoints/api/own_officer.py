"""What an officer sets for oneself, for machines and for the pages of a browser."""

from typing import get_args

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from contactpoints.actions import own_officer
from contactpoints.api.bodies import Json, json_body
from contactpoints.api.directory import expected
from contactpoints.api.identity import caller
from contactpoints.runtime import Runtime
from contactpoints.store.entries import Entry
from schemas.access import Role
from schemas.directory import OfficerOut
from schemas.openapi import Operation, Parameter
from schemas.own_officer import LANGUAGES, NEW_PINS, NewPin, OwnLanguages
from schemas.reading import read

_ME = "/v1/me/officer"
_PIN = "/v1/me/pin"
_EVERYBODY: tuple[Role, ...] = get_args(Role)
_TAG = {"ETag": "The version, for If-Match."}

OWN_OFFICER = (
    Operation(
        "get",
        _ME,
        "Read one's own entry as an officer",
        "read_own_officer",
        "access",
        responses={200: OfficerOut},
        roles=_EVERYBODY,
        answer_headers=_TAG,
        description="For an account that is an officer's, in a session; anybody else is refused, here and below.",
    ),
    Operation(
        "put",
        _ME,
        "Set one's own languages and notices",
        "set_own_languages",
        "access",
        request=OwnLanguages,
        examples=LANGUAGES,
        responses={200: OfficerOut},
        problems=(400, 412, 413, 415, 422, 428),
        parameters=(Parameter("If-Match", "The ETag as it was read.", required=True),),
        roles=_EVERYBODY,
        answer_headers=_TAG,
        description="In `language` come alerts and all notices; notices of shifts and swaps come by `notices_by` first,"
        " and those of a shift `notices_minutes` before it. Name, function and numbers are the administrators'.",
    ),
    Operation(
        "put",
        _PIN,
        "Set one's own PIN",
        "set_own_pin",
        "access",
        request=NewPin,
        examples=NEW_PINS,
        responses={204: None},
        problems=(400, 413, 415, 422),
        roles=_EVERYBODY,
        step_up=True,
        description="The one before, and a lock of it, is gone. Every mailbox of the officer hears of it. The account's"
        " own address must be a mailbox of the officer to which a link to set the PIN would go: proven, and approved"
        " where it came later; else 403. Who makes an account and says whose it is sets nobody's PIN by that.",
    ),
)


async def shown(runtime: Runtime, request: Request) -> Response:
    """Tell of the officer whose account it is."""
    return _told(await own_officer.read(runtime.db, actor=await caller(runtime, request)))


async def languages_set(runtime: Runtime, request: Request) -> Response:
    """Take other languages."""
    actor, version = await caller(runtime, request), expected(request)
    said = read(OwnLanguages, await json_body(request))
    now = runtime.now()
    return _told(await own_officer.set_languages(runtime.db, said, actor=actor, version=version, now=now))


async def pin_set(runtime: Runtime, request: Request) -> Response:
    """Take another PIN."""
    actor = await caller(runtime, request)
    said = read(NewPin, await json_body(request))
    await own_officer.set_pin(runtime.db, said.pin, actor=actor, now=runtime.now(), tools=runtime.tools)
    return Response(status_code=204)


def _told(entry: Entry) -> Response:
    return Json({**entry, "warnings": []}, headers={"ETag": f'"{entry["version"]}"'})


def routes() -> list[Route]:
    """Return the addresses of this file."""
    return [
        Route(_ME, shown, methods=["GET"]),
        Route(_ME, languages_set, methods=["PUT"]),
        Route(_PIN, pin_set, methods=["PUT"]),
    ]
