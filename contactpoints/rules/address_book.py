"""What stands in the printed directory about a contact point: decided here, drawn elsewhere."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from contactpoints.rules.directory import Channel
from contactpoints.rules.numbers import spaced
from contactpoints.rules.phrasing import Catalogue
from schemas.requests import REQUEST_KINDS
from schemas.words import msgid

GOOD_FOR = timedelta(days=30)
"""How long a copy on paper may be relied on: about one in sixty numbers changes in that time."""

Kept = Mapping[str, Any]
"""An entry as it is kept."""


@dataclass(frozen=True, slots=True)
class House:
    """A contact point as somebody may know it: ``party`` is the name of its Party; nobody's officers for outsiders.

    Each officer comes with the channels by which the service would call, the first one first; ``doubts``: what is to
    be said of some of them, by their numbers, see `doubt_of`.
    """

    point: Kept
    party: str | None
    posts: Sequence[Kept]
    officers: Sequence[tuple[Kept, Sequence[Kept]]]
    doubts: Mapping[int, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Person:
    """An officer on paper: name and function, languages, and the numbers and mailboxes, each with its kind."""

    name: str
    about: str
    ways: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Block:
    """A contact point on paper; names and functions in its own language, and in English."""

    party: str
    names: tuple[str, ...]
    functions: tuple[str, ...]
    facts: tuple[tuple[str, str], ...]
    people: tuple[Person, ...]


@dataclass(frozen=True, slots=True)
class Front:
    """What stands on the first page and at the foot of every page."""

    title: str
    lines: tuple[str, ...]
    foot: str
    page: str
    nobody: str


_SECRETARIAT = msgid("Secretariat of the network")
_ZONE, _LANGUAGES, _POSTS = msgid("Local time"), msgid("Languages"), msgid("Duty posts")
_ADDRESS, _KEYS = msgid("Address"), msgid("Keys")
_ENGLISH = msgid("English accepted in emergencies")
_WAYS = {"sms": msgid("mobile"), "voice": msgid("telephone"), "email": msgid("mail")}
_UNAPPROVED, _UNPROVEN = msgid("not approved yet"), msgid("not proven lately")
CAN = {"executes": msgid("Carries out"), "forwards": msgid("Forwards"), "cannot": msgid("Cannot do")}
PUBLIC = (
    *("name", "function", "name_in_english", "function_in_english", "party", "territory", "secretariat", "zone"),
    *("languages", "english_in_emergencies", "capabilities", "public_address", "public_keys"),
)
"""What everybody may know of a contact point."""
_FORMS = {"openpgp": "OpenPGP", "smime": "S/MIME"}
_TITLE = msgid("Directory of the 24/7 contact points")
_AS_OF = msgid(
    "As of {now} UTC. Good until {until}: by then about one number in sixty has changed. After that day print it anew."
)
_FOR = msgid("Made for: {whom}. Keep it locked up.")
_OFFICIAL = msgid(
    "Where it is possible, send an alert: it wakes the officers and records who answered. This copy is for when it is "
    "not."
)
_SIGNED = msgid("The file is signed. The certificate of the signature has the fingerprint (SHA-256) {fingerprint}.")
_CHECK = msgid(
    "To check it, open the file in a PDF reader, look at the certificate of the signature, and compare its fingerprint "
    "with that of {where}."
)
_FOOT = msgid("As of {now} UTC - good until {until}")
_PAGE = msgid("page {page} of {pages}")
_NOBODY = msgid("Names and numbers of the officers are for their own Party alone.")


def front(*, whom: str, now: datetime, fingerprint: str, where: str, words: Catalogue) -> Front:
    """Return the first page of a copy made ``now`` for somebody; ``where`` its fingerprint can be compared."""
    known = {
        "now": f"{now:%Y-%m-%d %H:%M}",
        "until": f"{now + GOOD_FOR:%Y-%m-%d}",
        "whom": whom,
        "fingerprint": _in_fours(fingerprint),
        "where": where,
    }
    lines = (_AS_OF, _FOR, _OFFICIAL, _SIGNED, _CHECK)
    return Front(
        words[_TITLE],
        tuple(words[each].format(**known) for each in lines),
        words[_FOOT].format(**known),
        words[_PAGE],
        words[_NOBODY],
    )


def _in_fours(fingerprint: str) -> str:
    return " ".join(fingerprint[place : place + 4] for place in range(0, len(fingerprint), 4))


def block(house: House, words: Catalogue) -> Block:
    """Return what is printed of a contact point."""
    point = house.point
    party = f"{house.party} ({point['territory'] or point['party']})" if house.party else words[_SECRETARIAT]
    return Block(
        party,
        _both(point["name"], point["name_in_english"]),
        _both(point["function"], point["function_in_english"]),
        tuple((words[label], text) for label, text in _facts(house, words) if text),
        tuple(_person(officer, channels, doubts=house.doubts, words=words) for officer, channels in house.officers),
    )


def _both(own: str, english: str | None) -> tuple[str, ...]:
    """Return what stands on lines of its own, for the one may run from right to left."""
    return (own, english) if english and english != own else (own,)


def _facts(house: House, words: Catalogue) -> Iterator[tuple[str, str]]:
    point = house.point
    yield _ZONE, point["zone"]
    english = (words[_ENGLISH],) if point["english_in_emergencies"] and "en" not in point["languages"] else ()
    yield _LANGUAGES, ", ".join((*point["languages"], *english))
    yield _POSTS, ", ".join(dict.fromkeys(post["function"] for post in house.posts))
    for can, said in CAN.items():
        kinds = (REQUEST_KINDS[kind].title for kind, each in point["capabilities"].items() if each == can)
        yield said, "; ".join(words[kind] for kind in kinds)
    yield _ADDRESS, point["public_address"] or ""
    yield _KEYS, "; ".join(f"{_FORMS[each['kind']]} {_in_fours(each['fingerprint'])}" for each in point["public_keys"])


def doubt_of(channel: Channel, at: datetime) -> str | None:
    """Return what whoever dials has to know of an address, in English; None where somebody vouches for it."""
    if channel.unapproved:
        return _UNAPPROVED
    return None if channel.is_proven(at) else _UNPROVEN


def _person(officer: Kept, channels: Sequence[Kept], *, doubts: Mapping[int, str], words: Catalogue) -> Person:
    spoken = ", ".join(dict.fromkeys((officer["language"], *officer["languages"])))
    ways = tuple(
        (words[_WAYS[each["kind"]]], spaced(each["address"]) + (f" ({words[doubt]})" if doubt else ""))
        for each in channels
        for doubt in (doubts.get(each["id"]),)
    )
    return Person(officer["name"], f"{officer['function']} ({spoken})", ways)
