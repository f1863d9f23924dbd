"""What ends together with an officer, however the officer goes: by a plan, by hand or by a file."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from contactpoints.actions.accounts import end
from contactpoints.actions.dependencies import Ends
from contactpoints.actions.handing_ends import leave_behind
from contactpoints.actions.office_notices import tell_ending
from contactpoints.actions.quarantine import climb_where_nobody_is_left
from contactpoints.actions.tools import Tools
from contactpoints.rules.access import Actor
from contactpoints.rules.accounts import must_be_anothers
from contactpoints.rules.key_limits import OVERLAP
from contactpoints.rules.refusals import PlanOutdated
from contactpoints.store import accounts, leaving, swaps, timeline
from contactpoints.store.database import Row, Session
from schemas import timeline as facts


def must_be_locked(called: Collection[int], locked: Collection[int]) -> None:
    """Raise `PlanOutdated` where an alert was opened after those that call somebody were locked."""
    if not set(called) <= set(locked):
        raise PlanOutdated("An alert has been opened since. Read what depends on the officer again.", outdated=[])


async def end_belongings(
    session: Session, officer: int, *, entries: Mapping[str, Sequence[int]], actor: Actor, now: datetime, tools: Tools
) -> Ends:
    """End what is an officer's and no entry; ``entries`` have been ended, and are told with the rest.

    Raises `Conflict` where one of the officer's accounts is that of whoever acts.
    """
    await leaving.call_off_handovers(session, officer, now=now)
    rows = await leaving.open_swaps(session, officer)
    for row in rows:
        await swaps.change(session, row, values={}, now=now, by=actor.who, act="withdrawn")
    ended, held = await accounts.of_officer(session, officer), list[int]()
    for number in ended:
        must_be_anothers(actor, number)
        held += await end(session, number, by=actor.number or None, now=now, tools=tools)
    # Others go on needing them: an authority that finds its key dead at night opens no alert.
    made = await leaving.end_made(session, officer, now=now, at=now + OVERLAP)
    await tell_ending(session, made, now=now, tools=tools)
    return Ends(
        entries,
        pin=await leaving.end_pin(session, officer),
        mail_links=await leaving.end_links(session, officer, now=now),
        address_changes=await leaving.end_address_changes(session, officer, by=actor.number, now=now),
        swaps=len(rows),
        feeds=await leaving.end_feeds(session, officer, now=now),
        accounts=ended,
        keys=sorted(held),
        keys_made=made,
        post_feeds=await leaving.post_feeds(session, officer),
    )


async def end_calls(session: Session, officer: int, *, alerts: Sequence[Row], now: datetime, tools: Tools) -> None:
    """End the officer's codes for open alerts, and take the next step of each at once whose step has nobody left.

    Of those that the officer has, both sides hear that nobody has them any more.
    """
    numbers = [row["id"] for row in alerts if row["state"] != "acknowledged"]
    ended = await leaving.end_codes(session, officer, alerts=numbers, now=now)
    noted: dict[int, list[tuple[datetime, Any]]] = {}
    for row in ended:
        fact = facts.CodeLocked(line=row["line"], step=row["step"], officer=officer, left=True)
        noted.setdefault(row["alert_id"], []).append((now, fact))
    await timeline.append_all(session, noted)
    await climb_where_nobody_is_left(session, numbers, now=now)
    await leave_behind(session, officer, charges=[row for row in alerts if row["has"]], now=now, tools=tools)
