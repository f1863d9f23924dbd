"""Public keys by which an authority signs its requests (HTTP Message Signatures, RFC 9421, with Ed25519)."""

import base64
import binascii
import hashlib
from collections.abc import Sequence
from typing import Annotated

from pydantic import BeforeValidator, Field, ValidationInfo, WithJsonSchema, field_validator
from typing_extensions import TypedDict

from schemas.faults import wrong
from schemas.fields import Instant, Moment, Shape

MOST_KEYS = 5
_LONGEST = 200
# How RFC 8410 begins a SubjectPublicKeyInfo of Ed25519; the 32 octets of the key follow.
_ED25519 = bytes.fromhex("302a300506032b6570032100")
_HEAD, _FOOT = "-----BEGIN PUBLIC KEY-----", "-----END PUBLIC KEY-----"
_NO_KEY = f"must be an Ed25519 public key in PEM: {_HEAD}, one line of base64, {_FOOT}"


def public_key_of(pem: str) -> bytes:
    """Return the 32 octets of an Ed25519 public key in PEM. Raises `ValueError`."""
    lines = [line.strip() for line in pem.strip().splitlines()] if len(pem) <= _LONGEST else []
    if len(lines) != 3 or (lines[0], lines[2]) != (_HEAD, _FOOT):
        raise ValueError(_NO_KEY)
    try:
        whole = base64.b64decode(lines[1], validate=True)
    except binascii.Error:
        raise ValueError(_NO_KEY) from None
    if len(whole) != len(_ED25519) + 32 or not whole.startswith(_ED25519):
        raise ValueError(_NO_KEY)
    return whole[len(_ED25519) :]


def pem_of(public: bytes) -> str:
    """Return the 32 octets of an Ed25519 public key as PEM."""
    return f"{_HEAD}\n{base64.b64encode(_ED25519 + public).decode()}\n{_FOOT}\n"


def fingerprint_of(public: bytes) -> str:
    """Return the SHA-256 of a public key's SubjectPublicKeyInfo, 64 hexadecimal digits: the `keyid` of signatures."""
    return hashlib.sha256(_ED25519 + public).hexdigest()


def _public_key(value: object) -> str:
    try:
        if isinstance(value, str):
            return pem_of(public_key_of(value))
    except ValueError:
        pass
    raise wrong("wrong_form", _NO_KEY)


_PublicKey = Annotated[
    str, BeforeValidator(_public_key), WithJsonSchema({"type": "string", "maxLength": _LONGEST, "format": "pem"})
]


class SigningKey(Shape):
    """A public key, and until when what is signed with its private one counts; null: for as long as it stands here."""

    public_key: _PublicKey
    expires_at: Instant | None = None


class Signing(Shape):
    """By which keys requests are signed, and whether one that is not signed is refused.

    Another key is taken on beside the old one, which gets an end: so both count meanwhile. Where a signature is
    required one key at least has no end: nobody shall find out at night that none is left.
    """

    keys: Annotated[tuple[SigningKey, ...], Field(max_length=MOST_KEYS)] = ()
    required: Annotated[bool, Field(validate_default=True)] = False

    @field_validator("keys")
    @classmethod
    def _each_once(cls, keys: Sequence[SigningKey]) -> Sequence[SigningKey]:
        if len({each.public_key for each in keys}) < len(keys):
            raise wrong("twice", "has the same public key twice")
        return keys

    @field_validator("required")
    @classmethod
    def _has_one_that_stays(cls, required: bool, info: ValidationInfo) -> bool:
        if required and "keys" in info.data and all(each.expires_at is not None for each in info.data["keys"]):
            raise wrong("not_allowed", "needs a public key without an end: nobody could sign afterwards")
        return required


class SigningKeyOut(TypedDict):
    """A public key; its `fingerprint`, by which signatures name it (`keyid`); until when it counts."""

    fingerprint: str
    public_key: str
    expires_at: Moment | None


class SigningOut(TypedDict):
    """By which keys requests are signed, see `Signing`."""

    keys: list[SigningKeyOut]
    required: bool
