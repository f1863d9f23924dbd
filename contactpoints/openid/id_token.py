"""Checking an ID token: who signed it, for whom, when, and in answer to which of our questions."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from authlib.oidc.core import CodeIDToken
from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import import_key

from contactpoints.rules.openid import LEEWAY, Identity
from schemas.openid import Provider

_ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
"""With a private key, each of them: never ``none``, and never a secret that would be the public key."""
_PRIVATE = ("RSA", "EC", "OKP")
_LONGEST = 20_000
_PUBLIC = ("kty", "kid", "use", "key_ops", "alg", "crv", "x", "y", "n", "e")
"""What is looked at of a key: one that is published with its secret would be made whole, for seconds."""
_MOST_TRIED = 8
"""While keys are tried, the process does nothing else. A provider whose tokens name none has a few of them."""


class NotGood(Exception):
    """An ID token is not to be trusted. The words say why, and hold nothing of it."""


class UnknownKey(NotGood):
    """It was signed with a key that is not among those that are known."""


def read_id_token(
    token: object,
    keys: Sequence[Mapping[str, Any]],
    *,
    provider: Provider,
    nonce: str,
    access_token: object,
    now: datetime,
) -> Identity:
    """Return whom a token is about. ``keys``: those of the provider, as JWK. Raises `NotGood`, or `UnknownKey`."""
    if not isinstance(token, str) or len(token) > _LONGEST:
        raise NotGood("there is no ID token")
    verified = _verified(token, keys)
    options = {"iss": {"essential": True, "value": provider.issuer}}
    asked = {"nonce": nonce, "client_id": provider.client_id, "access_token": access_token}
    claims = CodeIDToken(verified.claims, verified.header, options, asked)
    try:
        claims.validate(now=int(now.timestamp()), leeway=int(LEEWAY.total_seconds()))
    except (JoseError, ValueError, TypeError) as wrong:
        raise NotGood(f"a claim is wrong: {getattr(wrong, 'error', '')} {getattr(wrong, 'claim', '')}") from None
    if claims["aud"] not in (provider.client_id, [provider.client_id]):
        raise NotGood("a claim is wrong: it is for others as well")
    return _identity(verified.claims, provider=provider, now=now)


def _verified(token: str, keys: Sequence[Mapping[str, Any]]) -> jwt.Token:
    try:
        header = jws.extract_compact(token.encode()).headers()
    except (JoseError, ValueError) as wrong:
        raise NotGood("the ID token cannot be read") from wrong
    if header.get("alg") not in _ALGORITHMS:
        raise NotGood("the ID token is not signed by an algorithm that counts")
    kid = header.get("kid")
    fit = [each for each in keys if each.get("kty") in _PRIVATE and each.get("use", "sig") == "sig"]
    fit = [each for each in fit if kid is None or each.get("kid") == kid]
    if not fit:
        raise UnknownKey("the key that signed the ID token is not known")
    for each in fit[:_MOST_TRIED]:
        public = {name: each[name] for name in _PUBLIC if name in each}
        try:
            return jwt.decode(token, import_key(public), algorithms=[str(header["alg"])])
        except (JoseError, ValueError, TypeError):
            continue
    raise NotGood("the signature of the ID token is wrong")


def _identity(claims: Mapping[str, Any], *, provider: Provider, now: datetime) -> Identity:
    subject = claims["sub"]
    if not isinstance(subject, str) or not 0 < len(subject) <= 255 or not subject.isprintable():
        raise NotGood("a claim is wrong: sub")
    email, auth_time = claims.get("email"), claims.get("auth_time")
    if auth_time is not None and not (isinstance(auth_time, int) and 0 < auth_time <= (now + LEEWAY).timestamp()):
        raise NotGood("a claim is wrong: auth_time")
    verified = claims.get("email_verified") is True and isinstance(email, str)
    return Identity(
        issuer=provider.issuer,
        subject=subject,
        email=str(email).lower() if verified else None,
        name=_text(claims.get("name")),
        values=_texts(claims.get(provider.claim)),
        amr=_texts(claims.get("amr")),
        acr=_text(claims.get("acr")),
        auth_time=None if auth_time is None else datetime.fromtimestamp(auth_time, UTC),
    )


def _text(claim: object) -> str | None:
    return claim if isinstance(claim, str) else None


def _texts(claim: object) -> frozenset[str]:
    """Return the values of a claim, which may be one text or several."""
    several = claim if isinstance(claim, list) else [claim]
    return frozenset(each for each in several if isinstance(each, str))
