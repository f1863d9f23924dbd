"""What the board says besides who answers: open alerts, how many there are where, and whose duty somebody looks at."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from contactpoints.rules.access import Actor, Sides
from contactpoints.store.alerts import ZONES, sides_of, there_for, whose
from contactpoints.store.database import Row, Session
from contactpoints.store.handing import IN_CHARGE, OPEN, OWN

MOST = 10_000
_RECENT = 2_000
_ANSWERED = timedelta(hours=12)

_RANK = "case {}.own when 'called' then 0 when 'asked' then 0 when 'has' then 1 else 2 end"
_OPEN = f"""
select found.*, (select has.left_at is not null from ({IN_CHARGE.format(alert="found.id")}) has) as left_behind from (
with mine as (
  (select a.* from alerts a where a.due_at is not null and {there_for(1)} order by a.id desc limit {MOST})
  union all
  (select a.* from alerts a where a.id > (select max(id) from alerts) - {_RECENT} and a.state = 'acknowledged'
      and a.acknowledged_at > $5 and {there_for(1)}))
select a.id, a.reference, a.requesting_party, a.requested_party, a.contact_point_id, a.kind, a.status, a.urgency,
       a.state, a.opened_at, a.acknowledged_at, a.due_at, {ZONES} as zones, count(*) over () as many,
       a.own
  from (select a.*, {OWN.format(alert="a.id", state="a.state", officer="$6")} as own from mine a) a
 order by {_RANK.format("a")}, a.state = 'acknowledged', a.status, a.urgency, a.id desc limit $7) found
 order by {_RANK.format("found")}, found.state = 'acknowledged', found.status, found.urgency, found.id desc
"""


async def open_alerts(session: Session, *, actor: Actor, officer: int | None, most: int, now: datetime) -> list[Row]:
    """Return alerts that nobody has acknowledged and those acknowledged in the last 12 hours, as exist for the actor.

    First what waits for ``officer``, then what the officer has, of that, as of all others, what nobody has
    acknowledged. ``own``: see `store.handing.OWN`.
    ``left_behind``: whoever had it has left, and nobody has it. Each says how ``many`` there are, and by which
    ``zones`` the clocks of its sides go.
    """
    return await session.fetch(_OPEN, *whose(actor), now - _ANSWERED, officer, most)


_WAITING = f"""
select contact_point_id, count(*) as depth from (
  select a.contact_point_id from alerts a where a.due_at is not null and {there_for(1)} limit {MOST}) open group by 1
"""


async def waiting(session: Session, *, actor: Actor) -> Mapping[int, int]:
    """Return for each contact point how many alerts that exist for the actor nobody has acknowledged, where any."""
    return {row["contact_point_id"]: row["depth"] for row in await session.fetch(_WAITING, *whose(actor))}


async def officer_of(session: Session, account: int) -> Row | None:
    """Return the officer whose account it is, with the contact point; None for whoever is none."""
    return await session.fetchrow(
        "select o.id, o.contact_point_id from accounts a join officers o on o.id = a.officer_id"
        " where a.id = $1 and o.retired_at is null",
        account,
    )


async def languages(session: Session) -> list[str]:
    """Return the languages in which anybody with an account looks."""
    rows = await session.fetch("select distinct language from accounts where disabled_at is null order by language")
    return [row["language"] for row in rows]


@dataclass(frozen=True, slots=True)
class Look:
    """One look for news: the revision of the directory, and the number of the newest alert, 0 where there is none.

    ``alerts``: of those that were asked for the sides and, as a mark that changes with it, all that a board tells.
    ``waits``: number, Party and authority of each alert that waits for a second person. ``silent``: engines have left
    no sign of life for too long.
    """

    revision: int
    newest: int
    silent: bool
    waits: frozenset[tuple[int, str, str]]
    alerts: Mapping[int, tuple[Sides, tuple[object, ...]]]


_LOOK = f"""
select now.revision, now.newest, now.silent, now.waits, a.id, a.requesting_party, a.requesting_authority,
       a.requested_party, a.contact_point_id, a.state, a.due_at,
       (select count(*) from reply_codes where alert_id = a.id) as called,
       (select count(*) from acknowledgements where alert_id = a.id) as answers,
       (select count(*) from alert_handovers h where h.alert_id = a.id and {OPEN}) as asked
  from (select coalesce((select number from directory_revision), 0) as revision,
               coalesce((select max(id) from alerts), 0) as newest,
               exists (select from engine_watch where looked_at < now() - $4::interval) as silent,
               array(select concat_ws(' ', id, party, authority) from proposals where state = 'open'
                      order by expires_at limit $3) as waits) now
  left join alerts a on a.id = any($1::bigint[]) or a.id > coalesce($2::bigint, now.newest)
 limit $3
"""


async def look(session: Session, alerts: Collection[int], *, after: int | None, most: int, silence: timedelta) -> Look:
    """Look at alerts, and at those with a number beyond ``after`` (None: at no others), at most at so many.

    ``silence``: for how long engines may leave no sign of life.
    """
    rows = await session.fetch(_LOOK, list(alerts), after, most, silence)
    marks = ("state", "due_at", "called", "answers", "asked")
    told = {row["id"]: (sides_of(row), tuple(row[each] for each in marks)) for row in rows if row["id"]}
    waits = [each.split(" ", 2) for each in rows[0]["waits"]]
    return Look(
        *(rows[0]["revision"], rows[0]["newest"], rows[0]["silent"]),
        waits=frozenset((int(number), party, authority) for number, party, authority in waits),
        alerts=told,
    )
