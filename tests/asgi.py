"""The service asked in this very process, with as little around it as can be: for those who ask a thousand times."""

import asyncio
import json
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote, urlsplit

from starlette.types import ASGIApp

from tests.far_ends import PUBLIC

_PROXY = ("127.0.0.1", 4711)


@dataclass
class Answer:
    """What came back; of a stream only the head."""

    status: int = 0
    headers: dict[str, list[str]] = field(default_factory=dict)
    body: bytes = b""

    @property
    def text(self) -> str:
        """The body as it is read."""
        return self.body.decode()

    @property
    def told(self) -> Any:
        """What the body says in JSON."""
        return json.loads(self.body)

    @property
    def leads(self) -> str:
        """Where the answer leads to; empty where it leads nowhere."""
        return self.headers.get("location", [""])[0]


async def asks(
    app: ASGIApp, method: str, url: str, *, headers: Mapping[str, str], body: bytes = b"", head_alone: bool = False
) -> Answer:
    """Ask the service for a path, with what stands behind the question mark; ``head_alone``: hang up after the head."""
    host, asked, answer = urlsplit(PUBLIC), urlsplit(url), Answer()
    given = {name.lower(): value for name, value in headers.items()} | {"host": host.netloc}
    scope = {
        **{"type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "scheme": host.scheme, "root_path": ""},
        **{"method": method, "path": unquote(asked.path), "raw_path": asked.path.encode()},
        **{"query_string": asked.query.encode(), "client": _PROXY, "server": (host.hostname, 443)},
        "headers": [(name.encode("latin-1"), value.encode("latin-1")) for name, value in given.items()],
    }
    coming: list[MutableMapping[str, Any]] = [{"type": "http.request", "body": body, "more_body": False}]
    over = asyncio.Event()

    async def receive() -> MutableMapping[str, Any]:
        if not coming:
            await over.wait()
            return {"type": "http.disconnect"}
        return coming.pop()

    async def send(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            answer.status = message["status"]
            for name, value in message["headers"]:
                answer.headers.setdefault(name.decode("latin-1").lower(), []).append(value.decode("latin-1"))
        else:
            answer.body += message.get("body", b"")
        if head_alone or (message["type"] == "http.response.body" and not message.get("more_body")):
            over.set()

    async def serve() -> None:
        await app(scope, receive, send)

    async with asyncio.timeout(120):
        serving = asyncio.create_task(serve())
        if head_alone:
            await asyncio.wait((serving, asyncio.create_task(over.wait())), return_when=asyncio.FIRST_COMPLETED)
            serving.cancel()
            await asyncio.wait((serving,))
        else:
            await serving
    return answer
