"""Handovers that were told: to whom, by which address, and whether the one who comes has read back.

The key of a row is post, officer and instant: however many engines look, one of them tells an officer of a handover.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from contactpoints.store.database import Row, Session
from contactpoints.store.directory import hold

_DEALT_WITH = timedelta(minutes=2)
"""Within what time a reply is dealt with; one that breaks whoever reads it is tried for longer."""


@dataclass(frozen=True, slots=True)
class Notice:
    """A notice to be told: to which officer, of which handover, by which address; code and token for whoever comes."""

    post: int
    officer: int
    at: datetime
    incoming: bool
    kind: str
    address: str
    channel: int
    code: str | None
    page_token: str | None


async def told(session: Session, contact_point: int, *, now: datetime) -> list[Row]:
    """Return the notices of handovers yet to come at a contact point, which the transaction holds from now on."""
    await hold(session, [contact_point])
    return await session.fetch(
        """select h.* from handovers h join posts p on p.id = h.post_id
            where p.contact_point_id = $1 and h.at > $2 order by h.id""",
        contact_point,
        now,
    )


async def tell(session: Session, notice: Notice, *, now: datetime) -> bool:
    """Note that an officer is told; False where that was done before and not called off since."""
    done = await session.fetchval(
        """insert into handovers
                  (post_id, officer_id, at, incoming, kind, address, channel_id, code, page_token, told_at)
           values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
           on conflict (post_id, officer_id, at) do update
              set incoming = excluded.incoming, kind = excluded.kind, address = excluded.address,
                  channel_id = excluded.channel_id, code = excluded.code, page_token = excluded.page_token,
                  told_at = excluded.told_at, confirmed_at = null, called_off_at = null
            where handovers.called_off_at is not null returning 1""",
        *(notice.post, notice.officer, notice.at, notice.incoming, notice.kind, notice.address, notice.channel),
        *(notice.code, notice.page_token, now),
    )
    return done is not None


async def call_off(session: Session, number: int, *, now: datetime) -> None:
    """Note that a handover does not concern an officer any more."""
    await session.execute("update handovers set called_off_at = $2 where id = $1", number, now)


_SELECT = (
    "select h.*, o.language, o.name, p.function, p.contact_point_id, c.zone, c.party, c.name as contact_point"
    " from handovers h join officers o on o.id = h.officer_id"
    " join posts p on p.id = h.post_id join contact_points c on c.id = p.contact_point_id"
)


async def of_page(session: Session, token: str) -> Row | None:
    """Return the notice whose page a link opens."""
    return await session.fetchrow(f"{_SELECT} where h.page_token = $1 and o.retired_at is null", token)


async def of_reply(session: Session, codes: Sequence[str], *, sender: str) -> Row | None:
    """Return the notice of which one of the codes came back from the number to which it was sent.

    That of a mail comes back from any number of the officer's that can be used.
    """
    return await session.fetchrow(
        f"""{_SELECT} where h.code = any($1::text[]) and o.retired_at is null
              and (h.address = $2 or h.kind = 'email' and exists (
                   select 1 from channels n where n.officer_id = h.officer_id and n.address = $2 and n.kind = 'sms'
                      and n.retired_at is null and n.quarantined_at is null))
             order by h.id desc limit 1""",
        list(codes),
        sender,
    )


async def confirm(session: Session, number: int, *, at: datetime) -> bool:
    """Note the read-back of whoever comes, the first one; False where the handover was called off."""
    done = await session.execute(
        "update handovers set confirmed_at = coalesce(confirmed_at, $2) where id = $1 and called_off_at is null",
        number,
        at,
    )
    return str(done).endswith(" 1")


_MISSED = "h.incoming and h.confirmed_at is null and h.missed_at is null and h.called_off_at is null and h.at <= $1"


async def missing(session: Session, *, now: datetime) -> list[int]:
    """Return the contact points at which shifts have begun without a read-back that anybody was told of.

    None while there are replies that nobody has looked at, or that came just now and are not dealt with yet: one of
    them may be the read-back.
    """
    rows = await session.fetch(
        f"""select distinct p.contact_point_id from handovers h join posts p on p.id = h.post_id
             where {_MISSED} and not exists (
                   select 1 from inbound where handled_at is null and kind = 'reply'
                      and (lease_until is null or received_at > $2))
             order by 1""",
        now,
        now - _DEALT_WITH,
    )
    return [row["contact_point_id"] for row in rows]


async def missed(session: Session, contact_point: int, *, now: datetime) -> list[Row]:
    """Take the notices of shifts at a contact point that have begun without a read-back; each is taken once.

    The transaction holds the contact point from now on.
    """
    await hold(session, [contact_point])
    numbers = await session.fetch(
        f"""update handovers h set missed_at = $1 from posts p
             where p.id = h.post_id and p.contact_point_id = $2 and {_MISSED} returning h.id""",
        now,
        contact_point,
    )
    return await session.fetch(
        f"{_SELECT} where h.id = any($1::bigint[]) order by h.id", [row["id"] for row in numbers]
    )


async def leaving(session: Session, handover: Row) -> list[Row]:
    """Return the notices to those who leave when somebody comes, with the addresses by which they were told."""
    return await session.fetch(
        f"{_SELECT} where h.post_id = $1 and h.at = $2 and not h.incoming and h.called_off_at is null",
        handover["post_id"],
        handover["at"],
    )


async def open_alerts(session: Session, contact_point: int) -> list[tuple[str, bool]]:
    """Return the alerts of a contact point that are not over, the oldest first: reference, and whether an exercise."""
    rows = await session.fetch(
        """select reference, status = 'exercise' as exercise from alerts
            where contact_point_id = $1 and state in ('alerting', 'exhausted', 'acknowledged') order by id""",
        contact_point,
    )
    return [(row["reference"], row["exercise"]) for row in rows]


async def awaiting(session: Session, contact_points: Sequence[int], *, now: datetime) -> set[int]:
    """Return those of some contact points at which somebody was told of a handover yet to come."""
    rows = await session.fetch(
        """select distinct p.contact_point_id from handovers h join posts p on p.id = h.post_id
            where p.contact_point_id = any($1::bigint[]) and h.at > $2 and h.called_off_at is null""",
        list(contact_points),
        now,
    )
    return {row["contact_point_id"] for row in rows}
