"""What came in: raw bytes, sealed and committed before the sender is answered, and parsed after."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from contactpoints.store.database import Row, Session
from contactpoints.store.sealing import DataKey


async def keep(
    session: Session,
    *,
    source: str,
    kind: str,
    provider_code: str | None,
    attempt_code: str | None,
    received_at: datetime,
    provider_at: datetime | None,
    key: DataKey,
    sealed: bytes,
    lease_until: datetime | None = None,
) -> int | None:
    """Keep one arrival and its data key; return its number, or None when the provider had brought it before."""
    number: int | None = await session.fetchval(
        """with kept as (insert into inbound
               (source, kind, provider_code, attempt_code, received_at, provider_at, sealed, lease_until)
               values ($1, $2, $3, $4, $5, $6, $7, $8)
               on conflict (source, kind, provider_code) do nothing returning id),
           enclosed as (insert into data_keys (owner, number, wrapped, fingerprint)
                        select 'arrival', id, $9, $10 from kept)
           select id from kept""",
        source,
        kind,
        provider_code,
        attempt_code,
        received_at,
        provider_at,
        sealed,
        lease_until,
        key.wrapped,
        key.fingerprint,
    )
    return number


async def claim(session: Session, kind: str, *, now: datetime, until: datetime, most: int) -> list[Row]:
    """Take unhandled arrivals of a kind, the earliest first, under a lease."""
    rows = await session.fetch(
        """with due as (select id from inbound
                         where handled_at is null and kind = $4 and (lease_until is null or lease_until < $1)
                         order by received_at, id limit $3 for update skip locked)
           update inbound i set lease_until = $2
             from due left join data_keys k on k.owner = 'arrival' and k.number = due.id
            where i.id = due.id returning i.*, k.wrapped, k.fingerprint""",
        now,
        until,
        most,
        kind,
    )
    return sorted(rows, key=lambda row: (row["received_at"], row["id"]))


async def known(session: Session, source: str, *, codes: Sequence[str]) -> set[str]:
    """Return which replies among the provider's ``codes`` were brought before."""
    rows = await session.fetch(
        """select provider_code from inbound
            where source = $1 and kind = 'reply' and provider_code = any($2::text[])""",
        source,
        list(codes),
    )
    return {row["provider_code"] for row in rows}


async def seen_until(session: Session, gateway: str, *, first: datetime) -> datetime:
    """Return until when everything that came by a gateway is known; ``first``, and noted, where nothing was noted."""
    at: datetime = await session.fetchval(
        """with made as (insert into inbound_marks (gateway, seen_until) values ($1, $2)
                         on conflict (gateway) do nothing returning seen_until)
           select coalesce((select seen_until from made), (select seen_until from inbound_marks where gateway = $1))""",
        gateway,
        first,
    )
    return at


async def note_seen(session: Session, gateway: str, *, until: datetime) -> None:
    """Note that everything that came by a gateway before ``until`` is known."""
    await session.execute(
        "update inbound_marks set seen_until = greatest(seen_until, $2) where gateway = $1", gateway, until
    )


async def read(session: Session, number: int) -> Row | None:
    """Return one arrival."""
    return await session.fetchrow(
        """select i.*, k.wrapped, k.fingerprint
             from inbound i left join data_keys k on k.owner = 'arrival' and k.number = i.id where i.id = $1""",
        number,
    )


async def outcome_of(session: Session, source: str, *, provider_code: str) -> str | None:
    """Return what came of a reply; None where nobody has handled it yet."""
    outcome: str | None = await session.fetchval(
        """select outcome from inbound
            where source = $1 and kind = 'reply' and provider_code = $2 and handled_at is not null""",
        source,
        provider_code,
    )
    return outcome


async def finish(session: Session, outcomes: Mapping[int, str], *, now: datetime) -> None:
    """Write down of several arrivals that they were dealt with."""
    await session.execute(
        """update inbound i set handled_at = $1, outcome = n.outcome, lease_until = null
             from unnest($2::bigint[], $3::text[]) as n (id, outcome) where i.id = n.id and i.handled_at is null""",
        now,
        list(outcomes),
        list(outcomes.values()),
    )


async def handled(session: Session, number: int, *, outcome: str, now: datetime, alert_id: int | None = None) -> bool:
    """Write down that an arrival was dealt with, and to which alert it belongs; False when somebody was faster.

    One that comes when the alert was erased belongs to none any more, and goes as strays do.
    """
    done = await session.execute(
        """update inbound set handled_at = $2, outcome = $3, lease_until = null,
                  alert_id = case when exists (select 1 from retentions where alert_id = $4 and erased_at is not null)
                                  then null else $4 end
            where id = $1 and handled_at is null""",
        number,
        now,
        outcome,
        alert_id,
    )
    return str(done).endswith(" 1")


async def come_again(session: Session, number: int, *, at: datetime) -> None:
    """End the lease of an arrival that could not be handled: it comes up again after ``at``."""
    await session.execute("update inbound set lease_until = $2 where id = $1 and handled_at is null", number, at)


async def may_answer(session: Session, address: str, *, now: datetime, most: int, again: timedelta | None) -> bool:
    """Count an answer to an address; False when it has had ``most`` already, ``again`` ago or later (None: ever)."""
    counted = await session.fetchval(
        """insert into answered_strangers (address, answers, since) values ($1, 1, $2)
           on conflict (address) do update
              set answers = case when answered_strangers.since < $4 then 1 else answered_strangers.answers + 1 end,
                  since = case when answered_strangers.since < $4 then $2 else answered_strangers.since end
            where answered_strangers.answers < $3 or answered_strangers.since < $4 returning answers""",
        address,
        now,
        most,
        None if again is None else now - again,
    )
    return counted is not None
