"""The engine: a few watches, woken by the doorbell, by due times and by the metronome. Any number may run at once."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial

from contactpoints.actions import (
    address_changes,
    asking,
    circuits,
    escalation,
    forgetting,
    handing_ends,
    lateness,
    releasing,
    replies,
    reports,
    retention,
)
from contactpoints.actions.escalation import BATCH
from contactpoints.engine import rosters, subscriber, tracer
from contactpoints.engine.catch_up import EVERY, catch_up, inquirable
from contactpoints.engine.desk import Desk
from contactpoints.engine.dispatcher import Lane
from contactpoints.engine.metronome import Metronome
from contactpoints.engine.watch import Watch
from contactpoints.rules.refusals import Refusal
from contactpoints.store import alerts
from contactpoints.store.database import DatabaseFault

_log = logging.getLogger(__name__)
_TICK = 1.0
_FOLLOW_UP = 2.0
_SCOUTING = 0.02
_REPLIES = 20
# Every new alert rings for the armer, and most fall due in minutes: at most so often, in seconds, does it look.
_ARMING = 0.05
_REPORTS = 25
_REPORTS_BREATH = 0.1
_FORGET = 300.0
_INSPECT = 10.0
# Questions are in no hurry: so many seconds lie between two looks, and between two handfuls.
_ASK = 300.0
_BREATH = 30.0
# What is in no hurry leaves so many seconds to alerts when the engine begins.
_PATIENCE = 30.0
# How long what is on its way when the engine stops is waited for, in seconds.
_LAST_WORDS = 3.0


async def carry_on(desk: Desk) -> int:
    """Carry out what is due now; return how many alerts moved."""
    return len(await escalation.carry_on(desk.db, now=desk.now(), tools=desk.tools))


async def _climb(desk: Desk, lanes: Sequence[Lane], *, helper: Callable[[], None], again: Callable[[], None]) -> int:
    """Carry out a batch of what is due; while there is more, the lanes leave the processor to the climbing.

    After a full batch ``helper`` is called: two at once, for one decides while the other waits for the database.
    When nothing is due any more, ``again`` is called at the instant when the next alert is.
    """
    moved = await carry_on(desk)
    if moved >= BATCH:
        helper()
    for lane in lanes:
        lane.press(moved >= BATCH)
    if not moved:
        await _arm(desk, again)
    return moved


async def read_replies(desk: Desk) -> int:
    """Read what came in and was not handled at once; return how much. What breaks comes up again after its lease."""
    numbers = await replies.claim(desk.db, now=desk.now(), most=_REPLIES)
    await asyncio.gather(*(_read_reply(desk, number) for number in numbers))
    return len(numbers)


async def _read_reply(desk: Desk, number: int) -> None:
    try:
        await replies.handle(desk.db, number=number, now=desk.now(), tools=desk.tools, check_pin=desk.check_pin)
    except (DatabaseFault, Refusal, ValueError, LookupError, TypeError) as broken:
        _log.error("reply %d cannot be handled: %s; it comes up again", number, type(broken).__name__)


async def end_handovers(desk: Desk) -> int:
    """End the hand-overs of alerts that nobody answered in time, or that reach nobody; return of how many alerts."""
    return await handing_ends.end_over(desk.db, now=desk.now(), tools=desk.tools)


async def read_reports(desk: Desk) -> int:
    """Read what gateways reported; return how much. Evidence leaves the time to replies and to what is to be sent."""
    return await reports.handle_due(desk.db, now=desk.now(), tools=desk.tools, most=_REPORTS)


async def inspect(desk: Desk, lanes: Sequence[Lane]) -> int:
    """Leave a sign of life; look which gateways bring nothing, and have the lanes go round them."""
    await lateness.note_look(desk.db)
    silent = await circuits.inspect(desk.db, now=desk.now(), tools=desk.tools)
    for lane in lanes:
        lane.silent = silent
    return 0


async def ask(desk: Desk) -> int:
    """Ask for proofs that are due, and end what waited for one; return how much was done."""
    done = await address_changes.look(desk.db, now=desk.now(), tools=desk.tools)
    return done + await asking.ask_again(desk.db, now=desk.now(), tools=desk.tools)


async def tidy(desk: Desk) -> int:
    """Forget what is kept for a while only, and erase what has come to the end of its retention; return how much."""
    done = await forgetting.forget(desk.db, now=desk.now())
    return done + await retention.erase_ended(desk.db, now=desk.now())


async def see_to_proposals(desk: Desk) -> int:
    """End what waited too long for a second person, and tell what still waits; return how much was done."""
    return await releasing.look(desk.db, now=desk.now(), tools=desk.tools)


async def _arm(desk: Desk, wake: Callable[[], None]) -> int:
    """Have ``wake`` called at the earliest due time, if that is within a second: else the next tick looks again."""
    async with desk.db.session() as session:
        due = await alerts.next_due(session, now=desk.now())
    if due is not None:
        wait = max(0.0, (due - desk.now()).total_seconds())
        if wait < _TICK:
            asyncio.get_running_loop().call_later(wait, wake)
    return 0


@dataclass(frozen=True, slots=True)
class _Woken:
    """A watch, every how many seconds it is woken by the metronome, and by which subjects of the doorbell."""

    watch: Watch
    every: float | None = None
    subjects: tuple[str, ...] = ()


def _watches(desk: Desk, lanes: Sequence[Lane], *, tick: float, patience: float) -> list[_Woken]:
    helper = Watch("timekeeper's helper", lambda: carry_on(desk))
    timekeeper = Watch("timekeeper", lambda: _climb(desk, lanes, helper=helper.wake, again=timekeeper.wake))
    armer = Watch("armer", lambda: _arm(desk, timekeeper.wake), breath=_ARMING)
    scout = Watch("scout", lambda: escalation.read_ahead(desk.db, now=desk.now(), tools=desk.tools), breath=_SCOUTING)
    reporter = Watch("reporter", lambda: read_reports(desk), breath=_REPORTS_BREATH)
    # A breath between its batches: forgetting is never in a hurry.
    janitor = Watch("janitor", lambda: tidy(desk), breath=1.0, patience=patience)
    return [
        *(_Woken(lane.sender, tick, ("outbox", "*")) for lane in lanes),
        *(_Woken(lane.settler) for lane in lanes),
        _Woken(timekeeper, tick),
        _Woken(helper),
        _Woken(armer, tick, ("due", "*")),
        _Woken(scout, tick),
        _Woken(Watch("reader", lambda: read_replies(desk)), tick, ("inbound", "*")),
        _Woken(Watch("ender of hand-overs", lambda: end_handovers(desk)), tick),
        _Woken(reporter, tick, ("reports", "*")),
        _Woken(Watch("ender of doubts", lambda: tracer.end_old_doubts(desk)), tick),
        _Woken(Watch("tracer", lambda: tracer.trace(desk)), _FOLLOW_UP),
        _Woken(Watch("inspector", lambda: inspect(desk, lanes)), _INSPECT),
        _Woken(janitor, _FORGET),
        _Woken(subscriber.watch(desk), subscriber.EVERY),
        *(_Woken(watch, rosters.EVERY) for watch in rosters.watches(desk)),
        _Woken(Watch("proposals", lambda: see_to_proposals(desk), breath=1.0), rosters.EVERY),
        _Woken(Watch("asker", lambda: ask(desk), breath=_BREATH, patience=patience), _ASK),
        *(_Woken(_missing(desk, gateway), EVERY) for gateway in inquirable(desk)),
    ]


def _missing(desk: Desk, gateway: str) -> Watch:
    return Watch(f"missed by {gateway}", lambda: catch_up(desk, gateway))


def _wake(watches: Sequence[Watch]) -> None:
    for watch in watches:
        watch.wake()


async def run(
    desk: Desk,
    subscribe: Callable[[Callable[[str], None]], Callable[[], None]],
    stop: asyncio.Event,
    *,
    tick: float = _TICK,
    patience: float = _PATIENCE,
) -> None:
    """Keep watch until ``stop`` is set. What does not end soon then is followed up when its lease runs out.

    ``tick``: every so many seconds each watch looks by itself, should the bell not have been heard. ``patience``: so
    many seconds after the start it begins to forget, and to ask for proofs.
    """
    lanes = [Lane(desk, kind) for kind in desk.tools.gateways]
    woken = _watches(desk, lanes, tick=tick, patience=patience)
    metronome = Metronome()
    for seconds in {each.every for each in woken if each.every is not None}:
        metronome.every(seconds, partial(_wake, [each.watch for each in woken if each.every == seconds]))
    metronome.start()
    quiet = subscribe(lambda subject: _wake([each.watch for each in woken if subject in each.subjects]))
    tasks = [asyncio.create_task(each.watch.run()) for each in woken]
    try:
        await stop.wait()
    finally:
        quiet()
        metronome.stop()
        for each in woken:
            each.watch.end()
        _, late = await asyncio.wait(tasks, timeout=_LAST_WORDS)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)
        with suppress(Refusal, DatabaseFault):
            await asyncio.gather(*(lane.land(_LAST_WORDS) for lane in lanes))
