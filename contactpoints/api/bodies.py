"""Reading bodies: bounded, and JSON only."""

from starlette.requests import Request

from contactpoints.api.queries import header
from contactpoints.rules.refusals import TooLarge, UnsupportedMediaType

MOST_BYTES = 262_144


async def json_body(request: Request) -> bytes:
    """Return the raw body. Raises `UnsupportedMediaType`, or `TooLarge` without reading the rest."""
    media = header(request, "Content-Type").partition(";")[0].strip().lower()
    if media != "application/json":
        raise UnsupportedMediaType("Send `Content-Type: application/json`.")
    return await body(request)


async def body(request: Request) -> bytes:
    """Return the raw body, at most `MOST_BYTES` of it. Raises `TooLarge`."""
    parts, length = [], 0
    async for part in request.stream():
        length += len(part)
        if length > MOST_BYTES:
            raise TooLarge(f"A body has at most {MOST_BYTES} bytes.")
        parts.append(part)
    return b"".join(parts)
