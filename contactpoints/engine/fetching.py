"""Fetching a file from an address that a stranger may have chosen: https, public machines, bounded in size and time.

A name is resolved once, and the connection goes to the very addresses that were checked: nobody can answer with a
public one first and with one of our own house afterwards. Redirects are refused.
"""

import asyncio
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address, ip_network

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from contactpoints.rules.calendar_lines import MOST_BYTES

_PATIENCE = aiohttp.ClientTimeout(total=30, connect=10)
# Addresses of IPv4 in others of IPv6: NAT64, and what is only written so.
_NAT64 = ip_network("64:ff9b::/96")


class NotFetched(Exception):
    """Nothing came that could be used; the word is why. It never holds the address."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """What came; ``data`` is None where nothing has changed since."""

    data: bytes | None
    etag: str | None
    last_modified: str | None


def is_public(address: str) -> bool:
    """Say whether an address is one of the public Internet: not of this machine, of its house or of its provider."""
    found = ip_address(address.partition("%")[0])
    if isinstance(found, IPv6Address):
        inner = found.ipv4_mapped or found.sixtofour or (found.teredo[1] if found.teredo else None)
        if inner is None and found in _NAT64:
            inner = ip_address(int(found) & 0xFFFFFFFF)  # type: ignore[assignment]  # 32 bits are one of IPv4
        if inner is not None:
            return is_public(str(inner))
    return found.is_global and not found.is_multicast and not found.is_reserved


class _Checked(AbstractResolver):
    """Resolves a name, and hands out addresses only where all of them may be reached."""

    def __init__(self, allowed: Callable[[str], bool]) -> None:
        self._allowed = allowed

    async def resolve(  # type: ignore[override]  # aiohttp names it, and we name everything after the second
        self, host: str, port: int = 0, *, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, family=family, type=socket.SOCK_STREAM)
        addresses = list(dict.fromkeys((kind, where[0]) for kind, _, _, _, where in found))
        if not addresses or not all(self._allowed(str(address)) for _, address in addresses):
            raise NotFetched("private_address")
        return [
            ResolveResult(
                hostname=host, host=str(address), port=port, family=kind, proto=0, flags=socket.AI_NUMERICHOST
            )
            for kind, address in addresses
        ]

    async def close(self) -> None:
        """Nothing is kept open."""


async def fetch(
    url: str,
    *,
    etag: str | None = None,
    last_modified: str | None = None,
    allowed: Callable[[str], bool] = is_public,
    trusted: ssl.SSLContext | None = None,
) -> Fetched:
    """Return the file at an https address. Raises `NotFetched`.

    ``allowed`` says which addresses of machines may be reached, ``trusted`` whose certificates count.
    """
    headers = {"Accept": "text/calendar, */*;q=0.1", "Accept-Encoding": "identity", "User-Agent": "contactpoints"}
    headers |= {"If-None-Match": etag} if etag else {}
    headers |= {"If-Modified-Since": last_modified} if last_modified else {}
    try:
        _must_be_allowed(url, allowed)
        connector = aiohttp.TCPConnector(
            resolver=_Checked(allowed), use_dns_cache=False, ssl=trusted or True, force_close=True
        )
        async with (
            aiohttp.ClientSession(connector=connector, timeout=_PATIENCE, auto_decompress=False) as session,
            session.get(url, headers=headers, allow_redirects=False) as answer,
        ):
            return await _read(answer)
    except NotFetched:
        raise
    except TimeoutError:
        raise NotFetched("too_slow") from None
    except (aiohttp.ClientSSLError, ssl.SSLError):
        raise NotFetched("certificate") from None
    except (aiohttp.ClientError, OSError, ValueError):
        raise NotFetched("not_reached") from None


def _must_be_allowed(url: str, allowed: Callable[[str], bool]) -> None:
    """Refuse what is no https, and numbers for a name: those are not resolved."""
    host = URL(url)
    if host.scheme != "https" or not host.host:
        raise NotFetched("not_https")
    try:
        known = allowed(host.host)
    except ValueError:
        return
    if not known:
        raise NotFetched("private_address")


async def _read(answer: aiohttp.ClientResponse) -> Fetched:
    etag, last_modified = answer.headers.get("ETag"), answer.headers.get("Last-Modified")
    if answer.status == 304:
        return Fetched(None, etag, last_modified)
    if 300 <= answer.status < 400:
        raise NotFetched("redirected")
    if answer.status != 200:
        raise NotFetched("not_answered")
    if answer.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise NotFetched("packed")
    parts, length = [], 0
    async for part in answer.content.iter_chunked(65_536):
        length += len(part)
        if length > MOST_BYTES:
            raise NotFetched("too_large")
        parts.append(part)
    return Fetched(b"".join(parts), (etag or "")[:200] or None, (last_modified or "")[:100] or None)
