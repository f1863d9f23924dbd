"""Who is calling: an API key in the Authorization header, looked up by its hash."""

from starlette.requests import Request

from contactpoints.actions import access
from contactpoints.rules.access import Actor
from contactpoints.rules.refusals import NotAuthenticated
from contactpoints.runtime import Runtime

_SCHEME = "bearer "
_LONGEST = 200


async def caller(runtime: Runtime, request: Request) -> Actor:
    """Return whose key came with the request. Raises `NotAuthenticated` without saying why."""
    header = request.headers.get("Authorization", "")
    if header[: len(_SCHEME)].lower() != _SCHEME or len(header) > _LONGEST:
        raise NotAuthenticated("Send `Authorization: Bearer` with an API key.")
    actor = await access.find_actor(runtime.db, secret=header[len(_SCHEME) :].strip(), now=runtime.now())
    if actor is None:
        raise NotAuthenticated("This API key is not known, has expired or was revoked.")
    return actor
