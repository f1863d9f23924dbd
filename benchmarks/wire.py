"""Raw connections: what sinks and requesters have in common, written out because it must cost next to nothing."""

import asyncio
import re
from typing import cast

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


class Peer(asyncio.Protocol):
    """One end of a connection, and what has come over it and is not worked off."""

    def __init__(self) -> None:
        self.buffer = b""
        self.transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the connection."""
        # uvloop's transports are none of asyncio's classes.
        self.transport = cast(asyncio.Transport, transport)


class HttpPeer(Peer):
    """One end of an HTTP/1.1 connection whose messages tell their length."""

    def data_received(self, data: bytes) -> None:
        """Take every message that is whole."""
        self.buffer += data
        while (end := self.buffer.find(b"\r\n\r\n")) >= 0:
            head = self.buffer[: end + 2]
            told = _LENGTH.search(head)
            whole = end + 4 + (int(told[1]) if told else 0)
            if len(self.buffer) < whole:
                return
            body, self.buffer = self.buffer[end + 4 : whole], self.buffer[whole:]
            self.came(head, body)

    def came(self, head: bytes, body: bytes) -> None:
        """Handle one whole message; ``head`` ends in CRLF."""
        raise NotImplementedError
