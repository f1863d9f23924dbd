"""Asking a provider: only at the hosts that are configured, bounded in size and time, and no redirect is followed."""

import base64
import ssl
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlsplit

import aiohttp

from schemas.openid import Provider
from schemas.reading import BadInput, read_json

_PATIENCE = aiohttp.ClientTimeout(total=4, connect=2)
_MOST_BYTES = 200_000


class NotAnswered(Exception):
    """A provider did not answer, or not with what it should. The words are for the log and hold nothing of it."""


def is_theirs(provider: Provider, url: object) -> bool:
    """Say whether an address is one of the provider: by its issuer's scheme, at its host or another configured one."""
    issuer = urlsplit(provider.issuer)
    try:
        parts = urlsplit(url) if isinstance(url, str) else None
        return (
            parts is not None
            and parts.scheme == issuer.scheme
            and parts.netloc.lower() in (issuer.netloc.lower(), *provider.hosts)
            and not parts.fragment
            and parts.port != 0
        )
    except ValueError:
        return False


async def fetch(provider: Provider, url: object) -> Mapping[str, Any]:
    """Return the JSON object at an address of the provider. Raises `NotAnswered`."""
    status, told = await _ask(provider, url, method="GET")
    if status != 200:
        raise NotAnswered(f"it answered {status}")
    return told


async def post(
    provider: Provider, url: object, *, form: Mapping[str, str], in_form: bool
) -> tuple[int, Mapping[str, Any]]:
    """Post a form with the secret of the client, in the form or (RFC 6749, 2.3.1) in a header.

    Raises `NotAnswered`.
    """
    client, secret = provider.client_id, provider.client_secret
    if in_form:
        return await _ask(provider, url, method="POST", form={**form, "client_id": client, "client_secret": secret})
    login = f"{quote(client, safe='')}:{quote(secret, safe='')}"
    basic = {"Authorization": f"Basic {base64.b64encode(login.encode()).decode()}"}
    return await _ask(provider, url, method="POST", form=form, headers=basic)


async def _ask(
    provider: Provider,
    url: object,
    *,
    method: str,
    form: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
) -> tuple[int, Mapping[str, Any]]:
    if not isinstance(url, str) or not is_theirs(provider, url):
        raise NotAnswered("an address is at no host that is configured")
    try:
        async with (
            aiohttp.ClientSession(timeout=_PATIENCE, cookie_jar=aiohttp.DummyCookieJar()) as session,
            session.request(
                method,
                url,
                data=form,
                headers={"Accept": "application/json", "User-Agent": "contactpoints", **(headers or {})},
                allow_redirects=False,
            ) as answer,
        ):
            raw = b""
            async for part in answer.content.iter_chunked(65_536):
                raw += part
                if len(raw) > _MOST_BYTES:
                    raise NotAnswered("the answer is too large")
            told = read_json(raw)
    except TimeoutError:
        raise NotAnswered("it took too long") from None
    except (aiohttp.ClientSSLError, ssl.SSLError):
        raise NotAnswered("its certificate is not good") from None
    except (aiohttp.ClientError, OSError, ValueError) as away:
        raise NotAnswered(f"it was not reached ({type(away).__name__})") from None
    except BadInput:
        raise NotAnswered(f"it answered {answer.status} without JSON") from None
    if not isinstance(told, dict):
        raise NotAnswered("it answered with no JSON object")
    return answer.status, told
