"""What many ask at the same time is written with one statement; what comes alone is written alone, at once."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import Any, Generic, TypeAlias, TypeVar

Asked = TypeVar("Asked")
Written = TypeVar("Written")

_Batch: TypeAlias = list[tuple[Asked, asyncio.Future[Written]]]
_SIDE_BY_SIDE = 2
# Seconds after which the next batch waits no longer for the one before; most take a twentieth of that.
_HANGS_AFTER = 0.1


class Together(Generic[Asked, Written]):
    """Hands what was asked to ``write`` in batches of at most ``most``, two of them at a time, in the order of asking.

    ``write`` takes a batch and returns what became of each, in the same order; it does all of it or nothing, and
    whatever is asked of it a second time is done once. While it is at work, what comes waits for the next batch, but
    not for one that hangs. Where a batch fails, each of it is written alone and beside the others: nobody fails for a
    neighbour, and a line that broke behind a commit is asked again.
    """

    def __init__(self, write: Callable[[Sequence[Asked]], Awaitable[Sequence[Written]]], *, most: int = 32) -> None:
        self._write = write
        self._most = most
        self._waiting: deque[tuple[Asked, asyncio.Future[Written]]] = deque()
        self._writers = 0
        self._tasks: set[asyncio.Task[None]] = set()

    async def do(self, asked: Asked) -> Written:
        """Return what became of ``asked``. Raises what writing it raises.

        Whoever is cancelled here does not hear the answer, but has asked: it is written nevertheless.
        """
        done: asyncio.Future[Written] = asyncio.get_running_loop().create_future()
        self._waiting.append((asked, done))
        if self._writers < _SIDE_BY_SIDE:
            self._writers += 1
            self._start(self._carry_on())
        return await done

    def _start(self, work: Coroutine[Any, Any, None]) -> "asyncio.Task[None]":
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _carry_on(self) -> None:
        try:
            while self._waiting:
                before = 0
                # Whoever is at the door already comes along: let others in until a turn of the loop brings nobody.
                while before < len(self._waiting) < self._most:
                    before = len(self._waiting)
                    await asyncio.sleep(0)
                batch = [self._waiting.popleft() for _ in range(min(self._most, len(self._waiting)))]
                await asyncio.wait([self._start(self._settle(batch))], timeout=_HANGS_AFTER)
        finally:
            self._writers -= 1

    async def _settle(self, batch: _Batch[Asked, Written]) -> None:
        """Write a batch and tell everybody in it what became of theirs."""
        if not batch:
            return
        try:
            told = list(zip(batch, await self._write([asked for asked, _ in batch]), strict=True))
        except Exception as failure:
            if len(batch) > 1:
                for each in batch:
                    self._start(self._settle([each]))
            elif not batch[0][1].done():
                batch[0][1].set_exception(failure)
        except BaseException:
            for _, done in batch:
                done.cancel()
            raise
        else:
            for (_, done), written in told:
                if not done.done():
                    done.set_result(written)
