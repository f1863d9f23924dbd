"""How the service is: engine, database, gateways, and for those who look at all of it queues and alarms."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from contactpoints.actions import gateways, lateness, zone_data
from contactpoints.actions.tools import Tools
from contactpoints.rules.access import Actor, sees_network
from contactpoints.store import alarms, measures, revisions
from contactpoints.store import gateways as kept
from contactpoints.store import zone_data as kept_zones
from contactpoints.store.database import Database, Row

_LATELY = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Gateway:
    """A gateway that is switched on: its kind, its news (see `store.gateways.news`), and where a test of it goes."""

    name: str
    kind: str
    news: Row
    own: str | None


@dataclass(frozen=True, slots=True)
class Health:
    """How the engine keeps time, whether database and time-zone data are of this version, and the gateways.

    ``alarms`` (reason, about, at) were raised within a day. They, what is measured, and the news of what is open are
    None for whoever does not look at the whole service.
    """

    engine: lateness.Engine
    behind: bool
    zones_agree: bool
    gateways: tuple[Gateway, ...]
    alarms: tuple[Row, ...] | None = None
    measured: measures.Measured | None = None


async def read(db: Database, *, actor: Actor, now: datetime, tools: Tools) -> Health:
    """Return how the service is; the alarms and queues for whoever looks at all of it."""
    engine = await lateness.read(db, now=now, tools=tools)
    whole = sees_network(actor)
    kinds: Mapping[str, str] = {name: kind for kind, names in tools.gateways.items() for name in names}
    async with db.session() as session:
        behind = await revisions.is_behind(session)
        agree = await kept_zones.version(session) in (None, zone_data.installed())
        news = {row["name"]: row for row in await kept.news(session, list(kinds))}
        own = await gateways.own(session, actor.number, now=now) if gateways.may_test(actor) else {}
        raised = await alarms.lately(session, since=now - _LATELY) if whole else None
        measured = await measures.measure(session, now=now, kinds=tools.gateways) if whole else None
    told = tuple(Gateway(name, kind, news[name], own.get(kind)) for name, kind in kinds.items())
    lately = None if raised is None else tuple(raised)
    return Health(engine, behind, agree, told, lately, measured)
