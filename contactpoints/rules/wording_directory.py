"""Plain words for kinds of entries of the directory, for what one is called, and for the codes in its fields."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from contactpoints.rules.address_book import CAN
from contactpoints.rules.numbers import spaced
from contactpoints.rules.phrasing import Catalogue, channel_of, say
from contactpoints.rules.proof import state_of
from schemas.instruments import INSTRUMENTS
from schemas.words import msgid

KINDS: Mapping[str, tuple[str, str]] = {
    "parties": (msgid("Party"), msgid("Parties")),
    "contact_points": (msgid("Contact point"), msgid("Contact points")),
    "memberships": (msgid("Membership"), msgid("Memberships")),
    "declarations": (msgid("Declaration or reservation"), msgid("Declarations and reservations")),
    "providers": (msgid("Seat of a provider"), msgid("Seats of providers")),
    "posts": (msgid("Duty post"), msgid("Duty posts")),
    "officers": (msgid("Officer"), msgid("Officers")),
    "channels": (msgid("Channel"), msgid("Channels")),
    "policies": (msgid("Escalation policy"), msgid("Escalation policies")),
    "holiday_calendars": (msgid("Holidays"), msgid("Holidays")),
}
"""Kind of entry -> what one is called, and several; in the order in which they are told."""

_ROSTERS: Mapping[str, str] = {
    "rotations": msgid("Rotations"),
    "calendars": msgid("Calendars from outside"),
    "overrides": msgid("Overrides"),
    "absences": msgid("Absences"),
}
"""The kinds of entries besides that stand in a file."""

_ALERTS = msgid("Alerts")

CODES: Mapping[str, Mapping[str, str]] = {
    "confidence": {
        "unconfirmed": msgid("unconfirmed"),
        "low": msgid("low"),
        "medium": msgid("medium"),
        "high": msgid("high"),
        "confirmed": msgid("confirmed"),
    },
    "status": {
        "party": msgid("bound, as a Party"),
        "ratified": msgid("ratified, not in force yet"),
        "signed": msgid("signed, not ratified"),
    },
    "kind": {
        "declaration": msgid("declaration"),
        "reservation": msgid("reservation"),
        "suspension": msgid("suspension"),
        "openpgp": "OpenPGP",
        "smime": "S/MIME",
    },
    "urgency": {"emergency": msgid("emergency"), "normal": msgid("not urgent")},
    "language": {"en": "English", "fr": "Français", "es": "Español"},
    "capabilities": CAN,
    "instrument": {code: each.title for code, each in INSTRUMENTS.items()},
}
"""Field -> each code that may stand there, and what it means."""


def code_of(words: Catalogue, field: str, *, code: str) -> str:
    """Return what a code means in a field; one that has no words as it is."""
    said = CODES.get(field, {}).get(code)
    return code if said is None else say(words, said)


def several_of(words: Catalogue, kind: str) -> str:
    """Return what entries of a kind are called in a file."""
    return say(words, KINDS[kind][1] if kind in KINDS else _ROSTERS[kind])


def relied_of(words: Catalogue, detail: str) -> str:
    """Return what still relies on an entry, out of the ``detail`` of a `rules.refusals.StillReferredTo`."""
    listed = detail.partition(": ")[2].partition(". ")[0].split(", ")
    return ", ".join(say(words, _ALERTS) if each == "alerts" else several_of(words, each) for each in listed if each)


def title_of(words: Catalogue, kind: str, *, entry: Mapping[str, Any]) -> str:
    """Return what an entry is called on its page and in lists."""
    match kind:
        case "posts":
            return str(entry["function"])
        case "channels":
            return f"{channel_of(words, entry['kind'])} {spaced(entry['address'])}"
        case "memberships":
            return code_of(words, "instrument", code=entry["instrument"])
        case "declarations":
            instrument = code_of(words, "instrument", code=entry["instrument"])
            return f"{code_of(words, 'kind', code=entry['kind'])}, {instrument}, {entry['article']}"
        case "policies":
            return f"{say(words, KINDS[kind][0])}: {code_of(words, 'urgency', code=entry['urgency'])}"
        case "holiday_calendars":
            return say(words, KINDS[kind][0])
        case _:
            return str(entry["name"])


_STANDING: Mapping[str, tuple[str, str]] = {
    "quarantined": ("bad", msgid("In quarantine, not used")),
    "waits": ("alarm", msgid("Waits for a second person")),
    "proven": ("good", msgid("Proven")),
    "due": ("alarm", msgid("Proven, a new proof is due")),
    "decayed": ("alarm", msgid("Proven too long ago")),
    "never": ("alarm", msgid("Never proven")),
}


def standing_of(words: Catalogue, channel: Mapping[str, Any], *, now: datetime) -> tuple[str, str]:
    """Return how far a channel can be relied on at ``now`` (aware, UTC): a level of `parts.html`, and words."""
    if channel["quarantined_at"] is not None:
        how = "quarantined"
    elif channel["unapproved_since"] is not None:
        how = "waits"
    else:
        proven = channel["proven_at"]
        at = None if proven is None else datetime.fromisoformat(proven)
        how = state_of(channel["kind"], channel["address"], proven_at=at, at=now)
    level, said = _STANDING[how]
    return level, say(words, said)
