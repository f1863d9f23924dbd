"""Notes on alerts: words of either side, sealed by the data key of the alert; each is written once for good."""

from datetime import datetime

from contactpoints.store.database import Row, Session

_NOTES = """select n.*, x.kind as actor_kind, coalesce(k.authority, p.authority) as authority, p.name as person
             from alert_notes n join actors x on x.id = n.actor_id
             left join api_keys k on k.id = n.actor_id left join accounts p on p.id = n.actor_id"""


async def find(session: Session, alert_id: int, *, actor: int, once: bytes) -> Row | None:
    """Return the note that an actor has written with the same token before, if there is one."""
    return await session.fetchrow(
        f"{_NOTES} where n.alert_id = $1 and n.actor_id = $2 and n.once = $3", alert_id, actor, once
    )


async def add(
    session: Session, alert_id: int, *, actor: int, once: bytes, side: str, sealed: bytes, now: datetime
) -> None:
    """Keep a note on an alert that the caller has locked."""
    await session.execute(
        "insert into alert_notes (alert_id, actor_id, once, side, sealed, at) values ($1, $2, $3, $4, $5, $6)",
        *(alert_id, actor, once, side, sealed, now),
    )


async def of_alert(session: Session, alert_id: int, *, after: int, most: int) -> list[Row]:
    """Return the notes on an alert after number ``after``, the first first, with who wrote them."""
    return await session.fetch(
        f"{_NOTES} where n.alert_id = $1 and n.id > $2 order by n.id limit $3", alert_id, after, most
    )


async def latest(session: Session, alert_id: int, *, before: int | None, most: int) -> tuple[list[Row], int]:
    """Return the latest notes of those before number ``before``, the first of them first, and how many are older."""
    rows = await session.fetch(
        f"{_NOTES} where n.alert_id = $1 and ($2::bigint is null or n.id < $2) order by n.id desc limit $3",
        *(alert_id, before, most),
    )
    older = 0
    if len(rows) == most:
        older = await session.fetchval(
            "select count(*) from alert_notes where alert_id = $1 and id < $2", alert_id, rows[-1]["id"]
        )
    return rows[::-1], older
