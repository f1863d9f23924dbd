"""The wire to Twilio: the library's asynchronous client on one pooled session of ours.

The library's own asynchronous HTTP client logs every request at INFO, keeps the last one with its password in memory,
and speaks only to Twilio's own host. This one logs nothing, keeps nothing, and can be pointed at another host.
"""

import logging
from base64 import b64encode
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode, urlsplit

import aiohttp
from aiohttp import hdrs
from twilio.http import AsyncHttpClient
from twilio.http.response import Response

from notifiers.message import NotSent, Unsure

_log = logging.getLogger(__name__)
_MOST_BYTES = 1 << 20
# Twilio's own load balancers keep idle connections for a minute; a POST on one they have just closed is a doubt that
# costs twenty seconds, so ours are given up well before.
_KEEP_IDLE = 15.0


class Wire(AsyncHttpClient):  # type: ignore[misc]  # the library has no types
    """What the library calls to send a request. Opens its session at the first request, inside the running loop.

    ``api_base``: scheme, host and port to speak to instead of the ones the library thinks of. ``timeout``: seconds for
    a whole request; half of it to get a connection, so that the two kinds of slowness can be told apart.
    """

    def __init__(self, *, api_base: str | None, timeout: float, connections: int) -> None:
        super().__init__(_log, True, timeout)
        self._base = api_base.rstrip("/") if api_base else None
        self._limit = aiohttp.ClientTimeout(total=timeout, connect=timeout / 2)
        self._connections = connections
        self._session: aiohttp.ClientSession | None = None

    async def request(
        self,
        method: str,
        url: str,
        params: Mapping[str, object] | None = None,
        data: Mapping[str, object] | None = None,
        headers: Mapping[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        timeout: float | None = None,  # noqa: ASYNC109 - the library calls it so
        allow_redirects: bool = False,
    ) -> Response:
        """Send one request. Raises `NotSent` when it surely never left, `Unsure` when nobody can tell."""
        failure: NotSent | Unsure
        try:
            return await self._exchange(method, self._address(url, params), data=data, headers=headers, auth=auth)
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError, aiohttp.InvalidURL):
            failure = NotSent("no connection to the gateway", permanent=False, code="no_connection")
        except (aiohttp.ClientError, TimeoutError, OSError, UnicodeDecodeError) as broken:
            failure = Unsure(f"the line to the gateway broke ({type(broken).__name__})")
        # Raised out here, so that it drags along no error that quotes an address or the words.
        raise failure

    async def _exchange(
        self,
        method: str,
        url: str,
        *,
        data: Mapping[str, object] | None,
        headers: Mapping[str, str] | None,
        auth: tuple[str, str] | None,
    ) -> Response:
        # One string instead of aiohttp's FormData: a fifth of the cost, the same bytes on the wire.
        body = urlencode(data or {}, doseq=True).encode() if method == hdrs.METH_POST else None
        sent = dict(headers or {})
        if auth is not None:
            sent[hdrs.AUTHORIZATION] = "Basic " + b64encode(":".join(auth).encode()).decode()
        async with self._opened().request(
            method,
            url,
            data=body,
            headers=sent,
            allow_redirects=False,
        ) as answer:
            content = await answer.content.read(_MOST_BYTES)
            while not answer.content.at_eof() and len(content) < _MOST_BYTES:
                content += await answer.content.read(_MOST_BYTES - len(content))
            return Response(answer.status, content.decode("utf-8"), answer.headers)

    def _address(self, url: str, params: Mapping[str, object] | None) -> str:
        if self._base:
            url = self._base + url.removeprefix("{0.scheme}://{0.netloc}".format(urlsplit(url)))
        if params:
            url += ("&" if "?" in url else "?") + urlencode(params)
        return url

    def _opened(self) -> aiohttp.ClientSession:
        if self._session is None or self._session.closed:
            connector = aiohttp.TCPConnector(limit=self._connections, keepalive_timeout=_KEEP_IDLE, ttl_dns_cache=60)
            self._session = aiohttp.ClientSession(
                connector=connector, timeout=self._limit, cookie_jar=aiohttp.DummyCookieJar(), trust_env=False
            )
        return self._session

    async def close(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()


def quieten(*names: str) -> None:
    """Let these libraries log warnings only: below that they write down whom we speak to."""
    for name in names:
        logging.getLogger(name).setLevel(logging.WARNING)


def text_of(payload: Any) -> str:
    """Return a value of Twilio's as text; nothing is an empty text."""
    return "" if payload is None else str(payload)
