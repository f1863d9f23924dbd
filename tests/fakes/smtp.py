"""A real mail server of our own (`aiosmtpd`), with TLS and login, that keeps what it accepts.

async with FakeSmtp(tls="starttls") as server:
    ...                                    # point the settings at server.host and server.port, trust server.ca_file
    mail = (await server.gets("duty@example.org", least=1))[0]
"""

import asyncio
import logging
import ssl
import tempfile
import warnings
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.parser import BytesHeaderParser
from functools import cached_property
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Literal, cast

from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

USERNAME = "duty-mailer"
PASSWORD = "correct horse battery"


@dataclass(frozen=True)
class Letter:
    """One accepted mail: its envelope and its bytes."""

    sender: str
    to: str
    raw: bytes

    @cached_property
    def mail(self) -> EmailMessage:
        """The mail, read with Python's strictest policy."""
        return message_from_bytes(self.raw, policy=policy.default)

    @cached_property
    def head(self) -> EmailMessage:
        """What stands above its text: that is read in no time."""
        return BytesHeaderParser(policy=policy.default).parsebytes(self.raw)

    @cached_property
    def plain(self) -> str:
        """What is written in it for people, without HTML."""
        body = self.mail.get_body(("plain",))
        return "" if body is None else str(body.get_content()).replace("\r\n", "\n")


class FakeSmtp:
    """See the module. ``letters`` holds what it accepted, oldest first."""

    def __init__(self, *, tls: Literal["starttls", "tls", "none"] = "none", login: bool = False) -> None:
        self.letters: list[Letter] = []
        self.sessions = 0
        self.host = "127.0.0.1"
        self.port = 0
        self.tls = tls
        self.ca_file: str | None = None
        self.login = login
        self._answer: tuple[str, str] | None = None
        self._hang: str | None = None
        self._drop: str | None = None
        self._taken: set[int] = set()
        self._released = asyncio.Event()
        self._arrived = asyncio.Condition()
        self._server: asyncio.Server | None = None
        self.transports: dict[SMTP, asyncio.Transport] = {}
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._context: ssl.SSLContext | None = None

    async def __aenter__(self) -> "FakeSmtp":
        # It writes whole mails down at DEBUG, which tests that search our own log must not find.
        logging.getLogger("mail").setLevel(logging.CRITICAL)
        logging.getLogger("mail.log").setLevel(logging.CRITICAL)
        if self.tls != "none":
            self._folder = tempfile.TemporaryDirectory()
            self.ca_file = _certificate(Path(self._folder.name))
            self._context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            self._context.load_cert_chain(self.ca_file)
        loop = asyncio.get_running_loop()
        implicit = self._context if self.tls == "tls" else None
        self._server = await loop.create_server(self._conversation, self.host, self.port, ssl=implicit)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_error: object) -> None:
        await self.stop()
        if self._folder is not None:
            self._folder.cleanup()

    async def stop(self) -> None:
        """Stop listening: from now on connections are refused, and open ones are cut."""
        self._released.set()
        if self._server is not None:
            self._server.close()
            self.cut()
            await self._server.wait_closed()
            self._server = None

    def cut(self) -> None:
        """Hang up on everybody."""
        for transport in list(self.transports.values()):
            transport.abort()

    # How it behaves.

    def answers(self, at: str, said: str) -> None:
        """Answer every ``mail``, ``rcpt``, ``data`` or ``auth`` with, for example, ``550 5.1.1 <a@b> unknown``."""
        self._answer = (at, said)

    def hang(self, at: str = "data") -> None:
        """Never answer ``mail``, ``rcpt`` or ``data`` (the words taken, the answer owed)."""
        self._hang = at

    def drop(self, at: str = "data") -> None:
        """Hang up at ``mail``, ``rcpt`` or ``data``; at ``data`` the mail is taken."""
        self._drop = at

    def mend(self) -> None:
        """Forget behaviour; whoever hangs is let go."""
        self._answer = self._hang = self._drop = None
        self._released.set()
        self._released = asyncio.Event()

    def reset(self) -> None:
        """Forget behaviour and mail."""
        self.mend()
        self._taken.clear()
        self.letters.clear()

    def connections(self) -> int:
        """Return how many connections are open."""
        return len(self.transports)

    async def gets(self, address: str, *, least: int = 0, within: float = 60.0) -> list[EmailMessage]:
        """Return the mails that reached an address since it was last asked; waits until there are ``least``."""

        def new() -> list[int]:
            return [at for at, each in enumerate(self.letters) if each.to == address and at not in self._taken]

        async with self._arrived:
            await asyncio.wait_for(self._arrived.wait_for(lambda: len(new()) >= least), within)
        found = new()
        self._taken |= set(found)
        return [self.letters[at].mail for at in found]

    # What aiosmtpd calls.

    def _conversation(self) -> SMTP:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # it warns of logins without TLS, which we do on purpose
            return _Conversation(
                self,
                enable_SMTPUTF8=False,
                hostname="mail.example.org",
                tls_context=self._context if self.tls == "starttls" else None,
                require_starttls=self.tls == "starttls",
                authenticator=self._authenticate if self.login else None,
                auth_required=self.login,
                auth_require_tls=self.tls == "starttls",
                auth_exclude_mechanism=["LOGIN"],
            )

    def _authenticate(self, _server: Any, _session: Any, _envelope: Any, mechanism: str, data: Any) -> AuthResult:
        if self._answer and self._answer[0] == "auth":
            return AuthResult(success=False, handled=False, message=self._answer[1])
        good = mechanism == "PLAIN" and data == LoginPassword(USERNAME.encode(), PASSWORD.encode())
        return AuthResult(success=good, handled=False)

    async def handle_MAIL(self, server: SMTP, _s: Any, envelope: Any, address: str, options: list[str]) -> str:  # noqa: N802
        envelope.mail_from = address
        return await self._behave("mail", server) or "250 2.1.0 OK"

    async def handle_RCPT(self, server: SMTP, _s: Any, envelope: Any, address: str, options: list[str]) -> str:  # noqa: N802
        answer = await self._behave("rcpt", server)
        if answer is None:
            envelope.rcpt_tos.append(address)
        return answer or "250 2.1.5 OK"

    async def handle_DATA(self, server: SMTP, _s: Any, envelope: Any) -> str:  # noqa: N802
        if self._answer and self._answer[0] == "data":
            return self._answer[1]
        async with self._arrived:
            self.letters += [Letter(envelope.mail_from, to, envelope.content) for to in envelope.rcpt_tos]
            self._arrived.notify_all()
        return await self._behave("data", server) or f"250 2.0.0 Ok: queued as {len(self.letters):08X}"

    async def _behave(self, at: str, server: SMTP) -> str | None:
        if self._hang == at:
            await self._released.wait()
        if self._drop == at:
            self.transports[server].abort()
        return self._answer[1] if self._answer and self._answer[0] == at else None


class _Conversation(SMTP):
    """Remembers its connection with the server, so that stopping can cut it."""

    def __init__(self, owner: FakeSmtp, **options: Any) -> None:
        super().__init__(owner, **options)
        self._owner = owner
        owner.sessions += 1

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # Called again when STARTTLS has wrapped the connection. uvloop's transports are none of asyncio's classes.
        self._owner.transports.pop(self, None)
        self._owner.transports[self] = cast(asyncio.Transport, transport)
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        self._owner.transports.pop(self, None)
        super().connection_lost(error)


def _certificate(folder: Path) -> str:
    """Write a key and a certificate for 127.0.0.1 that signs itself; return the file that holds both."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mail.example.org")])
    today = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(today - timedelta(days=1))
        .not_valid_after(today + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = folder / "server.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file.write_bytes(private + certificate.public_bytes(serialization.Encoding.PEM))
    return str(file)
