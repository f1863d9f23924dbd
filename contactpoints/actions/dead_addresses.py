"""Addresses that are reported dead: out of use at once, and back in use when nothing comes of the change.

Where no other of its sort is left, telephone or mailbox, the new address stands in for it as a channel of its own until
the change is settled: unapproved and unproven, as every channel that one person alone has entered.
"""

from datetime import datetime

from contactpoints.actions.alarms import Alarm, raise_alarms
from contactpoints.actions.quarantine import climb_where_nobody_is_left
from contactpoints.actions.tools import Tools
from contactpoints.rules.access import Actor
from contactpoints.store import address_changes, channels, entries, timeline
from contactpoints.store.database import Row, Session
from contactpoints.store.entries import REGISTERS

_CHANNELS = REGISTERS["channels"]


async def stand_in(session: Session, to: Row, *, change: int, address: str, by: Actor, now: datetime) -> int | None:
    """Let the new address of a dead one be called until the change is settled; return the channel, None without need.

    Under the lock of the contact point.
    """
    others = await address_changes.others(session, to["officer_id"], but=to["channel_id"])
    is_mail = to["kind"] == "email"
    if any((each["kind"] == "email") == is_mail and each["address"] != to["address"] for each in others):
        return None
    known = await address_changes.waiting_channel(session, to, address=address)
    if known is not None:
        return known
    await entries.touch(session, to["contact_point_id"])
    values = {"officer_id": to["officer_id"], "kind": to["kind"], "address": address, "place": 1}
    entry = await entries.create(
        session,
        _CHANNELS,
        values=values | {"unapproved_since": now, "renewed_at": now},
        now=now,
        by=f"key:{by.key_id}",
        reason=f"stands in for channel {to['channel_id']} until change {change} is settled",
    )
    number: int = entry["id"]
    await address_changes.let_stand_in(session, change, channel=number)
    return number


async def write_off(
    session: Session, to: Row, *, touched: frozenset[int], by: Actor, now: datetime, tools: Tools
) -> None:
    """Put the channel whose address is reported dead into quarantine; another officer's with the same one stays."""
    await _change(
        *(session, to["channel_id"]),
        values={"quarantined_at": now, "quarantined_why": "reported_dead"},
        by=f"key:{by.key_id}",
        reason="reported_dead",
        now=now,
    )
    woken = await channels.woken_for(session, to["address"], among=touched)
    called = [each for each in woken if each["officer_id"] == to["officer_id"]]
    alarm = Alarm(
        reason="reported_dead",
        contact_point=to["contact_point_id"],
        about=f"channel:{to['channel_id']}",
        line=called[-1]["line"] if called else None,
        alerts=tuple(alert["id"] for alert in called),
        reference=called[0]["reference"] if len(called) == 1 else None,
        channel=to["kind"],
        officer=to["officer_id"],
    )
    await timeline.append_all(session, await raise_alarms(session, [alarm], now=now, tools=tools))
    await climb_where_nobody_is_left(session, sorted(touched), now=now)


async def _change(
    session: Session, channel: int, *, values: dict[str, object], by: str, reason: str, now: datetime
) -> None:
    entry = await entries.find(session, _CHANNELS, key=channel)
    version = entry["version"] if entry else None
    await entries.change(session, _CHANNELS, key=channel, version=version, values=values, now=now, by=by, reason=reason)


async def take_back(session: Session, change: Row, *, by: str, reason: str, now: datetime) -> bool:
    """Retire what a settled change has let be called: the channel that was new, or what stood in for a dead one."""
    new = change["stand_in_id"] or (change["channel_id"] if change["old_address"] is None else None)
    entry = await entries.find(session, _CHANNELS, key=new) if new is not None else None
    if entry is None or entry["retired_at"] is not None or entry["unapproved_since"] is None:
        return False
    await entries.touch(session, change["contact_point_id"])
    await entries.retire(
        *(session, _CHANNELS), key=entry["id"], version=entry["version"], now=now, by=by, reason=reason
    )
    return True


async def lift(session: Session, channel: int, *, now: datetime) -> int:
    """Put an address back into use that was reported dead by a change that came to nothing; return whether it was."""
    rows = await address_changes.written_off(session, channel=channel)
    for row in rows:
        await _change(
            *(session, channel),
            values={"quarantined_at": None, "quarantined_why": None},
            by="service",
            reason=f"nothing came of change {row['id']}",
            now=now,
        )
    return len(rows)
