"""Who hears about the rosters of a Party: the addresses of its administrators' keys.

Where none has any, the secretariat's, and where that has none either, whoever is on duty there.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from contactpoints.actions.alarms import on_duty
from contactpoints.actions.tools import Tools
from contactpoints.store import alarms, directory
from contactpoints.store.database import Session


@dataclass(frozen=True, slots=True)
class Listener:
    """An address of an administrator's key, or of whoever is on duty, and in which language it is written to."""

    kind: str
    address: str
    language: str


async def listening(
    session: Session, party: str | None, *, now: datetime, tools: Tools, calm: bool = False, but: int | None = None
) -> tuple[Listener, ...]:
    """Return who hears what concerns a Party (None: the secretariat), each address once; ``()`` where nobody can.

    What is ``calm`` goes to the telephones of those alone who have no mail address. ``but``: a key that does not count.
    """
    known_keys = await alarms.keepers(session, [party] if party else [], now=now)
    keys = [key for key in known_keys if key["id"] != but]
    own = [key for key in keys if key["party"] == party]
    for some in (own, keys):
        if heard := _once((_reached(key["notify"], key["language"], tools=tools) for key in some), calm=calm):
            return heard
    secretariat = await directory.secretariat(session)
    known = {} if secretariat is None else await directory.load(session, [secretariat])
    called = on_duty(list(known.values()), known, now=now, tools=tools)
    people: dict[int | None, list[Listener]] = {}
    for ear in called:
        people.setdefault(ear.officer, []).append(Listener(ear.kind, ear.address, ear.language))
    return _once(people.values(), calm=calm)


def _reached(addresses: Iterable[str], language: str, *, tools: Tools) -> list[Listener]:
    found = (Listener("email" if "@" in each else "sms", each, language) for each in addresses)
    return [each for each in found if each.kind in tools.gateways]


def _once(people: Iterable[Sequence[Listener]], *, calm: bool) -> tuple[Listener, ...]:
    found: dict[str, Listener] = {}
    for ears in people:
        mailed = [ear for ear in ears if ear.kind == "email"]
        for ear in mailed if calm and mailed else ears:
            found.setdefault(ear.address, ear)
    return tuple(found.values())
