"""Signatures of requests that came already, so that each counts once, whichever node it comes to."""

from collections.abc import Sequence
from datetime import datetime
from typing import TypeAlias

from contactpoints.store.database import Database, Session
from contactpoints.store.together import Together

Mark = tuple[bytes, bytes, datetime]
"""By what a signature is known again; by what the request is, that brought it; and until when it could come again."""


async def take(session: Session, marks: Sequence[Mark]) -> list[bool]:
    """Return of each whether it had not come before; from now on it has.

    Whoever asks a second time for the same request (a line broke behind the commit) hears the same again.
    """
    rows = await session.fetch(
        """insert into signatures (mark, request, known_until)
           select distinct on (mark) * from unnest($1::bytea[], $2::bytea[], $3::timestamptz[]) as n (mark, request, at)
            order by mark
           on conflict (mark) do update set known_until = signatures.known_until returning mark, request""",
        [mark for mark, _, _ in marks],
        [request for _, request, _ in marks],
        [at for _, _, at in marks],
    )
    brought_by = {row["mark"]: row["request"] for row in rows}
    return [brought_by[mark] == request for mark, request, _ in marks]


TakeSignature: TypeAlias = Together[Mark, bool]


def open_signatures(db: Database) -> TakeSignature:
    """Return what takes signatures for one process: all that come at the same time in one statement."""

    async def write(marks: Sequence[Mark]) -> list[bool]:
        async with db.session() as session:
            return await take(session, marks)

    return Together(write)
