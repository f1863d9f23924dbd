"""The list of alerts as a page has it: what nobody has answered first, and found by words."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, get_args

from contactpoints.actions.alerts import as_seen
from contactpoints.actions.tools import Tools
from contactpoints.rules.access import Actor
from contactpoints.rules.alerts import write
from contactpoints.rules.folding import HOW, Vocabulary, folded, words
from contactpoints.rules.wording_alerts import state_of
from contactpoints.rules.wording_request import kind_of
from contactpoints.store import handing
from contactpoints.store.alert_lists import Sought, Wanted, views
from contactpoints.store.board import officer_of
from contactpoints.store.database import Database, Session, one_moment
from schemas.alerts import State
from schemas.requests import REQUEST_KINDS

OPEN: Sequence[State] = ("exhausted", "alerting", "acknowledged")
"""The states of an alert that is open, that which is worst first."""
_MOST_WORDS = 8


@dataclass(frozen=True, slots=True)
class Part:
    """Alerts of the list, newest first: those of one state that is open, or those that have ended.

    Each as `schemas.alerts.AlertOut`, with the ``zones`` by which the clocks of both sides go, and how it is their
    ``own`` for the officer who looks, see `store.handing.OWN`.

    ``further``: the cursor of what is further back, None where nothing is.
    """

    state: str | None
    items: Sequence[dict[str, Any]]
    further: int | None


async def find_alerts(
    db: Database,
    *,
    actor: Actor,
    text: str,
    wanted: Wanted,
    after: int | None,
    most: int,
    now: datetime,
    tools: Tools,
) -> list[Part]:
    """Return the list of alerts in its parts, each with at most ``most``: those that are open before those that ended.

    ``text``: words, each of which an alert has in its reference, in that of its case, in the name of its authority, or
    as that of a Party, a kind or a state, which are named in the actor's language. Of a ``state`` there is that part
    alone; ``after`` a cursor and without a state there is what has ended. All parts are of one moment: an alert that
    goes from one to another meanwhile is in one of them.
    """
    states = OPEN if wanted.state is None and after is None else ()
    async with db.transaction() as session:
        await one_moment(session)
        if asked := text.split()[:_MOST_WORDS]:
            parties = await tools.atlas.parties(session)
            named = _named(tools, actor)
            wanted = replace(wanted, words=[_sought(word, parties=parties, named=named) for word in asked])
        parts = [replace(wanted, state=each) for each in states]
        parts.append(wanted if wanted.state else replace(wanted, ended=True))
        found = [(each, await views(session, each, actor=actor, after=after, most=most)) for each in parts]
        own = await _own(session, [row["id"] for _, (rows, _) in found for row in rows], actor=actor)
    return [
        Part(
            each.state if each.state in OPEN else None,
            [write(as_seen(row, actor), now=now) | {"zones": row["zones"], "own": own.get(row["id"])} for row in rows],
            further,
        )
        for each, (rows, further) in found
    ]


async def _own(session: Session, alerts: Collection[int], *, actor: Actor) -> Mapping[int, str]:
    officer = await officer_of(session, actor.number) if alerts else None
    return {} if officer is None else await handing.own(session, alerts, officer=officer["id"])


def _named(tools: Tools, actor: Actor) -> Mapping[str, Mapping[str, str]]:
    """Return how kinds and states are called, folded, by their codes."""
    told = tools.words[actor.language]
    return {
        "kinds": {each: folded(f"{kind_of(told, each)} {each}") for each in REQUEST_KINDS},
        "states": {each: folded(f"{state_of(told, each)} {each}") for each in get_args(State)},
    }


def _sought(word: str, *, parties: Vocabulary, named: Mapping[str, Mapping[str, str]]) -> Sought:
    whole = [{code for code, why in parties.reasons(each).items() if why.how in HOW[:2]} for each in words(word)]
    return Sought(
        word,
        parties=sorted(set.intersection(*whole)) if whole else (),
        kinds=[code for code, told in named["kinds"].items() if folded(word) in told],
        states=[code for code, told in named["states"].items() if folded(word) in told],
    )
