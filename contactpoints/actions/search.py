"""Searching the directory by words, as far as it exists for the actor."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from contactpoints.rules.access import Actor, reads_entries_of, sees_network
from contactpoints.rules.folding import HOW, Reason, reason
from contactpoints.store import findable
from contactpoints.store.database import Database
from contactpoints.store.findable import Found

_KINDS = ("parties", *findable.FIELDS)


async def search(db: Database, asked: Sequence[str], *, actor: Actor, most: int) -> tuple[list[dict[str, Any]], bool]:
    """Return the best of what answers all of the folded words, and whether there is more.

    Officers are found by those alone for whom they exist.
    """
    async with db.transaction() as session:
        names = await findable.party_names(session)
        parties = {word: _named(word, names) for word in asked}
        entries = await findable.find(session, asked, parties=parties)
        found = [(each, why) for each in _parties(names) if (why := _reasons(asked, each.fields))]
        if sees_network(actor) or reads_entries_of(actor, actor.party):
            entries += await findable.find(session, asked, parties=parties, officers_of=actor.party or "")
    found += _answering(asked, entries, names=names)
    found.sort(key=lambda each: (max(HOW.index(why.how) for why in each[1]), _KINDS.index(each[0].kind)))
    more = len(found) > most or len(entries) >= findable.CANDIDATES
    return [_written(each, reasons) for each, reasons in found[:most]], more


def _named(word: str, names: Mapping[str, str]) -> dict[str, str]:
    told = ((code, reason(word, _of_party(code, names))) for code in names)
    return {code: why.how for code, why in told if why}


def _of_party(code: str | None, names: Mapping[str, str]) -> dict[str, str]:
    return {"party": f"{code} {names[code]}"} if code and code in names else {}


def _parties(names: Mapping[str, str]) -> Iterator[Found]:
    for code, name in names.items():
        yield Found("parties", code, code, None, {"code": code, "name": name})


def _answering(
    asked: Sequence[str], entries: Iterable[Found], *, names: Mapping[str, str]
) -> Iterator[tuple[Found, list[Reason]]]:
    for each in entries:
        if why := _reasons(asked, {**each.fields, **_of_party(each.party, names)}):
            yield each, why


def _reasons(asked: Sequence[str], fields: Mapping[str, str]) -> list[Reason]:
    """Return a reason for each word, or nothing where one word has none."""
    why = [each for word in asked if (each := reason(word, fields))]
    return why if len(why) == len(asked) else []


def _written(found: Found, reasons: Sequence[Reason]) -> dict[str, Any]:
    return {
        "kind": found.kind,
        "key": str(found.key),
        "party": found.party,
        "contact_point_id": found.contact_point_id,
        "fields": dict(found.fields),
        "reasons": [{"word": why.word, "field": why.field, "how": why.how, "found": why.found} for why in reasons],
    }
