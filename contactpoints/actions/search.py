"""Searching the directory by words, as far as it exists for the actor."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from typing import Any

from contactpoints.actions.tools import Tools
from contactpoints.rules.access import Actor, reads_entries_of, sees_network
from contactpoints.rules.folding import HOW, Reason, reason
from contactpoints.store import findable
from contactpoints.store.database import Database
from contactpoints.store.findable import Found

_KINDS = ("parties", *findable.FIELDS)


async def search(
    db: Database, asked: Sequence[str], *, actor: Actor, most: int, tools: Tools
) -> tuple[list[dict[str, Any]], bool]:
    """Return the best of what answers all of the folded words, and whether there is more.

    Officers are found by those alone for whom they exist.
    """
    async with db.transaction() as session:
        parties = await tools.atlas.parties(session)
        named = {word: parties.reasons(word) for word in asked}
        known = {word: {code: why.how for code, why in told.items()} for word, told in named.items()}
        entries, officers = await findable.find(session, asked, parties=known), list[Found]()
        if sees_network(actor) or reads_entries_of(actor, actor.party):
            officers = await findable.find(session, asked, parties=known, officers_of=actor.party or "")
    both = [code for code in named[asked[0]] if all(code in told for told in named.values())]
    found = [
        (Found("parties", code, code, None, parties.named[code]), why)
        for code in both
        if (why := _together([named[word][code] for word in asked]))
    ]
    for each in (entries, officers):
        # They come as they are ranked here, the best first: what is not told need not be judged.
        found += islice(_judged(each, asked, named=named), most + 1)
    found.sort(key=lambda each: (max(HOW.index(why.how) for why in each[1]), _KINDS.index(each[0].kind)))
    more = len(found) > most or len(entries) + len(officers) >= findable.CANDIDATES
    return [_written(each, why) for each, why in found[:most]], more


def _judged(
    entries: Iterable[Found], asked: Sequence[str], *, named: Mapping[str, Mapping[str, Reason]]
) -> Iterator[tuple[Found, list[Reason]]]:
    """Yield those that answer all of the words, and why."""
    for each in entries:
        if why := _together([_reason(word, each, named=named) for word in asked]):
            yield each, why


def _reason(word: str, entry: Found, *, named: Mapping[str, Mapping[str, Reason]]) -> Reason | None:
    """Return why an entry answers a word: by its own words, or because its Party is named."""
    own, party = reason(word, entry.fields), named[word].get(entry.party or "")
    if party is None or (own is not None and HOW.index(own.how) <= HOW.index(party.how)):
        return own
    return replace(party, field="party")


def _together(told: Sequence[Reason | None]) -> list[Reason]:
    """Return the reasons, one for each word; nothing where a word has none, or more than one has a typing error."""
    why = [each for each in told if each is not None]
    forgiven = sum(each.how == "typing_error" for each in why) <= 1
    return why if forgiven and len(why) == len(told) else []


def _written(found: Found, why: Sequence[Reason]) -> dict[str, Any]:
    return {
        "kind": found.kind,
        "key": str(found.key),
        "party": found.party,
        "contact_point_id": found.contact_point_id,
        "fields": dict(found.fields),
        "reasons": [{"word": each.word, "field": each.field, "how": each.how, "found": each.found} for each in why],
    }
