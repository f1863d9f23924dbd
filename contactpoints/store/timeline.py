"""The timeline: every fact about an alert, numbered from 1 without gaps under the alert's lock."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from contactpoints.rules.access import Sides
from contactpoints.store.alerts import sides_of
from contactpoints.store.database import Session, ring_after_commit
from schemas import timeline as shapes
from schemas.writing import write_json

Noted = tuple[datetime, shapes.Fact]

RECORD = "alert_id bigint, place integer, at timestamptz, code text, data jsonb"
"""The record that `listed` writes, for `json_to_recordset`; ``place`` counts the facts of one alert from 1."""

_APPEND = f"""
with new as (select * from json_to_recordset($1::json) as new ({RECORD})),
numbered as (
    select alert_id, coalesce((select max(number) from timeline t where t.alert_id = new.alert_id), 0) as before
      from new group by alert_id)
insert into timeline (alert_id, number, at, code, data)
select new.alert_id, numbered.before + new.place, new.at, new.code, new.data
  from new join numbered on numbered.alert_id = new.alert_id
"""


def listed(noted: Mapping[int, Sequence[Noted]]) -> str:
    """Return the facts about alerts as JSON, in their order for each alert."""
    return write_json(
        [
            {"alert_id": alert_id, "place": place, "at": at.isoformat(), "code": fact.code, "data": shapes.write(fact)}
            for alert_id, facts in noted.items()
            for place, (at, fact) in enumerate(facts, start=1)
        ]
    )


async def append(session: Session, alert_id: int, facts: Sequence[Noted]) -> None:
    """Add facts, each with its instant, in their order, to an alert that the caller has locked."""
    await append_all(session, {alert_id: facts})


async def append_all(session: Session, noted: Mapping[int, Sequence[Noted]]) -> None:
    """Add facts to several alerts, which the caller has locked: two who number at once would break the primary key.

    The bell rings ``alert:<id>`` for each when the transaction is committed.
    """
    told = {alert_id: facts for alert_id, facts in noted.items() if facts}
    if told:
        for alert_id in told:
            ring_after_commit(f"alert:{alert_id}")
        await session.execute(_APPEND, listed(told))


async def steps(session: Session, alerts: Sequence[int]) -> dict[int, list[tuple[str, dict[str, Any]]]]:
    """Return what each step of the alerts came to so far: code and data of those facts, in their order."""
    rows = await session.fetch(
        """select alert_id, code, data from timeline where alert_id = any($1::bigint[])
              and code in ('step_started', 'step_skipped') order by alert_id, number""",
        list(alerts),
    )
    found: dict[int, list[tuple[str, dict[str, Any]]]] = {alert_id: [] for alert_id in alerts}
    for row in rows:
        found[row["alert_id"]].append((row["code"], row["data"]))
    return found


async def first(session: Session, alert_id: int, *, code: str) -> datetime | None:
    """Return when the first fact of a kind happened to an alert."""
    at: datetime | None = await session.fetchval(
        "select at from timeline where alert_id = $1 and code = $2 order by number limit 1", alert_id, code
    )
    return at


@dataclass(frozen=True, slots=True)
class Kept:
    """Facts of an alert, oldest first, with its number and its sides."""

    alert: int
    sides: Sides
    facts: list[dict[str, Any]]


_AFTER = """
select w.place, a.id, a.requesting_party, a.requesting_authority, a.requested_party, a.contact_point_id,
       t.number, t.at, t.code, t.data
  from unnest($1::text[], $2::integer[]) with ordinality w (reference, after, place)
  join alerts a on a.reference = w.reference
  left join lateral (select number, at, code, data from timeline
                      where alert_id = a.id and number > w.after order by number limit $3) t on true
 order by w.place, t.number
"""


async def after_each(session: Session, asked: Sequence[tuple[str, int]], *, most: int) -> list[Kept | None]:
    """Return what came of alerts, by their references, after a number each: at most so many facts of each.

    None stands for a reference of no alert.
    """
    kept: list[Kept | None] = [None] * len(asked)
    for row in await session.fetch(_AFTER, [each for each, _ in asked], [after for _, after in asked], most):
        place = row["place"] - 1
        told = kept[place] = kept[place] or Kept(row["id"], sides_of(row), [])
        if row["number"] is not None:
            told.facts.append({name: row[name] for name in ("number", "at", "code", "data")})
    return kept


async def latest_numbers(session: Session, alerts: Sequence[int]) -> dict[int, int]:
    """Return of several alerts the number of the latest fact."""
    rows = await session.fetch(
        """select a.id, (select max(number) from timeline t where t.alert_id = a.id) as number
             from unnest($1::bigint[]) a (id)""",
        list(alerts),
    )
    return {row["id"]: row["number"] or 0 for row in rows}


async def fact(session: Session, alert_id: int, *, code: str) -> dict[str, Any] | None:
    """Return the latest fact of a kind about an alert: its instant (``at``) and its data."""
    row = await session.fetchrow(
        "select at, data from timeline where alert_id = $1 and code = $2 order by number desc limit 1", alert_id, code
    )
    return None if row is None else dict(row)
