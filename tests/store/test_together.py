"""What is asked at the same time is written together, and nobody suffers for a neighbour."""

import asyncio
from collections.abc import Sequence

import pytest

from contactpoints.rules.refusals import Unavailable
from contactpoints.store.together import Together


class Book:
    """Writes numbers down; refuses what is negative, and what is asked while it is shut."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.open = asyncio.Event()
        self.open.set()
        self.away = False
        self.most = self.now = 0

    async def write(self, asked: Sequence[int]) -> list[int]:
        self.batches.append(list(asked))
        self.now += 1
        self.most = max(self.most, self.now)
        await self.open.wait()
        self.now -= 1
        if self.away:
            raise Unavailable("The book is away.")
        if min(asked) < 0:
            raise ValueError(min(asked))
        return [10 * each for each in asked]


async def test_what_comes_alone_is_written_alone() -> None:
    book = Book()
    together = Together(book.write)
    assert [await together.do(each) for each in (1, 2)] == [10, 20]
    assert book.batches == [[1], [2]]


async def test_what_comes_at_once_is_written_together_in_order_and_each_hears_its_own() -> None:
    book = Book()
    together = Together(book.write, most=20)
    assert await asyncio.gather(*(together.do(each) for each in range(50))) == [10 * each for each in range(50)]
    assert [each for batch in book.batches for each in batch] == list(range(50))
    assert max(map(len, book.batches)) == 20
    assert len(book.batches) == 3


async def turns() -> None:
    """Let everybody go on as far as they can; no time passes that a busy machine could make long."""
    for _ in range(20):
        await asyncio.sleep(0)


async def test_two_batches_are_written_side_by_side_and_what_comes_meanwhile_waits_for_the_next() -> None:
    book = Book()
    book.open.clear()
    together = Together(book.write)
    asked = []
    for each in range(6):
        asked.append(asyncio.create_task(together.do(each)))
        await turns()
    assert book.batches == [[0], [1]]
    book.open.set()
    assert await asyncio.gather(*asked) == [0, 10, 20, 30, 40, 50]
    assert book.batches == [[0], [1], [2, 3, 4, 5]]
    assert book.most == 2


async def test_nobody_fails_for_a_neighbour() -> None:
    book = Book()
    together = Together(book.write)
    told = await asyncio.gather(*(together.do(each) for each in (1, -2, 3)), return_exceptions=True)
    assert [told[0], told[2]] == [10, 30]
    assert isinstance(told[1], ValueError)
    assert await together.do(4) == 40


async def test_that_the_book_is_away_everybody_hears() -> None:
    book = Book()
    book.away = True
    together = Together(book.write)
    told = await asyncio.gather(*(together.do(each) for each in range(9)), return_exceptions=True)
    assert {type(each) for each in told} == {Unavailable}


async def test_batches_that_hang_hold_up_nobody_who_comes_later() -> None:
    book = Book()
    book.open.clear()
    together = Together(book.write)
    hanging = [asyncio.create_task(together.do(1)), asyncio.create_task(together.do(2))]
    await turns()
    hanging.append(asyncio.create_task(together.do(3)))
    await turns()
    assert book.batches == [[1, 2], [3]]
    later = asyncio.create_task(together.do(4))
    async with asyncio.timeout(20):
        while [4] not in book.batches:  # noqa: ASYNC110 - a list rings no bell
            await asyncio.sleep(0.01)
    book.open.set()
    assert await asyncio.gather(*hanging, later) == [10, 20, 30, 40]


async def test_nobody_waits_for_ever_for_a_writer_that_forgot_somebody_or_was_called_off() -> None:
    async def forgetful(asked: Sequence[int]) -> list[int]:
        return list(asked)[1:]

    async def called_off(asked: Sequence[int]) -> list[int]:
        raise asyncio.CancelledError

    async with asyncio.timeout(20):
        with pytest.raises(ValueError, match="zip"):
            await Together(forgetful).do(1)
        with pytest.raises(asyncio.CancelledError):
            await Together(called_off).do(1)


async def test_whoever_stops_waiting_has_asked_nevertheless_and_disturbs_nobody() -> None:
    book = Book()
    book.open.clear()
    together = Together(book.write)
    impatient, patient = (asyncio.create_task(together.do(each)) for each in (1, 2))
    await turns()
    impatient.cancel()
    with pytest.raises(asyncio.CancelledError):
        await impatient
    book.open.set()
    assert await patient == 20
    assert book.batches == [[1, 2]]
