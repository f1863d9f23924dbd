"""Whoever sends a body slowly may have been shut out before it was there."""

from starlette.requests import Request

_LONG = 1.0
"""Seconds in which somebody who was let in may have been shut out."""


async def still_there(request: Request, took: float) -> None:
    """Look again at whoever asks, where the body took long to come (seconds); raises as `identity.caller`."""
    if took > _LONG and hasattr(request.state, "look_again"):
        await request.state.look_again()
