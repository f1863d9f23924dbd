"""The engine: a few watches, woken by the doorbell, by due times and by the metronome. Any number may run at once."""

import asyncio
import logging
from collections.abc import Callable

from contactpoints.actions import escalation, replies, reports
from contactpoints.engine import dispatcher
from contactpoints.engine.catch_up import EVERY, catch_up, inquirable
from contactpoints.engine.desk import Desk
from contactpoints.engine.metronome import Metronome
from contactpoints.engine.watch import Watch
from contactpoints.store import alerts
from contactpoints.store.database import DatabaseFault

_log = logging.getLogger(__name__)
_TICK = 1.0
_FOLLOW_UP = 2.0
_REPLIES = 20


async def carry_on(desk: Desk) -> int:
    """Carry out what is due now; return how many alerts moved."""
    touched = await escalation.carry_on(desk.db, now=desk.now(), tools=desk.tools)
    if touched:
        desk.ring("outbox", *(f"alert:{each}" for each in touched))
    return len(touched)


async def read_replies(desk: Desk) -> int:
    """Read what came in and was not handled at once; return how much. What breaks comes up again after its lease."""
    numbers = await replies.claim(desk.db, now=desk.now(), most=_REPLIES)
    for number in numbers:
        try:
            await replies.handle(desk.db, number=number, now=desk.now(), tools=desk.tools, check_pin=desk.check_pin)
        except (DatabaseFault, ValueError, LookupError, TypeError) as broken:
            _log.error("reply %d cannot be handled: %s; it comes up again", number, type(broken).__name__)
    if numbers:
        desk.ring("outbox", "*")
    return len(numbers)


async def _arm(desk: Desk, watch: Watch) -> int:
    """Sleep until the earliest due time, at most a second: the bell or the next tick wakes sooner."""
    async with desk.db.session() as session:
        due = await alerts.next_due(session)
    if due is not None:
        wait = max(0.0, (due - desk.now()).total_seconds())
        if wait < _TICK:
            asyncio.get_running_loop().call_later(wait, watch.wake)
    return 0


async def run(
    desk: Desk, subscribe: Callable[[Callable[[str], None]], Callable[[], None]], stop: asyncio.Event
) -> None:
    """Keep watch until ``stop`` is set. What is under way when it stops is finished by a lease's end elsewhere."""
    lanes = [_lane(desk, kind) for kind in desk.tools.gateways]
    timekeeper = Watch("timekeeper", lambda: carry_on(desk))
    reader = Watch("reader", lambda: read_replies(desk))
    tracer = Watch("tracer", lambda: dispatcher.follow_up(desk))
    armer = Watch("armer", lambda: _arm(desk, timekeeper))
    reporter = Watch("reporter", lambda: reports.handle_due(desk.db, now=desk.now(), tools=desk.tools))
    missing = [_missing(desk, gateway) for gateway in inquirable(desk)]
    subjects = {"outbox": lanes, "due": [armer], "inbound": [reader], "reports": [reporter]}
    subjects["*"] = [*lanes, armer, reader, reporter]

    def hear(subject: str) -> None:
        for watch in subjects.get(subject, ()):
            watch.wake()

    def tick() -> None:
        for watch in (*lanes, timekeeper, reader, reporter, armer):
            watch.wake()

    metronome = Metronome()
    metronome.every(_TICK, tick)
    metronome.every(_FOLLOW_UP, tracer.wake)
    for watch in missing:
        metronome.every(EVERY, watch.wake)
    metronome.start()
    quiet = subscribe(hear)
    watches = (*lanes, timekeeper, reader, reporter, tracer, armer, *missing)
    tasks = [asyncio.create_task(watch.run()) for watch in watches]
    try:
        await stop.wait()
    finally:
        quiet()
        metronome.stop()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _lane(desk: Desk, kind: str) -> Watch:
    return Watch(f"lane {kind}", lambda: dispatcher.send_due(desk, kind))


def _missing(desk: Desk, gateway: str) -> Watch:
    return Watch(f"missed by {gateway}", lambda: catch_up(desk, gateway))
