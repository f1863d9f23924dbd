"""Doubts: messages of which nobody can tell whether their gateway has them, and how that ends."""

from datetime import datetime, timedelta

from contactpoints.rules.delivery import DOUBT
from contactpoints.rules.phrasing import Words
from contactpoints.store.database import Row, Session, ring_after_commit
from contactpoints.store.outbox import IDLE

_GRACE = timedelta(seconds=1)
_LATEST = 400
"""Among so many messages to one address the words of one in doubt may be those of another."""


async def expire_leases(session: Session, *, now: datetime) -> list[int]:
    """Make messages whose sender died *unsure*, to be traced at once; return them."""
    rows = await session.fetch(
        """update messages set state = 'unsure', lease_until = null, trace_at = $1, unsure_since = $1
            where id in (select id from messages where state = 'sending' and lease_until <= $1 for update skip locked)
        returning id""",
        now,
    )
    return [row["id"] for row in rows]


_TAKE = """
with due as (select id from messages where state = 'unsure' and trace_at <= $1::timestamptz and {which}
              order by rank, trace_at limit $4 for update skip locked)
update messages m set trace_at = greatest(m.unsure_since + $2::interval, $1) + $3::interval from due where m.id = due.id
returning m.*, (select code from attempts where message_id = m.id order by number desc limit 1) as attempt,
          (select started_at from attempts where message_id = m.id order by number limit 1) as first_started,
          (select reference from alerts where alerts.id = m.alert_id) as reference,
          array(select a.provider_code from
                  (select id from messages where address = m.address order by id desc limit $5) o
                  join attempts a on a.message_id = o.id
                 where o.id <> m.id and a.provider_code is not null) as taken
"""


async def take_over(session: Session, *, now: datetime, most: int = 100) -> list[Row]:
    """Take messages that have been in doubt for long enough, what is actual first; others leave them for a second."""
    return await session.fetch(
        _TAKE.format(which="unsure_since <= $1::timestamptz - $2::interval"), now, DOUBT, _GRACE, most, _LATEST
    )


async def take_to_trace(session: Session, *, now: datetime, most: int = 20) -> list[Row]:
    """Take messages to be traced, what is actual first; others leave them alone until the doubt has been over a second.

    Whoever traces gives up when the doubt ends, or says by `trace_later` when to ask again.
    """
    return await session.fetch(
        _TAKE.format(which="unsure_since > $1::timestamptz - $2::interval"), now, DOUBT, _GRACE, most, _LATEST
    )


async def trace_later(session: Session, message_id: int, *, at: datetime) -> None:
    """Ask the gateway again ``at`` an instant, or when the doubt ends."""
    await session.execute(
        """update messages set trace_at = least($2::timestamptz, unsure_since + $3::interval)
            where id = $1 and state = 'unsure'""",
        message_id,
        at,
        DOUBT,
    )


async def found(session: Session, message_id: int, *, attempt: str, provider_code: str, now: datetime) -> bool:
    """Record that the gateway has an unsure message after all; False when what it has is another one by now.

    Two of the same words may be in doubt at once, and a gateway that has one of them has not got both: who finds it is
    asked about one at a time.
    """
    await session.execute("select pg_advisory_xact_lock(hashtextextended($1, 0))", provider_code)
    done = await session.execute(
        """with claimed as (
               update attempts a set outcome = 'traced', provider_code = $3, ended_at = $4
                where code = $2 and not exists (
                    select 1 from attempts o
                     where o.gateway = a.gateway and o.provider_code = $3 and o.message_id <> a.message_id)
               returning message_id)
           update messages set state = 'accepted', trace_at = null, unsure_since = null,
                  first_accepted_at = coalesce(first_accepted_at, $4)
            where id = $1 and state = 'unsure' and exists (select 1 from claimed)""",
        message_id,
        attempt,
        provider_code,
        now,
    )
    return str(done).endswith(" 1")


async def send_again(
    session: Session, message_id: int, *, words: Words | None, gateway: str | None, over: bool, now: datetime
) -> bool:
    """Queue an unsure message once more, marked as a repeat; False when nobody needs it any more, or its time is over.

    ``words`` say that it is a repeat, ``gateway`` is the one to use now; what is None stays as it was. The bell rings
    ``outbox`` when the transaction is committed.
    """
    ring_after_commit("outbox")
    idle = await session.fetchval(
        f"""update messages m set state = case when $6 or {IDLE} then 'cancelled' else 'queued' end,
                   repeat = m.repeat or not {IDLE}, send_at = case when not ($6 or {IDLE}) then $2::timestamptz end,
                   trace_at = null, unsure_since = null, gateway = coalesce($3, m.gateway),
                   body = coalesce($4, m.body), subject = coalesce($5, m.subject)
             where m.id = $1 and m.state = 'unsure' returning m.state = 'cancelled'""",
        message_id,
        now,
        gateway,
        words and words.text,
        words and words.subject,
        over,
    )
    return idle is False
