"""Seed data: the Parties to the two treaties and what some declared, as unconfirmed as it is in `data`."""

import csv
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from importlib.resources import files

from contactpoints.store import entries
from contactpoints.store.database import Database, Session

_BY = "seed"
_STATUSES = frozenset({"party", "ratified", "signed"})


async def load_parties(db: Database, now: datetime) -> int:
    """Create the Parties that are not there yet, with what binds each and what it declared; return how many came.

    What is there already is left as it is, whatever the file says: a keeper may have corrected it.
    """
    made = 0
    async with db.transaction() as session:
        for row in _rows("parties.csv"):
            if await entries.find(session, entries.REGISTERS["parties"], key=row["iso2"]) is None:
                await _load(session, row, now=now)
                made += 1
    return made


async def _load(session: Session, row: Mapping[str, str], *, now: datetime) -> None:
    party = {"code": row["iso2"], "name": row["name"], "confidence": row["confidence"]}
    await entries.create(session, entries.REGISTERS["parties"], values=party, now=now, by=_BY)
    for membership in _memberships(row):
        await entries.create(session, entries.REGISTERS["memberships"], values=membership, now=now, by=_BY)
    for told in _rows("declarations.csv"):
        if told["party"] == row["iso2"]:
            declaration = told | {"since": _day(told["since"]), **dict.fromkeys(("until", "territory", "towards"))}
            await entries.create(session, entries.REGISTERS["declarations"], values=declaration, now=now, by=_BY)


def _memberships(row: Mapping[str, str]) -> Iterator[dict[str, object]]:
    told = (("ets185", "ets185_status", "ets185_in_force"), ("cets224", "cets224_status", "cets224_date"))
    for instrument, status, since in told:
        if row[status] in _STATUSES:
            yield {
                "party": row["iso2"],
                "instrument": instrument,
                "status": row[status],
                "since": _day(row[since]),
                "until": None,
                "confidence": row["confidence"],
                "territory": None,
            }


def _day(text: str) -> date | None:
    """Some sources tell only the year; a day is not made up from it."""
    return date.fromisoformat(text) if len(text) == len("2004-07-01") else None


def _rows(name: str) -> list[dict[str, str]]:
    text = files("contactpoints").joinpath("data", name).read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))
