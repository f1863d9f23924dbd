"""Server-Sent Events: sent to a reader as they come, who is cut off where it is too slow to take them."""

import asyncio
import math
from contextlib import suppress
from dataclasses import dataclass

from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

MEDIA = "text/event-stream"
STILL_HERE = b": still here\n\n"


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds: between two looks without a bell, of silence before a sign of life, and for a reader to take a page."""

    look: float = 10.0
    heartbeat: float = 20.0
    patience: float = 15.0


class Events(StreamingResponse):
    """An answer that goes on until its reader is gone, or ``tell`` has told all; one that is too slow is cut off."""

    def __init__(self, pace: Pace) -> None:
        super().__init__((), media_type=MEDIA, headers={"X-Accel-Buffering": "no"})
        self.pace = pace

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Stream until the reader is gone; one that is too slow is cut off, which the server does when we return."""
        try:
            await super().__call__(scope, receive, send)
        except TimeoutError:
            return

    async def stream_response(self, send: Send) -> None:
        """Begin, tell, and end."""
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        await self.say(send, b"retry: 2000\n\n")
        await self.tell(send)
        await self.say(send, b"", more=False)

    async def tell(self, send: Send) -> None:
        """Say what there is, by `say`."""
        raise NotImplementedError

    async def say(self, send: Send, body: bytes, *, more: bool = True) -> None:
        """Send some bytes. Raises `TimeoutError` where the reader does not take them."""
        async with asyncio.timeout(self.pace.patience):
            await send({"type": "http.response.body", "body": body, "more_body": more})


def next_beat(now: float, heartbeat: float) -> float:
    """Return when a page that is silent from now on gives a sign of life: after ``heartbeat`` or up to a quarter more.

    It is a multiple of that quarter, so that pages which are looked after at the same time have one look.
    """
    grain = heartbeat / 4
    return math.ceil((now + heartbeat) / grain) * grain


async def rung(wake: asyncio.Event, patience: float) -> None:
    """Wait for an event, but not for longer than so many seconds."""
    with suppress(TimeoutError):
        async with asyncio.timeout(patience):
            await wake.wait()
