"""What is sealed of an alert, with the data key that opens it; and who read it, when, from where and by which way."""

from datetime import datetime

from contactpoints.store.database import Row, Session


async def of_alert(session: Session, alert_id: int) -> Row:
    """Return the sealed particulars (``sealed``) and closing ``note`` of an alert, and its data key.

    The key is None where it was destroyed; its ``fingerprint`` as well where this copy of the database never had it.
    """
    row = await session.fetchrow(
        """select r.sealed, n.sealed as note, k.wrapped, k.fingerprint
             from requests r left join data_keys k on k.owner = 'alert' and k.number = r.alert_id
             left join closing_notes n on n.alert_id = r.alert_id
            where r.alert_id = $1""",
        alert_id,
    )
    if row is None:
        raise LookupError("no such alert")
    return row


async def keep_note(session: Session, alert_id: int, *, sealed: bytes) -> None:
    """Keep what a Party told the requester when it closed an alert."""
    await session.execute("insert into closing_notes (alert_id, sealed) values ($1, $2)", alert_id, sealed)


async def note_reading(
    session: Session,
    alert_id: int,
    *,
    side: str,
    way: str,
    address: str | None,
    now: datetime,
    actor: int | None = None,
    officer: int | None = None,
) -> None:
    """Record that a key, an account or an officer is about to read the particulars."""
    await session.execute(
        """insert into readings (alert_id, actor_id, officer_id, at, side, way, address)
           values ($1, $2, $3, $4, $5, $6, $7)""",
        alert_id,
        actor,
        officer,
        now,
        side,
        way,
        address,
    )


_READINGS = """select r.*, count(*) over () as all_of_them,
                  x.kind as actor_kind, coalesce(k.authority, p.authority) as authority, p.name as person,
                  (select post.line from reply_codes c join posts post on post.id = c.post_id
                    where c.alert_id = r.alert_id and c.officer_id = r.officer_id limit 1) as line,
                  (select w.name from officers o join contact_points w on w.id = o.contact_point_id
                     join alerts t on t.id = r.alert_id
                    where o.id = r.officer_id and w.id <> t.contact_point_id) as whose
             from readings r left join actors x on x.id = r.actor_id
             left join api_keys k on k.id = r.actor_id left join accounts p on p.id = r.actor_id"""


async def readings(session: Session, alert_id: int, *, after: int, most: int) -> list[Row]:
    """Return the readings of an alert after number ``after``, the first first, with who it was as far as is known."""
    return await session.fetch(
        f"{_READINGS} where r.alert_id = $1 and r.id > $2 order by r.id limit $3", alert_id, after, most
    )


async def latest_readings(session: Session, alert_id: int, *, most: int) -> tuple[list[Row], int]:
    """Return the latest readings of an alert, the first of them first, and how many there were before those."""
    rows = await session.fetch(f"{_READINGS} where r.alert_id = $1 order by r.id desc limit $2", alert_id, most)
    return rows[::-1], (rows[0]["all_of_them"] - len(rows) if rows else 0)
