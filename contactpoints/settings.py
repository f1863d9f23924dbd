"""Every knob, read once, loud about nonsense: a bad setting stops the process with the setting's name."""

import base64
import binascii
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Literal, TypeVar, get_args
from urllib.parse import parse_qsl, urlsplit

from contactpoints.setting_files import END, read_files
from contactpoints.store.database import Tls
from contactpoints.store.sealing import Keyring, read_keyring
from notifiers.catalogue import CATALOGUE, BadOptions, is_loopback, read_options
from schemas.networks import Network, network_of
from schemas.openid import Provider, Providers
from schemas.reading import BadInput
from schemas.reading import read as read_shape

PREFIX = "CONTACTPOINTS_"
Own = Literal[
    "DATABASE_URL",
    "KEYRING",
    "PIN_PEPPER",
    "PUBLIC_URL",
    "TRUSTED_PROXIES",
    "HOST",
    "OIDC",
    "PORT",
    "REHEARSAL",
    "TIME_SCALE",
]
KNOWN = (*get_args(Own), *(name for entry in CATALOGUE for name in entry.settings))
"""The names of all settings without their prefix: our own, then those of the ways out."""

Value = TypeVar("Value")
_LEAST_PEPPER = 32


class BadSetting(Exception):
    """Settings are missing or make no sense. The message names each, in a line, and never quotes a secret."""

    def __init__(self, *faults: tuple[str, str]) -> None:
        """Each fault is the name of a setting without its prefix, and a sentence; of each name the first counts."""
        self.faults = dict(reversed(faults))
        names = dict.fromkeys(name for name, _ in faults)
        super().__init__("\n".join(f"{PREFIX}{name} {self.faults[name]}" for name in names))


class _Faults:
    """What is wrong with the settings read so far: whoever mends one wants to know of all."""

    def __init__(self) -> None:
        self.found: list[tuple[str, str]] = []

    def read(self, setting: Callable[[], Value], *, instead: Value) -> Value:
        """Read a setting; note what is wrong with it, and go on with something instead."""
        try:
            return setting()
        except BadSetting as bad:
            self.found += bad.faults.items()
            return instead


def _rehearsals() -> Mapping[str, Any]:
    return read_options({}, public_url="", rehearsal=True)


@dataclass(frozen=True, slots=True)
class Settings:
    """What the environment says. An empty ``database_url`` stands for the embedded PostgreSQL.

    ``notifiers``: the options of every way out that is switched on, by its name in the catalogue. ``host``: the address
    of this machine on which the doors listen. ``trusted_proxies`` may say whose request they pass on. ``files``: which
    settings, without their prefix, were read from which files. ``openid``: by which providers of OpenID Connect
    organisations sign in, by their names. ``demo``: anybody comes in as an invented person; nothing that is read sets
    it, only `contactpoints.demo` does, and with anything but a rehearsal it cannot be. ``given``: which settings were
    given at all, without their prefix.
    """

    keyring: Keyring = field(repr=False)
    pin_pepper: bytes = field(repr=False)
    database_url: str = field(repr=False)
    public_url: str
    rehearsal: bool
    time_scale: float
    port: int
    notifiers: Mapping[str, Any] = field(default_factory=_rehearsals, repr=False)
    host: str = "127.0.0.1"
    trusted_proxies: tuple[Network, ...] = ()
    files: Mapping[str, Path] = field(default_factory=dict, repr=False)
    openid: Mapping[str, Provider] = field(default_factory=dict)
    demo: bool = False
    given: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        """Raise `ValueError` for a demo that is no rehearsal."""
        if self.demo and not self.rehearsal:
            raise ValueError("a demo that could wake people is none")


def read_settings(environment: Mapping[str, str], *, entropy: Callable[[int], bytes]) -> Settings:
    """Read the settings. Raises `BadSetting` with every fault.

    A name that is none of ours is one too: somebody meant something by it.
    """
    named = {name.removeprefix(PREFIX): value for name, value in environment.items() if name.startswith(PREFIX)}
    from_files = read_files(named, KNOWN)
    values = from_files.values
    faults = _Faults()
    faults.found += [*from_files.faults, *((name, _unknown(name)) for name in values if name not in KNOWN)]
    read = faults.read

    def given(name: Own, default: str = "") -> str:
        return values.get(name, "").strip() or default

    rehearsal = read(lambda: _yes_or_no("REHEARSAL", given("REHEARSAL")), instead=False)
    # A platform that says by PORT where to listen has its router on another host.
    platform = environment.get("PORT", "").strip()
    port = read(lambda: _port(given("PORT", platform or "8000")), instead=0)
    here = f"http://localhost:{port}" if rehearsal and port else ""
    public_url = read(lambda: _public_url(given("PUBLIC_URL", here), rehearsal=rehearsal), instead="")
    settings = Settings(
        keyring=read(lambda: _keyring(given("KEYRING"), entropy), instead=Keyring({}, entropy)),
        pin_pepper=read(lambda: _pepper(given("PIN_PEPPER")), instead=b""),
        database_url=read(lambda: _database_url(given("DATABASE_URL")), instead=""),
        public_url=public_url,
        rehearsal=rehearsal,
        time_scale=read(lambda: _scale(given("TIME_SCALE", "1"), rehearsal=rehearsal), instead=1.0),
        port=port,
        notifiers=read(lambda: _notifiers(values, public_url=public_url, rehearsal=rehearsal), instead={}),
        host=read(lambda: _host(given("HOST", "0.0.0.0" if platform else "127.0.0.1")), instead=""),
        trusted_proxies=read(lambda: _proxies(given("TRUSTED_PROXIES")), instead=()),
        files=from_files.files,
        openid=read(lambda: _openid(given("OIDC"), rehearsal=rehearsal), instead={}),
        given=frozenset(name for name, text in values.items() if text.strip()),
    )
    if faults.found:
        # What could not be read is missing too, which goes without saying.
        unread = {name.removesuffix(END) for name, _ in from_files.faults}
        raise BadSetting(*(each for each in faults.found if each[0] not in unread))
    return settings


def _unknown(name: str) -> str:
    known = (*KNOWN, *(each + END for each in KNOWN)) if name.endswith(END) else KNOWN
    near = get_close_matches(name, known, n=1)
    return f"is no setting.{f' Is it {PREFIX}{near[0]} that was meant?' if near else ''}"


def _yes_or_no(name: Own, text: str) -> bool:
    if text not in ("1", "0", ""):
        raise BadSetting((name, "is 1 or 0."))
    return text == "1"


def _public_url(text: str, *, rehearsal: bool) -> str:
    if not text:
        if not rehearsal:
            raise BadSetting(("PUBLIC_URL", "is required: the https address at which the world reaches us."))
        return ""
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or parts.query or parts.fragment:
        raise BadSetting(("PUBLIC_URL", "is an https address, without a login, a query or a fragment."))
    if parts.path.strip("/"):
        raise BadSetting(("PUBLIC_URL", "has a path: the doors are at the root of a host; give the service its own."))
    if parts.scheme == "http" and not rehearsal and not is_loopback(parts.hostname):
        detail = "begins with http: the links in messages open pages where PINs are typed, and want https."
        raise BadSetting(("PUBLIC_URL", detail))
    return text.rstrip("/")


def _notifiers(values: Mapping[str, str], *, public_url: str, rehearsal: bool) -> Mapping[str, Any]:
    try:
        options = read_options(values, public_url=public_url, rehearsal=rehearsal)
    except BadOptions as bad:
        raise BadSetting(*bad.faults) from None
    if not options:
        # A service that accepts alerts and can wake nobody would be worse than none.
        switches = dict.fromkeys(entry.switch for entry in CATALOGUE)
        first, *others = switches
        instead = ", ".join(PREFIX + each for each in others)
        why = "without a gateway nobody could be woken"
        raise BadSetting((first, f"is required, or instead of it one of {instead}: {why}."))
    return options


def _keyring(text: str, entropy: Callable[[int], bytes]) -> Keyring:
    if not text:
        raise BadSetting(("KEYRING", "is required: id:base64 of 32 random bytes, several separated by commas."))
    try:
        return read_keyring(text, entropy=entropy)
    except ValueError as wrong:
        raise BadSetting(("KEYRING", f"cannot be read: {wrong}.")) from None


def _pepper(text: str) -> bytes:
    try:
        pepper = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        pepper = b""
    if len(pepper) < _LEAST_PEPPER:
        wrong = "cannot be read" if text else "is required"
        raise BadSetting(("PIN_PEPPER", f"{wrong}: base64 of at least 32 random bytes, kept outside the database."))
    return pepper


_TLS = get_args(Tls)


def _database_url(text: str) -> str:
    """Return the address of a database as it was given. The fault quotes nothing: there is a password in it."""
    fault = BadSetting(("DATABASE_URL", "is postgresql://user:password@host:port/database."))
    try:
        parts = urlsplit(text)
        known = parts.scheme in ("postgresql", "postgres") and parts.port != 0
    except ValueError:
        raise fault from None
    if text and not (known and parts.hostname and parts.path.strip("/")):
        raise fault
    asked = parse_qsl(parts.query, keep_blank_values=True)
    if len(asked) > 1 or any(name != "sslmode" or mode not in _TLS for name, mode in asked):
        raise BadSetting(("DATABASE_URL", f"may end in ?sslmode= and one of {', '.join(_TLS)}; nothing else is known."))
    return text


def _scale(text: str, *, rehearsal: bool) -> float:
    try:
        scale = float(text)
    except ValueError:
        scale = 0.0
    if not 1 <= scale <= 100_000:
        raise BadSetting(("TIME_SCALE", "is a number from 1 to 100000."))
    if scale != 1 and not rehearsal:
        raise BadSetting(("TIME_SCALE", "may differ from 1 only where every notifier is a rehearsal."))
    return scale


def _port(text: str) -> int:
    if not text.isdecimal() or not 0 <= int(text) < 65536:
        raise BadSetting(("PORT", "is a number from 0 to 65535."))
    return int(text)


def _host(text: str) -> str:
    try:
        return str(ip_address(text))
    except ValueError:
        raise BadSetting(("HOST", "is an address of this machine: 127.0.0.1, 0.0.0.0 or :: for all.")) from None


def _proxies(text: str) -> tuple[Network, ...]:
    try:
        return tuple(network_of(each) for each in text.split(",") if each.strip())
    except ValueError:
        raise BadSetting(("TRUSTED_PROXIES", "are addresses or networks (10.0.0.0/8), separated by commas.")) from None


def _openid(text: str, *, rehearsal: bool) -> Mapping[str, Provider]:
    if not text:
        return {}
    try:
        providers = read_shape(Providers, text.encode()).providers
    except BadInput as bad:
        places = "; ".join(f"{fault.pointer or '/'} {fault.detail}" for fault in bad.faults)
        raise BadSetting(("OIDC", f'is {{"providers": [...]}} in JSON: {places}.')) from None
    for place, each in enumerate(providers):
        issuer = urlsplit(each.issuer)
        if issuer.scheme == "http" and not (rehearsal and is_loopback(issuer.hostname or "")):
            raise BadSetting(("OIDC", f"/providers/{place}/issuer begins with http: secrets are sent there."))
    return {each.name: each for each in providers}
