"""How this process is set up, to be judged and shown: never with a secret.

Every setting is told by its name, with its value where that is no secret, and from where it comes.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import urlsplit

from contactpoints.rules.weaknesses import Line, Setup
from contactpoints.setting_files import seen_by_others
from contactpoints.settings import PREFIX, Settings
from contactpoints.store.database import tls_of
from notifiers.catalogue import CATALOGUE, is_loopback
from notifiers.smtp_lines import SmtpOptions
from notifiers.twilio import TwilioOptions

Source = Literal["environment", "file", "default"]
# What a gateway's options hold that is no secret, by the end of the setting's name.
_SHOWN = ("HOST", "PORT", "TLS", "SENDER", "REPLY_TO", "CA_FILE", "MESSAGING_SERVICE_SID")


@dataclass(frozen=True, slots=True)
class Told:
    """A setting in force: its whole name, its value (None: a secret, or none at all), if it is set, and from where."""

    name: str
    value: str | None
    is_set: bool
    source: Source


def setup_of(settings: Settings) -> Setup:
    """Return what `rules.weaknesses` judges of settings."""
    kinds: Counter[str] = Counter(each.kind for each in CATALOGUE if each.name in settings.notifiers and each.settings)
    public, url = urlsplit(settings.public_url), urlsplit(settings.database_url)
    return Setup(
        public=(public.scheme, public.hostname or ""),
        rehearsal=settings.rehearsal,
        line=Line(url.hostname, tls_of(settings.database_url) or "prefer", len(url.password or "")),
        host=settings.host,
        keys=settings.keyring.keys,
        pepper=settings.pin_pepper,
        proxies=settings.trusted_proxies,
        gateways=kinds,
        open_files=[name for name, path in settings.files.items() if seen_by_others(path)],
        plain_lines=[
            setting
            for each in CATALOGUE
            if each.name in settings.notifiers and (setting := _plain(settings.notifiers[each.name], each.switch))
        ],
    )


def _plain(options: object, switch: str) -> str:
    """Return by which setting a gateway on another host is spoken to without TLS; nothing where it is not."""
    match options:
        case TwilioOptions(api_base=str(base)) if base.startswith("http:") and not is_loopback(
            urlsplit(base).hostname or ""
        ):
            return switch.replace("ACCOUNT_SID", "API_BASE")
        case SmtpOptions(tls="none", host=host) if not is_loopback(host):
            return "SMTP_TLS"
    return ""


def in_force(settings: Settings) -> list[Told]:
    """Return every setting as it is in force, our own first, then those of the ways out."""
    shown: Mapping[str, str | None] = {
        "DATABASE_URL": None if settings.database_url else "embedded",
        "KEYRING": None,
        "PIN_PEPPER": None,
        "PUBLIC_URL": settings.public_url,
        "TRUSTED_PROXIES": ", ".join(str(each) for each in settings.trusted_proxies),
        "HOST": settings.host,
        "OIDC": ", ".join(settings.openid),
        "PORT": str(settings.port),
        "REHEARSAL": "1" if settings.rehearsal else "0",
        "TIME_SCALE": f"{settings.time_scale:g}",
    }
    own = (_told(settings, name, value=value) for name, value in shown.items())
    return [*own, *_of_gateways(settings)]


def _of_gateways(settings: Settings) -> Iterator[Told]:
    for entry in CATALOGUE:
        options: Any = settings.notifiers.get(entry.name)
        prefix = entry.switch.partition("_")[0]
        for name in entry.settings:
            end = name.removeprefix(f"{prefix}_")
            value = getattr(options, end.lower(), None) if end in _SHOWN and options is not None else None
            yield _told(settings, name, value=None if value is None else str(value))


def _told(settings: Settings, name: str, *, value: str | None) -> Told:
    source: Source = "file" if name in settings.files else "environment" if name in settings.given else "default"
    # Without these two no process begins, and without a value here the third is an address with a password.
    there = name in ("KEYRING", "PIN_PEPPER") or (name == "DATABASE_URL" and bool(settings.database_url))
    is_set = there or name in settings.given or bool(value)
    return Told(PREFIX + name, value or None, is_set, source)
