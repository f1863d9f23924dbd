"""Alarms: which were raised lately, so that one broken thing raises one alarm and not hundreds; and who hears them."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from contactpoints.store.database import Row, Session

_NEAR = 1_000

# Nobody waits here, least of all the opening of an alert: what was raised lately is passed over before it is locked,
# and so is what another transaction is raising at this moment.
_RAISE = """
insert into alarms (reason, about, at)
select n.reason, n.about, $3 from unnest($1::text[], $2::text[]) as n (reason, about)
 where not exists (select 1 from alarms a where a.reason = n.reason and a.about = n.about and a.at > $4)
   and pg_try_advisory_xact_lock(hashtextextended(n.reason || ' ' || n.about, 0))
 order by 1, 2
on conflict (reason, about) do update set at = excluded.at where alarms.at <= $4
returning reason, about
"""


async def raise_fresh(
    session: Session, things: Sequence[tuple[str, str]], *, now: datetime, quiet: timedelta
) -> set[tuple[str, str]]:
    """Note alarms, each a different (reason, about what); return those not raised since ``quiet`` ago."""
    rows = await session.fetch(
        _RAISE, [reason for reason, _ in things], [about for _, about in things], now, now - quiet
    )
    return {(row["reason"], row["about"]) for row in rows}


# What was queued by one statement has neighbouring numbers: nobody searches the whole table while the service is late.
_WAITS = f"""
with waiting as (
    select m.id, m.queued_at from messages m join alarms a on a.at = m.queued_at
     where a.reason = $1 and a.about = $2
       and m.state = 'queued' and m.attempts = 0 and m.purpose = 'alarm' and m.kind = any($3::text[]) limit 1)
select exists (select 1 from waiting) and not exists (
       select 1 from waiting w join messages m on m.id between w.id - {_NEAR} and w.id + {_NEAR}
        where m.queued_at = w.queued_at and m.purpose = 'alarm' and m.attempts > 0)
"""


async def waits(session: Session, thing: tuple[str, str], *, kinds: Sequence[str]) -> bool:
    """Say whether messages of these kinds, queued when this was last raised, wait and none was ever tried to be sent.

    An alarm's messages are known by the instant at which it was raised.
    """
    waiting: bool = await session.fetchval(_WAITS, *thing, list(kinds))
    return waiting


async def keepers(session: Session, parties: Sequence[str], *, now: datetime) -> list[Row]:
    """Return role, Party, addresses and language of the keys of the Parties' administrators and the secretariat."""
    return await session.fetch(
        """select role, party, notify, language from api_keys
            where ((role = 'administrator' and party = any($1::text[])) or role = 'secretariat')
              and revoked_at is null and (expires_at is null or expires_at > $2) order by id""",
        list(parties),
        now,
    )
