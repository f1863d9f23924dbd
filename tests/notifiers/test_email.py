"""Mail as a real server got it: words, headers, lines that stay open, and what the answers mean."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import parsedate_to_datetime
from typing import Literal

import pytest

from notifiers.email import SmtpEmail
from notifiers.letter import read_sender, to_ascii, write
from notifiers.message import Message, NotSent, Unsure
from tests.fakes.smtp import FakeSmtp
from tests.notifiers.stages import MAIL, smtp_options

NOON = datetime(2026, 10, 14, 12, 0, 5, tzinfo=UTC)
SENDER = read_sender("Réseau 24/7 <alerts@example.org>", "secretariat@example.org")


async def delivered(message: Message, **changes: str) -> EmailMessage:
    """Send one mail to a server of its own; return it as it arrived."""
    async with FakeSmtp() as server:
        notifier = SmtpEmail(smtp_options(server, timeout=5.0, **changes), now=lambda: NOON)
        await notifier.send(message)
        (mail,) = await server.gets(message.to, least=1)
        await notifier.close()
    return mail


def part(mail: EmailMessage, kind: str) -> str:
    """Return the text or the HTML of a mail."""
    body = mail.get_body((kind,))
    assert body is not None
    return str(body.get_content())


async def test_a_mail_arrives_with_its_words_twice_and_its_headers() -> None:
    mail = await delivered(MAIL, reply_to="secretariat@example.org")

    assert mail.defects == []
    assert mail["From"] == "Réseau 24/7 <alerts@example.org>"
    assert mail["Reply-To"] == "secretariat@example.org"
    assert mail["To"] == MAIL.to
    assert mail["Subject"] == MAIL.subject
    assert parsedate_to_datetime(mail["Date"]) == NOON
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["X-Auto-Response-Suppress"] == "All"
    assert mail["Precedence"] is None
    assert mail["Content-Language"] == "fr"
    assert mail["Message-ID"] == "<m4711.ABCD-2345@example.org>"
    assert part(mail, "plain").replace("\r\n", "\n") == f"{MAIL.text}\n\n{MAIL.link}"
    html = part(mail, "html")
    assert '<html lang="fr">' in html
    assert "<p>Veuillez répondre au SMS.</p>" in html
    assert html.count(f'href="{MAIL.link}"') == 1
    assert "Ouvrir la page sécurisée" in html
    assert 'content="light dark"' in html


async def test_an_actual_emergency_is_of_high_importance_and_an_exercise_is_not() -> None:
    assert (await delivered(MAIL))["Importance"] == "high"
    assert (await delivered(replace(MAIL, exercise=True)))["Importance"] is None
    assert (await delivered(replace(MAIL, urgent=False)))["X-Priority"] is None


async def test_an_exercise_says_so_in_the_first_characters_of_the_subject() -> None:
    subject = "EXERCISE EXERCICE EJERCICIO - Réseau 24/7 - URGENCE - réf. ABCD-2345"
    mail = await delivered(replace(MAIL, exercise=True, subject=subject, text="EXERCISE EXERCICE EJERCICIO\n\nOui."))

    assert mail["Subject"] == subject
    assert part(mail, "plain").startswith("EXERCISE")


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("¡Señor! ¿Está el niño en Ávila?", id="Spanish"),
        pytest.param(".\n..\n.hidden\nFrom here on", id="dots and From at the start of a line"),
        pytest.param("trailing \nspaces\t\nand = signs =3D", id="what quoted-printable must protect"),
        pytest.param("x" * 3000, id="a line of 3,000 characters"),
        pytest.param("日本語 العربية 🙂", id="other scripts"),
        pytest.param("--=_contactpoints_alternative--\nend", id="the boundary itself"),
        pytest.param("", id="no words at all"),
    ],
)
async def test_every_text_arrives_as_it_was_written(text: str) -> None:
    mail = await delivered(replace(MAIL, text=text, link=None))

    assert part(mail, "plain").replace("\r\n", "\n").rstrip("\n") == text.rstrip("\n")
    assert mail.defects == []


def test_no_line_is_longer_than_a_mail_server_takes() -> None:
    subject = "Réseau - " + "très " * 40
    raw = write(replace(MAIL, text="é" * 2000, subject=subject), MAIL.to, sender=SENDER, at=NOON)

    assert raw.isascii()
    assert max(len(line) for line in raw.split(b"\r\n")) <= 78
    assert b"\n" not in raw.replace(b"\r\n", b"")


def test_html_is_escaped() -> None:
    raw = write(
        replace(MAIL, text="<b>&\"'", subject="<i>", link='https://a.example.org/?a=1&b="><script>'),
        MAIL.to,
        sender=SENDER,
        at=NOON,
    )
    assert b'<b>&"' in raw  # as text
    assert b"<script>" not in raw.split(b"text/html")[1]
    assert b"<i>" not in raw.split(b"text/html")[1]


async def test_a_repeat_is_the_same_mail_to_a_mailbox() -> None:
    first = await delivered(MAIL)
    repeat = await delivered(replace(MAIL, code="another-attempt-------", repeat=True))
    other = await delivered(replace(MAIL, thread="m4712"))

    assert first["Message-ID"] == repeat["Message-ID"]
    assert first["Message-ID"] != other["Message-ID"]


@pytest.mark.parametrize("newline", ["\n", "\r", "\r\n", "\u2028", "\x85", "\x00"])
def test_no_header_can_be_injected(newline: str) -> None:
    evil = f"hello{newline}Bcc: everybody@example.org"
    with pytest.raises(NotSent) as refused:
        write(replace(MAIL, subject=evil), MAIL.to, sender=SENDER, at=NOON)
    assert refused.value.permanent
    with pytest.raises(ValueError, match="mail address"):
        read_sender(f"a@example.org{newline}Bcc: b@example.org", None)
    with pytest.raises(ValueError, match="mail address"):
        read_sender("a@example.org", f"b@example.org{newline}Bcc: c@example.org")
    raw = write(replace(MAIL, thread=evil, reference=evil, language=evil), MAIL.to, sender=SENDER, at=NOON)
    assert b"\nBcc:" not in raw.split(b"\r\n\r\n")[0]


@pytest.mark.parametrize(
    "address", ["", "duty", "@example.org", "a@", "a b@example.org", "a@example.org\r\nRCPT TO:<b@example.org>",
                "<a@example.org>", "a@example.org,b@example.org", "josé@example.org", "a@exa mple.org"]
)  # fmt: skip
async def test_what_is_no_address_is_refused_for_good(address: str) -> None:
    notifier = SmtpEmail(smtp_options(FakeSmtp(), port=9))
    with pytest.raises(NotSent) as refused:
        await notifier.send(replace(MAIL, to=address))
    assert (refused.value.permanent, refused.value.code) == (True, "bad_address")


def test_a_domain_with_letters_of_its_own_is_written_in_ascii() -> None:
    assert to_ascii("duty@münchen.example") == "duty@xn--mnchen-3ya.example"


@pytest.mark.parametrize("tls", ["starttls", "tls", "none"])
async def test_every_way_to_a_server_works(tls: Literal["starttls", "tls", "none"]) -> None:
    async with FakeSmtp(tls=tls, login=True) as server:
        notifier = SmtpEmail(smtp_options(server, timeout=5.0))
        receipt = await notifier.send(MAIL)
        await notifier.close()

    assert receipt.provider_code == "<m4711.ABCD-2345@example.org>"
    assert receipt.detail == "00000001"
    assert len(server.letters) == 1


@pytest.mark.parametrize("tls", ["starttls", "tls"])
async def test_a_certificate_nobody_trusts_is_not_spoken_to(tls: Literal["starttls", "tls"]) -> None:
    async with FakeSmtp(tls=tls, login=True) as server:
        notifier = SmtpEmail(smtp_options(server, ca_file=None, timeout=5.0))
        with pytest.raises(NotSent) as refused:
            await notifier.send(MAIL)
        await notifier.close()

    assert not refused.value.permanent
    assert server.letters == []


async def test_a_server_without_starttls_gets_no_password() -> None:
    async with FakeSmtp() as server:
        notifier = SmtpEmail(smtp_options(server, tls="starttls", username="u", password="p"))
        with pytest.raises(NotSent) as refused:
            await notifier.send(MAIL)
        await notifier.close()

    assert not refused.value.permanent
    assert server.letters == []


async def test_lines_stay_open_and_are_never_more_than_allowed() -> None:
    async with FakeSmtp() as server:
        notifier = SmtpEmail(smtp_options(server, timeout=5.0))
        await asyncio.gather(*(notifier.send(replace(MAIL, thread=f"m{at}")) for at in range(30)))
        await notifier.close()

    assert server.sessions == 2
    assert len(server.letters) == 30


async def test_a_line_that_was_cut_while_idle_is_opened_again() -> None:
    async with FakeSmtp() as server:
        notifier = SmtpEmail(smtp_options(server, timeout=5.0))
        await notifier.send(MAIL)
        server.cut()
        await asyncio.sleep(0.05)
        await notifier.send(MAIL)
        await notifier.close()

    assert server.sessions == 2
    assert len(server.letters) == 2


@pytest.mark.parametrize(
    ("at", "said", "means"),
    [
        pytest.param("rcpt", "550 5.1.1 no such user", "bad address", id="no such mailbox"),
        pytest.param("rcpt", "550 no such user", "bad address", id="no such mailbox, old server"),
        pytest.param("rcpt", "550 5.2.1 mailbox closed", "bad address", id="mailbox closed"),
        pytest.param("rcpt", "550 5.4.1 access denied", "given up", id="no such mailbox, Exchange Online"),
        pytest.param("rcpt", "553 5.1.8 sender domain unknown", "later", id="our sender is not liked, told late"),
        pytest.param("rcpt", "554 go away", "later", id="an old server's opinion of us"),
        pytest.param("rcpt", "550 5.7.1 relaying denied", "later", id="we may not relay"),
        pytest.param("rcpt", "552 5.2.2 mailbox full", "later", id="mailbox full"),
        pytest.param("rcpt", "450 4.2.0 greylisted", "later", id="greylisted"),
        pytest.param("mail", "553 5.1.8 sender domain unknown", "later", id="our sender is not liked"),
        pytest.param("mail", "530 5.7.0 authentication required", "later", id="login wanted"),
        pytest.param("data", "550 5.1.1 no such user", "given up", id="no such mailbox, told late"),
        pytest.param("data", "554 5.6.0 malformed", "given up", id="words refused"),
        pytest.param("data", "550 no thanks", "later", id="an old server's opinion of the words"),
        pytest.param("data", "554 5.7.1 looks like spam", "later", id="a filter's opinion"),
        pytest.param("data", "452 4.3.1 disk full", "later", id="disk full"),
    ],
)
async def test_a_refusal_says_whether_trying_again_helps(at: str, said: str, means: str) -> None:
    async with FakeSmtp() as server:
        server.answers(at, said)
        notifier = SmtpEmail(smtp_options(server, timeout=5.0))
        with pytest.raises(NotSent) as refused:
            await notifier.send(MAIL)
        server.reset()
        await notifier.send(MAIL)
        await notifier.close()

    assert refused.value.permanent is (means != "later")
    assert refused.value.address_is_bad is (means == "bad address")
    assert refused.value.code == " ".join(word for word in said.split()[:2] if word[0].isdigit())
    assert server.sessions == 1


@pytest.mark.parametrize("fault", ["hang", "drop"])
@pytest.mark.parametrize("at", ["mail", "rcpt"])
async def test_a_line_that_breaks_before_the_words_left_is_no_doubt(fault: str, at: str) -> None:
    async with FakeSmtp() as server:
        getattr(server, fault)(at)
        notifier = SmtpEmail(smtp_options(server, timeout=0.3))
        with pytest.raises(NotSent) as refused:
            await notifier.send(MAIL)
        await notifier.close()

    assert not refused.value.permanent


async def test_a_line_that_breaks_after_the_words_left_is_a_doubt() -> None:
    async with FakeSmtp() as server:
        server.drop("data")
        notifier = SmtpEmail(smtp_options(server, timeout=5.0))
        with pytest.raises(Unsure):
            await notifier.send(MAIL)
        await notifier.close()

    assert len(server.letters) == 1
