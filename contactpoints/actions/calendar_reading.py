"""Having a file read by a process of its own, which ends when it takes too long."""

import asyncio
import json
import os
import sys
from datetime import datetime
from typing import Any

from contactpoints.rules.calendar_events import Ask, Event, Occurrence, Told
from contactpoints.rules.refusals import Invalid, Unavailable
from schemas.faults import Fault

_PATIENCE = 30.0
_MOST_AT_ONCE = 2
_running: set[object] = set()


async def read_elsewhere(data: bytes, ask: Ask) -> Told:
    """Return what a file says of the time that is asked for; see `rules.calendar_events.read_file`.

    Raises `Invalid` where reading it took too long or too much, `Unavailable` while several others are read.
    """
    if len(_running) >= _MOST_AT_ONCE:
        raise Unavailable("Other calendars are being read; try again in a minute.")
    turn = object()
    _running.add(turn)
    try:
        return _told(json.loads(await _read(data, ask)))
    finally:
        _running.discard(turn)


async def _read(data: bytes, ask: Ask) -> bytes:
    asked = {
        "since": ask.since.isoformat(),
        "until": ask.until.isoformat(),
        "zone": ask.zone,
        "day_starts": ask.day_starts.isoformat(),
        "zone_said": ask.zone_said,
    }
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "contactpoints.calendar_reader"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        # Of our settings, among which are secrets, whoever reads strangers' files gets none.
        env={"PYTHONPATH": os.pathsep.join(sys.path), "PYTHONHASHSEED": "0"},
    )
    try:
        async with asyncio.timeout(_PATIENCE):
            written, _ = await process.communicate(json.dumps(asked).encode() + b"\n" + data)
    except TimeoutError:
        written = b""
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode != 0 or not written:
        raise Invalid([Fault("", "too_much", "Reading the file took too long or too much memory.")])
    return written


def _told(value: dict[str, Any]) -> Told:
    events = [Event(uid, line, summary, tuple(who), by) for uid, line, summary, who, by in value["events"]]
    return Told(
        [
            Occurrence(events[number], recurrence, datetime.fromisoformat(start), datetime.fromisoformat(end), *local)
            for number, recurrence, start, end, *local in value["occurrences"]
        ],
        [(events[number], why) for number, why in value["skipped"]],
        [Fault(*each) for each in value["faults"]],
    )
