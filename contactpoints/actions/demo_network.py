"""The invented network of the demo: a secretariat and contact points in many time zones, with officers and rosters.

Nobody in it exists. Every telephone number is from a range that the regulators keep for fiction (Ofcom, ACMA, ARCEP,
and 555-01xx in North America), every mailbox is under a domain of RFC 2606.
"""

import json
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from importlib.resources import files
from typing import Any

from contactpoints.actions.access import hash_pin
from contactpoints.actions.tools import Tools
from contactpoints.store import access, entries
from contactpoints.store.database import Database, Session
from contactpoints.store.sealing import pepper_mark

_BY = "demo"
_PROVEN = timedelta(days=10)
"""How long ago every channel of the invented network was proven."""
_POSTS = {
    "en": ("First line", "Second line", "Team leader"),
    "fr": ("Première ligne", "Deuxième ligne", "Chef d\u2019équipe"),
    "es": ("Primera línea", "Segunda línea", "Jefe de equipo"),
}
_FUNCTIONS = {
    "en": ("Duty officer", "Duty officer", "Head of the duty team"),
    "fr": ("Agent de permanence", "Agent de permanence", "Chef de la permanence"),
    "es": ("Oficial de guardia", "Oficial de guardia", "Jefe de la guardia"),
}
_LINES = ("first", "second", "team_leader")


@dataclass(frozen=True, slots=True)
class MadeOfficer:
    """An invented officer and the addresses at which the rehearsal gateways show what was sent."""

    id: int
    name: str
    sms: str
    email: str


@dataclass(frozen=True, slots=True)
class Made:
    """An invented contact point; ``party`` is None for the secretariat. ``posts`` maps a line to its duty post."""

    party: str | None
    contact_point: int
    name: str
    zone: str
    language: str
    posts: Mapping[str, int]
    officers: tuple[MadeOfficer, ...]


async def load_demo(db: Database, now: datetime) -> list[Made]:
    """Create the invented network in one transaction and return it, the secretariat first.

    Where a contact point exists already, nothing is made and the list is empty: demo data never mix with real data.
    Somebody is on duty at every post at ``now``, and has proven every channel days before. The Parties must have been
    loaded.
    """
    told = json.loads(files("contactpoints").joinpath("data", "demo.json").read_text(encoding="utf-8"))
    async with db.transaction() as session:
        if await session.fetchval("select exists (select 1 from contact_points)"):
            return []
        made = [await _contact_point(session, told["secretariat"], now=now)]
        made += [await _contact_point(session, each, now=now) for each in told["contact_points"]]
        await session.execute("update channels set proven_at = $1", now - _PROVEN)
        return made


async def give_pins(db: Database, network: Iterable[Made], *, pin: str, now: datetime, tools: Tools) -> None:
    """Give every officer the same PIN; it is hashed once, for that takes its time."""
    hashed, mark = await hash_pin(pin, tools=tools), pepper_mark(tools.pepper)
    async with db.transaction() as session:
        for officer in (officer for made in network for officer in made.officers):
            await access.keep_pin(session, officer.id, hashed=hashed, mark=mark, expires_at=None, now=now)


async def _make(session: Session, register: str, /, *, now: datetime, **values: object) -> int:
    entry = await entries.create(session, entries.REGISTERS[register], values=values, now=now, by=_BY)
    made: int = entry["id"]
    return made


async def _contact_point(session: Session, told: Mapping[str, Any], *, now: datetime) -> Made:
    party = told.get("party")
    point = await _make(
        session,
        "contact_points",
        now=now,
        party=party,
        territory=None,
        name=told["name"],
        function=told["function"],
        zone=told["zone"],
        languages=told["languages"],
        english_in_emergencies=True,
        capabilities=dict.fromkeys(("emergency_disclosure", "emergency_mla", "preservation", "assistance"), "executes"),
        working_hours=[{"weekday": day, "start": "09:00", "end": "17:00"} for day in range(5)],
        pin_required=True,
        public_address=None,
        secretariat=party is None,
        name_in_english=None,
        function_in_english=None,
        central_authority_id=None,
        backup_id=None,
        public_keys=[],
        also_member_of=[],
        # Nothing in the invented network depends on the time of day at which somebody looks at it.
        handover_minutes=None,
        swaps_need_approval=True,
    )
    people = tuple([await _officer(session, point, told=told, place=place, now=now) for place in range(3)])
    posts = await _posts(session, point, told=told, people=people, now=now)
    if told["own_policy"]:
        await _policy(session, point, posts=posts, now=now)
    return Made(party, point, told["name"], told["zone"], told["language"], posts, people)


async def _officer(session: Session, point: int, *, told: Mapping[str, Any], place: int, now: datetime) -> MadeOfficer:
    name, phone = told["officers"][place]
    language = told["language"]
    function = _FUNCTIONS[language][place]
    officer = await _make(
        *(session, "officers"),
        now=now,
        contact_point_id=point,
        name=name,
        function=function,
        language=language,
        languages=[],
    )
    email = f"{_plain(name)}@{(told.get('party') or 'secretariat').lower()}.example.org"
    await _make(session, "channels", now=now, officer_id=officer, kind="sms", address=phone, place=1)
    await _make(session, "channels", now=now, officer_id=officer, kind="email", address=email, place=2)
    return MadeOfficer(officer, name, phone, email)


def _plain(name: str) -> str:
    folded = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode("ascii")
    return folded.lower().replace(" ", ".")


async def _posts(
    session: Session, point: int, *, told: Mapping[str, Any], people: tuple[MadeOfficer, ...], now: datetime
) -> dict[str, int]:
    """Two officers swap the first and the second line every week; the third leads the team."""
    first, second, leader = (person.id for person in people)
    turns = ([first, second], [second, first], [leader])
    posts: dict[str, int] = {}
    # Four weeks and a day back: the turn of the first officer at the first line, wherever the day has begun.
    planned = now - timedelta(days=30)
    starts_on = (now - timedelta(days=29)).date()
    for line, function, members in zip(_LINES, _POSTS[told["language"]], turns, strict=True):
        post = await _make(
            *(session, "posts"),
            now=now,
            contact_point_id=point,
            line=line,
            function=function,
            minimum=1,
            languages=[],
            longest_hours=None,
            reason=None,
        )
        posts[line] = post
        await _make(
            session,
            "rotations",
            now=planned,
            post_id=post,
            layer=1,
            period="weekly",
            zone=told["zone"],
            starts_on=starts_on,
            ends_on=None,
            handover=time(9, 0),
            members=members,
            turn_days=None,
            weekdays=[],
            hours_from=None,
            hours_until=None,
            temporary=False,
            holidays_as=None,
            reason=None,
        )
    return posts


async def _policy(session: Session, point: int, *, posts: Mapping[str, int], now: datetime) -> None:
    def step(line: str, *channels: str, patience: int, again: bool = False) -> dict[str, object]:
        return {
            "posts": [{"contact_point": point, "post": posts[line]}],
            "channels": list(channels),
            "patience_seconds": patience,
            "only_if_undelivered": again,
        }

    await _make(
        session,
        "policies",
        now=now,
        contact_point_id=point,
        urgency="emergency",
        steps=[
            step("first", "sms", "email", patience=180),
            step("first", "sms", patience=120, again=True),
            step("second", "sms", "email", patience=300),
            step("team_leader", "sms", "email", patience=300),
        ],
        restart_seconds=900,
        reminder_seconds=3600,
    )
