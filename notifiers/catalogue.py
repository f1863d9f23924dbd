"""The one list of the ways out that exist, and of the settings that switch each on.

A new way out is one file, one entry here and one row in the README; the contract test finds it by itself.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from notifiers.email import SmtpEmail
from notifiers.letter import read_sender
from notifiers.message import Kind, Notifier
from notifiers.rehearsal import RehearsalEmail, RehearsalSms, RehearsalVoice
from notifiers.smtp_lines import SmtpOptions
from notifiers.twilio import TwilioOptions, TwilioSms

_TLS: dict[str, tuple[Literal["starttls", "tls", "none"], int]] = {
    "starttls": ("starttls", 587),
    "tls": ("tls", 465),
    "none": ("none", 25),
}


class BadOptions(ValueError):
    """Settings make no sense. ``faults``: names without the prefix, each with a sentence that never quotes a value."""

    def __init__(self, faults: Sequence[tuple[str, str]]) -> None:
        super().__init__("; ".join(" ".join(fault) for fault in faults))
        self.faults = tuple(faults)


@dataclass(frozen=True, slots=True)
class Entry:
    """One way out. ``settings[0]`` switches it on (none: a rehearsal, switched on by REHEARSAL).

    ``settings`` maps names, without the prefix, to sentences for the README. ``read`` turns what is given into a
    frozen options object, and notes what is wrong with it; ``open`` turns that into a notifier and touches no network.
    """

    name: str
    kind: Kind
    settings: Mapping[str, str]
    read: Callable[["Given"], Any]
    open: Callable[[Any], Notifier]

    @property
    def switch(self) -> str:
        """The setting that switches this way out on."""
        return next(iter(self.settings), "REHEARSAL")


class Given:
    """The settings as they were given, without their prefix, the public address, and the faults found so far."""

    def __init__(self, values: Mapping[str, str], *, public_url: str) -> None:
        self._values = values
        self.public_url = public_url.rstrip("/")
        self.faults: list[tuple[str, str]] = []

    def fault(self, name: str, sentence: str) -> None:
        """Note that a setting makes no sense: whoever mends one wants to know of all."""
        self.faults.append((name, sentence))

    def get(self, name: str) -> str | None:
        """Return a setting, or nothing where it is missing or blank."""
        return self._values.get(name, "").strip() or None

    def needed(self, name: str, *, by: str) -> str:
        """Return a setting; note a fault where it is missing."""
        value = self.get(name)
        if value is None:
            self.fault(name, f"is required where {by} is set.")
        return value or ""

    def number(self, name: str, default: int) -> int:
        """Return a port; note a fault where it is none."""
        value = self.get(name) or str(default)
        if value.isdecimal() and 0 < int(value) < 65536:
            return int(value)
        self.fault(name, "is a number from 1 to 65535.")
        return default


def register(*entries: Entry) -> tuple[Entry, ...]:
    """Return the catalogue. Raises `ValueError` when a name is there twice, which stops the process at import."""
    names = [entry.name for entry in entries]
    if len(set(names)) != len(names):
        raise ValueError("two ways out have the same name")
    return entries


def _read_twilio(given: Given, prefix: str) -> TwilioOptions:
    switch = f"{prefix}_ACCOUNT_SID"
    account = given.needed(switch, by=switch)
    if not account.startswith("AC") or not account.isalnum():
        given.fault(switch, "starts with AC; an API key goes into _API_KEY.")
    sender, service = given.get(f"{prefix}_SENDER"), given.get(f"{prefix}_MESSAGING_SERVICE_SID")
    if not sender and not service:
        given.fault(f"{prefix}_SENDER", f"is required, or instead of it {prefix}_MESSAGING_SERVICE_SID.")
    if not _is_web(given.public_url):
        given.fault("PUBLIC_URL", f"is required where {switch} is set: an http or https address.")
    base = given.get(f"{prefix}_API_BASE")
    if base and not _is_web(base):
        given.fault(f"{prefix}_API_BASE", "is an http or https address.")
    key = given.get(f"{prefix}_API_KEY")
    return TwilioOptions(
        account_sid=account,
        auth_token=given.needed(f"{prefix}_AUTH_TOKEN", by=switch),
        auth_token_old=given.get(f"{prefix}_AUTH_TOKEN_OLD"),
        api_key=key,
        api_secret=given.needed(f"{prefix}_API_SECRET", by=f"{prefix}_API_KEY") if key else None,
        public_url=given.public_url,
        sender=sender,
        messaging_service_sid=service,
        api_base=base,
    )


def _is_web(url: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme in ("http", "https") and bool(parts.hostname)


def is_loopback(host: str) -> bool:
    """Say whether a host is this machine."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def _read_smtp(given: Given) -> SmtpOptions:
    host, sender = given.needed("SMTP_HOST", by="SMTP_HOST"), given.needed("SMTP_SENDER", by="SMTP_HOST")
    reply_to, username = given.get("SMTP_REPLY_TO"), given.get("SMTP_USERNAME")
    for name, address in (("SMTP_SENDER", sender), ("SMTP_REPLY_TO", reply_to)):
        try:
            read_sender(address or "nobody@example.org", None)
        except ValueError:
            given.fault(name, "is a mail address, with or without a name before it.")
    if (given.get("SMTP_TLS") or "starttls") not in _TLS:
        given.fault("SMTP_TLS", "is starttls, tls or none.")
    tls, port = _TLS.get(given.get("SMTP_TLS") or "starttls", _TLS["starttls"])
    if tls == "none" and username and not is_loopback(host):
        given.fault("SMTP_TLS", "is none, and with SMTP_USERNAME that would show the password to every line between.")
    ca_file = given.get("SMTP_CA_FILE")
    if ca_file and not Path(ca_file).is_file():
        given.fault("SMTP_CA_FILE", "is not a file.")
    return SmtpOptions(
        host=host,
        sender=sender,
        port=given.number("SMTP_PORT", port),
        tls=tls,
        username=username,
        password=given.needed("SMTP_PASSWORD", by="SMTP_USERNAME") if username else None,
        reply_to=reply_to,
        ca_file=ca_file,
    )


def _twilio(name: str, prefix: str) -> Entry:
    return Entry(
        name,
        "sms",
        {
            f"{prefix}_ACCOUNT_SID": "The account; switches this SMS gateway on.",
            f"{prefix}_AUTH_TOKEN": "Its token: checks Twilio's signatures, and sends where there is no API key.",
            f"{prefix}_AUTH_TOKEN_OLD": "The token before, during a rotation: signatures by it are accepted too.",
            f"{prefix}_API_KEY": "An API key to send with instead of the token.",
            f"{prefix}_API_SECRET": "Its secret.",
            f"{prefix}_SENDER": "The number that texts come from; to a name nobody can reply.",
            f"{prefix}_MESSAGING_SERVICE_SID": "A messaging service, which chooses the sender; goes before SENDER.",
            f"{prefix}_API_BASE": "Another host to speak to instead of Twilio's.",
        },
        lambda given: _read_twilio(given, prefix),
        lambda options: TwilioSms(options, name=name),
    )


CATALOGUE: tuple[Entry, ...] = register(
    _twilio("twilio_sms", "TWILIO"),
    _twilio("twilio_sms_2", "TWILIO2"),
    Entry(
        "smtp",
        "email",
        {
            "SMTP_HOST": "The mail server; switches e-mail on.",
            "SMTP_PORT": "Its port; 587 for starttls, 465 for tls, 25 for none.",
            "SMTP_TLS": "starttls (as is), tls from the first byte, or none for a relay on the same machine.",
            "SMTP_USERNAME": "The login, where the server wants one.",
            "SMTP_PASSWORD": "Its password.",
            "SMTP_SENDER": "The address that mail comes from, with or without a name before it.",
            "SMTP_REPLY_TO": "Where answers to a mail go.",
            "SMTP_CA_FILE": "Certificates to trust besides the system's, as a PEM file.",
        },
        _read_smtp,
        SmtpEmail,
    ),
    Entry("rehearsal_sms", "sms", {}, lambda _given: None, lambda _options: RehearsalSms()),
    Entry("rehearsal_email", "email", {}, lambda _given: None, lambda _options: RehearsalEmail()),
    Entry("rehearsal_voice", "voice", {}, lambda _given: None, lambda _options: RehearsalVoice()),
)
"""In the order in which the gateways of one kind are tried."""


def read_options(values: Mapping[str, str], *, public_url: str, rehearsal: bool) -> dict[str, Any]:
    """Return the options of every way out that is switched on, by name; in a rehearsal, the rehearsals only.

    Of the rehearsals, those of kinds that also have a real way out: a rehearsal shows what the service can do.
    ``values``: settings without their prefix. Raises `BadOptions` with every fault; also when a setting belongs to a
    way out that is not switched on, for whoever set it expects something.
    """
    given = Given(values, public_url=public_url)
    if rehearsal:
        real = {entry.kind for entry in CATALOGUE if entry.settings}
        return {each.name: each.read(given) for each in CATALOGUE if not each.settings and each.kind in real}
    for entry in CATALOGUE:
        lonely = next((name for name in entry.settings if given.get(name)), None)
        if lonely and not given.get(entry.switch):
            given.fault(lonely, f"means nothing without {entry.switch}.")
    options = {entry.name: entry.read(given) for entry in CATALOGUE if entry.settings and given.get(entry.switch)}
    if given.faults:
        raise BadOptions(given.faults)
    return options


def open_notifiers(options: Mapping[str, Any]) -> tuple[Notifier, ...]:
    """Open the notifiers that `read_options` names, in the order of the catalogue. Touches no network."""
    return tuple(entry.open(options[entry.name]) for entry in CATALOGUE if entry.name in options)
