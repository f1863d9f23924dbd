"""Reading bodies: JSON only. Who asks is asked anew where that took long."""

import asyncio
from collections.abc import Iterable
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from contactpoints.api.queries import header
from contactpoints.api.slow_bodies import still_there
from contactpoints.rules.refusals import UnsupportedMediaType
from schemas.faults import Fault, Unreadable
from schemas.writing import write_json

_NO_BODY = "There is no body: send an object as `application/json`, `{}` where you have nothing to say."


class Json(Response):
    """A JSON answer, written fast."""

    media_type = "application/json"

    def render(self, content: Any) -> bytes:
        """Write a value of plain Python."""
        return write_json(content).encode()


def listed(items: Iterable[str], **told: object) -> Response:
    """Return a JSON answer in several forms: what is ``told``, and a list of items that are JSON already.

    Whatever is written at once nobody can interrupt: so a long list is written item by item, in a thread.
    """
    head = "".join(f'"{name}":{write_json(value)},' for name, value in told.items())
    whole = f'{{{head}"items":[{",".join(items)}]}}'
    return Response(whole, media_type=Json.media_type, headers={"Vary": "Accept"})


async def json_body(request: Request) -> bytes:
    """Return the raw body.

    Raises `UnsupportedMediaType`, `Unreadable` where there is none, and as the `entrance` does.
    """
    media = header(request, "Content-Type").partition(";")[0].strip().lower()
    raw = await body(request) if media in ("application/json", "") else b"?"
    if not raw:
        raise Unreadable([Fault("", "missing", _NO_BODY)])
    if media != "application/json":
        raise UnsupportedMediaType("Send `Content-Type: application/json`.")
    return raw


async def body(request: Request) -> bytes:
    """Return the raw body; again where it was read before. How much comes is bounded by the `entrance`.

    Where it came slowly, whoever asked is looked at again before anything is done, see `identity.caller`: what has
    ended meanwhile acts no more, and raises as there.
    """
    if not hasattr(request.state, "raw"):
        clock, parts = asyncio.get_running_loop().time, []
        began = clock()
        async for part in request.stream():
            parts.append(part)
        request.state.raw = b"".join(parts)
        await still_there(request, clock() - began)
    raw: bytes = request.state.raw
    return raw
