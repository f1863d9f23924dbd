"""What can be found by words: of contact points, posts and officers the terms of their words, kept as they change.

It holds nothing that the entries do not, and no alert depends on it.
"""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from contactpoints.rules.folding import HOW, Vocabulary, asked_terms, kept_terms
from contactpoints.store.database import Session

FIELDS: Mapping[str, tuple[str, ...]] = {
    "contact_points": (
        *("name", "name_in_english", "function", "function_in_english"),
        *("territory", "public_address", "also_member_of"),
    ),
    "posts": ("function", "line"),
    "officers": ("name", "function"),
}
"""The fields of each kind of entry by whose words it is found."""

CANDIDATES = 50
"""How many entries each way of finding looks at; what is found at all is then ranked."""


@dataclass(frozen=True, slots=True)
class Found:
    """An entry that may answer what was asked, and its words."""

    kind: str
    key: int | str
    party: str | None
    contact_point_id: int | None
    fields: Mapping[str, str]


async def keep(session: Session, kind: str, *, entries: Sequence[Mapping[str, Any]]) -> None:
    """Write down by which words entries are found; a retired one is found no more."""
    if kind not in FIELDS:
        return
    gone = [each["id"] for each in entries if each["retired_at"] is not None]
    if gone:
        await session.execute("delete from findable where kind = $1 and id = any($2::bigint[])", kind, gone)
    found = []
    for number, each in enumerate(each for each in entries if each["retired_at"] is None):
        found.append(_findable(kind, each))
        if number % _AT_ONCE == _AT_ONCE - 1:
            await asyncio.sleep(0)
    if found:
        await session.execute(_KEEP, kind, found)


_AT_ONCE = 50
"""How many entries are taken apart before whoever else waits for this process has a turn."""


def _findable(kind: str, entry: Mapping[str, Any]) -> dict[str, object]:
    told = {name: entry[name] for name in FIELDS[kind] if entry[name]}
    fields = {name: " ".join(value) if isinstance(value, list) else value for name, value in told.items()}
    point = entry["id"] if kind == "contact_points" else entry["contact_point_id"]
    return {"id": entry["id"], "point": point, "fields": fields, "terms": kept_terms(fields.values())}


_KEEP = """
insert into findable (kind, id, party, contact_point_id, inside, fields, terms)
select $1, each.id, cp.party, cp.id, $1 = 'officers', each.fields, each.terms || coalesce('@' || cp.party, '@')
  from jsonb_to_recordset($2::jsonb) as each (id bigint, point bigint, fields jsonb, terms text[])
  join contact_points cp on cp.id = each.point
on conflict (kind, id) do update set fields = excluded.fields, terms = excluded.terms
"""


async def parties(session: Session) -> Vocabulary:
    """Return code and name of all Parties that are not retired, by their codes; they are few and have no terms."""
    rows = await session.fetch("select code, name from parties where retired_at is null order by code")
    return Vocabulary({row["code"]: dict(row) for row in rows})


async def find(
    session: Session,
    asked: Sequence[str],
    *,
    parties: Mapping[str, Mapping[str, str]],
    officers_of: str | None = None,
) -> list[Found]:
    """Return at most fifty of what may answer all of the folded words, the best first. Only inside a transaction.

    ``parties``: for each word the codes of the Parties that it names, and how (see `folding.HOW`).
    ``officers_of``: None leaves officers out; the code of a Party finds its officers alone, and "" those of all.
    """
    where = "not inside" if officers_of is None else "inside"
    arguments: list[list[str]] = []
    if officers_of:
        arguments.append([f"@{officers_of}"])
        where += " and terms @> $1::text[]"
    ways: list[str] = []
    for rank, (how, condition) in enumerate(_conditions(asked, parties, arguments=arguments)):
        few = " and ".join(f"(select count(*) from {each}) < {CANDIDATES}" for each in HOW[:rank]) or "true"
        ways.append(
            f"{how} as materialized (select kind, id, party, contact_point_id, fields, cardinality(terms) as size,"
            f" {rank} as rank from findable where {where} and {condition}"
            f" limit case when {few} then {CANDIDATES} else 0 end)"
        )
    await session.execute(_ONE_PLAN)
    rows = await session.fetch(f"with {', '.join(ways)} {_RANKED}", *arguments)
    return [Found(row["kind"], row["id"], row["party"], row["contact_point_id"], row["fields"]) for row in rows]


def _conditions(
    asked: Sequence[str], parties: Mapping[str, Mapping[str, str]], *, arguments: list[list[str]]
) -> Iterator[tuple[str, str]]:
    """Yield each way of finding with its condition, and append what that is about to ``arguments``."""
    has: dict[tuple[int, str], str] = {}
    for rank in range(len(HOW)):
        for word in asked:
            named = [f"@{code}" for code, by in parties[word].items() if HOW.index(by) <= rank]
            arguments.append([*asked_terms(word)[rank], *named])
            has[rank, word] = f"terms && ${len(arguments)}::text[]"
    whole, begun, erring = range(len(HOW))
    yield HOW[whole], " and ".join(has[whole, word] for word in asked)
    yield HOW[begun], " and ".join(has[begun, word] for word in asked)
    # One error in all, not one in each word: entries that have one of very many terms are the costly ones to find.
    each = (" and ".join(has[erring if word == wrong else begun, word] for word in asked) for wrong in asked)
    yield HOW[erring], f"({' or '.join(each)})"


# How many entries have one of many terms is guessed far too high; reading them all, because of that, takes a second.
# Guessing anew for each question takes longer than the answer.
_ONE_PLAN = "set local enable_seqscan = off; set local plan_cache_mode = force_generic_plan"
_RANKED = f"""
select kind, id, party, contact_point_id, fields from (
  select distinct on (kind, id) * from ({" union all ".join(f"select * from {how}" for how in HOW)}) each
   order by kind, id, rank) found
 order by rank, kind, size, id limit {CANDIDATES}
"""
