"""Writing the directory out: everything that somebody keeps, as a file that can be read in again.

The same directory gives the same bytes. It is read in one moment, a thousand entries at a time: what is held in memory
is the file.
"""

import asyncio
import io
import zipfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from contactpoints.rules.access import Actor, house_that_is_read
from contactpoints.rules.refusals import NotFound, no_party
from contactpoints.store import directory, entries, exchange
from contactpoints.store.database import Database, Session, one_moment
from contactpoints.store.entries import OPEN, REGISTERS, Entry
from schemas.exchange import FORMAT, SHAPES, csv_rows, id_of, json_rows

# A zip file tells of each part when it was made; the oldest day that it can say is said of all.
_NO_TIME = (1980, 1, 1, 0, 0, 0)
_SEPARATORS: Mapping[str, str] = {"comma": ",", "semicolon": ";"}


def must_export(actor: Actor, party: str | None) -> str | None:
    """Return whose entries are written out, None for those of all Parties.

    Raises `Forbidden` for a key that reads no entries, and `NotFound` for a Party whose entries do not exist for it.
    """
    return house_that_is_read(actor, party, what="Entries")


def _kinds(party: str | None, kind: str | None) -> list[str]:
    """Return which kinds are written out: with one Party those that it keeps itself."""
    return [each for each in SHAPES if (party is None or each not in OPEN) and kind in (None, each)]


@asynccontextmanager
async def _one_moment(db: Database, party: str | None) -> AsyncIterator[Session]:
    async with db.transaction() as session:
        await one_moment(session)
        if party is not None and await directory.find_party(session, party) is None:
            raise NotFound(no_party(party))
        yield session


async def pages(session: Session, kind: str, *, party: str | None) -> AsyncIterator[list[Entry]]:
    """Yield the unretired entries of a kind in the order of their keys, at least one page of them."""
    after = None
    while True:
        page = await entries.listed(
            session,
            REGISTERS[kind],
            everyone=party is None,
            party=party,
            owner=None,
            after=after,
            most=exchange.AT_ONCE,
        )
        yield page
        if len(page) < exchange.AT_ONCE:
            return
        after = page[-1][id_of(kind)]
        await asyncio.sleep(0)


async def as_json(db: Database, *, actor: Actor, party: str | None = None, kind: str | None = None) -> bytes:
    """Return the directory, or one kind of its entries, as JSON. Raises what `must_export` raises."""
    whose = must_export(actor, party)
    made = io.BytesIO()
    made.write(f'{{"format": "{FORMAT}"'.encode())
    async with _one_moment(db, whose) as session:
        for each in _kinds(whose, kind):
            made.write(f',\n"{each}": ['.encode())
            first = True
            async for page in pages(session, each, party=whose):
                made.write(json_rows(each, page, first=first).encode())
                first = False
            made.write(b"\n]")
    made.write(b"\n}\n")
    return made.getvalue()


async def as_csv(db: Database, *, actor: Actor, party: str | None = None, kind: str, separator: str = "comma") -> bytes:
    """Return one kind of entries as a table. Raises what `must_export` raises, or `NotFound` for what a Party lacks."""
    whose = must_export(actor, party)
    if kind not in _kinds(whose, kind):
        raise NotFound("The secretariat keeps these entries; a Party's file has none of them.")
    async with _one_moment(db, whose) as session:
        return await _table(session, kind, party=whose, separator=separator)


async def as_tables(db: Database, *, actor: Actor, party: str | None = None, separator: str = "comma") -> bytes:
    """Return all kinds of entries as tables in one zip file, not compressed. Raises what `must_export` raises."""
    whose = must_export(actor, party)
    made = io.BytesIO()
    async with _one_moment(db, whose) as session:
        with zipfile.ZipFile(made, "w") as parts:
            for each in _kinds(whose, None):
                table = await _table(session, each, party=whose, separator=separator)
                parts.writestr(zipfile.ZipInfo(f"{each}.csv", _NO_TIME), table)
    return made.getvalue()


async def _table(session: Session, kind: str, *, party: str | None, separator: str) -> bytes:
    made = io.BytesIO()
    first = True
    async for page in pages(session, kind, party=party):
        made.write(csv_rows(kind, page, first=first, separator=_SEPARATORS[separator]).encode())
        first = False
    return made.getvalue()
