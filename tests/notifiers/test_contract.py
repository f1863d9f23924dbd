"""One contract, every way out: the tenth notifier is as reliable as the first."""

import asyncio
import logging
import traceback
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from notifiers.catalogue import CATALOGUE
from notifiers.message import Found, NotSent, NotThere, Receipt, Traceable, Unsure
from tests.notifiers.stages import PATIENCE, STAGES, Stage

STATUSES = (400, 401, 404, 408, 429, 500, 503)


@pytest.fixture(params=[entry.name for entry in CATALOGUE])
async def stage(request: pytest.FixtureRequest) -> AsyncIterator[Stage]:
    """A notifier together with the far end it talks to; one without a stage fails every test here."""
    patience = PATIENCE if request.node.get_closest_marker("silence") else 30.0
    async with STAGES[request.param](patience) as opened:
        yield opened


async def fails(stage: Stage) -> NotSent | Unsure:
    """Send, and return the failure that it must end in."""
    with pytest.raises((NotSent, Unsure)) as caught:
        await stage.notifier.send(stage.message)
    assert isinstance(caught.value, NotSent | Unsure)
    return caught.value


def verdict(failure: NotSent | Unsure) -> str:
    """Return what a failure says about trying again."""
    if isinstance(failure, Unsure):
        return "unsure"
    return "permanent" if failure.permanent else "temporary"


async def gone(stage: Stage) -> None:
    """Wait until the far end sees no connection any more."""
    for _ in range(3_000):
        if not stage.connections():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("a connection is still open")


async def test_a_good_send_gives_a_receipt_and_arrives_once(stage: Stage) -> None:
    receipt = await stage.notifier.send(stage.message)

    assert isinstance(receipt, Receipt)
    assert receipt.provider_code
    heard = await stage.hears(stage.message.to)
    assert len(heard) == 1
    assert heard[0].startswith(stage.message.text)


async def test_every_failure_says_whether_trying_again_helps(stage: Stage) -> None:
    for status in STATUSES:
        expected = stage.fails(status)
        assert verdict(await fails(stage)) == expected, status
        stage.recover()
    assert (await stage.notifier.send(stage.message)).provider_code


@pytest.mark.silence
async def test_silence_becomes_a_doubt_within_the_timeout(stage: Stage) -> None:
    stage.hang()

    async with asyncio.timeout(PATIENCE * 10):
        assert isinstance(await fails(stage), Unsure)


async def test_a_refused_connection_surely_sent_nothing(stage: Stage) -> None:
    await stage.leave()

    assert verdict(await fails(stage)) == "temporary"


@pytest.mark.silence
async def test_a_lost_far_end_is_found_again(stage: Stage) -> None:
    await stage.notifier.send(stage.message)
    stage.hang()
    await fails(stage)
    stage.recover()

    assert (await stage.notifier.send(stage.message)).provider_code


@pytest.mark.silence
async def test_nothing_that_is_written_down_tells_a_secret_an_address_or_the_words(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    await stage.notifier.send(stage.message)
    failures = []
    for status in STATUSES:
        stage.fails(status)
        failures.append(await fails(stage))
        stage.recover()
    stage.hang()
    failures.append(await fails(stage))
    await stage.leave()
    failures.append(await fails(stage))

    written = [caplog.text, repr(stage.notifier), repr(getattr(stage.notifier, "options", "")), repr(stage.message)]
    for failure in failures:
        written += [repr(failure), failure.reason, "".join(traceback.format_exception(failure))]
        assert failure.__cause__ is None
        assert failure.__context__ is None
    told = (
        stage.message.to,
        stage.message.to.lstrip("+"),
        stage.message.text[:30],
        "ABCD-2345 -",
        "K7QPM3X",
        "p4geT0ken",
    )
    for secret in (*stage.secrets, *told):
        assert secret not in "\n".join(written), secret[:4]


async def test_a_cancelled_send_leaves_no_task_and_no_connection(stage: Stage) -> None:
    stage.hang()
    if stage.notifier.name.startswith("rehearsal"):
        assert stage.connections() == 0
        return
    sending = asyncio.create_task(stage.notifier.send(stage.message))
    await stage.hears(stage.message.to, 1)
    sending.cancel()

    with pytest.raises(asyncio.CancelledError):
        await sending
    await gone(stage)
    left = "\n".join(repr(task.get_coro()) for task in asyncio.all_tasks())
    assert not any(part in left for part in ("TwilioSms", "Wire.", "SmtpEmail", "Lines.", "SMTP.", "ClientSession"))
    stage.recover()
    assert (await stage.notifier.send(stage.message)).provider_code


async def test_many_at_once_all_arrive(stage: Stage) -> None:
    many = [replace(stage.message, code=f"{at:022}", thread=f"m{at}") for at in range(40)]

    receipts = await asyncio.gather(*(stage.notifier.send(each) for each in many))

    assert len({receipt.provider_code for receipt in receipts}) == 40
    assert len(await stage.hears(stage.message.to)) == 40


@pytest.mark.silence
async def test_a_trace_finds_what_arrived_and_nothing_else(stage: Stage) -> None:
    if not isinstance(stage.notifier, Traceable):
        assert stage.notifier.name in ("smtp", "rehearsal_sms", "rehearsal_email", "rehearsal_voice")
        return
    started = datetime.now(UTC)
    assert isinstance(await stage.notifier.trace(stage.message, started), NotThere)
    stage.hang()
    await fails(stage)
    stage.mend()

    assert isinstance(await stage.notifier.trace(stage.message, started), Found)
    elsewhere = replace(stage.message, to="+4915550100999", code="another-attempt-------")
    assert isinstance(await stage.notifier.trace(elsewhere, started), NotThere)
    assert isinstance(await stage.notifier.trace(stage.message, started + timedelta(minutes=5)), NotThere)


async def test_closing_twice_is_harmless(stage: Stage) -> None:
    await stage.notifier.send(stage.message)

    await stage.notifier.close()
    await stage.notifier.close()

    await gone(stage)
