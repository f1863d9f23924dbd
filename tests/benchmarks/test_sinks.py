"""The sinks of the benchmarks let nothing pass that is wrong: a fast service that loses or doubles alerts fails."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from benchmarks.book import CANARY, Book
from benchmarks.smtp_sink import PASSWORD, USERNAME, SmtpSink
from benchmarks.smtp_sink import SENDER as MAIL_SENDER
from benchmarks.twilio_sink import PUBLIC_URL, TwilioSink
from benchmarks.wire import Peer
from contactpoints.rules.wording_alarms import AlarmContext, alarm_words
from contactpoints.words import catalogues
from notifiers.email import SmtpEmail, SmtpOptions
from notifiers.message import Message, NotSent
from notifiers.twilio import TwilioOptions, TwilioSms
from tests.fakes.twilio_wire import ACCOUNT, SENDER, TOKEN

NUMBER, MAILBOX, REFERENCE = "+12205550100", "officer-1@aa.example.org", "T32J-PSPX"
ALERT = f"24/7 network - EMERGENCY - ref {REFERENCE} - reply 7QK2M4W + your PIN"
AGAIN = f"24/7 network - EMERGENCY - REPEAT - ref {REFERENCE} - reply 7QK2M4W + your PIN"


@pytest.fixture
def book() -> Book:
    return Book({NUMBER, MAILBOX})


@asynccontextmanager
async def listening(sink: Callable[[], Peer]) -> AsyncIterator[int]:
    """Serve a sink; yield its port."""
    async with await asyncio.get_running_loop().create_server(sink, "127.0.0.1", 0) as server:
        yield server.sockets[0].getsockname()[1]


def sms(text: str = ALERT) -> Message:
    return Message("0a" * 12, "sms", NUMBER, text, None, "en", REFERENCE, None, "m1", repeat=False, exercise=False)


def mail(text: str = "Please answer.") -> Message:
    subject = f"24/7 network - EMERGENCY - ref {REFERENCE}"
    return Message(
        "0a" * 12, "email", MAILBOX, text, subject, "en", REFERENCE, None, "m2", repeat=False, exercise=False
    )


async def text(book: Book, *messages: Message, token: str = TOKEN, public_url: str = PUBLIC_URL) -> None:
    async with listening(lambda: TwilioSink(book)) as port:
        options = TwilioOptions(ACCOUNT, token, public_url, sender=SENDER, api_base=f"http://127.0.0.1:{port}")
        notifier = TwilioSms(options)
        try:
            for message in messages:
                await notifier.send(message)
        finally:
            await notifier.close()


async def write(book: Book, message: Message, *, password: str = PASSWORD) -> None:
    async with listening(lambda: SmtpSink(book)) as port:
        notifier = SmtpEmail(SmtpOptions("127.0.0.1", MAIL_SENDER, port, "none", USERNAME, password))
        try:
            await notifier.send(message)
        finally:
            await notifier.close()


async def test_what_is_right_is_entered_in_the_book(book: Book) -> None:
    await text(book, sms(), sms(AGAIN))
    await write(book, mail())
    assert (book.count("sms"), book.count("email"), book.repeats) == (2, 1, 1)
    assert book.missing([REFERENCE, "AAAA-2222"], "sms") == ["AAAA-2222"]
    assert book.complaints == {}


@pytest.mark.parametrize("language", ["en", "fr", "es"])
async def test_that_the_sink_brings_no_reports_may_be_told(book: Book, language: str) -> None:
    what = AlarmContext("gateway_silent", False, datetime(2026, 10, 12, tzinfo=UTC), "Asia/Tokyo", gateway="twilio_sms")
    short, long = (alarm_words(catalogues()[language], kind, alarm=what) for kind in ("sms", "email"))
    await text(book, replace(sms(short.text), reference=None))
    await write(book, replace(mail(long.text), subject=long.subject, reference=None))
    assert (book.alarms, book.complaints) == (2, {})
    other = alarm_words(catalogues()[language], "sms", alarm=replace(what, what="gateway"))
    await text(book, replace(sms(other.text), reference=None))
    assert len(book.complaints) == 1


async def test_a_second_alert_without_the_mark_of_a_repeat_is_a_complaint(book: Book) -> None:
    await text(book, sms(), sms())
    assert list(book.complaints) == ["a second alert by sms about the same alert is not marked as a repeat"]


@pytest.mark.parametrize(
    ("message", "token", "public_url"),
    [
        pytest.param(sms(f"{ALERT} {CANARY}"), TOKEN, PUBLIC_URL, id="case data"),
        pytest.param(sms("x" * 161), TOKEN, PUBLIC_URL, id="too long"),
        pytest.param(replace(sms(), to="+12205550199"), TOKEN, PUBLIC_URL, id="a number that nobody has"),
        pytest.param(sms(), "another", PUBLIC_URL, id="a wrong login"),
        pytest.param(sms(), TOKEN, "https://elsewhere.example", id="another status callback"),
    ],
)
async def test_a_text_that_is_wrong_is_refused(book: Book, message: Message, token: str, public_url: str) -> None:
    with pytest.raises(NotSent):
        await text(book, message, token=token, public_url=public_url)
    assert len(book.complaints) == 1
    assert not book.count("sms")


async def test_a_text_that_names_no_alert_is_a_complaint(book: Book) -> None:
    await text(book, sms("24/7 network - EMERGENCY - reply 7QK2M4W"))
    assert list(book.complaints) == ["a message by sms names no alert: 24/7 network - EMERGENCY - reply 7QK2M4W"]


@pytest.mark.parametrize(
    ("message", "password"),
    [
        pytest.param(mail(f"Please answer. {CANARY}"), PASSWORD, id="case data"),
        pytest.param(mail("x" * 70 + CANARY), PASSWORD, id="case data across a line"),
        pytest.param(replace(mail(), to="stranger@example.org"), PASSWORD, id="a mailbox that nobody has"),
        pytest.param(mail(), "another", id="a wrong login"),
    ],
)
async def test_a_mail_that_is_wrong_is_refused(book: Book, message: Message, password: str) -> None:
    with pytest.raises(NotSent):
        await write(book, message, password=password)
    assert len(book.complaints) == 1
    assert not book.count("email")


async def test_a_mail_that_names_no_alert_is_a_complaint(book: Book) -> None:
    await write(book, replace(mail(), reference=None))
    assert list(book.complaints) == [f"a message by email names no alert: 24/7 network - EMERGENCY - ref {REFERENCE}"]
