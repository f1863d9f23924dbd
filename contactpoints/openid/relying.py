"""The relying party of OpenID Connect: where to send a browser, and who came back with a code.

What a provider says of itself and its keys are kept for a while; a key that is not known is looked for once more.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from authlib.oauth2.rfc6749.parameters import prepare_grant_uri
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from authlib.oidc.discovery import get_well_known_url

from contactpoints.openid.id_token import NotGood, UnknownKey, read_id_token
from contactpoints.openid.wire import NotAnswered, fetch, is_theirs, post
from contactpoints.rules.openid import Identity, Question
from contactpoints.rules.refusals import NotSignedIn, ProviderAway
from schemas.openid import Provider

_log = logging.getLogger(__name__)
_KEPT = timedelta(hours=1)
_ENDPOINTS = ("authorization_endpoint", "token_endpoint", "jwks_uri")


@dataclass(slots=True)
class _Known:
    metadata: Mapping[str, Any]
    keys: Sequence[Mapping[str, Any]]
    since: datetime


class Relying:
    """What one process knows of providers."""

    def __init__(self) -> None:
        self._known: dict[str, _Known] = {}

    async def address(self, provider: Provider, question: Question, *, anew: bool, now: datetime) -> str:
        """Return where a browser asks. ``anew``: the provider asks the person, even if it remembers them.

        Raises `ProviderAway`.
        """
        known = await self._know(provider, now=now)
        return str(
            prepare_grant_uri(
                known.metadata["authorization_endpoint"],
                client_id=provider.client_id,
                response_type="code",
                redirect_uri=question.return_to,
                scope=" ".join(("openid", *provider.scopes)),
                state=question.state,
                nonce=question.nonce,
                code_challenge=create_s256_code_challenge(question.verifier),  # type: ignore[no-untyped-call]  # the stubs leave it out
                code_challenge_method="S256",
                **({"prompt": "login", "max_age": "0"} if anew else {}),
            )
        )

    async def must_be_from(self, provider: Provider, issuer: str | None, *, now: datetime) -> None:
        """Raise `NotSignedIn` for an answer that another provider gave, as far as it says so (RFC 9207)."""
        known = await self._know(provider, now=now)
        says = known.metadata.get("authorization_response_iss_parameter_supported") is True
        if issuer != provider.issuer and (issuer is not None or says):
            raise _refused(provider, "the answer is another issuer's")

    async def who(self, provider: Provider, question: Question, *, code: str, now: datetime) -> Identity:
        """Return who came back with a code. Raises `NotSignedIn` or `ProviderAway`."""
        known = await self._know(provider, now=now)
        status, told = await self._exchange(provider, question, code=code, known=known)
        if status != 200:
            raise _refused(provider, "the code was not taken")
        try:
            try:
                return _read(told, known.keys, provider=provider, question=question, now=now)
            except UnknownKey:
                known.keys = await self._keys(provider, known.metadata)
                return _read(told, known.keys, provider=provider, question=question, now=now)
        except NotGood as wrong:
            raise _refused(provider, str(wrong)) from None

    async def _exchange(
        self, provider: Provider, question: Question, *, code: str, known: _Known
    ) -> tuple[int, Mapping[str, Any]]:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": question.return_to,
            "code_verifier": question.verifier,
        }
        ways = known.metadata.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
        try:
            return await post(
                provider, known.metadata["token_endpoint"], form=form, in_form="client_secret_basic" not in ways
            )
        except NotAnswered as away:
            raise _away(provider, away) from None

    async def _know(self, provider: Provider, *, now: datetime) -> _Known:
        known = self._known.get(provider.name)
        if known is None or not known.since <= now < known.since + _KEPT:
            try:
                metadata = await fetch(provider, get_well_known_url(provider.issuer, external=True))
                if metadata.get("issuer") != provider.issuer:
                    raise NotAnswered("it says that it is another issuer")
                if odd := [name for name in _ENDPOINTS if not is_theirs(provider, metadata.get(name))]:
                    raise NotAnswered(f"at no host that is configured: {', '.join(odd)}")
            except NotAnswered as away:
                raise _away(provider, away) from None
            known = _Known(metadata, await self._keys(provider, metadata), now)
            self._known[provider.name] = known
        return known

    async def _keys(self, provider: Provider, metadata: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
        try:
            keys = (await fetch(provider, metadata["jwks_uri"])).get("keys")
        except NotAnswered as away:
            raise _away(provider, away) from None
        return [each for each in keys if isinstance(each, dict)] if isinstance(keys, list) else []


def _read(
    told: Mapping[str, Any],
    keys: Sequence[Mapping[str, Any]],
    *,
    provider: Provider,
    question: Question,
    now: datetime,
) -> Identity:
    access_token = told.get("access_token")
    return read_id_token(
        told.get("id_token"), keys, provider=provider, nonce=question.nonce, access_token=access_token, now=now
    )


def _refused(provider: Provider, why: str) -> NotSignedIn:
    return NotSignedIn(f"{provider.issuer}: {why}.", provider=provider.name)


def _away(provider: Provider, why: NotAnswered) -> ProviderAway:
    _log.warning("the sign-in of %s cannot be used: %s", provider.name, why)
    return ProviderAway("The sign-in of this organisation does not answer.", provider=provider.name)
