"""What binds each Party, for the rule of the legal basis."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from contactpoints.rules.legal_basis import Bonds, Declaration, Membership
from contactpoints.store.database import Session


async def bonds(session: Session, parties: Sequence[str] | None = None) -> dict[str, Bonds]:
    """Return the memberships and declarations of Parties (None: of all), in one round trip; unknown ones are missing.

    Parties, memberships and declarations that are retired are left out.
    """
    rows = await session.fetch(_BONDS, None if parties is None else list(parties))
    return {
        row["code"]: Bonds(
            row["code"],
            tuple(_membership(each) for each in row["memberships"]),
            tuple(_declaration(each) for each in row["declarations"]),
        )
        for row in rows
    }


_BONDS = """
select p.code,
  (select coalesce(jsonb_agg(jsonb_build_object('instrument', m.instrument, 'status', m.status, 'since', m.since,
                                                'until', m.until, 'confidence', m.confidence,
                                                'territory', m.territory) order by m.id), '[]')
     from memberships m where m.party = p.code and m.retired_at is null) as memberships,
  (select coalesce(jsonb_agg(jsonb_build_object('id', d.id, 'instrument', d.instrument, 'article', d.article,
                                                'since', d.since, 'until', d.until,
                                                'territory', d.territory, 'towards', d.towards) order by d.id), '[]')
     from declarations d where d.party = p.code and d.retired_at is null) as declarations
  from parties p where p.retired_at is null and ($1::text[] is null or p.code = any($1))
"""


def _membership(value: Mapping[str, Any]) -> Membership:
    return Membership(
        instrument=value["instrument"],
        status=value["status"],
        since=_day(value["since"]),
        until=_day(value["until"]),
        confidence=value["confidence"],
        territory=value["territory"],
    )


def _declaration(value: Mapping[str, Any]) -> Declaration:
    return Declaration(
        id=value["id"],
        instrument=value["instrument"],
        article=value["article"],
        since=_day(value["since"]),
        until=_day(value["until"]),
        territory=value["territory"],
        towards=value["towards"],
    )


def _day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)
