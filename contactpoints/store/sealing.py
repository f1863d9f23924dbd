"""Sealing: what holds case data or a PIN is encrypted before it reaches the database.

AES-256-GCM. What belongs to one alert, and each arrival, has a random data key of its own, which lies beside it wrapped
by the first key of the keyring: with the data key goes, for good, whatever it sealed. The rest is sealed by the keyring
itself, with the key's id in front, so that keys can be rotated. The row's identity is authenticated in both cases, so
that one row's bytes cannot be put in another's place.
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_NONCE = 12
_DATA_KEY = 32
_FINGERPRINT = 16


class Unsealable(Exception):
    """The bytes cannot be opened: their key is not in the keyring, or they were changed."""


def _encrypt(key: bytes, plain: bytes, *, place: str, nonce: bytes) -> bytes:
    return nonce + AESGCM(key).encrypt(nonce, plain, place.encode())


def _decrypt(key: bytes, body: bytes, *, place: str) -> bytes:
    try:
        return AESGCM(key).decrypt(body[:_NONCE], body[_NONCE:], place.encode())
    except (InvalidTag, ValueError):
        raise Unsealable("What was sealed has been changed or belongs elsewhere.") from None


@dataclass(frozen=True, slots=True)
class DataKey:
    """A random key of one alert or one arrival. ``wrapped`` is kept, and its ``fingerprint``, which outlives it."""

    wrapped: bytes = field(repr=False)
    fingerprint: bytes
    plain: bytes = field(repr=False)
    entropy: Callable[[int], bytes] = field(repr=False)

    def seal(self, plain: bytes, *, place: str) -> bytes:
        """Return ``plain`` sealed for ``place``, such as ``request:7F3K-21QX``."""
        return _encrypt(self.plain, plain, place=place, nonce=self.entropy(_NONCE))

    def open(self, sealed: bytes, *, place: str) -> bytes:
        """Return what was sealed for ``place``. Raises `Unsealable`."""
        return _decrypt(self.plain, sealed, place=place)


@dataclass(frozen=True, slots=True)
class Keyring:
    """The keys of `CONTACTPOINTS_KEYRING`. The first seals; all of them open."""

    keys: Mapping[str, bytes] = field(repr=False)
    entropy: Callable[[int], bytes] = field(repr=False)

    @property
    def first(self) -> str:
        """The id of the key that seals."""
        return next(iter(self.keys))

    def seal(self, plain: bytes, *, place: str) -> bytes:
        """Return ``plain`` sealed for ``place``, such as ``request:7F3K-21QX``."""
        return self.mark + _encrypt(self.keys[self.first], plain, place=place, nonce=self.entropy(_NONCE))

    def open(self, sealed: bytes, *, place: str) -> bytes:
        """Return what was sealed for ``place``. Raises `Unsealable`."""
        key = self.keys.get(self.name_in(sealed))
        if key is None:
            raise Unsealable("The key that sealed this is not in the keyring.")
        return _decrypt(key, sealed[1 + sealed[0] :], place=place)

    def new_key(self) -> DataKey:
        """Return a data key that has never been, wrapped by the first key."""
        plain = self.entropy(_DATA_KEY)
        fingerprint = hashlib.sha256(b"contactpoints: data key " + plain).digest()[:_FINGERPRINT]
        return DataKey(self.seal(plain, place=key_place(fingerprint)), fingerprint, plain, self.entropy)

    def unwrap(self, wrapped: bytes | None, fingerprint: bytes | None) -> DataKey:
        """Return a data key as it was kept. Raises `Unsealable`, for one that was destroyed as well."""
        if wrapped is None or fingerprint is None:
            raise Unsealable("The data key of this is not there.")
        return DataKey(wrapped, fingerprint, self.open(wrapped, place=key_place(fingerprint)), self.entropy)

    def derived(self, purpose: str) -> bytes:
        """Return 32 bytes for one purpose, made from the first key, which they do not tell; the same each time."""
        return hmac.digest(self.keys[self.first], b"contactpoints: " + purpose.encode(), "sha256")

    @staticmethod
    def name_in(sealed: bytes) -> str:
        """Return the id of the key that sealed something, as it stands in front of it."""
        return sealed[1 : 1 + sealed[0]].decode("ascii", "replace") if sealed else ""

    @property
    def mark(self) -> bytes:
        """With what everything begins that the first key has sealed; for the rest, rotation has work to do."""
        return bytes([len(self.first)]) + self.first.encode()


def key_place(fingerprint: bytes) -> str:
    """Return the place of a data key: what it is known by, so that none is taken for another."""
    return f"key:{fingerprint.hex()}"


def request_place(reference: str) -> str:
    """Return the place of an alert's particulars."""
    return f"request:{reference}"


def note_place(reference: str) -> str:
    """Return the place of the note with which an alert was closed."""
    return f"closing:{reference}"


def alert_note_place(reference: str, once: bytes) -> str:
    """Return the place of a note on an alert, which was written with the token ``once``: none stands for another."""
    return f"note:{reference}:{once.hex()}"


def proposal_place(number: int) -> str:
    """Return the place of what waits for a second person."""
    return f"proposal:{number}"


def draft_place(number: int) -> str:
    """Return the place of a request that somebody still writes."""
    return f"draft:{number}"


def inbound_place(source: str, kind: str) -> str:
    """Return the place of what came in by a door."""
    return f"inbound:{source}:{kind}"


def subscription_place(calendar: int) -> str:
    """Return the place of the address from which a calendar is fetched."""
    return f"subscription:{calendar}"


def totp_place(account: int) -> str:
    """Return the place of the secret behind an account's one-time codes."""
    return f"totp:{account}"


SEALED = "sealed:"
"""With what a link begins that lies sealed in the outbox, as base64."""


def link_place(address: str) -> str:
    """Return the place of a link that is on its way to an address."""
    return f"link:{address}"


def read_keyring(text: str, *, entropy: Callable[[int], bytes]) -> Keyring:
    """Read ``id:base64key,id:base64key``, 32 bytes a key. Raises `ValueError` that names the entry, never the key."""
    keys: dict[str, bytes] = {}
    for number, entry in enumerate(text.split(","), start=1):
        name, _, encoded = entry.strip().partition(":")
        try:
            key = base64.b64decode(encoded, validate=True)
        except (binascii.Error, ValueError):
            key = b""
        if not name.isascii() or not 0 < len(name) < 33 or len(key) != 32:
            raise ValueError(f"entry {number} is not id:base64 of 32 bytes")
        if name in keys:
            raise ValueError(f"entry {number} repeats an id")
        keys[name] = key
    return Keyring(keys, entropy)


def secret_hash(secret: str) -> bytes:
    """Return the hash under which a random secret of at least 128 bits is kept; no salt is needed for such."""
    return hashlib.sha256(secret.encode()).digest()


def pepper_mark(pepper: bytes) -> bytes:
    """Return by what a pepper, of at least 32 random bytes, is known again; it tells nothing about the pepper."""
    return hmac.digest(pepper, b"contactpoints: the mark of this pepper", "sha256")[:16]


def peppered(pepper: bytes, pin: str) -> bytes:
    """Return the PIN mixed with the pepper, which is kept outside the database; argon2 hashes the result."""
    return hmac.digest(pepper, pin.encode(), "sha256")
