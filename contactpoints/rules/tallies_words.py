"""How numbers and what they are of are called on a page and beside a picture."""

from collections.abc import Mapping

from contactpoints.rules.phrasing import Catalogue, channel_of, say
from contactpoints.rules.promptness import FEWEST, Promptness
from contactpoints.rules.tallies import NETWORK, Delivered, Numbers, Went
from schemas.words import msgid

_HOURS: Mapping[str, str] = {
    "day": msgid("Day (07:00-18:00)"),
    "evening": msgid("Evening (18:00-22:00)"),
    "night": msgid("Night (22:00-07:00)"),
}
_WENT: Mapping[Went, str] = {
    "1": msgid("First step"),
    "2": msgid("Second step"),
    "3": msgid("Third step"),
    "4": msgid("Fourth step or later"),
    "later": msgid("After the last step"),
    "never": msgid("Never"),
}
_BY: Mapping[str, str] = {
    "link": msgid("page behind the link"),
    "console": msgid("page of the alert"),
    "api": msgid("API"),
}
_NETWORK = msgid("The whole network")
_TOO_FEW, _NOT_SO_MANY = msgid("too few"), msgid("not reached")


def spent(seconds: float) -> str:
    """Return a duration in signs that are the same everywhere: ``42 s``, ``4:12 min``, ``1:05 h``."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    return f"{whole // 60}:{whole % 60:02} min" if whole < 3600 else f"{whole // 3600}:{whole % 3600 // 60:02} h"


def took(words: Catalogue, fast: Promptness, *, seconds: float | None) -> str:
    """Return a median or percentile of alerts, or why there is none: too few, or so many were never acknowledged."""
    if seconds is not None:
        return spent(seconds)
    return "" if not fast.alerts else say(words, _TOO_FEW if fast.alerts < FEWEST else _NOT_SO_MANY)


def hours_of(words: Catalogue, hours: str) -> str:
    """Return what part of a local day is meant."""
    return say(words, _HOURS[hours])


def went_of(words: Catalogue, went: Went) -> str:
    """Return how far an alert had climbed when it was acknowledged."""
    return say(words, _WENT[went])


def by(words: Catalogue, channel: str) -> str:
    """Return by what an acknowledgement came."""
    return say(words, _BY[channel]) if channel in _BY else channel_of(words, channel)


def party_of(words: Catalogue, told: Numbers, *, party: str) -> str:
    """Return a Party by code and name, or that all are meant as one."""
    if party == NETWORK:
        return say(words, _NETWORK)
    return f"{party} {told.names[party]}" if party in told.names else party


def part_of(words: Catalogue, told: Numbers, *, key: str) -> str:
    """Return what a part of `tallies.series` is called; nothing where all is told together."""
    if told.asked.apart == "hours":
        return hours_of(words, key)
    if told.asked.apart == "channels":
        return by(words, key)
    return party_of(words, told, party=key) if told.asked.apart else ""


def sent_by(words: Catalogue, each: Delivered) -> str:
    """Return by whom and how messages went, and to numbers of which country."""
    return " · ".join(part for part in (each.country, channel_of(words, each.kind), each.gateway) if part)
