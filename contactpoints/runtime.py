"""What a process owns, opened and closed together."""

import asyncio
import itertools
import logging
import secrets
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime

from contactpoints.actions import access, lateness, zone_data
from contactpoints.actions.alarms import Alarm, raise_alone
from contactpoints.actions.holidays import read_holidays_ahead
from contactpoints.actions.key_uses import KeyUses
from contactpoints.actions.pace import Pace
from contactpoints.actions.resealing import misfits
from contactpoints.actions.tools import Tools
from contactpoints.clock import JUMP, Clock
from contactpoints.rules.access import Actor
from contactpoints.rules.refusals import Refusal
from contactpoints.settings import PREFIX, BadSetting, Settings
from contactpoints.store.atlas import Atlas
from contactpoints.store.audit import NoteRefused, open_refusals
from contactpoints.store.database import Database, DatabaseFault
from contactpoints.store.doorbell import Bell
from contactpoints.store.intake import TakeIn, open_intake
from contactpoints.store.signatures import TakeSignature, open_signatures
from contactpoints.words import catalogues
from notifiers.catalogue import open_notifiers
from notifiers.message import Hearing, Notifier, Reporting

_log = logging.getLogger(__name__)
_LOOKED_EVERY = 20.0
# SQLSTATE: no migration yet, so nothing was written.
_NO_TABLE = "42P01"
_CORRECTED_EVERY = 3
"""At every which look the clock is corrected as well, and the uses of keys written down."""
_CALENDARS_EVERY = 180


@dataclass(frozen=True, slots=True)
class Runtime:
    """Database, clock, notifiers, bell and settings of this process, and whose keys it has seen (by their hashes).

    ``take_in`` writes the alerts that come to this process, ``note_refused`` what it refuses, ``take_signature`` whose
    signatures came, ``key_uses`` when and from where keys were last used, ``pace`` how much each caller asked.
    """

    settings: Settings
    db: Database
    tools: Tools
    notifiers: Mapping[str, Notifier]
    bell: Bell
    clock: Clock
    take_in: TakeIn = field(repr=False)
    note_refused: NoteRefused = field(repr=False)
    take_signature: TakeSignature = field(repr=False)
    known_keys: dict[bytes, Actor] = field(default_factory=dict, repr=False)
    key_uses: KeyUses = field(default_factory=KeyUses, repr=False)
    pace: Pace = field(default_factory=Pace, repr=False)

    def now(self) -> datetime:
        """Return the present instant."""
        return self.clock.now()

    async def correct_clock(self) -> None:
        """Measure the clock against the database's once more. A jump raises an alarm: times may be wrong (law 4)."""
        moved = await self.clock.correct(self.db)
        if abs(moved) > JUMP:
            jump = Alarm("clock_jump", "clock", seconds=round(abs(moved).total_seconds()))
            await raise_alone(self.db, jump, now=self.now(), tools=self.tools)

    async def check_pin(self, db: Database, officer: int, pin: str, now: datetime) -> str:
        """Check a PIN with this process's pepper."""
        return await access.check_pin(db, officer, pin=pin, now=now, tools=self.tools)


async def _keep_time(runtime: Runtime) -> None:
    """Look now and then, in every process, whether clock and engine keep time: a dead engine cannot say so itself.

    And once, whether it reckons by the time-zone data by which everything is kept.
    """
    compared = False
    for look in itertools.count():
        try:
            if not compared:
                await zone_data.compare(runtime.db, has=zone_data.installed(), now=runtime.now(), tools=runtime.tools)
                compared = True
            if look % _CALENDARS_EVERY == 0:
                await read_holidays_ahead(runtime.db, now=runtime.now(), tools=runtime.tools)
            await asyncio.sleep(_LOOKED_EVERY)
            if look % _CORRECTED_EVERY == 2:
                await runtime.key_uses.write_down(runtime.db)
                await runtime.correct_clock()
            await lateness.tell_of_lateness(runtime.db, now=runtime.now(), tools=runtime.tools)
        except (Refusal, DatabaseFault) as away:
            _log.warning("nobody looks whether clock and engine keep time: %s", away)
        except Exception as broken:  # whatever a look breaks with, the next one is taken
            _log.error("looking at clock and engine broke: %s", type(broken).__name__)


async def _keep_pace(runtime: Runtime) -> None:
    """Tell the other processes every second how much callers asked here, and hear what was asked there."""
    failing = False
    while True:
        await asyncio.sleep(1)
        try:
            await runtime.pace.settle(runtime.db, now=runtime.now())
            failing = False
        except (Refusal, DatabaseFault) as away:
            if not failing:
                _log.warning("each process counts for itself how much callers ask: %s", away)
            failing = True
        except Exception as broken:  # whatever it breaks with, it is tried again
            if not failing:
                _log.error("sharing how much callers ask broke: %s", type(broken).__name__)
            failing = True


def _gateways(opened: Sequence[Notifier]) -> dict[str, tuple[str, ...]]:
    """Return the names of the gateways of each kind, first choice first."""
    kinds = dict.fromkeys(each.kind for each in opened)
    return {kind: tuple(each.name for each in opened if each.kind == kind) for kind in kinds}


async def _must_know(db: Database, settings: Settings) -> None:
    """Raise `BadSetting` where a secret is another than the one that this database was written with.

    With another pepper every PIN would be wrong: that is to be found out when a process starts, not at 03:00. A key
    that is not there, and rows that are damaged, are told in the log; without them the service still wakes people.
    """
    faults = []
    try:
        keys = await misfits(db, keyring=settings.keyring)
        if not await access.knows_pepper(db, settings.pin_pepper):
            faults.append(("PIN_PEPPER", "is not the one that the PINs in this database were set with."))
    except DatabaseFault as fault:
        if fault.sqlstate == _NO_TABLE:
            return
        raise
    if keys.other:
        names = ", ".join(sorted(keys.other))
        faults.append(("KEYRING", f"has another key under the name {names} than the one that sealed this database."))
    if faults:
        raise BadSetting(*faults)
    if keys.damaged:
        _log.error("%d of the oldest and newest data keys are damaged: what they sealed cannot be read", keys.damaged)
    if keys.missing:
        _log.error("%sKEYRING lacks %s: what it sealed cannot be read here", PREFIX, ", ".join(sorted(keys.missing)))


@asynccontextmanager
async def open_runtime(
    settings: Settings, *, database_url: str, clock: Clock | None = None, connections: int = 16
) -> AsyncIterator[Runtime]:
    """Open everything for as long as the block lasts, with at most so many connections in the pool.

    Raises `Unavailable` when the database does not answer, `BadSetting` when it was written with other secrets.
    """
    db = Database(database_url, most=connections)
    await db.open()
    try:
        await _must_know(db, settings)
    except BaseException:
        await db.close()
        raise
    opened = open_notifiers(settings.notifiers)
    clock = clock or Clock()
    await clock.correct(db)
    bell = Bell(db)
    bell.open()
    gateways = _gateways(opened)
    tools = Tools(
        keyring=settings.keyring,
        pepper=settings.pin_pepper,
        entropy=secrets.token_bytes,
        gateways=gateways,
        read_inbound={each.name: each.read_inbound for each in opened if isinstance(each, Hearing)},
        read_report={each.name: each.read_report for each in opened if isinstance(each, Reporting)},
        words=catalogues(),
        public_url=settings.public_url,
        openid=settings.openid,
        atlas=Atlas(time_scale=settings.time_scale, available=gateways),
    )
    runtime = Runtime(
        *(settings, db, tools, {each.name: each for each in opened}, bell, clock),
        *(open_intake(db), open_refusals(db), open_signatures(db)),
    )
    kept = [asyncio.create_task(each) for each in (_keep_time(runtime), _keep_pace(runtime))]
    try:
        yield runtime
    finally:
        for task in kept:
            task.cancel()
        await asyncio.gather(*kept, return_exceptions=True)
        await bell.close()
        for each in opened:
            await each.close()
        tools.threads.close()
        await db.close()
