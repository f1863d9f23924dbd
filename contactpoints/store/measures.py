"""What can be measured of the whole service, whichever process did it: read when somebody asks, in bounded queries.

Each count stops at `MOST`: a queue of that length is an alarm, and how much longer it is no longer matters.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from contactpoints.rules.fallback import can_fall_back_on
from contactpoints.store import directory
from contactpoints.store.database import Row, Session

MOST = 10_000
_RECENT = 2_000
_FIRST_READING = 1_000


_DUE = """
select (select min(due_at) from alerts where due_at <= $1 and (not $3 or status = 'actual')) as timers,
       (select min(send_at) from messages where state = 'queued' and send_at <= $1
           and ($2::text[] is null or kind = any($2)) and not ($3 and exercise)) as messages,
       (select min(lease_until) from messages where state = 'sending' and lease_until <= $1
           and ($2::text[] is null or kind = any($2)) and not ($3 and exercise)) as leases,
       (select min(trace_at) from messages where state = 'unsure' and trace_at <= $1
           and ($2::text[] is null or kind = any($2)) and not ($3 and exercise)) as traces,
       (select min(received_at) from inbound where handled_at is null) as replies
"""


async def due_since(
    session: Session, *, now: datetime, kinds: Collection[str] | None = None, actual: bool = False
) -> dict[str, datetime | None]:
    """Return since when the oldest of each kind of work has been due; None where nothing is.

    The kinds: ``timers`` of alerts, ``messages`` to be sent, ``leases`` of senders that died, ``traces`` of messages
    that nobody is sure of, and ``replies`` that came in and are not dealt with, however often they were tried.
    ``kinds``: messages of these kinds alone. ``actual``: without the alerts and messages of exercises.
    """
    row = await session.fetchrow(_DUE, now, None if kinds is None else sorted(kinds), actual)
    return dict(row or {})


async def note_engine(session: Session) -> None:
    """Note that an engine looks now, by the clock of the database: processes share it, and no demo hurries it."""
    await session.execute(
        """insert into engine_watch (looked_at) values (now())
           on conflict (only_row) do update set looked_at = excluded.looked_at"""
    )


async def engine_unseen(session: Session) -> timedelta | None:
    """Return for how long no engine has looked; None where none ever did."""
    unseen: timedelta | None = await session.fetchval("select now() - looked_at from engine_watch")
    return unseen


def _queue(state: str) -> str:
    waiting = f"(select kind, queued_at from messages where state = '{state}' limit {MOST}) as {state}"
    return f"select '{state}' as state, kind, count(*) as depth, min(queued_at) as since from {waiting} group by 2"


_QUEUES = f"""
{_queue("queued")} union all {_queue("sending")} union all {_queue("unsure")} union all
select 'received', kind, count(*), min(received_at)
  from (select kind, received_at from inbound where handled_at is null limit {MOST}) as received group by 2
"""

_OPEN = f"""
select state, status, count(*) as depth
  from (select state, status from alerts where due_at is not null limit {MOST}) as open group by 1, 2
"""

_ATTEMPTS = f"""
select gateway, coalesce(outcome, 'under_way') as outcome, count(*) as depth
  from attempts where message_id > (select max(id) from messages) - {_RECENT} group by 1, 2
"""

_ENDS = f"""
select status, case when end_reason in ('not_competent', 'wrong_party') then 'redirected' else end_reason end as reason,
       count(*) as depth
  from alerts where id > (select max(id) from alerts) - {_RECENT} and state in ('withdrawn', 'closed') group by 1, 2
"""

_ACKNOWLEDGED = """
select k.id, a.status, k.late, extract(epoch from k.received_at - a.opened_at)::float8 as seconds
  from acknowledgements k join alerts a on a.id = k.alert_id
 where k.id > $1 and k.recorded_at < $2 and not exists (
       select 1 from acknowledgements e where e.alert_id = k.alert_id and e.id < k.id)
 order by k.id limit $3
"""


@dataclass(frozen=True, slots=True)
class Measured:
    """What the database says: work due, queues, open alerts, how the newest ended, if there is a fallback."""

    due_since: dict[str, datetime | None]
    queues: list[Row]
    alerts: list[Row]
    attempts: list[Row]
    ends: list[Row]
    fallback: bool


async def measure(session: Session, *, now: datetime, kinds: Collection[str]) -> Measured:
    """Return what the database says now; of the messages that are due, those of these kinds."""
    return Measured(
        await due_since(session, now=now, kinds=kinds),
        await session.fetch(_QUEUES),
        await session.fetch(_OPEN),
        await session.fetch(_ATTEMPTS),
        await session.fetch(_ENDS),
        await fallback_stands(session, now=now),
    )


async def fallback_stands(session: Session, *, now: datetime) -> bool:
    """Say whether the last fallback has anybody who can be called; see `can_fall_back_on`."""
    number = await directory.secretariat(session)
    return number is not None and can_fall_back_on((await directory.load(session, [number])).get(number), now)


async def last_acknowledgement(session: Session) -> int:
    """Return the newest acknowledgement's number, 0 when there is none."""
    number: int = await session.fetchval("select coalesce(max(id), 0) from acknowledgements")
    return number


async def acknowledged(session: Session, *, after: int, before: datetime) -> list[Row]:
    """Return the first acknowledgements of alerts that were recorded since number ``after`` and before an instant."""
    return await session.fetch(_ACKNOWLEDGED, after, before, _FIRST_READING)
