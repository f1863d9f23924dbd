"""Work that takes a while is done in threads, beside the alerts; and an acknowledgement waits for no other work.

The threads that a process has anyway it needs to look up addresses: nobody's reading may keep those busy either.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import asynccontextmanager
from functools import partial
from typing import ParamSpec, TypeVar

from contactpoints.rules.refusals import Unavailable

# A hash takes some 30 ms, and another 30 ms of rest: whoever is let in waits for a second or two at most.
_MOST_SIGNING_IN = 20
# The others hold no connection to the database while they wait.
_AT_A_TIME = 2
_P = ParamSpec("_P")
_T = TypeVar("_T")


class Threads:
    """The threads of a process: for PINs, for passwords, for what is short, and for what is long.

    Of passwords and of what is long one is done after another.
    """

    def __init__(self) -> None:
        self._pins = ThreadPoolExecutor(2, "pins")
        self._passwords = ThreadPoolExecutor(1, "passwords")
        self._rests_until = 0.0
        self._signing_in, self._turns = 0, asyncio.Semaphore(_AT_A_TIME)
        self._short = ThreadPoolExecutor(1, "short")
        self._long = ThreadPoolExecutor(1, "long")

    async def pin(self, work: Callable[_P, _T], /, *given: _P.args, **named: _P.kwargs) -> _T:
        """Hash or check a PIN."""
        return await _in(self._pins, partial(work, *given, **named))

    async def password(self, work: Callable[_P, _T], /, *given: _P.args, **named: _P.kwargs) -> _T:
        """Hash or check a password, one after another; half of the time that thread rests, however many come."""
        return await _in(self._passwords, partial(self._rested, partial(work, *given, **named)))

    def _rested(self, work: Callable[[], _T]) -> _T:
        # A lower priority would not do: a thread that waits for a processor may hold what all of Python wants.
        time.sleep(max(0.0, self._rests_until - time.monotonic()))
        begun = time.monotonic()
        try:
            return work()
        finally:
            now = time.monotonic()
            self._rests_until = now + (now - begun)

    @asynccontextmanager
    async def signing_in(self) -> AsyncIterator[None]:
        """Let somebody in who brings a password, when it is his turn. Raises `Unavailable` at once where many wait."""
        if self._signing_in >= _MOST_SIGNING_IN:
            raise Unavailable("Too many are signing in just now.")
        self._signing_in += 1
        try:
            async with self._turns:
                yield
        finally:
            self._signing_in -= 1

    async def short(self, work: Callable[_P, _T], /, *given: _P.args, **named: _P.kwargs) -> _T:
        """Do what concerns one contact point or takes a moment, perhaps in a transaction for which others wait."""
        return await _in(self._short, partial(work, *given, **named))

    async def long(self, work: Callable[_P, _T], /, *given: _P.args, **named: _P.kwargs) -> _T:
        """Do what may concern the whole network. Never while others wait for something that one holds."""
        return await _in(self._long, partial(work, *given, **named))

    def close(self) -> None:
        """Begin nothing more; what has begun ends by itself."""
        for each in (self._pins, self._passwords, self._short, self._long):
            each.shutdown(wait=False, cancel_futures=True)


async def _in(executor: Executor, work: Callable[[], _T]) -> _T:
    return await asyncio.get_running_loop().run_in_executor(executor, work)
