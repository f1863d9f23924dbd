"""Quarantine: a channel that reached a stranger, said STOP or was refused for good gets no more messages.

What was queued for it is cancelled, its Party is alarmed, and an alert whose step has nobody else climbs at once. The
quarantine ends when an administrator enters another address, which has to be proven anew.

The order in which everybody locks, so that no two wait for each other: alerts, then contact points, then channels, then
messages, each by its number; the directory's revision, which whatever changes the directory raises, comes last. What
takes messages without their alerts (claims, leases, traces) passes over those that are locked.
"""

import logging
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from contactpoints.actions.alarms import Alarm, raise_alarms
from contactpoints.actions.tools import Tools
from contactpoints.rules.refusals import Refusal
from contactpoints.store import alerts, channels, entries, timeline
from contactpoints.store.database import Database, DatabaseFault, Row, Session
from schemas import timeline as facts

_log = logging.getLogger(__name__)
Why = Literal["stop", "wrong_person", "channel_refused"]


@dataclass(frozen=True, slots=True)
class Said:
    """The reply that asked for quarantine, if it was a reply."""

    inbound: int
    channel: str


async def lock_touched(session: Session, addresses: Sequence[str], *, besides: Iterable[int] = ()) -> frozenset[int]:
    """Lock what a quarantine of addresses touches, and alerts ``besides``; return the alerts that are locked."""
    touched = await channels.open_alerts(session, addresses) if addresses else ()
    locked = frozenset({*besides, *touched})
    await alerts.lock_all(session, locked)
    if addresses:
        await channels.lock_at(session, addresses)
    return locked


async def quarantine(
    session: Session,
    addresses: Sequence[str],
    *,
    why: Why,
    locked: Collection[int],
    now: datetime,
    tools: Tools,
    said: Said | None = None,
) -> None:
    """Take every channel with one of the addresses out of use, within the transaction of what told of it.

    ``locked`` are the alerts that the caller has locked by `lock_touched`. An alert that called an address since is
    left alone here: its message is cancelled when it is claimed, and it climbs then.
    Handling the same news again changes nothing. An address that is no officer's channel is left alone, but for what
    was queued for it; news for a requester's number end with its STOP alone.
    """
    await channels.silence(session, addresses, among=locked, news=why == "stop")
    for address in addresses:
        touched = await channels.woken_for(session, address, among=locked)
        known = await channels.at_address(session, address)
        exercise = await channels.last_was_exercise(session, address) and all(
            a["status"] == "exercise" for a in touched
        )
        await entries.quarantine(session, address=address, why=why, now=now)
        raised = [
            Alarm(
                reason=why,
                contact_point=each["contact_point_id"],
                about=f"channel:{each['id']}",
                exercise=exercise,
                line=touched[-1]["line"] if touched else None,
                alerts=tuple(alert["id"] for alert in touched),
                reference=touched[0]["reference"] if len(touched) == 1 else None,
                channel=each["kind"],
                officer=each["officer_id"],
            )
            for each in known
        ]
        noted = await raise_alarms(session, raised, now=now, tools=tools)
        if said and why != "channel_refused":
            noted = {alert["id"]: [(now, _said(alert, why, said)), *noted.get(alert["id"], [])] for alert in touched}
        await timeline.append_all(session, noted)
        await climb_where_nobody_is_left(session, [alert["id"] for alert in touched], now=now)


def _said(alert: Row, why: Literal["stop", "wrong_person"], said: Said) -> facts.Fact:
    return facts.ReplyReceived(
        channel=said.channel,
        line=alert["line"],
        meaning=why,
        officer=alert["officer_id"],
        inbound=said.inbound,
    )


async def climb_where_nobody_is_left(
    session: Session, numbers: Sequence[int], *, now: datetime, but: int | None = None
) -> None:
    """Make the next step due of those locked alerts whose step has nobody left, officer ``but`` not counted."""
    if numbers:
        await channels.end_step(session, await channels.forsaken(session, numbers, but=but), now=now)


async def climb_without(db: Database, numbers: Collection[int], *, now: datetime) -> None:
    """Make the next step due where messages were cancelled because their channel is in quarantine.

    What cannot be done now is left to the step's patience.
    """
    try:
        async with db.transaction() as session:
            await alerts.lock_all(session, numbers)
            await climb_where_nobody_is_left(session, sorted(numbers), now=now)
    except (DatabaseFault, Refusal) as failure:
        _log.error("alerts whose messages were cancelled wait for their step: %s", failure)
