"""What stands before every operation and page: by which name it was asked for, how long its head is, how much comes."""

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable, Container, Sequence
from contextlib import suppress
from datetime import datetime

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from contactpoints.actions import sessions
from contactpoints.actions.answer_page import is_awaited
from contactpoints.actions.auditing import net_of
from contactpoints.rules.addresses_of_callers import address_of_caller
from contactpoints.rules.hosts import host_of, is_local, is_ours
from contactpoints.rules.refusals import (
    HeadTooLong,
    HostUnclear,
    NotThisHost,
    Refusal,
    TooLarge,
    TooSlow,
    UnsupportedMediaType,
)
from contactpoints.rules.rooms import LONGEST_HEAD, LONGEST_KEPT, LONGEST_URL, Room, room_of
from contactpoints.rules.sessions import COOKIE, is_meant
from contactpoints.rules.throttle import KEPT, PAGES, SESSIONS
from contactpoints.runtime import Runtime
from contactpoints.settings import PREFIX, Settings
from contactpoints.store.sealing import secret_hash
from schemas.networks import Network

_log = logging.getLogger(__name__)
# What balances load and watches over us asks by whatever name it has for this machine.
_BY_ANY_NAME = ("/healthz", "/readyz", "/healthz/engine", "/metrics")
# How many ways of writing our name, and how many sessions, are remembered.
_MOST_KNOWN = 1_000
_MOST_LINKS = 200
"""So many links wait to be looked up, one after another: those that are made up take one connection and no more."""
_FORM = "application/x-www-form-urlencoded"
_NO_PAGES = ("/v1/", "/static/", "/hooks/")
_LINK = re.compile(r"/a/([A-Z0-9]{16})(?:/request|/decline)?")
_ANOTHER = (
    "This service is not known by that name. Ask for it by its public address; no proxy may change the Host header."
)


class Addressed:
    """Says of each request from whose address it comes: behind it that is what `request.client` tells, or None."""

    def __init__(self, app: ASGIApp, trusted: Sequence[Network]) -> None:
        self._app = app
        self._trusted = trusted

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] == "http":
            peer = scope.get("client")
            forwarded = [value.decode("latin-1") for name, value in scope["headers"] if name == b"x-forwarded-for"]
            found = address_of_caller(peer[0] if peer else None, forwarded, trusted=self._trusted)
            # Of the port nobody knows behind a proxy, and nobody asks.
            scope["client"] = None if found is None else (str(found), 0)
        await self._app(scope, receive, send)


class Entrance:
    """Refuses what is not for us by its name, or has a head longer than any of ours; and bounds what is read of it.

    A refusal repeats nothing, and leads nowhere. Nothing here looks at `X-Forwarded-Host`.
    """

    def __init__(
        self,
        app: ASGIApp,
        settings: Settings,
        *,
        refuse: Callable[[Request, Exception], Awaitable[Response]],
        room: Callable[[str], Room] = room_of,
    ) -> None:
        """``settings`` know our name; ``room`` says how much may come to an address."""
        self._app = app
        self._url, self._rehearsal = settings.public_url, settings.rehearsal
        self._scheme = "https" if self._url.startswith("https:") else "http"
        self._refuse = refuse
        self._room = room
        self._known: set[bytes] = set()
        self._told = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        try:
            self._must_be_short(scope)
            self._must_be_ours(scope)
        except Refusal as refusal:
            answer = await self._refuse(Request(scope), refusal)
            await answer(scope, receive, send)
            return
        await self._app(scope, _Bounded(scope, receive, room=self._room(scope["path"])), send)

    def _must_be_short(self, scope: Scope) -> None:
        if len(scope["raw_path"]) + len(scope["query_string"]) > LONGEST_URL:
            raise HeadTooLong(f"An address has at most {LONGEST_URL} bytes.")
        if sum(len(name) + len(value) for name, value in scope["headers"]) > LONGEST_HEAD:
            raise HeadTooLong(f"All header fields have at most {LONGEST_HEAD} bytes.")

    def _must_be_ours(self, scope: Scope) -> None:
        named = [value for name, value in scope["headers"] if name == b"host"]
        if scope["path"] in _BY_ANY_NAME or (len(named) == 1 and named[0] in self._known):
            return
        peer = scope.get("client")
        near = self._rehearsal or bool(peer and is_local(peer[0].removeprefix("::ffff:")))
        host = host_of(named[0].decode("latin-1"), scheme=self._scheme) if len(named) == 1 else None
        if host is None:
            raise HostUnclear("Send one Host header, with the public address of this service.")
        if not is_ours(host, self._url, near=near):
            if not self._told:
                self._told = True
                told = (
                    "somebody asked for this service by another name than %sPUBLIC_URL has, and heard 421; if that was"
                )
                _log.warning(f"{told} a proxy of ours, let it pass the Host header on as it came", PREFIX)
            raise NotThisHost(_ANOTHER)
        if len(self._known) < _MOST_KNOWN and (self._rehearsal or not is_local(host[0])):
            self._known.add(named[0])


class Paced:
    """Counts the pages that somebody asks for who has signed in, and of all others those that come from an address.

    What machines ask is counted by their keys. Fifty open boards of one office ask anew with each alert: they leave
    the address to whoever signs in there. Whose link leads to an open alert is served whoever else is at the address:
    a telephone shares one with thousands. Where the address has none left, links are looked up one after another;
    while 200 wait for that in this process, one more is refused as any other page is, whatever it leads to.

    Of what is refused nothing is read. A form that a page of ours sent in a session that is known may be, so that it is
    given back: `state.may_be_read` says so to whoever tells of the refusal.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        runtime: Runtime,
        is_page: Callable[[Request], bool],
        refuse: Callable[[Request, Exception], Awaitable[Response]],
    ) -> None:
        self._app = app
        self._runtime, self._is_page, self._refuse = runtime, is_page, refuse
        self._sessions: set[bytes] = set()
        self._links, self._one_by_one = 0, asyncio.Lock()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request; behind `Addressed`."""
        if scope["type"] != "http" or scope["path"].startswith(_NO_PAGES) or not self._is_page(Request(scope)):
            await self._app(scope, receive, send)
            return
        token = Request(scope).cookies.get(COOKIE["key"], "")
        session = secret_hash(token) if token.startswith(sessions.TOKEN) else None
        try:
            await self._take(scope, token, session=session)
        except Refusal as refusal:
            request = Request(scope, receive)
            request.state.may_be_read = session in self._sessions and self._may_be_read(request, session)
            answer = await self._refuse(request, refusal)
            await answer(scope, receive, send)
            return
        await self._app(scope, receive, send)
        if session is not None:
            self._remember(session, scope.get("state", ()))

    async def _take(self, scope: Scope, token: str, *, session: bytes | None) -> None:
        """Take one of a session that is known, else of the address's; where none is left, of whoever is known yet."""
        pace, now = self._runtime.pace, self._runtime.now()
        if session in self._sessions:
            pace.take("pages", session, limit=PAGES, now=now)
            return
        where = net_of(scope["client"][0] if scope["client"] else None)
        try:
            pace.take("pages", where, limit=PAGES, now=now)
        except Refusal:
            link = _LINK.fullmatch(scope["path"])
            if link is not None and await self._is_awaited(link[1]):
                pace.take("pages", f"{where} {link[1]}", limit=PAGES, now=now)
            elif session and await self._is_known(token, where=where, now=now):
                self._know(session)
                pace.take("pages", session, limit=PAGES, now=now)
            else:
                raise

    async def _is_awaited(self, link: str) -> bool:
        """Look a link up, after those that came before; False without a look where very many wait."""
        if self._links >= _MOST_LINKS:
            return False
        self._links += 1
        try:
            async with self._one_by_one:
                return await is_awaited(self._runtime.db, token=link)
        finally:
            self._links -= 1

    async def _is_known(self, token: str, *, where: object, now: datetime) -> bool:
        """Look a session up; raises `TooManyRequests` where that was done for many of an address, who made them up."""
        self._runtime.pace.take("pages", f"{where} sessions", limit=SESSIONS, now=now)
        return await sessions.find_actor(self._runtime.db, token=token, now=now, used=False) is not None

    def _remember(self, session: bytes, told: Container[str]) -> None:
        """Keep in mind whether somebody is signed in by a session: one that has ended counts as its address does.

        ``told``: what the page noted of whoever asked; that of a link asks for no session, and notes nothing.
        """
        if "nobody" in told:
            self._sessions.discard(session)
        elif "signed_in" in told:
            self._know(session)

    def _know(self, session: bytes) -> None:
        if len(self._sessions) >= _MOST_KNOWN:
            self._sessions.clear()
        self._sessions.add(session)

    def _may_be_read(self, request: Request, session: bytes | None) -> bool:
        """Say whether a page of ours has sent a form, no file, that is short; so often it is."""
        head, ours = request.headers, self._runtime.settings.public_url
        site, origin, length = (head.get(name, "") for name in ("Sec-Fetch-Site", "Origin", "Content-Length"))
        short = length.isascii() and length.isdecimal() and len(length) < 10 and int(length) <= LONGEST_KEPT
        if request.method != "POST" or not short or head.get("Content-Type", "").partition(";")[0] != _FORM:
            return False
        if not is_meant(request.method, site=site, origin=origin, ours=ours):
            return False
        with suppress(Refusal):
            self._runtime.pace.take("kept", session, limit=KEPT, now=self._runtime.now())
            return True
        return False


class _Bounded:
    """What is received of one request: at most so much, within a while, and never anything that is to be unpacked."""

    def __init__(self, scope: Scope, receive: Receive, *, room: Room) -> None:
        self._scope, self._receive, self._room = scope, receive, room
        self._length, self._whole = 0, False
        self._until: float | None = None

    async def __call__(self) -> Message:
        """Return what comes next. Raises `TooLarge`, `TooSlow` or `UnsupportedMediaType`."""
        if self._whole:
            return await self._receive()
        if self._until is None:
            self._must_fit()
            self._until = asyncio.get_running_loop().time() + self._room.seconds
        try:
            async with asyncio.timeout_at(self._until):
                message = await self._receive()
        except TimeoutError:
            raise TooSlow(f"The body was not here within {self._room.seconds:g} seconds.") from None
        self._length += len(message.get("body", b""))
        if self._length > self._room.most:
            raise self._too_large()
        self._whole = not message.get("more_body", False)
        return message

    def _must_fit(self) -> None:
        """Judge a body by what its head says of it, before any of it is read."""
        for name, value in self._scope["headers"]:
            if name == b"content-length" and value.isdigit() and int(value) > self._room.most:
                raise self._too_large()
            if name == b"content-encoding" and value.strip().lower() not in (b"identity", b""):
                raise UnsupportedMediaType(
                    "Send the body as it is, without a Content-Encoding: nothing is unpacked here."
                )

    def _too_large(self) -> TooLarge:
        return TooLarge(f"A body has at most {self._room.most} bytes here.")
