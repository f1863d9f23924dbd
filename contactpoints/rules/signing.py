"""By which keys the requests of an API key are signed, and what a signature must cover to count.

A signature binds a request to the moment, to this service and to its body, so that nobody who has the API key alone,
or an old request, can make another: docs/decisions/0018.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from contactpoints.rules.refusals import SignatureRefused
from schemas.fields import write_instant
from schemas.signing import Signing as SaidSigning
from schemas.signing import fingerprint_of, pem_of, public_key_of

WINDOW = timedelta(minutes=5)
"""How far the instant of a signature may be from ours, either way."""
ALGORITHM = "ed25519"
ALWAYS = ("@method", "@target-uri", "authorization")
"""What every signature covers."""
WHERE_SENT = ("content-digest", "idempotency-key", "if-match")
"""What it covers too where the request has it."""
PARAMETERS = ("created", "expires", "keyid", "alg", "nonce")
_NONCE = range(16, 201)


@dataclass(frozen=True, slots=True)
class SigningKey:
    """The 32 octets of an Ed25519 public key, and until when it counts (aware, UTC; None: no end)."""

    public: bytes
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Signing:
    """The public keys of an API key, and whether its requests must be signed."""

    required: bool = False
    keys: tuple[SigningKey, ...] = ()

    def key(self, fingerprint: object, *, now: datetime) -> bytes | None:
        """Return the public key that a signature names, if it counts at ``now``."""
        alive = (each for each in self.keys if each.expires_at is None or now < each.expires_at)
        return next((each.public for each in alive if fingerprint_of(each.public) == fingerprint), None)


UNSIGNED = Signing()


def signing_of(said: SaidSigning) -> Signing:
    """Return what was said about signatures."""
    return Signing(said.required, tuple(SigningKey(public_key_of(k.public_key), k.expires_at) for k in said.keys))


def read_signing(value: Mapping[str, Any]) -> Signing:
    """Return what `write_signing` wrote; nothing written means that nothing is signed."""
    return signing_of(SaidSigning.model_validate(said_signing(value))) if value else UNSIGNED


def said_signing(value: Mapping[str, Any]) -> dict[str, Any]:
    """Return what was said, out of what is shown: without what is reckoned."""
    keys = ({name: each[name] for name in ("public_key", "expires_at")} for each in value["keys"])
    return {"required": value["required"], "keys": tuple(keys)}


def write_signing(signing: Signing) -> dict[str, Any]:
    """Return it as JSON values, to be kept and shown."""
    return {
        "required": signing.required,
        "keys": [
            {
                "fingerprint": fingerprint_of(each.public),
                "public_key": pem_of(each.public),
                "expires_at": None if each.expires_at is None else write_instant(each.expires_at),
            }
            for each in signing.keys
        ],
    }


def must_cover(covered: Collection[str], parameters: Mapping[str, object], *, sent: Collection[str]) -> None:
    """Raise `SignatureRefused` with everything that a signature leaves out; ``sent``: what of `WHERE_SENT` there is.

    What is left out is named as the standard names it, so that a program can be mended by it.
    """
    wanted = (*ALWAYS, *(each for each in WHERE_SENT if each in sent))
    missing = [each for each in wanted if each not in covered]
    missing += [each for each in PARAMETERS if each not in parameters]
    if missing:
        told = f"The signature leaves out: {', '.join(missing)}."
        raise SignatureRefused(told, reason="incomplete", missing=missing)


def must_be_now(parameters: Mapping[str, object], *, now: datetime) -> None:
    """Raise `SignatureRefused` for one of another time, of another algorithm or without a nonce that is drawn anew."""
    created, expires = parameters["created"], parameters["expires"]
    nonce, seconds = parameters["nonce"], now.timestamp()
    if not isinstance(created, int) or not isinstance(expires, int):
        raise SignatureRefused("created and expires are whole seconds since 1970.", reason="malformed")
    if abs(created - seconds) > WINDOW.total_seconds() or not created <= expires or expires <= seconds:
        told = f"At {write_instant(now)} this signature is too old, or not to be used yet: set your clock, sign anew."
        raise SignatureRefused(told, reason="not_now", now=write_instant(now))
    if parameters["alg"] != ALGORITHM:
        raise SignatureRefused(f"Signatures are made with alg {ALGORITHM}.", reason="algorithm")
    if not isinstance(nonce, str) or len(nonce) not in _NONCE:
        told = f"A nonce has {_NONCE[0]} to {_NONCE[-1]} characters, drawn at random for each request."
        raise SignatureRefused(told, reason="malformed")


def known_until(parameters: Mapping[str, object]) -> float:
    """Return until when a signature could come again, in seconds since 1970: then it is refused for its age."""
    created, expires = parameters["created"], parameters["expires"]
    assert isinstance(created, int)
    assert isinstance(expires, int)
    return min(expires, created + WINDOW.total_seconds())
