"""Alerts that are handed over to a named officer: who was asked to take one, and who has."""

from datetime import datetime

from contactpoints.store.database import Row, Session


async def in_charge(session: Session, alert_id: int) -> Row | None:
    """Return the officer who has an alert, with the line: whoever took it over last, else who acknowledged first."""
    return await session.fetchrow(
        """select k.officer_id, k.line from acknowledgements k
             left join alert_handovers h on h.alert_id = k.alert_id and h.officer_id = k.officer_id
            where k.alert_id = $1
            order by h.taken_at desc nulls last, k.received_at, k.inbound_id limit 1""",
        alert_id,
    )


async def asked(session: Session, alert_id: int, *, officer: int, since: datetime) -> bool:
    """Say whether an officer was asked to take an alert over at or after ``since``, and has not done so yet."""
    found: bool = await session.fetchval(
        """select exists (select 1 from alert_handovers
                           where alert_id = $1 and officer_id = $2 and coalesce(taken_at, over_at) is null
                              and asked_at >= $3)""",
        *(alert_id, officer, since),
    )
    return found


async def ask(session: Session, alert_id: int, *, officer: int, before: int | None, actor: int, now: datetime) -> None:
    """Note that an officer is asked to take a locked alert over from the one who has it ``before``."""
    await session.execute(
        """insert into alert_handovers (alert_id, officer_id, from_officer_id, actor_id, asked_at)
           values ($1, $2, $3, $4, $5)""",
        *(alert_id, officer, before, actor, now),
    )


async def take(session: Session, alert_id: int, *, officer: int, answered: datetime, at: datetime) -> Row | None:
    """Note that an officer takes over a locked alert as asked; return who had it (``from_officer``, ``from_line``).

    None where the officer was not asked before it was ``answered``, or has it already. Whoever else was asked before is
    not waited for any more.
    """
    return await session.fetchrow(
        """with open as (select * from alert_handovers where alert_id = $1 and taken_at is null and over_at is null
                            and asked_at <= $4),
                mine as (update alert_handovers h set taken_at = $3 from open
                          where h.id = open.id and h.officer_id = $2
                            and h.id = (select max(id) from open where officer_id = $2)
                         returning h.from_officer_id),
                others as (update alert_handovers h set over_at = $3 from open
                            where h.id = open.id and exists (select from mine)
                              and h.id is distinct from (select max(id) from open where officer_id = $2))
           select mine.from_officer_id as from_officer,
                  (select p.line from reply_codes r join posts p on p.id = r.post_id
                    where r.alert_id = $1 and r.officer_id = mine.from_officer_id) as from_line
             from mine""",
        *(alert_id, officer, at, answered),
    )


async def officers(session: Session, contact_point: int) -> list[tuple[int, str]]:
    """Return number and name of each officer of a contact point, by name."""
    rows = await session.fetch(
        "select id, name from officers where contact_point_id = $1 and retired_at is null order by name, id limit 500",
        contact_point,
    )
    return [(row["id"], row["name"]) for row in rows]
