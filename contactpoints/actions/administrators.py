"""Who hears about the rosters of a Party: the addresses of its administrators' keys.

Where none has any, the secretariat's, and where that has none either, whoever is on duty there.
"""

from collections.abc import Iterator
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


async def listening(session: Session, party: str | None, *, now: datetime, tools: Tools) -> tuple[Listener, ...]:
    """Return who hears what concerns a Party (None: the secretariat), each address once; ``()`` where nobody can."""
    keys = await alarms.keepers(session, [party] if party else [], now=now)
    own = [key for key in keys if key["party"] == party]
    for some in (own, keys):
        found = {address: key["language"] for key in reversed(some) for address in key["notify"]}
        if heard := tuple(_reached(found, tools)):
            return heard
    secretariat = await directory.secretariat(session)
    known = {} if secretariat is None else await directory.load(session, [secretariat])
    called = on_duty(list(known.values()), known, now=now, tools=tools)
    return tuple(Listener(ear.kind, ear.address, ear.language) for ear in called)


def _reached(addresses: dict[str, str], tools: Tools) -> Iterator[Listener]:
    for address, language in addresses.items():
        kind = "email" if "@" in address else "sms"
        if kind in tools.gateways:
            yield Listener(kind, address, language)
