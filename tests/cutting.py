"""Cutting off what is being done in the middle of its waiting, as when a client goes away or a process ends."""

import asyncio
from collections.abc import Coroutine, Generator
from functools import partial
from typing import Any


class _Cut:
    """Something that is done until it waits for the ``at``-th time, and is cancelled there."""

    def __init__(self, does: Coroutine[Any, Any, Any], at: int) -> None:
        self.does, self.at = does, at

    def __await__(self) -> Generator[Any, None, None]:
        task, waited, step = asyncio.current_task(), 0, partial(self.does.send, None)
        assert task is not None
        while True:
            try:
                waits = step()
            except StopIteration:
                return
            waited += 1
            if waited == self.at:
                task.cancel()
            try:
                yield waits
                step = partial(self.does.send, None)
            except BaseException as cut:
                step = partial(self.does.throw, cut)


async def cut_off(does: Coroutine[Any, Any, Any], *, at: int) -> bool:
    """Do something, but for cutting it off where it waits for the ``at``-th time; say whether it was."""

    async def whole() -> None:
        await _Cut(does, at)

    try:
        await asyncio.create_task(whole())
    except asyncio.CancelledError:
        return True
    return False
