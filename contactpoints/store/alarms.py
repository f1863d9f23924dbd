"""Alarms: which were raised lately, so that one broken thing raises one alarm and not hundreds; and who hears them."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from contactpoints.rules.delivery import rank
from contactpoints.store.access import in_force
from contactpoints.store.database import Row, Session

_NEAR = 1_000

# The messages of an alarm are known by the instant at which it was raised, and those queued by one statement have
# neighbouring numbers: nobody searches the whole table while the service is late.
_UNHEARD = f"""(
    with waiting as (
        select m.id from messages m
         where m.state = 'queued' and m.kind = any($5::text[]) and m.rank = any($6::smallint[]) and m.send_at = a.at
           and m.purpose = 'alarm' and m.attempts = 0 limit 1)
    select exists (select 1 from waiting) and not exists (
           select 1 from waiting w join messages m on m.id between w.id - {_NEAR} and w.id + {_NEAR}
            where m.queued_at = a.at and m.purpose = 'alarm' and m.attempts > 0))"""

# Nobody waits here, least of all the opening of an alert: what was raised lately is passed over before it is locked,
# and so is what another transaction is raising at this moment.
_RAISE = f"""
insert into alarms (reason, about, at)
select n.reason, n.about, $3 from unnest($1::text[], $2::text[]) as n (reason, about)
 where not exists (select 1 from alarms a
                    where a.reason = n.reason and a.about = n.about and (a.at > $4 or {_UNHEARD}))
   and pg_try_advisory_xact_lock(hashtextextended(n.reason || ' ' || n.about, 0))
 order by 1, 2
on conflict (reason, about) do update set at = excluded.at where alarms.at <= $4
returning reason, about
"""


async def raise_fresh(
    session: Session, things: Sequence[tuple[str, str]], *, now: datetime, quiet: timedelta, kinds: Collection[str]
) -> set[tuple[str, str]]:
    """Note alarms, each a different (reason, about what); return those not raised since ``quiet`` ago.

    Nor is one of which messages of these ``kinds`` still wait while none was ever tried to be sent: one is enough.
    """
    ranks = {rank(kind, "alarm", exercise=exercise) for kind in kinds for exercise in (False, True)}
    rows = await session.fetch(
        _RAISE,
        [reason for reason, _ in things],
        [about for _, about in things],
        now,
        now - quiet,
        list(kinds),
        list(ranks),
    )
    return {(row["reason"], row["about"]) for row in rows}


async def keepers(session: Session, parties: Sequence[str], *, now: datetime) -> list[Row]:
    """Return number, role, Party, addresses and language of the Parties' administrators and the secretariat."""
    return await session.fetch(
        f"""select id, role, party, notify, language from {in_force("$2")} k
             where (role = 'administrator' and party = any($1::text[])) or role = 'secretariat' order by id""",
        list(parties),
        now,
    )


async def lately(session: Session, *, since: datetime) -> list[Row]:
    """Return reason, about what and when of the alarms that were raised since an instant, the newest first."""
    return await session.fetch(
        "select reason, about, at from alarms where at > $1 order by at desc, reason, about limit 50", since
    )
