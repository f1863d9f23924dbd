"""A watch: a loop that works until nothing is due, then sleeps until it is woken or something falls due."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress

from contactpoints.rules.refusals import Refusal
from contactpoints.store.database import DatabaseFault

_log = logging.getLogger(__name__)
_PAUSE = 1.0
# Where a watch is ended, whoever waits for it notices a breath that is longer.
_LONG = 0.3

Work = Callable[[], Awaitable[int]]


class Watch:
    """Runs one kind of work, for ever. ``work`` does a batch and returns how much it did; 0 means nothing was due.

    ``breath``: seconds between two looks, which may change. The first look after a quiet time is at once, and so is
    the very first unless there is ``patience``: whatever has just begun has alerts first, and so many seconds at most
    does the watch wait to be woken. It must not wait for long: an engine that is started often would never look.
    """

    def __init__(self, name: str, work: Work, *, breath: float = 0.0, patience: float = 0.0) -> None:
        self.name = name
        self._work = work
        self.breath = breath
        self._patience = patience
        self._wake = asyncio.Event()
        if not patience:
            self._wake.set()
        self._ended = asyncio.Event()

    def wake(self) -> None:
        """Look again as soon as possible."""
        self._wake.set()

    def end(self) -> None:
        """Finish the batch in hand and look no more: work that is cut off in the middle leaves doubts behind."""
        self._ended.set()
        self._wake.set()

    async def run(self) -> None:
        """Watch until it is ended. A database that is away is waited for; nothing else ends the loop either."""
        with suppress(TimeoutError):
            async with asyncio.timeout(self._patience):
                await self._wake.wait()
        self._wake.set()
        while True:
            await self._wake.wait()
            if self._ended.is_set():
                return
            self._wake.clear()
            try:
                if await self._work():
                    self._wake.set()
            except (Refusal, DatabaseFault) as failure:
                _log.warning("%s waits: %s", self.name, failure)
                await self._pause(_PAUSE)
                self._wake.set()
            except Exception as failure:  # a watch that ended would be silence, whatever the reason
                _log.error("%s broke and goes on: %s", self.name, type(failure).__name__)
                await self._pause(_PAUSE)
                self._wake.set()
            if self.breath < _LONG:
                await asyncio.sleep(self.breath)
            else:
                await self._pause(self.breath)

    async def _pause(self, seconds: float) -> None:
        """Do nothing for so long, or until the watch is ended."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._ended.wait()
