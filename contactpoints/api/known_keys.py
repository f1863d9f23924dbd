"""Opening alerts with keys that were looked up before: what was known of one may be so no more, and is asked again."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from starlette.requests import Request

from contactpoints.api.identity import forgotten, known_caller
from contactpoints.rules.access import Actor
from contactpoints.rules.refusals import KeyLimited, NotAuthenticated
from contactpoints.runtime import Runtime

_Done = TypeVar("_Done")


async def by_known_caller(
    runtime: Runtime, request: Request, *, actor: Actor, do: Callable[[Actor], Awaitable[_Done]]
) -> _Done:
    """Return what ``do`` makes for the holder of a key; where it is refused, once more by the key as it is now."""
    try:
        return await do(actor)
    except (NotAuthenticated, KeyLimited):
        if not forgotten(runtime, request):
            raise
    return await do(await known_caller(runtime, request))
