"""Every knob, read once, loud about nonsense: a bad setting stops the process with the setting's name."""

import base64
import binascii
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from contactpoints.store.sealing import Keyring, read_keyring

PREFIX = "CONTACTPOINTS_"
_TRUE = ("1", "true", "yes")
_LEAST_PEPPER = 32


class BadSetting(Exception):
    """A setting is missing or makes no sense. The message names it and never quotes a secret."""

    def __init__(self, name: str, sentence: str) -> None:
        super().__init__(f"{PREFIX}{name} {sentence}")


@dataclass(frozen=True, slots=True)
class Settings:
    """What the environment says. An empty ``database_url`` stands for the embedded PostgreSQL."""

    keyring: Keyring = field(repr=False)
    pin_pepper: bytes = field(repr=False)
    database_url: str = field(repr=False)
    public_url: str
    rehearsal: bool
    time_scale: float
    port: int


def read_settings(environment: Mapping[str, str], *, entropy: Callable[[int], bytes]) -> Settings:
    """Read the settings. Raises `BadSetting`."""

    def given(name: str, default: str = "") -> str:
        return environment.get(PREFIX + name, default).strip()

    rehearsal = given("REHEARSAL").lower() in _TRUE
    public_url = given("PUBLIC_URL").rstrip("/")
    if not rehearsal:
        # A service that accepts alerts and can wake nobody would be worse than none.
        raise BadSetting("REHEARSAL", "must be 1: no gateway that reaches a real telephone is connected yet.")
    return Settings(
        keyring=_keyring(given("KEYRING"), entropy),
        pin_pepper=_pepper(given("PIN_PEPPER")),
        database_url=given("DATABASE_URL"),
        public_url=public_url,
        rehearsal=rehearsal,
        time_scale=_scale(given("TIME_SCALE", "1"), rehearsal=rehearsal),
        port=_port(given("PORT", "8000")),
    )


def _keyring(text: str, entropy: Callable[[int], bytes]) -> Keyring:
    if not text:
        raise BadSetting("KEYRING", "is required: id:base64 of 32 random bytes, several separated by commas.")
    try:
        return read_keyring(text, entropy=entropy)
    except ValueError as wrong:
        raise BadSetting("KEYRING", f"cannot be read: {wrong}.") from None


def _pepper(text: str) -> bytes:
    try:
        pepper = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        pepper = b""
    if len(pepper) < _LEAST_PEPPER:
        raise BadSetting("PIN_PEPPER", "is required: base64 of at least 32 random bytes, kept outside the database.")
    return pepper


def _scale(text: str, *, rehearsal: bool) -> float:
    try:
        scale = float(text)
    except ValueError:
        scale = 0.0
    if not 1 <= scale <= 100_000:
        raise BadSetting("TIME_SCALE", "is a number from 1 to 100000.")
    if scale != 1 and not rehearsal:
        raise BadSetting("TIME_SCALE", "may differ from 1 only where every notifier is a rehearsal.")
    return scale


def _port(text: str) -> int:
    if not text.isdecimal() or not 0 <= int(text) < 65536:
        raise BadSetting("PORT", "is a number from 0 to 65535.")
    return int(text)
