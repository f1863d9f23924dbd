"""Addresses that are reported dead: out of use at once, and back in use when nothing comes of the change.

The new address stands in for a dead one as a channel of its own until the change is settled: unapproved and unproven,
as every channel that one person alone has entered, and called only where nothing approved of its sort is left (see
`rules.directory.in_use`). However the change ends, what stood in ends with it, and nowhere else than here:

- made by `stand_in`, in the transaction of the proposal; another pending change of the officer's may share it;
- the dead channel is retired: what stands in waits from now on as any channel that is new to its officer, with the same
  change, so that a second person can still approve or refuse it;
- what stands in is retired itself: its change is withdrawn, and the dead channel is used again;
- nothing comes of the change: the dead channel is used again, as an unproven one, and everybody hears of it;
- the change is settled: it is retired. Only where the change has expired and the old address is out of use for another
  reason too does it stay, as an expired new channel does: it may be the officer's last.
"""

from collections.abc import Collection
from datetime import datetime

from contactpoints.actions.address_notices import tell_ended, tell_owner
from contactpoints.actions.alarms import Alarm, raise_alarms
from contactpoints.actions.quarantine import climb_where_nobody_is_left
from contactpoints.actions.tools import Tools
from contactpoints.rules.access import Actor
from contactpoints.store import access, address_changes, channels, entries, timeline
from contactpoints.store.database import Row, Session
from contactpoints.store.entries import REGISTERS

_CHANNELS = REGISTERS["channels"]


async def stand_in(
    session: Session, to: Row, *, change: int, address: str, by: str, now: datetime
) -> tuple[int | None, bool]:
    """Let the new address of a dead one be called until the change is settled, under the lock of the contact point.

    Return the channel, None where the address is the officer's already with a second person behind it; and whether the
    officer's other addresses have not heard of it yet.
    """
    known = await address_changes.channel_at(session, to, address=address)
    if known is not None:
        if known["unapproved_since"] is None:
            return None, True
        await address_changes.let_stand_in(session, change, channel=known["id"])
        return known["id"], False
    await entries.touch(session, to["contact_point_id"])
    values = {"officer_id": to["officer_id"], "kind": to["kind"], "address": address, "place": 1}
    entry = await entries.create(
        session,
        _CHANNELS,
        values=values | {"unapproved_since": now, "renewed_at": now},
        now=now,
        by=by,
        reason=f"stands in for channel {to['channel_id']} until change {change} is settled",
    )
    await address_changes.let_stand_in(session, change, channel=entry["id"])
    return entry["id"], True


async def write_off(
    session: Session, to: Row, *, touched: frozenset[int], by: Actor, now: datetime, tools: Tools
) -> None:
    """Put the channel whose address is reported dead into quarantine; another officer's with the same one stays."""
    await _change(
        *(session, to["channel_id"]),
        values={"quarantined_at": now, "quarantined_why": "reported_dead"},
        by=by.who,
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


async def come_to_nothing(
    session: Session,
    change: Row,
    *,
    state: str,
    why: str | None,
    by: int | None,
    now: datetime,
    tools: Tools | None,
    called: Collection[int] = (),
) -> None:
    """Settle a change as anything but active: nothing of it rings any more, and what was reported dead is used again.

    Under the lock of the contact point. ``called``: the alerts that have called the new address, locked before it:
    those climb that have nobody left. Whom that takes a number from, or gives one back to, is told, and who keeps them;
    without ``tools`` nobody is.
    """
    await address_changes.settle(session, change["id"], state=state, by=by, why=why, now=now)
    back = await _lift(session, change["channel_id"], now=now) > 0
    who = await access.who(session, by) if by is not None else "service"
    taken = await take_back(session, change, by=who, reason=why or state, now=now)
    if by is not None and change["old_address"] is None:
        taken += await _retire_new(session, change, by=who, reason=why or state, now=now)
    if taken:
        await climb_where_nobody_is_left(session, sorted(called), now=now)
    if tools is None:
        return
    if back or taken or state == "expired":
        await tell_ended(session, change, state=state, back=back, now=now, tools=tools)
    if back:
        free = await address_changes.others(session, change["officer_id"], but=0)
        await tell_owner(session, change, channels=free, what="used_again", now=now, tools=tools)
    if taken and by is not None and change["proven_at"] is not None:
        gone = {"channel_id": change["stand_in_id"] or change["channel_id"], "kind": change["kind"]}
        await tell_owner(
            session, change, channels=[gone | {"address": change["address"]}], what="retired", now=now, tools=tools
        )


async def end_with(session: Session, gone: Collection[int], *, by: int, now: datetime, tools: Tools) -> None:
    """End what waited for channels that have just been retired, or stood in by them, under the lock of their houses.

    ``by``: the key that retired them, 0 for the command line.
    """
    await address_changes.hand_over(session, gone)
    for change in await address_changes.of_retired(session, gone):
        why = "the channel was retired"
        await come_to_nothing(session, change, state="withdrawn", why=why, by=by or None, now=now, tools=tools)


async def put_back(session: Session, change: Row, *, now: datetime) -> int:
    """Undo what a settled change has left, whoever settled it; return how much that was."""
    lifted = await _lift(session, change["channel_id"], now=now)
    return lifted + await take_back(session, change, by="service", reason=change["state"], now=now)


async def take_back(session: Session, change: Row, *, by: str, reason: str, now: datetime) -> int:
    """Retire what stood in for a dead address, if it is over; return whether it was."""
    if change["stand_in_id"] is None or not await address_changes.over(session, stand_in=change["stand_in_id"]):
        return 0
    return await _retire(session, change, channel=change["stand_in_id"], by=by, reason=reason, now=now)


async def _retire_new(session: Session, change: Row, *, by: str, reason: str, now: datetime) -> int:
    """Retire a channel that was new and that somebody has refused or withdrawn."""
    if await address_changes.of_new_channel(session, change["channel_id"]) is not None:
        return 0
    return await _retire(session, change, channel=change["channel_id"], by=by, reason=reason, now=now)


async def _retire(session: Session, change: Row, *, channel: int, by: str, reason: str, now: datetime) -> int:
    entry = await entries.find(session, _CHANNELS, key=channel)
    if entry is None or entry["retired_at"] is not None or entry["unapproved_since"] is None:
        return 0
    await entries.touch(session, change["contact_point_id"])
    await entries.retire(session, _CHANNELS, key=channel, version=entry["version"], now=now, by=by, reason=reason)
    return 1


async def _lift(session: Session, channel: int, *, now: datetime) -> int:
    """Put an address back into use that was reported dead by a change that came to nothing; return whether it was.

    It counts as unproven: somebody has said that it reaches nobody, and no code has come back from it since. Whoever
    refuses or withdraws the change may have found fault with the new address alone.
    """
    rows = await address_changes.written_off(session, channel=channel)
    for row in rows:
        values = dict.fromkeys(("quarantined_at", "quarantined_why", "proven_at", "verified_at"))
        reason = f"nothing came of change {row['id']}"
        await _change(session, channel, values=values, by="service", reason=reason, now=now)
    return len(rows)
