"""Opening alerts with keys that were looked up before: what was known of one may be so no more, and is asked again."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from starlette.requests import Request

from contactpoints.api.identity import looked_up
from contactpoints.rules.access import Actor
from contactpoints.rules.refusals import KeyLimited, NotAuthenticated, NotForCallBack
from contactpoints.runtime import Runtime

_Done = TypeVar("_Done")


async def by_known_caller(
    runtime: Runtime, request: Request, *, actor: Actor, do: Callable[[Actor], Awaitable[_Done]]
) -> _Done:
    """Return what ``do`` makes for the holder of a key; where it is refused, once more by the key as it is now.

    Each request asks for itself whether the key is another than the one it was refused by: of many that come at once
    after a change all are refused by what was known, whoever of them asks first.
    """
    while True:
        try:
            return await do(actor)
        except (NotAuthenticated, KeyLimited, NotForCallBack):
            stands = await looked_up(runtime, request)
            if stands == actor:
                raise
            actor = stands
