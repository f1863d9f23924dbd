"""What came in: raw bytes, sealed and committed before the sender is answered, and parsed after."""

from datetime import datetime, timedelta

from contactpoints.store.database import Row, Session


async def keep(
    session: Session,
    *,
    source: str,
    kind: str,
    provider_code: str | None,
    attempt_code: str | None,
    received_at: datetime,
    provider_at: datetime | None,
    sealed: bytes,
    lease_until: datetime | None = None,
) -> int | None:
    """Keep one arrival; return its number, or None when the provider had brought it before."""
    number: int | None = await session.fetchval(
        """insert into inbound
               (source, kind, provider_code, attempt_code, received_at, provider_at, sealed, lease_until)
           values ($1, $2, $3, $4, $5, $6, $7, $8)
           on conflict (source, kind, provider_code) do nothing returning id""",
        source,
        kind,
        provider_code,
        attempt_code,
        received_at,
        provider_at,
        sealed,
        lease_until,
    )
    return number


async def claim(session: Session, *, now: datetime, until: datetime, most: int) -> list[int]:
    """Take unhandled arrivals, the earliest first, under a lease."""
    rows = await session.fetch(
        """with due as (select id from inbound where handled_at is null and (lease_until is null or lease_until < $1)
                         order by received_at, id limit $3 for update skip locked)
           update inbound i set lease_until = $2 from due where i.id = due.id returning i.id, i.received_at""",
        now,
        until,
        most,
    )
    return [row["id"] for row in sorted(rows, key=lambda row: (row["received_at"], row["id"]))]


async def read(session: Session, number: int) -> Row | None:
    """Return one arrival."""
    return await session.fetchrow("select * from inbound where id = $1", number)


async def handled(session: Session, number: int, *, outcome: str, now: datetime) -> bool:
    """Write down that an arrival was dealt with; False when somebody else was faster."""
    done = await session.execute(
        "update inbound set handled_at = $2, outcome = $3, lease_until = null where id = $1 and handled_at is null",
        number,
        now,
        outcome,
    )
    return str(done).endswith(" 1")


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
