"""Keys of requesting authorities, for machines: made, listed, changed, rotated and revoked."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from contactpoints.actions import keys
from contactpoints.api.bodies import json_body
from contactpoints.api.directory import expected
from contactpoints.api.identity import caller
from contactpoints.api.queries import PAGES, Asked, entry_number
from contactpoints.runtime import Runtime
from schemas.access import KEYS as EXAMPLES
from schemas.access import AuthorityKey, ChangedTerms, KeyMadeOut, KeyOut, KeyPage, KeyRotation, Role
from schemas.openapi import Operation, Parameter
from schemas.partly import read_partly
from schemas.reading import read

_MOST = 500
_ALL = "/v1/keys"
_ONE = f"{_ALL}/{{id}}"
_EVERYBODY: tuple[Role, ...] = ("requester", "contact_point", "administrator", "secretariat", "auditor")
_MAKERS: tuple[Role, ...] = ("administrator",)
_OF_BODIES = (400, 403, 413, 415, 422)
_TAG = {"ETag": "The version, for If-Match."}
_WHERE = {"Location": "Where the key is."}

KEYS = (
    Operation(
        "post",
        _ALL,
        "Make a key for an authority of one's own Party",
        "make_key",
        "access",
        request=AuthorityKey,
        examples=EXAMPLES["make"],
        responses={201: KeyMadeOut},
        problems=_OF_BODIES,
        roles=_MAKERS,
        step_up=True,
        answer_headers=_TAG | _WHERE,
        description=(
            "Its `secret` is told once; only a hash of it is kept. Limited to kinds, addresses or hours, what is beyond"
            " a limit is refused as `kind-not-allowed`, `address-not-allowed` or `outside-key-hours`, with `limit`; of"
            " hours an emergency is none the less opened, with the warning `outside_key_hours`. Who can confirm what it"
            " asks stands in `call_back`: where that is required, one that names another is 422, an emergency opened"
            " with the warning `callback_not_registered`. Keys of other roles are"
            " made by the operator."
        ),
    ),
    Operation(
        "get",
        _ALL,
        "List keys, with their limits and when and from where each was last used",
        "list_keys",
        "access",
        responses={200: KeyPage},
        problems=(422,),
        parameters=PAGES,
        roles=_EVERYBODY,
        description=(
            "An administrator sees those of the requesting authorities of the own Party, the secretariat and auditors"
            " all, everybody else the own one. `unused` warns of one that was not used for 90 days."
        ),
    ),
    Operation(
        "get", _ONE, "Read a key", "read_key", "access", responses={200: KeyOut}, roles=_EVERYBODY, answer_headers=_TAG
    ),
    Operation(
        "put",
        _ONE,
        "Change where a key's news go, its limits and its end",
        "change_key",
        "access",
        request=ChangedTerms,
        examples=EXAMPLES["change"],
        responses={200: KeyOut},
        problems=(*_OF_BODIES, 409, 412, 428),
        parameters=(Parameter("If-Match", "The ETag as it was read.", required=True),),
        roles=_MAKERS,
        step_up=True,
        answer_headers=_TAG,
        description=(
            "In force at once, for the next alert already. Its end, its limits, who signs and who confirms are said "
            "again each time: what is left out is refused, and not lifted. Where it was rotated, change both; the old "
            "one ends no later than it does. Who holds it (`holder_id`) may be named where nobody was; another holder "
            "means another secret, by rotation."
        ),
    ),
    Operation(
        "delete",
        _ONE,
        "Revoke a key at once",
        "revoke_key",
        "access",
        responses={204: None},
        problems=(403,),
        roles=("administrator", "secretariat"),
        step_up=True,
        description="The secretariat may, where one was stolen. What was opened with it goes on.",
    ),
    Operation(
        "post",
        f"{_ONE}/rotation",
        "Make a key that takes the place of another",
        "rotate_key",
        "access",
        request=KeyRotation,
        examples=EXAMPLES["rotate"],
        responses={201: KeyMadeOut},
        problems=(*_OF_BODIES, 409),
        roles=_MAKERS,
        step_up=True,
        answer_headers=_TAG | _WHERE,
        description=(
            "With the same authority, limits and end. Both are good until the old one ends: at `ends_at`, in 7 days"
            " where nothing is said, at most in 90. What stays under an Idempotency-Key stays with the key it came by:"
            " repeat a request with the key that it was first sent with."
        ),
    ),
)
"""What this file can do, for the list of all operations."""


def _answer(key: keys.Shown, *, status: int = 200) -> Response:
    headers = {"ETag": f'"{key["version"]}"'}
    if status == 201:
        headers |= {"Location": f"{_ALL}/{key['id']}", "Cache-Control": "no-store"}
    return JSONResponse(key, status_code=status, headers=headers)


async def make(runtime: Runtime, request: Request) -> Response:
    """Make a key."""
    actor = await caller(runtime, request)
    said, faults = read_partly(AuthorityKey, await json_body(request))
    made = await keys.make(runtime.db, said, faults=faults, actor=actor, now=runtime.now(), tools=runtime.tools)
    return _answer(made, status=201)


async def listed(runtime: Runtime, request: Request) -> Response:
    """List keys."""
    actor = await caller(runtime, request)
    asked = Asked(request)
    most, after = asked.number("limit", least=1, most=_MOST) or 100, asked.number("cursor") or 0
    asked.sound()
    items = await keys.listing(runtime.db, actor=actor, now=runtime.now(), after=after, most=most)
    following = str(items[-1]["id"]) if len(items) == most else None
    return JSONResponse({"items": items, "next_cursor": following})


async def shown(runtime: Runtime, request: Request) -> Response:
    """Show a key."""
    actor = await caller(runtime, request)
    return _answer(await keys.read(runtime.db, entry_number(request), actor=actor, now=runtime.now()))


async def change(runtime: Runtime, request: Request) -> Response:
    """Give a key other terms."""
    actor = await caller(runtime, request)
    key, version = entry_number(request), expected(request)
    terms, faults = read_partly(ChangedTerms, await json_body(request))
    said = keys.Said(terms, faults, actor, runtime.now())
    changed = await keys.change(runtime.db, key, version=version, said=said, holder=terms.holder_id)
    return _answer(changed)


async def revoke(runtime: Runtime, request: Request) -> Response:
    """Revoke a key."""
    actor = await caller(runtime, request)
    await keys.revoke(runtime.db, entry_number(request), actor=actor, now=runtime.now())
    return Response(status_code=204)


async def rotate(runtime: Runtime, request: Request) -> Response:
    """Make the successor of a key."""
    actor = await caller(runtime, request)
    key, said = entry_number(request), read(KeyRotation, await json_body(request))
    made = await keys.rotate(
        runtime.db,
        key,
        ends_at=said.ends_at,
        holder=said.holder_id,
        actor=actor,
        now=runtime.now(),
        tools=runtime.tools,
    )
    return _answer(made, status=201)


def routes() -> list[Route]:
    """Return the addresses of this file."""
    return [
        Route(_ALL, make, methods=["POST"]),
        Route(_ALL, listed, methods=["GET"]),
        Route(_ONE, shown, methods=["GET"]),
        Route(_ONE, change, methods=["PUT"]),
        Route(_ONE, revoke, methods=["DELETE"]),
        Route(f"{_ONE}/rotation", rotate, methods=["POST"]),
    ]
