"""Which proofs let a person in, how long a session lasts, and which requests of a browser are meant.

A sign-in is a list of factors that were proven, whatever they are and in whatever order; it becomes a session when
they suffice. The limits are those of NIST SP 800-63B-4, AAL2: a day at most, an hour of silence; ours are shorter.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, TypedDict

Factor = Literal["password", "totp", "recovery_code", "passkey", "openid", "openid_mfa"]


class Cookie(TypedDict):
    """How a cookie is set, and taken away."""

    key: str
    path: str
    secure: bool
    httponly: bool
    samesite: Literal["lax"]


COOKIE: Cookie = {"key": "__Host-session", "path": "/", "secure": True, "httponly": True, "samesite": "lax"}
"""The cookie of a session: browsers take one of such a name only from the host itself, for all of it, by https."""

IDLE = timedelta(hours=1)
"""How long a session may be silent."""
LONGEST = timedelta(hours=12)
"""How long a session lasts, whatever is done in it."""
SIGNING_IN = timedelta(minutes=10)
"""How long whoever has proven something may take to prove the rest."""
FRESH = timedelta(minutes=10)
"""How old a second factor may be for what needs one that is fresh."""
NOTED_EVERY = timedelta(minutes=1)
"""How often at most it is written down that a session was used."""

_SUFFICIENT: tuple[frozenset[Factor], ...] = (
    frozenset({"password", "totp"}),
    frozenset({"password", "recovery_code"}),
    # A passkey is kept by a device that asks for a finger, a face or a PIN each time: two factors in one.
    frozenset({"passkey"}),
    # What an organisation's own sign-in has shown, by two factors or by one.
    frozenset({"openid_mfa"}),
    frozenset({"openid", "totp"}),
    frozenset({"openid", "recovery_code"}),
)
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_LONGEST_PATH = 500
_LONGEST_NAME = 200


def suffices(proven: Iterable[Factor]) -> bool:
    """Say whether these factors let somebody in."""
    return any(each <= set(proven) for each in _SUFFICIENT)


def may_follow(proven: Iterable[Factor]) -> tuple[Factor, ...]:
    """Return each factor by which what was begun with these lets somebody in; ``()`` where they do already."""
    known = set(proven)
    left = [each - known for each in _SUFFICIENT if each & known]
    wanted = [factor for each in left if len(each) == 1 for factor in each]
    return () if suffices(known) else tuple(dict.fromkeys(wanted))


@dataclass(frozen=True, slots=True)
class Span:
    """From when a session is, when it was last used, and when a second factor was last shown in it."""

    begun: datetime
    seen: datetime
    proven: datetime


def over_at(span: Span) -> datetime:
    """Return when a session is over if nobody uses it any more. At that very instant it is."""
    return min(span.begun + LONGEST, span.seen + IDLE)


def is_fresh(proven: datetime, now: datetime) -> bool:
    """Say whether a second factor was shown a moment ago."""
    return now < proven + FRESH


def must_be_noted(span: Span, now: datetime) -> bool:
    """Say whether it has to be written down that a session is used."""
    return now >= span.seen + NOTED_EVERY


def is_meant(method: str, *, site: str, origin: str, ours: str) -> bool:
    """Say whether a request with a cookie was made by a page of ours, or changes nothing.

    ``site`` and ``origin`` are its headers Sec-Fetch-Site and Origin, empty where there is none; ``ours`` is the public
    address. No page can set either header. A browser that sends none of them changes nothing here.
    """
    if method in _SAFE:
        return True
    if site:
        return site == "same-origin"
    return bool(ours) and origin_of(origin) == origin_of(ours)


def origin_of(url: str) -> str:
    """Return an address of a host as browsers write it."""
    folded = url.lower()
    return folded.removesuffix(":443" if folded.startswith("https:") else ":80")


def own_path(asked: str, *, instead: str) -> str:
    """Return where somebody goes on after signing in: the path that was asked for if it is one of ours, else another.

    Browsers read a backslash as a slash, and pass over tabs and ends of lines: all of these could lead elsewhere.
    """
    ours = asked.startswith("/") and not asked.startswith("//") and len(asked) <= _LONGEST_PATH
    plain = asked.isascii() and asked.isprintable() and not set(asked) & set("\\ ")
    return asked if ours and plain else instead


def device_named(program: str) -> str:
    """Return by what a session is known again: what the program calls itself, as far as it is fit to be shown."""
    return "".join(sign for sign in program if sign.isprintable())[:_LONGEST_NAME].strip() or "unnamed"
