"""Swaps of shifts: kept with versions and history, as entries of the directory are."""

from collections.abc import Mapping
from datetime import datetime

from contactpoints.rules.swaps import OPEN, State, Stretch, Swap
from contactpoints.store import entries
from contactpoints.store.database import Row, Session
from contactpoints.store.entries import Entry, Register

REGISTER = Register(
    "swaps",
    (
        *("post_id", "officer_id", "to_officer_id", "taker_id", "starts_at", "ends_at"),
        *("return_starts_at", "return_ends_at", "state", "reason", "overrides"),
    ),
    "post_id",
    "posts",
)


async def add(session: Session, offer: Swap, *, reason: str | None, now: datetime, by: str) -> Entry:
    """Keep an offer and return it."""
    back = offer.in_return
    values: Mapping[str, object] = {
        "post_id": offer.post,
        "officer_id": offer.officer,
        "to_officer_id": offer.to,
        "taker_id": None,
        "starts_at": offer.shift.starts_at,
        "ends_at": offer.shift.ends_at,
        "return_starts_at": back and back.starts_at,
        "return_ends_at": back and back.ends_at,
        "state": "offered",
        "reason": reason,
        "overrides": [],
    }
    return await entries.create(session, REGISTER, values=values, now=now, by=by)


async def change(
    session: Session, kept: Row, *, values: Mapping[str, object], now: datetime, by: str, act: State
) -> Entry:
    """Change a swap that the caller has read under the lock of its contact point."""
    changed = {"state": act, **values}
    return await entries.change(
        session, REGISTER, key=kept["id"], version=kept["version"], values=changed, now=now, by=by
    )


async def find(session: Session, number: int) -> Row | None:
    """Return a swap with the contact point and the Party that it belongs to."""
    return await session.fetchrow(f"{_SELECT} where s.id = $1", number)


_SELECT = (
    "select s.*, p.contact_point_id, c.party from swaps s join posts p on p.id = s.post_id"
    " join contact_points c on c.id = p.contact_point_id"
)


async def open_at(session: Session, post: int, *, now: datetime) -> list[Swap]:
    """Return the open swaps of a post of which no shift has begun."""
    rows = await session.fetch(f"{_SELECT} where s.post_id = $1 and s.state = any($2::text[])", post, list(OPEN))
    found = (swap_of(row) for row in rows)
    return [each for each in found if each.begins_at > now]


async def listed(
    session: Session,
    *,
    everyone: bool,
    party: str | None,
    post: int | None,
    state: str | None,
    before: int | None,
    most: int,
) -> list[Entry]:
    """Return swaps, the newest first, those before a number only: of all Parties, or of one."""
    rows = await session.fetch(
        f"""select {REGISTER.shown} from swaps
             where ($1 or exists (select 1 from posts p join contact_points c on c.id = p.contact_point_id
                                   where p.id = swaps.post_id and c.party = $2))
               and ($3::bigint is null or swaps.post_id = $3) and ($4::text is null or swaps.state = $4)
               and ($5::bigint is null or swaps.id < $5) order by swaps.id desc limit $6""",
        everyone,
        party,
        post,
        state,
        before,
        most,
    )
    return [entries.written(row) for row in rows]


async def due(session: Session, *, now: datetime) -> list[Row]:
    """Return open swaps of which a shift has begun, with contact point and Party."""
    return await session.fetch(
        f"""{_SELECT} where s.state in ('offered', 'taken')
             and least(s.starts_at, s.return_starts_at) <= $1 order by s.id""",
        now,
    )


def swap_of(row: Row) -> Swap:
    """Return a row as the rules see it."""
    back = row["return_starts_at"] and Stretch(row["return_starts_at"], row["return_ends_at"])
    shift = Stretch(row["starts_at"], row["ends_at"])
    return Swap(row["id"], row["post_id"], row["officer_id"], shift, row["to_officer_id"], back, row["taker_id"])
