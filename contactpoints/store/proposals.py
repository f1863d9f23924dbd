"""Alerts that wait for a second person, and who could be that person."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from contactpoints.rules.access import Actor, Role
from contactpoints.rules.releasing import Person, person_of
from contactpoints.store import access
from contactpoints.store.alerts import home_zone
from contactpoints.store.database import Row, Session
from contactpoints.store.intake import Once
from contactpoints.store.sealing import DataKey

COLUMNS = (
    *("actor_id", "person_id", "barred_id", "party", "authority", "requested_party", "territory", "kind"),
    *("instrument", "status", "urgency", "case_reference", "resent_from", "signed", "sealed"),
    *("proposed_at", "expires_at"),
)
"""What is written when something is proposed."""

_VIEW = f"""select p.*, w.name as proposed_by, s.name as settled_by_name, k.wrapped, k.fingerprint,
                  array_remove(array[(select c.zone from contact_points c where c.party = p.requested_party
                                         and c.territory is not distinct from p.territory and c.retired_at is null
                                       order by c.id limit 1), {home_zone("p.party")}], null) as zones
             from proposals p join accounts w on w.id = p.person_id left join accounts s on s.id = p.settled_by
             left join data_keys k on k.owner = 'proposal' and k.number = p.id"""

Kept = dict[str, Any]
"""A proposal with the names of the persons, the data key of what it asks, and the ``zones`` of both sides."""
_ALIVE = "accepted_at is not null and disabled_at is null and role = 'requester'"


async def new_number(session: Session) -> int:
    """Draw the number of a proposal, for which what is asked has to be sealed."""
    number: int = await session.fetchval("select nextval(pg_get_serial_sequence('proposals', 'id'))")
    return number


async def add(session: Session, number: int, *, values: Mapping[str, Any], key: DataKey, once: Once) -> None:
    """Keep a proposal, its data key and its Idempotency-Key. Breaks `intake.KEY_CONSTRAINT` where that came before."""
    places = ", ".join(f"${place}" for place in range(6, 6 + len(COLUMNS)))
    await session.execute(
        f"""with made as (insert into proposals (id, {", ".join(COLUMNS)}) overriding system value
                          values ($1, {places}) returning id, actor_id, proposed_at),
                 enclosed as (insert into data_keys (owner, number, wrapped, fingerprint)
                              select 'proposal', id, $4, $5 from made)
            insert into idempotency_keys (actor_id, key_hash, fingerprint, proposal_id, created_at)
            select actor_id, $2, $3, id, proposed_at from made""",
        number,
        once.key_hash,
        once.fingerprint,
        key.wrapped,
        key.fingerprint,
        *(values[name] for name in COLUMNS),
    )


async def find(session: Session, number: int) -> Kept | None:
    """Return a proposal, with the names of the persons."""
    row = await session.fetchrow(f"{_VIEW} where p.id = $1", number)
    return None if row is None else dict(row)


async def lock(session: Session, number: int) -> Kept | None:
    """The same, locked until the transaction ends: of all who settle it at once, one does."""
    row = await session.fetchrow(f"{_VIEW} where p.id = $1 for no key update of p", number)
    return None if row is None else dict(row)


async def listing(
    session: Session,
    *,
    party: str | None,
    authority: str | None,
    open_at: datetime | None,
    before: int | None,
    most: int,
) -> list[Kept]:
    """Return proposals of an authority (None: of all), the newest first; those still open at an instant, or all."""
    rows = await session.fetch(
        f"""{_VIEW} where ($1::text is null or p.party = $1 and p.authority = $2)
                and ($3::timestamptz is null or p.state = 'open' and p.expires_at > $3)
                and ($4::bigint is null or p.id < $4) order by p.id desc limit $5""",
        party,
        authority,
        open_at,
        before,
        most,
    )
    return [dict(row) for row in rows]


async def count_open(session: Session, *, party: str, authority: str, now: datetime) -> int:
    """Return how many proposals of an authority wait."""
    found: int = await session.fetchval(
        "select count(*) from proposals where party = $1 and authority = $2 and state = 'open' and expires_at > $3",
        party,
        authority,
        now,
    )
    return found


async def waiting_anew(session: Session, reference: str, *, now: datetime) -> int | None:
    """Return the number of the proposal that waits to send an alert anew, by the reference of that alert."""
    number: int | None = await session.fetchval(
        "select max(id) from proposals where resent_from = $1 and state = 'open' and expires_at > $2", reference, now
    )
    return number


async def settle(
    session: Session,
    number: int,
    *,
    state: str,
    now: datetime,
    by: int | None = None,
    why: str | None = None,
    alert: str | None = None,
) -> None:
    """End the waiting of a proposal that the caller has locked. What was asked goes from here, and its data key."""
    await session.execute(
        """update proposals set state = $2, settled_at = $3, settled_by = $4, settled_why = $5, alert_reference = $6,
                  sealed = null where id = $1""",
        number,
        state,
        now,
        by,
        why,
        alert,
    )
    await session.execute(
        "update data_keys set wrapped = null, destroyed_at = $2 where owner = 'proposal' and number = $1", number, now
    )


async def note_reading(session: Session, number: int, *, actor_id: int, address: str | None, now: datetime) -> None:
    """Write down who reads what is asked, each time."""
    await session.execute(
        "insert into proposal_readings (proposal_id, actor_id, address, at) values ($1, $2, $3, $4)",
        number,
        actor_id,
        address,
        now,
    )


async def readings(session: Session, number: int, *, after: int, most: int) -> list[Row]:
    """Return who read what is asked after reading ``after``, the first first, as `particulars.readings` does."""
    return await session.fetch(
        """select r.id, r.at, r.actor_id, null as officer_id, r.address, 'requester' as side, 'api' as way,
                  null as line, null as whose, x.kind as actor_kind, a.name as person
             from proposal_readings r join actors x on x.id = r.actor_id left join accounts a on a.id = r.actor_id
            where r.proposal_id = $1 and r.id > $2 order by r.id limit $3""",
        number,
        after,
        most,
    )


async def hand_readings(session: Session, number: int, *, alert_id: int) -> None:
    """Write down of an alert who had read its request while it waited."""
    await session.execute(
        """insert into readings (alert_id, actor_id, at, side, way, address)
           select $2, actor_id, at, 'requester', 'api', address
             from proposal_readings where proposal_id = $1 order by id""",
        number,
        alert_id,
    )


async def waiting(session: Session, *, since: datetime, now: datetime) -> list[Kept]:
    """Lock what has expired, or waits since ``since`` and nobody was reminded of; passing over what others settle."""
    rows = await session.fetch(
        f"""{_VIEW} where p.state = 'open' and (p.expires_at <= $2 or p.reminded_at is null and p.proposed_at <= $1)
             order by p.id limit 100 for no key update of p skip locked""",
        since,
        now,
    )
    return [dict(row) for row in rows]


async def note_reminded(session: Session, number: int, *, now: datetime) -> None:
    """Write down that those who wait were told so."""
    await session.execute("update proposals set reminded_at = $2 where id = $1", number, now)


async def persons(session: Session, *, party: str, authority: str) -> list[Person]:
    """Return by whose accounts an authority is spoken for; none of them ends before the transaction does."""
    return (await persons_of_each(session, [(party, authority)]))[party, authority]


async def persons_of_each(
    session: Session, authorities: Collection[tuple[str, str]]
) -> Mapping[tuple[str, str], list[Person]]:
    """Return the same of several authorities, each with its Party."""
    rows = await session.fetch(
        f"""select id, name, email, language, officer_id, party, authority from accounts
             where (party, authority) in (select * from unnest($1::text[], $2::text[])) and {_ALIVE}
             order by id for share""",
        [party for party, _ in authorities],
        [authority for _, authority in authorities],
    )
    found: dict[tuple[str, str], list[Person]] = {each: [] for each in authorities}
    for row in rows:
        found[row["party"], row["authority"]].append(person_of(dict(row)))
    return found


async def kept_out(session: Session, numbers: Collection[int | None]) -> list[Person]:
    """Return whose accounts some numbers are, ended ones too; a key is nobody's."""
    rows = await session.fetch(
        """select id, name, email, language, officer_id from accounts
            where id = any($1::bigint[]) and name is not null""",
        [each for each in numbers if each is not None],
    )
    return [person_of(dict(row)) for row in rows]


async def made_by(session: Session, actor_id: int) -> int | None:
    """Return who made a key; None for an account, and for a key that the operator made."""
    number: int | None = await session.fetchval("select made_by from api_keys where id = $1", actor_id)
    return number


async def proposer(session: Session, row: Kept, *, now: datetime) -> tuple[Actor, tuple[str, ...]] | None:
    """Return who proposed as they are now, and by which addresses they hear; None where key or account has ended."""
    key = await session.fetchrow(
        """select * from api_keys where id = $1 and revoked_at is null and (expires_at is null or expires_at > $2)""",
        row["actor_id"],
        now,
    )
    person = await session.fetchrow(f"select * from accounts where id = $1 and {_ALIVE}", row["person_id"])
    if person is None or (key is None and row["actor_id"] != row["person_id"]):
        return None
    if key is not None:
        mailed = tuple(each for each in key["notify"] if "@" in each)
        return access.actor_of(key), tuple(dict.fromkeys((person["email"], *mailed)))
    of = (person["party"], person["authority"], person["contact_point_id"])
    actor = Actor(person["id"], Role.REQUESTER, *of, (person["email"],), person["language"], kind="account")
    return actor, (person["email"],)


async def authorities(session: Session, party: str, *, now: datetime) -> list[Row]:
    """Return the authorities of a Party that have accounts or keys, and the keys of each without a holder."""
    return await session.fetch(
        f"""select authority,
                   coalesce(array_agg(id order by id) filter (where not account and holder_id is null), '{{}}') as keys
              from (select id, authority, null as holder_id, true as account from accounts
                     where party = $1 and {_ALIVE}
                    union all select id, authority, holder_id, false from api_keys
                     where party = $1 and role = 'requester' and revoked_at is null
                       and (expires_at is null or expires_at > $2)) k
             group by authority order by authority""",
        party,
        now,
    )


async def asking_for_two(session: Session) -> list[str]:
    """Return the Parties whose alerts take two persons."""
    return [row["code"] for row in await session.fetch("select code from parties where two_persons order by code")]
