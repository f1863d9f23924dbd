"""Lists of alerts: each asks for what it is to have and nothing else, so that an index serves it among very many."""

from collections.abc import Sequence
from dataclasses import dataclass
from unicodedata import is_normalized

from contactpoints.rules.access import Actor, Role, sees_network
from contactpoints.rules.folding import PLAIN
from contactpoints.store.alerts import VIEW
from contactpoints.store.database import Row, Session

LOOKED_THROUGH = 10_000
"""In how many alerts words are looked for at a time."""


@dataclass(frozen=True, slots=True)
class Sought:
    """A word that is looked for: it stands in a text of an alert, or names one of these codes there."""

    word: str
    parties: Sequence[str] = ()
    kinds: Sequence[str] = ()
    states: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which alerts: ``party`` is on either side, ``ended``: whether they are withdrawn or closed.

    Each of the ``words`` has to be found in them.
    """

    state: str | None = None
    status: str | None = None
    kind: str | None = None
    party: str | None = None
    ended: bool | None = None
    words: Sequence[Sought] = ()


async def views(
    session: Session, wanted: Wanted, *, actor: Actor, after: int | None, most: int
) -> tuple[list[Row], int | None]:
    """Return alerts that exist for the actor, newest first, from before number ``after``; and before which to go on.

    Where words are looked for, the list may end before there are ``most``, and still go on.
    """
    if wanted.words:
        return await _found(session, wanted, actor=actor, after=after, most=most)
    where, values = _where(wanted, actor=actor, after=after, first=2)
    rows = await session.fetch(f"{VIEW}{where} order by a.id desc limit $1", most + 1, *values)
    return rows[:most], rows[most - 1]["id"] if len(rows) > most else None


async def _found(
    session: Session, wanted: Wanted, *, actor: Actor, after: int | None, most: int
) -> tuple[list[Row], int | None]:
    where, values = _where(wanted, actor=actor, after=after, first=3)
    fits = []
    for each in wanted.words:
        place = len(values) + 3
        word, parties, kinds, states = (f"${place + more}" for more in range(4))
        folded = FOLDED.format(f"{word}::text")
        fits.append(_FITS.format(word=folded, parties=parties, kinds=kinds, states=states))
        values += [each.word, list(each.parties), list(each.kinds), list(each.states)]
    looked = await session.fetchrow(
        f"""with looked as materialized (
              select a.id, a.kind, a.state, a.requesting_party, a.requested_party,
                     {FOLDED.format(_TEXTS)} as told
                from alerts a{where} order by a.id desc limit $1)
            select array(select id from looked where {" and ".join(fits)} order by id desc limit $2) as fitting,
                   count(*) as all, min(id) as last from looked""",
        LOOKED_THROUGH,
        most + 1,
        *values,
    )
    assert looked is not None
    fitting = sorted(looked["fitting"], reverse=True)
    rows = await session.fetch(f"{VIEW} where a.id = any($1) order by a.id desc", fitting[:most]) if fitting else []
    if len(fitting) > most:
        return rows, fitting[most - 1]
    return rows, looked["last"] if looked["all"] == LOOKED_THROUGH else None


_TEXTS = "concat_ws(' ', a.reference, a.case_reference, a.requesting_authority)"


def _fold() -> str:
    """Return how PostgreSQL folds ``{}``: as `rules.folding` does, where letters are Latin, Greek or Cyrillic.

    A database of ours knows no case but that of ASCII: all others are looked for in either by what is told here.
    """
    whole = [each for each in map(chr, (*range(0xC0, 0x590), 0x1E9E)) if is_normalized("NFKD", each)]
    small = {each: each.lower() for each in whole if each.lower() != each} | {each: each for each in PLAIN}
    letters = {each: PLAIN[low] if len(PLAIN.get(low, "")) == 1 else low for each, low in small.items()} | {
        "\u03c2": "\u03c3"
    }
    apart = r"lower(regexp_replace(normalize({}, nfkd), '[\u0300-\u036f\u0483-\u0489]', '', 'g'))"
    told = f"translate({apart}, '{''.join(letters)}', '{''.join(letters.values())}')"
    for letter, plain in PLAIN.items():
        told = f"replace({told}, '{letter}', '{plain}')" if len(plain) > 1 else told
    return told


FOLDED = _fold()
"""The SQL that folds ``{}``, a text. Both sides are folded by it, so that it is the same fold."""
_FITS = """(strpos(told, {word}) > 0 or kind = any({kinds}::text[]) or state = any({states}::text[])
            or requesting_party = any({parties}::text[]) or requested_party = any({parties}::text[]))"""
_OPEN = "a.state in ('alerting', 'exhausted', 'acknowledged')"
_ENDED = "a.state in ('withdrawn', 'closed')"


def _where(wanted: Wanted, *, actor: Actor, after: int | None, first: int) -> tuple[str, list[object]]:
    """Return conditions and their values, the first of which is number ``first``.

    Only what is asked for stands in them: a statement that asks for anything, or all, no index serves.
    """
    every = [
        *_existing(actor),
        ("a.id < {}", after),
        ("a.state = {}", wanted.state),
        ("a.status = {}", wanted.status),
        ("a.kind = {}", wanted.kind),
        ("(a.requesting_party = {0} or a.requested_party = {0})", wanted.party),
    ]
    asked = [(condition, value) for condition, value in every if value is not None]
    conditions = [condition.format(f"${place}") for place, (condition, _) in enumerate(asked, start=first)]
    if wanted.ended is not None:
        conditions.append(_ENDED if wanted.ended else _OPEN)
    return (f" where {' and '.join(conditions)}" if conditions else ""), [value for _, value in asked]


def _existing(actor: Actor) -> list[tuple[str, object]]:
    """Return under which conditions an alert ``a`` exists for somebody, as `there_for` has it."""
    if sees_network(actor):
        return []
    if actor.role is Role.REQUESTER:
        return [("a.requesting_party = {}", actor.party or ""), ("a.requesting_authority = {}", actor.authority)]
    point = actor.contact_point if actor.role is Role.CONTACT_POINT else None
    return [("a.requested_party = {}", actor.party or ""), ("a.contact_point_id = {}", point)]
