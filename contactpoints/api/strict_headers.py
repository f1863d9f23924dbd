"""What every answer tells a browser, whatever answers: pages, documents, files, streams and refusals.

An answer that needs more than nothing, as a page needs its style, says so itself; the rest holds for it all the same.
"""

from collections.abc import MutableMapping
from typing import Any

from starlette.types import ASGIApp, Receive, Scope, Send

STRICT = {
    "Content-Security-Policy": "default-src 'none'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "X-Robots-Tag": "noindex, nofollow",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
_TWO_YEARS = "max-age=63072000"
_START = "http.response.start"


class Strict:
    """Gives every answer the strictest headers; one that an answer has already stays as it is."""

    def __init__(self, app: ASGIApp, *, https: bool) -> None:
        """``https``: the world reaches us by it, and is told to come by nothing else."""
        self._app = app
        told = STRICT | ({"Strict-Transport-Security": _TWO_YEARS} if https else {})
        self._headers = [(name.lower().encode(), value.encode()) for name, value in told.items()]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""

        async def sending(message: MutableMapping[str, Any]) -> None:
            if message["type"] == _START:
                given = {name for name, _ in message["headers"]}
                message["headers"] = [*message["headers"], *(each for each in self._headers if each[0] not in given)]
            await send(message)

        await self._app(scope, receive, sending)
