"""What is weak about how the service is set up: each weakness with what to do about it, in one sentence.

Nothing here stops the service, and nothing quotes a secret: what may not be at all is refused by `settings`.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from ipaddress import ip_address
from typing import Literal

from contactpoints.rules.phrasing import Catalogue, say
from schemas.networks import Network
from schemas.words import msgid

Severity = Literal["danger", "warning", "hint"]
UNUSED = timedelta(days=90)
CLOCK_STRAYS = timedelta(seconds=1)
_SHORT_PASSWORD = 16
# Of 32 random bytes fewer than 20 differ from each other once in 10^10 keyrings.
_DIFFERENT_BYTES = 20
_WIDEST = {4: 8, 6: 32}
_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Weakness:
    """One weakness: how bad it is, what it is about (a setting, or a subject of the database), and what to do.

    ``sentence`` begins behind what it is about, with ``values`` where it has braces.
    """

    severity: Severity
    about: str
    sentence: str
    values: Mapping[str, str] = field(default_factory=dict)

    @property
    def told(self) -> str:
        """Return the sentence in English, as the command line says it."""
        return self.sentence.format(**self.values)


def remedy_of(words: Catalogue, weakness: Weakness) -> str:
    """Return the sentence of a weakness in the reader's language."""
    return say(words, weakness.sentence, **weakness.values)


@dataclass(frozen=True, slots=True)
class Line:
    """The way to the database: the other host (None: this one), how TLS is asked for, how long the password is."""

    host: str | None = None
    tls: str = "prefer"
    password: int = 0


@dataclass(frozen=True, slots=True)
class Setup:
    """How the service is set up, as far as it is judged.

    ``public``: scheme and host by which the world reaches it. ``gateways``: how many there are of each kind.
    ``open_files``, ``plain_lines``: settings read from files that others may read, and of gateways without TLS.
    """

    public: tuple[str, str]
    rehearsal: bool
    line: Line
    host: str
    keys: Mapping[str, bytes]
    pepper: bytes
    proxies: Sequence[Network]
    gateways: Mapping[str, int]
    open_files: Collection[str] = ()
    plain_lines: Collection[str] = ()


@dataclass(frozen=True, slots=True)
class Stored:
    """What the database says: how it lets us in, what its clock says, and numbers of entries, sorted."""

    behind: bool = False
    embedded: bool = False
    pepper_differs: bool = False
    keys_differ: Collection[str] = ()
    keys_missing: Collection[str] = ()
    privileges: Collection[str] = ()
    foreign_databases: int = 0
    clock_off: timedelta = timedelta(0)
    keys_for_ever: Sequence[int] = ()
    keys_unused: Sequence[int] = ()
    without_passkey: Sequence[int] = ()
    without_pin: Sequence[int] = ()
    secretariats: int = 2
    few_persons: Sequence[str] = ()


def of_setup(setup: Setup) -> list[Weakness]:
    """Return what is weak about the settings."""
    return [*_of_addresses(setup), *_of_secrets(setup), *_of_gateways(setup), *_of_the_line(setup.line)]


def of_stored(stored: Stored) -> list[Weakness]:
    """Return what is weak about what the database says."""
    return [*_of_database(stored), *_of_people(stored)]


def away(detail: str) -> Weakness:
    """Return that the database could not be asked."""
    told = msgid("{detail} What only it knows was not looked at: check again when it answers.")
    return Weakness("danger", "database", told, {"detail": detail})


def not_made() -> Weakness:
    """Return that there is no database to be asked: it is made with the first start, and not by whoever checks."""
    told = msgid("There is no database yet: the embedded one is made when the service first starts. Check again then.")
    return Weakness("hint", "database", told)


def worst_first(found: Collection[Weakness]) -> list[Weakness]:
    """Return weaknesses, the worst first."""
    order: tuple[Severity, ...] = ("danger", "warning", "hint")
    return sorted(found, key=lambda each: order.index(each.severity))


def _is_here(host: str | None) -> bool:
    if not host or host.lower() == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _of_addresses(setup: Setup) -> Iterator[Weakness]:
    scheme, host = setup.public
    if scheme == "http":
        yield Weakness(
            "hint" if setup.rehearsal else "warning",
            "PUBLIC_URL",
            msgid("leads to {url}, so that PINs and sessions can be read on the way: give it an https address."),
            {"url": f"http://{host}"},
        )
    if setup.rehearsal and not (_is_here(host) and _is_here(setup.line.host)):
        yield Weakness(
            "danger",
            "REHEARSAL",
            msgid(
                "is on where people seem to rely on the service: nobody is woken, and everybody reads every message at"
                " /rehearsal. Take it out."
            ),
        )
    for each in setup.proxies:
        if each.prefixlen < _WIDEST[each.version]:
            everybody = each.prefixlen == 0
            yield Weakness(
                "danger" if everybody else "warning",
                "TRUSTED_PROXIES",
                msgid("holds {network}: anybody may say from which address a request comes. Name your proxies alone.")
                if everybody
                else msgid("holds {network}: very many may say from which address a request comes. Name your proxies."),
                {"network": str(each)},
            )
    if ip_address(setup.host).is_unspecified and not setup.proxies and not setup.rehearsal:
        yield Weakness(
            "warning",
            "HOST",
            msgid(
                "is {host}, every address of this machine, and no proxy is trusted: without one in front nothing"
                " encrypts, and with one every caller seems to be the proxy. Say 127.0.0.1, or set TRUSTED_PROXIES."
            ),
            {"host": setup.host},
        )


def _of_secrets(setup: Setup) -> Iterator[Weakness]:
    secrets = {"KEYRING": list(setup.keys.values()), "PIN_PEPPER": [setup.pepper]}
    for about, values in secrets.items():
        if any(len(set(each)) < min(_DIFFERENT_BYTES, len(each)) for each in values):
            yield Weakness("danger", about, msgid("is not random: make it anew with `openssl rand -base64 32`."))
    if setup.pepper in setup.keys.values():
        yield Weakness(
            "danger",
            "PIN_PEPPER",
            msgid("is a key of KEYRING: whoever learns one has both. Make another key, and rotate."),
        )
    if len(set(setup.keys.values())) < len(setup.keys):
        yield Weakness(
            "warning", "KEYRING", msgid("has one key under two names: a rotation between them changes nothing.")
        )
    if len(setup.keys) > 1:
        yield Weakness(
            "hint",
            "KEYRING",
            msgid(
                "has older keys: run `contactpoints keyring rotate`, and take out those it names when nothing is left."
            ),
        )
    for name in sorted(setup.open_files):
        yield Weakness(
            "warning",
            f"{name}_FILE",
            msgid("names a file that every account of this machine may read or write: chmod 600 it."),
        )


def _of_gateways(setup: Setup) -> Iterator[Weakness]:
    if setup.rehearsal:
        return
    if setup.gateways.get("sms", 0) < 2:
        yield Weakness(
            "warning",
            "TWILIO2_ACCOUNT_SID" if setup.gateways.get("sms") else "TWILIO_ACCOUNT_SID",
            msgid("is not set: when the only SMS gateway fails nobody gets a text. Add a second account.")
            if setup.gateways.get("sms")
            else msgid("is not set: nobody gets a text, and mail alone hardly wakes anybody."),
        )
    if not setup.gateways.get("email"):
        yield Weakness(
            "warning", "SMTP_HOST", msgid("is not set: no mail is sent, and no link to prove an address or set a PIN.")
        )
    for about in sorted(setup.plain_lines):
        yield Weakness(
            "danger", about, msgid("leads to another host without TLS: what is sent there can be read on the way.")
        )


def _of_the_line(line: Line) -> Iterator[Weakness]:
    if _is_here(line.host):
        return
    if line.tls not in ("require", "verify-ca", "verify-full"):
        yield Weakness(
            "danger",
            "DATABASE_URL",
            msgid("leads to another host, and TLS is not required: put ?sslmode=verify-full behind it."),
        )
    elif line.tls != "verify-full":
        yield Weakness(
            "hint", "DATABASE_URL", msgid("does not look whose certificate it is: sslmode=verify-full does.")
        )
    if line.password < _SHORT_PASSWORD:
        yield Weakness(
            "warning",
            "DATABASE_URL",
            msgid("has no password of {count} characters or more: make a random one."),
            {"count": str(_SHORT_PASSWORD)},
        )


def _of_database(stored: Stored) -> Iterator[Weakness]:
    if stored.behind:
        yield Weakness("danger", "database", msgid("is behind this version: run `contactpoints migrate`."))
    if stored.pepper_differs:
        yield Weakness(
            "danger", "PIN_PEPPER", msgid("is not the one that the PINs and passwords in this database were set with.")
        )
    if stored.keys_differ:
        names = ", ".join(sorted(stored.keys_differ))
        told = msgid("has another key under the name {names} than sealed this database.")
        yield Weakness("danger", "KEYRING", told, {"names": names})
    if stored.keys_missing:
        told = msgid("lacks {names}: what it sealed cannot be read.")
        yield Weakness("danger", "KEYRING", told, {"names": ", ".join(sorted(stored.keys_missing))})
    if stored.privileges and not stored.embedded:
        yield Weakness(
            "warning",
            "DATABASE_URL",
            msgid("names a role with more rights than needed ({rights}): make one that owns this database alone."),
            {"rights": ", ".join(sorted(stored.privileges))},
        )
    if stored.foreign_databases and not stored.embedded:
        yield Weakness(
            "warning",
            "DATABASE_URL",
            msgid("names a role that owns {count} other database(s) too: give the service its own role."),
            {"count": str(stored.foreign_databases)},
        )
    if abs(stored.clock_off) > CLOCK_STRAYS:
        told = msgid("of this machine is {seconds} s off the database's: let NTP or chrony set both.")
        yield Weakness("warning", "clock", told, {"seconds": f"{stored.clock_off.total_seconds():+.1f}"})


def _of_people(stored: Stored) -> Iterator[Weakness]:
    told: tuple[tuple[Sequence[int], Severity, str, str], ...] = (
        (stored.keys_for_ever, "warning", "keys", _FOR_EVER),
        (stored.keys_unused, "warning", "keys", _UNUSED),
        (stored.without_pin, "warning", "officers", _NO_PIN),
        (stored.without_passkey, "hint", "accounts", _NO_PASSKEY),
    )
    for numbers, severity, about, sentence in told:
        if numbers:
            yield Weakness(severity, about, sentence, {"numbers": _numbers(numbers), "days": str(UNUSED.days)})
    for each in stored.few_persons:
        yield Weakness(
            "danger",
            "accounts",
            msgid("of one person or none speak for {whose}: its alerts take two and are refused. `invite` another."),
            {"whose": each},
        )
    if stored.secretariats < 2:
        few = msgid("of the secretariat: only one. Whoever loses theirs locks everybody out: `invite` a second person.")
        if not stored.secretariats:
            few = msgid(
                "of the secretariat: none yet. Nobody can set the service up: `invite` two persons, or accept what"
                " `all` printed."
            )
        yield Weakness("warning", "accounts", few)


_FOR_EVER = msgid("no. {numbers} never expire: rotate them with an end, or `key revoke` them.")
_UNUSED = msgid("no. {numbers} were not used for {days} days: `key revoke` what nobody needs.")
_NO_PIN = msgid("no. {numbers} have no PIN that works, and could not acknowledge: `pin link` them.")
_NO_PASSKEY = msgid("no. {numbers} sign in without a passkey: a password can be phished.")


def _numbers(numbers: Sequence[int]) -> str:
    more = len(numbers) - _SHOWN
    return ", ".join(map(str, numbers[:_SHOWN])) + (f" (+{more})" if more > 0 else "")
