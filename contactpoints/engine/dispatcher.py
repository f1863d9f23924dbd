"""The dispatcher: claim with a lease, commit, send side by side, settle outcomes in batches.

Each kind of channel has a lane of its own, so that a slow mail server never delays an SMS; and a lane claims whenever a
slot is free, so that one recipient who hangs takes one slot and no neighbour's time.
"""

import asyncio
import logging
from collections import Counter
from datetime import timedelta

from contactpoints.actions import delivery
from contactpoints.actions.alarms import Alarm, raise_alone
from contactpoints.actions.quarantine import climb_without
from contactpoints.engine.desk import Desk
from contactpoints.engine.inspector import Health
from contactpoints.engine.watch import Watch
from contactpoints.rules.delivery import LEASE
from contactpoints.store.outbox import Claimed, Outcome
from notifiers.message import Message, NotSent, Unsure

_log = logging.getLogger(__name__)
PATIENCE = timedelta(seconds=20)
"""How long a notifier may take; shorter than the lease."""

_SLOTS = 64
# Slots that exercises may take: well below the connections of a notifier, so that one is free for what is actual, and
# so few that exercises alone can never make a gateway busy, see `_MOST_OF_ONE`.
_EXERCISES = {"email": 8}
_EXERCISES_ELSE = 32
_BATCH = 32
# Where there are several gateways, one that takes its time leaves slots to the others.
_MOST_OF_ONE = 48
# Under load, looking and settling now and then instead of all the time makes batches, and batches make throughput.
_BREATH = 0.02
_SETTLING = 0.05
_PRESSED = 0.2
_AGAIN = 1.0


def message_of(claimed: Claimed) -> Message:
    """Return what a notifier is handed."""
    return Message(
        code=claimed.attempt,
        kind=claimed.kind,
        to=claimed.address,
        text=claimed.body,
        subject=claimed.subject,
        language=claimed.language,
        reference=claimed.reference,
        link=claimed.link,
        thread=f"m{claimed.id}",
        repeat=claimed.repeat,
        exercise=claimed.exercise,
        urgent=claimed.purpose == "alert" and claimed.urgent and not claimed.exercise,
    )


class Lane:
    """Sends what is due by one kind of channel. ``sender`` and ``settler`` are its two watches.

    At most `_SLOTS` messages are on their way at a time, of exercises fewer: an actual alert always finds a free slot.
    ``silent``: the gateways to be gone round where there is another.
    """

    def __init__(self, desk: Desk, kind: str) -> None:
        self._desk = desk
        self._kind = kind
        self._exercises = _EXERCISES.get(kind, _EXERCISES_ELSE)
        self._flying: dict[asyncio.Task[None], Claimed] = {}
        self._several = len(desk.tools.gateways.get(kind, ())) > 1
        self._landed: list[Outcome] = []
        self._barred: set[int] = set()
        self._more = False
        self._health = Health()
        self.silent: frozenset[str] = frozenset()
        self.sender = Watch(f"sender of {kind}", self.claim, breath=_BREATH)
        self.settler = Watch(f"settler of {kind}", self.settle, breath=_SETTLING)

    def press(self, pressed: bool) -> None:
        """Look for work less often while thousands of alerts are due at once, or as often as usual again."""
        self.sender.breath = _PRESSED if pressed else _BREATH

    async def claim(self) -> int:
        """Take what is due for the slots that are free, and let it fly; return how many messages that were."""
        most, busy = self._room()
        self._more = most <= 0
        if self._more:
            return 0
        exercises = max(0, self._exercises - sum(each.exercise for each in self._flying.values()))
        desk = self._desk
        taken, barred = await delivery.claim(
            desk.db,
            self._kind,
            now=desk.now(),
            most=most,
            exercises=exercises,
            tools=desk.tools,
            busy=busy,
            silent=self.silent,
        )
        for claimed in taken:
            task = asyncio.create_task(self._fly(claimed))
            self._flying[task] = claimed
            task.add_done_callback(self._flying.pop)
        self._more = len(taken) == most or bool(busy)
        if barred:
            self._barred |= barred
            self.settler.wake()
        return len(taken) + len(barred)

    def _room(self) -> tuple[int, list[str]]:
        """Return for how many messages there are free slots, and which gateways may have none of them."""
        free = min(_SLOTS - len(self._flying), _BATCH)
        if not self._several:
            return free, []
        flying = Counter(each.gateway for each in self._flying.values())
        busy = [gateway for gateway, number in flying.items() if number >= _MOST_OF_ONE]
        most = max((number for gateway, number in flying.items() if gateway not in busy), default=0)
        return min(free, _MOST_OF_ONE - most), busy

    async def _fly(self, claimed: Claimed) -> None:
        outcome = await _send(self._desk, claimed)
        self._landed.append(outcome)
        self.settler.wake()
        if self._more:
            self.sender.wake()

    async def settle(self) -> int:
        """Write down what has landed; return how much. What cannot be written now is kept for the next time.

        Before that, steps end whose last message was cancelled as it was claimed.
        """
        if self._barred:
            barred, self._barred = self._barred, set()
            await climb_without(self._desk.db, barred, now=self._desk.now())
        landed, self._landed = self._landed, []
        left: list[Outcome] = []
        if landed:
            try:
                left = await delivery.settle(self._desk.db, landed, now=self._desk.now(), tools=self._desk.tools)
            except BaseException:
                self._landed = landed + self._landed
                raise
            self._keep(left)
            for gateway, since in self._health.note(landed):
                _log.error("gateway %s has taken nothing since %s", gateway, since.isoformat(timespec="seconds"))
                down = Alarm("gateway", gateway, at=since)
                await raise_alone(self._desk.db, down, now=self._desk.now(), tools=self._desk.tools)
        return len(landed) - len(left)

    def _keep(self, left: list[Outcome]) -> None:
        """Try what could not be written again in a second; when its lease is over, it is traced like any doubt."""
        kept = [each for each in left if self._desk.now() < each.at + LEASE]
        if kept:
            self._landed = kept + self._landed
            asyncio.get_running_loop().call_later(_AGAIN, self.settler.wake)

    async def land(self, seconds: float | None = None) -> None:
        """Wait until nothing is on its way any more, at most so many seconds, and write down what came of it."""
        if self._flying:
            await asyncio.wait(tuple(self._flying), timeout=seconds)
        await self.settle()


async def _send(desk: Desk, claimed: Claimed) -> Outcome:
    notifier = desk.notifiers.get(claimed.gateway)
    if notifier is None:
        return delivery.not_sent(
            claimed, now=desk.now(), reason="no such gateway", permanent=False, code=None, tools=desk.tools
        )
    try:
        async with asyncio.timeout(PATIENCE.total_seconds()):
            receipt = await notifier.send(message_of(claimed))
    except NotSent as no:
        return delivery.not_sent(
            claimed,
            now=desk.now(),
            reason=no.reason,
            permanent=no.permanent,
            code=no.code,
            tools=desk.tools,
            address_is_bad=no.address_is_bad,
        )
    except (Unsure, TimeoutError) as doubt:
        return delivery.unsure(claimed, now=desk.now(), reason=type(doubt).__name__)
    except Exception:  # the one broad except: a broken notifier must not stop the messages beside it
        _log.error("notifier %s broke on attempt %s", claimed.gateway, claimed.attempt)
        return delivery.unsure(claimed, now=desk.now(), reason="notifier broke")
    return delivery.accepted(claimed, now=desk.now(), provider_code=receipt.provider_code, provider_at=receipt.at)
