"""The bytes of a mail: the words as text, and again as HTML with one big button for the link.

Written out by hand, because the ``email`` package takes several milliseconds for a mail, and five hundred may be due
in one second. Everything is ASCII on the wire: words as quoted-printable UTF-8 (RFC 2045), the subject as encoded
words (RFC 2047) where it must. No header can be injected: a value with a control character is refused.
"""

import binascii
import re
from dataclasses import dataclass
from datetime import datetime
from email.header import Header
from email.utils import format_datetime, formataddr, parseaddr
from html import escape

from notifiers.message import Message, NotSent

# Quoted-printable never holds "=_", so the boundary cannot occur inside a part (RFC 2045, section 6.7).
_BOUNDARY = "=_contactpoints_alternative"

_OPEN = {"en": "Open the secure page", "fr": "Ouvrir la page sécurisée", "es": "Abrir la página segura"}

# RFC 3834: no automatic answers to automatic mail; the second header says the same to Microsoft Exchange. There is no
# "Precedence" on purpose: "bulk" and "junk" make filters put a mail aside, and nothing else in it helps.
_FIXED = (
    "Auto-Submitted: auto-generated\r\nX-Auto-Response-Suppress: All\r\nMIME-Version: 1.0\r\n"
    f'Content-Type: multipart/alternative; boundary="{_BOUNDARY}"\r\n'
)
_URGENT = "Importance: high\r\nX-Priority: 1 (Highest)\r\nPriority: urgent\r\n"

_PART = (
    "--" + _BOUNDARY + "\r\nContent-Type: text/{}; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
)
_TEXT_PART = _PART.format("plain").encode()
_HTML_PART = b"\r\n" + _PART.format("html").encode()
_END = f"\r\n--{_BOUNDARY}--\r\n".encode()

_PAGE = """<!DOCTYPE html>
<html lang="{language}">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark"><meta name="supported-color-schemes" content="light dark">
<title>{title}</title>
<style>:root{{color-scheme:light dark}}body{{font:18px/1.5 system-ui,sans-serif;margin:0;padding:24px}}
main{{max-width:36em;margin:auto}}</style></head>
<body><main>
{words}
{button}</main></body>
</html>
"""
_BUTTON = (
    '<p style="margin:32px 0"><a href="{link}" style="display:inline-block;padding:18px 32px;border-radius:8px;'
    'background:#0b57d0;color:#ffffff;font-size:20px;font-weight:bold;text-decoration:none">{label}</a></p>\n'
    '<p style="font-size:14px;word-break:break-all">{link}</p>\n'
)

_ASCII_LOCAL = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+")
_DOMAIN = re.compile(r"[A-Za-z0-9.-]+|\[[A-Fa-f0-9.:IPv]+\]")
_CONTROL = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]")


@dataclass(frozen=True, slots=True)
class Sender:
    """The headers that are the same in every mail, and the address that bounces go to."""

    address: str
    domain: str
    headers: str


def read_sender(sender: str, reply_to: str | None) -> Sender:
    """Prepare a sender, ``duty@example.org`` or ``Duty <duty@example.org>``. Raises `ValueError`."""
    address, written = _mailbox(sender)
    headers = f"From: {written}\r\n"
    if reply_to:
        headers += f"Reply-To: {_mailbox(reply_to)[1]}\r\n"
    return Sender(address, address.rpartition("@")[2], headers)


def _mailbox(text: str) -> tuple[str, str]:
    if _CONTROL.search(text):
        raise ValueError("a mail address holds no control characters")
    name, bare = parseaddr(text)
    address = to_ascii(bare)
    return address, formataddr((name, address))


def to_ascii(address: str) -> str:
    """Return an address as SMTP without extensions takes it, the domain in its ASCII form. Raises `ValueError`."""
    local, at, domain = address.rpartition("@")
    if not domain.isascii():
        domain = domain.encode("idna").decode()
    if not at or len(address) > 254 or not _ASCII_LOCAL.fullmatch(local) or not _DOMAIN.fullmatch(domain):
        raise ValueError("not a mail address")
    return f"{local}@{domain}"


def write(message: Message, to: str, *, sender: Sender, at: datetime) -> bytes:
    """Return a whole mail, lines ending in CRLF, for the address ``to`` (`to_ascii`'s).

    The Message-ID comes from the thread, so that a repeat is the same mail to every mailbox that has the first one.
    Raises `NotSent` (permanent) where a header would break.
    """
    head = (
        f"{sender.headers}To: {to}\r\n{_subject(message.subject or '')}Date: {format_datetime(at)}\r\n"
        f"Message-ID: {message_id(message, sender)}\r\n{_language(message.language)}"
        f"{_URGENT if message.urgent and not message.exercise else ''}{_FIXED}\r\n"
    )
    plain, html = _bodies(message)
    return b"".join((head.encode("ascii"), _TEXT_PART, _quoted(plain), _HTML_PART, _quoted(html), _END))


def message_id(message: Message, sender: Sender) -> str:
    """Return the Message-ID: the same for every attempt and repeat of one message."""
    return f"<{_atom(message.thread)}.{_atom(message.reference or 'service')}@{sender.domain}>"


def _atom(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9-]", lambda sign: f"_{ord(sign[0]):x}", text)


def _subject(subject: str) -> str:
    if _CONTROL.search(subject):
        raise NotSent("subject with a control character", permanent=True, code="bad_header")
    if subject.isascii() and len(subject) <= 68 and "=?" not in subject:
        return f"Subject: {subject}\r\n"
    folded = Header(subject, "utf-8", header_name="Subject").encode(linesep="\r\n")
    return f"Subject: {folded}\r\n"


def _language(language: str) -> str:
    return f"Content-Language: {language}\r\n" if language.isascii() and language.isalpha() else ""


def _bodies(message: Message) -> tuple[str, str]:
    words, link = message.text, message.link
    plain = words if link is None or link in words else f"{words}\n\n{link}"
    paragraphs = "\n".join(f"<p>{escape(each).replace(chr(10), '<br>')}</p>" for each in words.split("\n\n"))
    label = _OPEN.get(message.language, _OPEN["en"])
    html = _PAGE.format(
        language=escape(message.language),
        title=escape(message.subject or ""),
        words=paragraphs,
        button=_BUTTON.format(link=escape(link), label=label) if link else "",
    )
    return plain, html


def _quoted(text: str) -> bytes:
    lines = "\r\n".join(text.replace("\r\n", "\n").replace("\r", "\n").split("\n"))
    return binascii.b2a_qp(lines.encode("utf-8", "replace"), istext=True)
