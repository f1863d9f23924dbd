"""E-mail by SMTP (RFC 5321), over a few lines that stay open.

What a server says is never repeated in an error, because it quotes addresses; its two codes are (``550 5.1.1``).
"""

import asyncio
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import ClassVar

import aiosmtplib

from notifiers.letter import message_id, read_sender, to_ascii, write
from notifiers.message import Message, NotSent, Receipt, Unsure
from notifiers.smtp_lines import Lines, SmtpOptions

__all__ = ["SmtpEmail", "SmtpOptions"]

_ENHANCED = re.compile(r"\s*([245]\.\d{1,3}\.\d{1,3})\b")

# What Postfix, Exim and Exchange say about the number the mail has with them.
_QUEUED = re.compile(r"\b(?:queued as|id=)\s*([\w.-]{4,64})")

# RFC 3463. 5.1.7 and 5.1.8 are about the sender's address; 5.2.2 is a full mailbox; 5.7.x is policy: a missing login, a
# sender that is not allowed, a blocked relay. Those are mended on our side or pass.
_PASSES = ("5.1.7", "5.1.8", "5.2.2", "5.3.", "5.5.", "5.7.")

# 5.2.1 is a mailbox that was closed.
_ADDRESS = re.compile(r"5\.1\.\d+|5\.2\.1")


def _now() -> datetime:
    return datetime.now(UTC)


class SmtpEmail:
    """Sends mail through one server. Mail cannot be traced: a repeat has the same Message-ID instead."""

    kind: ClassVar[str] = "email"

    def __init__(self, options: SmtpOptions, *, name: str = "smtp", now: Callable[[], datetime] = _now) -> None:
        self.name = name
        self.options = options
        self._now = now
        self._sender = read_sender(options.sender, options.reply_to)
        self._lines = Lines(options)

    async def send(self, message: Message) -> Receipt:
        """Hand a mail over. Raises `NotSent`, or `Unsure` once the words may be on their way."""
        try:
            to = to_ascii(message.to)
        except ValueError:
            to = ""
        if not to:
            raise _no_address()
        letter = write(message, to, sender=self._sender, at=self._now())
        delivery = _Delivery(self._sender.address, to, letter=letter)
        failure: NotSent | Unsure
        try:
            async with asyncio.timeout(self.options.timeout), self._lines.line() as line:
                answer = await delivery.over(line)
        except TimeoutError:
            failure = delivery.broken("the mail server did not answer in time")
        except aiosmtplib.SMTPAuthenticationError as no:
            failure = NotSent(f"login refused ({_codes(no)})", permanent=False, code=_codes(no))
        except aiosmtplib.SMTPResponseException as no:
            failure = NotSent(f"no session with the mail server ({_codes(no)})", permanent=False, code=_codes(no))
        except (aiosmtplib.SMTPException, OSError, EOFError, ValueError) as broken:
            failure = delivery.broken(f"the line to the mail server broke ({type(broken).__name__})")
        else:
            if isinstance(answer, Receipt):
                return Receipt(message_id(message, self._sender), answer.provider_status, None, answer.detail)
            failure = answer
        # Raised out here, so that it drags along no error that quotes an address.
        raise failure

    async def close(self) -> None:
        """Say goodbye to the server."""
        await self._lines.close()


class _Delivery:
    """One mail on one line, and how far it came."""

    def __init__(self, sender: str, to: str, *, letter: bytes) -> None:
        self._sender = sender
        self._to = to
        self._letter = letter
        self._left = False

    async def over(self, line: aiosmtplib.SMTP) -> Receipt | NotSent:
        """Go through the conversation. A refusal is an answer, and leaves the line usable; a broken line raises."""
        try:
            await line.mail(self._sender, options=self._size(line))
            await line.rcpt(self._to)
            self._left = True
            _code, said = await line.data(self._letter)
        except aiosmtplib.SMTPResponseException as no:
            self._left = False  # the server has answered, and its answer was no
            await _clear(line)
            return _refusal(no)
        except ValueError:
            # `aiosmtplib` refuses addresses that could smuggle a command; nothing was written.
            return _no_address()
        queued = _QUEUED.search(said)
        return Receipt(provider_status="250", detail=queued[1] if queued else None)

    def _size(self, line: aiosmtplib.SMTP) -> list[str]:
        return [f"SIZE={len(self._letter)}"] if line.supports_extension("size") else []

    def broken(self, reason: str) -> NotSent | Unsure:
        """Return what a line that broke means: a doubt once the words may have left."""
        return Unsure(reason) if self._left else NotSent(reason, permanent=False, code="no_connection")


async def _clear(line: aiosmtplib.SMTP) -> None:
    """Make a line ready for the next mail, or give it up: some servers hang up after a refusal."""
    try:
        await line.rset()
    except (aiosmtplib.SMTPException, OSError):
        line.close()


def _refusal(no: aiosmtplib.SMTPResponseException) -> NotSent:
    enhanced = _enhanced(no.message)
    ours = isinstance(no, aiosmtplib.SMTPSenderRefused) or enhanced.startswith(_PASSES)
    # A server of the old kind, without the second code, speaks of the mailbox in its answer to RCPT alone (RFC 5321,
    # 4.2.3); what else it refuses may be its opinion of us.
    plain = isinstance(no, aiosmtplib.SMTPRecipientRefused) and no.code in (550, 551, 553) and not enhanced
    # 502 to 504, 530, 535 and the like speak of commands and logins, never of a mailbox.
    told = bool(enhanced) and no.code in (550, 551, 552, 553, 554, 556) and not ours
    named = isinstance(no, aiosmtplib.SMTPRecipientRefused) and bool(_ADDRESS.fullmatch(enhanced))
    return NotSent(
        f"refused by the mail server ({_codes(no)})",
        permanent=plain or told,
        code=_codes(no),
        address_is_bad=plain or (told and named),
    )


def _no_address() -> NotSent:
    return NotSent("not a mail address", permanent=True, code="bad_address", address_is_bad=True)


def _enhanced(said: str) -> str:
    found = _ENHANCED.match(said)
    return found[1] if found else ""


def _codes(no: aiosmtplib.SMTPResponseException) -> str:
    return " ".join(filter(None, (str(no.code), _enhanced(no.message))))
