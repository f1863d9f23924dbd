"""Some lines to one mail server that stay open: greeting, TLS and login cost more than the mail itself."""

import asyncio
import socket
import ssl
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Literal

import aiosmtplib

# A server that hangs up on an idle line after 10 s would break the protocol (RFC 5321, 4.5.3.2 asks for 5 minutes),
# so a line that was used within that time is trusted; an older one is asked first.
_TRUSTED = 10.0


@dataclass(frozen=True, slots=True)
class SmtpOptions:
    """One mail server. ``sender`` is ``duty@example.org`` or ``Duty <duty@example.org>``.

    ``tls``: ``starttls`` (587), ``tls`` from the first byte (465), or ``none`` (a relay on the same machine).
    ``ca_file``: certificates to trust besides the system's. ``timeout``: seconds for one mail, waiting included.
    ``connections``: how many mails at once.
    """

    host: str
    sender: str
    port: int = 587
    tls: Literal["starttls", "tls", "none"] = "starttls"
    username: str | None = field(default=None, repr=False)
    password: str | None = field(default=None, repr=False)
    reply_to: str | None = None
    ca_file: str | None = None
    timeout: float = 15.0
    connections: int = 16


class Lines:
    """At most ``options.connections`` lines, opened when needed."""

    def __init__(self, options: SmtpOptions) -> None:
        self._options = options
        self._room = asyncio.Semaphore(options.connections)
        self._idle: deque[tuple[aiosmtplib.SMTP, float]] = deque()
        self._open: set[aiosmtplib.SMTP] = set()
        # Loading the certificates takes tens of milliseconds: once, not for every line.
        self._trust = None if options.tls == "none" else _trust(options.ca_file)

    @asynccontextmanager
    async def line(self) -> AsyncIterator[aiosmtplib.SMTP]:
        """Lend a line that is logged in, for one mail; after an error or a cancellation it is cut."""
        async with self._room:
            line = await self._ready()
            try:
                yield line
            except BaseException:
                self._cut(line)
                raise
            self._idle.append((line, _monotonic()))

    async def _ready(self) -> aiosmtplib.SMTP:
        while self._idle:
            line, since = self._idle.pop()
            if line.is_connected and (_monotonic() - since < _TRUSTED or await self._alive(line)):
                return line
            self._cut(line)
        return await self._connect()

    async def _alive(self, line: aiosmtplib.SMTP) -> bool:
        try:
            await line.noop(timeout=self._options.timeout / 5)
        except (aiosmtplib.SMTPException, OSError):
            return False
        except BaseException:
            self._cut(line)
            raise
        return True

    async def _connect(self) -> aiosmtplib.SMTP:
        given = self._options
        line = aiosmtplib.SMTP(
            hostname=given.host,
            port=given.port,
            username=given.username,
            password=given.password,
            # Unasked, the library looks the machine's full name up in the DNS, in a thread, for every line.
            local_hostname=_our_name(),
            timeout=given.timeout,
            use_tls=given.tls == "tls",
            start_tls=given.tls == "starttls",
            tls_context=self._trust,
        )
        self._open.add(line)
        try:
            await line.connect()
        except BaseException:
            self._cut(line)
            raise
        return line

    def _cut(self, line: aiosmtplib.SMTP) -> None:
        self._open.discard(line)
        line.close()

    async def close(self) -> None:
        """Say goodbye on the idle lines and cut the others."""
        while self._idle:
            line, _since = self._idle.pop()
            try:
                await line.quit(timeout=1)
            except (aiosmtplib.SMTPException, OSError):
                pass
            finally:
                self._cut(line)
        for line in list(self._open):
            self._cut(line)


def _monotonic() -> float:
    return asyncio.get_running_loop().time()


def _our_name() -> str:
    name = socket.gethostname()
    return name if name.isascii() and "." in name and not any(sign.isspace() for sign in name) else "[127.0.0.1]"


def _trust(ca_file: str | None) -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if ca_file:
        context.load_verify_locations(ca_file)
    return context
