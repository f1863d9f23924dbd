"""The metronome beats in the event loop, where watches may be woken."""

import asyncio
import threading

from contactpoints.engine.metronome import Metronome


async def test_it_beats_in_the_thread_of_the_event_loop() -> None:
    beaten, where = asyncio.Event(), set[int]()

    def tick() -> None:
        where.add(threading.get_ident())
        beaten.set()

    metronome = Metronome()
    metronome.every(0.01, tick)
    metronome.start()
    async with asyncio.timeout(20):
        await beaten.wait()
    metronome.stop()
    assert where == {threading.get_ident()}
