"""The mail server: the part of SMTP that a polite sender uses, with a login, checked and as light as can be."""

import asyncio
import base64
import re
from email.parser import BytesParser
from email.policy import default

from benchmarks.book import CANARY, Book
from benchmarks.wire import Peer
from contactpoints.rules.gsm7 import fold

SENDER = "duty@alerts.example"
USERNAME, PASSWORD = "bench", "invented-password"

_LOGIN = b"AUTH PLAIN " + base64.b64encode(f"\0{USERNAME}\0{PASSWORD}".encode())
_MESSAGE_ID = re.compile(rb"^Message-ID: <m\d+\.([2-9A-HJKMNP-Z]{4}-[2-9A-HJKMNP-Z]{4})@", re.MULTILINE)
_MAILBOX = re.compile(rb"(?:TO|FROM):<([^>]+)>", re.IGNORECASE)
_NEEDED = (b"\nAuto-Submitted: auto-generated\r\n", b"\nSubject: ", b"\nDate: ", b"multipart/alternative")
_END = b"\r\n.\r\n"
_HELLO = b"250-sink.example\r\n250-SIZE 10485760\r\n250-8BITMIME\r\n250-ENHANCEDSTATUSCODES\r\n250 AUTH PLAIN\r\n"


def _subject(letter: bytes) -> str:
    return fold(BytesParser(policy=default).parsebytes(letter, headersonly=True)["Subject"])


class SmtpSink(Peer):
    """One line of the service to its mail server."""

    def __init__(self, book: Book) -> None:
        super().__init__()
        self._book = book
        self._to = self._from = b""
        self._in_letter = self._known = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Greet."""
        super().connection_made(transport)
        self.transport.write(b"220 sink.example ESMTP\r\n")

    def data_received(self, data: bytes) -> None:
        """Answer every line, and every letter that is whole."""
        self.buffer += data
        while True:
            mark = _END if self._in_letter else b"\r\n"
            part, found, rest = self.buffer.partition(mark)
            if not found:
                return
            self.buffer = rest
            said = self._letter(part + b"\r\n") if self._in_letter else self._command(part)
            self.transport.write(said)
            if said.startswith(b"221"):
                self.transport.close()

    def _command(self, line: bytes) -> bytes:
        verb = line[:4].upper()
        match verb:
            case b"EHLO":
                return _HELLO
            case b"AUTH":
                self._known = line == _LOGIN
                if not self._known:
                    self._book.complain("a wrong login at the mail server")
                return b"235 2.7.0 welcome\r\n" if self._known else b"535 5.7.8 wrong login\r\n"
            case b"MAIL" | b"RCPT":
                return self._envelope(verb, line)
            case b"DATA":
                self._in_letter = True
                return b"354 go on\r\n"
            case b"RSET" | b"NOOP":
                return b"250 2.0.0 well\r\n"
            case b"QUIT":
                return b"221 2.0.0 goodbye\r\n"
        return b"502 5.5.1 unknown command\r\n"

    def _envelope(self, verb: bytes, line: bytes) -> bytes:
        found = _MAILBOX.search(line)
        mailbox = found[1] if found else b""
        if not self._known:
            self._book.complain("a mail without a login")
            return b"530 5.7.0 login first\r\n"
        if verb == b"MAIL":
            self._from = mailbox
            return b"250 2.1.0 well\r\n"
        self._to = mailbox
        if mailbox.decode() not in self._book.officers and mailbox.decode() not in self._book.requesters:
            self._book.complain("a mail to a mailbox that nobody has")
            return b"550 5.1.1 nobody\r\n"
        return b"250 2.1.5 well\r\n"

    def _letter(self, letter: bytes) -> bytes:
        self._in_letter = False
        fault = self._fault(letter)
        if fault:
            self._book.complain(fault)
            return b"554 5.6.0 refused\r\n"
        found = _MESSAGE_ID.search(letter)
        to = self._to.decode()
        self._book.note(
            found[1].decode() if found else None,
            "email",
            # The same mail again has the same Message-ID, which is how mail is marked.
            purpose="alert" if to in self._book.officers else "news",
            to=to,
            text="" if found else _subject(letter),
            repeat=True,
        )
        return b"250 2.0.0 queued as bench\r\n"

    def _fault(self, letter: bytes) -> str | None:
        """Return what is wrong with a letter, the first thing that is."""
        if self._from.decode() != SENDER or b"\nTo: " + self._to + b"\r\n" not in letter:
            return "a mail whose envelope and headers differ"
        if not all(header in letter for header in _NEEDED):
            return "a mail that lacks a header"
        # A line that was too long ends in "=" and goes on in the next one (RFC 2045, section 6.7).
        if CANARY.encode() in letter.replace(b"=\r\n", b""):
            return "a mail that holds case data"
        return None
