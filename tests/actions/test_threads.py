"""What takes a processor has turns, so that nothing else waits for it."""

import asyncio
import time

import pytest

from contactpoints.actions.threads import Threads
from contactpoints.rules.refusals import Unavailable


async def test_two_sign_in_at_a_time_eighteen_wait_and_the_next_one_is_refused_at_once() -> None:
    threads, opened = Threads(), asyncio.Event()
    inside = 0

    async def sign_in() -> None:
        nonlocal inside
        async with threads.signing_in():
            inside += 1
            await opened.wait()

    tries = [asyncio.create_task(sign_in()) for _ in range(20)]
    await asyncio.sleep(0)
    assert inside == 2
    with pytest.raises(Unavailable):
        await sign_in()
    opened.set()
    await asyncio.gather(*tries)
    assert inside == 20
    await sign_in()
    threads.close()


async def test_a_thread_of_passwords_rests_as_long_as_it_worked() -> None:
    threads, begun = Threads(), time.monotonic()
    for _ in range(3):
        await threads.password(time.sleep, 0.02)
    # Worked, rested, worked, rested, worked: after the last one nobody waits for the rest.
    assert time.monotonic() - begun >= 0.1
    threads.close()
