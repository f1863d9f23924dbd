"""Who is calling: an API key in the Authorization header, looked up by its hash."""

from starlette.requests import Request

from contactpoints.actions import access
from contactpoints.api.queries import header
from contactpoints.rules.access import Actor
from contactpoints.rules.refusals import NotAuthenticated
from contactpoints.runtime import Runtime
from contactpoints.store import acting
from contactpoints.store.sealing import secret_hash

_SCHEME = "bearer "
_LONGEST = 200


_MOST_KNOWN = 10_000


def _secret(request: Request) -> str:
    given = header(request, "Authorization")
    if given[: len(_SCHEME)].lower() != _SCHEME or len(given) > _LONGEST:
        raise NotAuthenticated("Send `Authorization: Bearer` with an API key.")
    return given[len(_SCHEME) :].strip()


async def caller(runtime: Runtime, request: Request) -> Actor:
    """Return whose key came with the request. Raises `NotAuthenticated` without saying why."""
    actor = await access.find_actor(runtime.db, secret=_secret(request), now=runtime.now())
    if actor is None:
        raise NotAuthenticated("This API key is not known, has expired or was revoked.")
    acting.by_holder_of_key(actor)
    return actor


async def known_caller(runtime: Runtime, request: Request) -> Actor:
    """Return whose key it was when it was last looked up, without a look at the database.

    Only for `opening.open_alert`, whose own statement checks that the key still stands.
    """
    name = secret_hash(_secret(request))
    actor = runtime.known_keys.get(name)
    if actor is None:
        actor = await caller(runtime, request)
        if len(runtime.known_keys) >= _MOST_KNOWN:
            runtime.known_keys.clear()
        runtime.known_keys[name] = actor
    acting.by_holder_of_key(actor)
    return actor
