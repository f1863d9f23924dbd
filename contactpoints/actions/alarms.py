"""Alarms: something about the directory or the service is broken, and somebody is told who can mend it.

Whom an alarm reaches: whoever is on duty at the secretariat, a contact point like any other whose posts are tried in
their order; and the addresses (`notify`) of the API keys with the role of administrator of the Party concerned and
with that of the secretariat. A key without addresses hears nothing. Alarms leave through the same outbox, behind the
alerts, in the transaction of what they tell of; one broken thing raises one alarm an hour, however many alerts meet it,
and none behind one that still waits for an engine.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Literal

from contactpoints.actions.calling import words_of
from contactpoints.actions.tools import Tools
from contactpoints.rules import calls, wording
from contactpoints.rules.calls import Taken
from contactpoints.rules.delivery import Draft
from contactpoints.rules.directory import Channel, ContactPoint, has_telephone
from contactpoints.rules.escalation import Plan, PostRef, Step
from contactpoints.rules.shifts import shifts_of
from contactpoints.store import alarms, directory, outbox
from contactpoints.store.database import Database, Session
from contactpoints.store.timeline import Noted
from schemas import timeline as facts

QUIET = timedelta(hours=1)
_AHEAD = timedelta(days=90)
_SHIFTS_TOLD = 3
_KINDS = ("sms", "email")

Told = Literal["administrator", "secretariat"]
Trouble = Literal[
    "gateway", "gateway_silent", "clock_jump", "engine_late", "zone_data", "calendar_stale", "calendar_held"
]


@dataclass(frozen=True, slots=True)
class Alarm:
    """What is broken at which contact point; ``about`` names the one thing to be mended: a channel, a gateway.

    ``alerts`` are those on whose timeline the alarm is noted, ``reference`` that of the only one it concerns. What is
    broken about the service itself concerns no contact point: since when (``at``), by how many ``seconds``.
    ``officer``: whose shifts it endangers.
    """

    reason: facts.Alarm | Trouble
    about: str
    contact_point: int | None = None
    exercise: bool = False
    line: str | None = None
    alerts: tuple[int, ...] = ()
    reference: str | None = None
    channel: str | None = None
    at: datetime | None = None
    seconds: int = 0
    officer: int | None = None

    @property
    def key(self) -> tuple[str, str]:
        """By what an alarm is known again; that of an exercise never swallows an actual one."""
        where = f"contact_point:{self.contact_point}" if self.contact_point else "service"
        return self.reason, f"{'exercise ' if self.exercise else ''}{where} {self.about}"


@dataclass(frozen=True, slots=True)
class _Ear:
    """Somebody who hears an alarm."""

    role: Told
    party: str | None
    kind: str
    address: str
    language: str
    zone: str | None
    officer: int | None = None
    channel: int | None = None


_GAPS: Mapping[str, facts.Alarm] = {name: name for name in ("nobody_on_duty", "no_channel", "no_pin")}


def of_taken(taken: Taken, plan: Plan, *, exercise: bool, reference: str, alerts: tuple[int, ...] = ()) -> list[Alarm]:
    """Return the alarms of steps that called nobody although somebody should be there; a mere repeat raises none.

    And of the step that calls: on whom of those on duty it cannot count. A locked code was told when it was locked.
    """
    raised = [
        Alarm(
            reason=reason,
            contact_point=gap.post.contact_point_id,
            about=gap.post.line if gap.officer is None else f"officer:{gap.officer}",
            exercise=exercise,
            line=gap.post.line,
            alerts=alerts,
            reference=reference,
        )
        for gap in taken.gaps
        if (reason := _GAPS.get(gap.reason))
    ]
    for skip in taken.skipped:
        step = plan.steps[skip.step - 1]
        if skip.reason not in ("nobody_on_duty", "no_channel") or step.only_if_undelivered or not step.posts:
            continue
        alarm = Alarm(
            reason="no_channel" if skip.reason == "no_channel" else "nobody_on_duty",
            contact_point=step.posts[0].contact_point,
            about="+".join(skip.lines) or f"step:{skip.step}",
            exercise=exercise,
            line=skip.lines[0] if skip.lines else None,
            alerts=alerts,
            reference=reference,
        )
        raised.append(alarm)
    return raised


async def raise_alarms(
    session: Session, raised: Iterable[Alarm], *, now: datetime, tools: Tools
) -> dict[int, list[Noted]]:
    """Queue what was not raised lately; return the facts to be noted, by alert."""
    by_key: dict[tuple[str, str], Alarm] = {}
    for alarm in raised:
        known_one = by_key.setdefault(alarm.key, alarm)
        if known_one is not alarm:
            by_key[alarm.key] = replace(known_one, alerts=known_one.alerts + alarm.alerts, reference=None)
    if not by_key:
        return {}
    fresh = await alarms.raise_fresh(session, sorted(by_key), now=now, quiet=QUIET, kinds=tools.gateways)
    new = [alarm for key, alarm in by_key.items() if key in fresh]
    if not new:
        return {}
    secretariat = await directory.secretariat(session)
    wanted = {alarm.contact_point for alarm in new} | {secretariat}
    known = await directory.load(session, [number for number in wanted if number is not None])
    ears = await _ears(session, known, now=now, tools=tools)
    drafts: list[Draft] = []
    noted: dict[int, list[Noted]] = {}
    for alarm in new:
        point = known.get(alarm.contact_point or 0)
        shifts = _endangered(alarm, point, now=now)
        heard = [ear for ear in ears if ear.role == "secretariat" or (point and ear.party == point.party)]
        for ear in heard:
            drafts.append(_draft(alarm, point, ear, shifts=shifts, now=now, tools=tools))
        told = tuple(sorted({ear.role for ear in heard}))
        for alert in alarm.alerts:
            reason: Any = alarm.reason
            fact = facts.AlarmRaised(reason=reason, told=told, line=alarm.line)
            noted.setdefault(alert, []).append((now, fact))
    await outbox.enqueue(session, [(None, draft) for draft in drafts], now=now)
    return noted


async def raise_alone(db: Database, alarm: Alarm, *, now: datetime, tools: Tools) -> None:
    """Raise an alarm about the service itself."""
    async with db.transaction() as session:
        await raise_alarms(session, [alarm], now=now, tools=tools)


async def _ears(session: Session, known: calls.Directory, *, now: datetime, tools: Tools) -> list[_Ear]:
    parties = [point.party for point in known.values() if point.party]
    keys = await alarms.keepers(session, parties, now=now)
    found = on_duty([point for point in known.values() if point.secretariat], known, now=now, tools=tools)
    for key in keys:
        for address in key["notify"]:
            kind = "email" if "@" in address else "sms"
            if kind in tools.gateways:
                found.append(_Ear(key["role"], key["party"], kind, address, key["language"], None))
    return list({(ear.role, ear.party, ear.address): ear for ear in reversed(found)}.values())


def on_duty(points: Sequence[ContactPoint], known: calls.Directory, *, now: datetime, tools: Tools) -> list[_Ear]:
    """Return who is on duty at contact points, by text and mail: of the first post that has anybody to be called."""
    for point in points:
        for post in point.posts:
            step = Step((PostRef(point.id, post.id),), _KINDS, timedelta(0))
            called, _ = calls.calls_of(step, known, now, available=frozenset(tools.gateways))
            if called:
                return [_ear_of(call, channel) for call in called for channel in call.channels]
    return []


def _ear_of(call: calls.Call, channel: Channel) -> _Ear:
    officer, zone = call.officer, call.contact_point.zone
    return _Ear("secretariat", None, channel.kind, channel.address, officer.language, zone, officer.id, channel.id)


def _endangered(alarm: Alarm, point: ContactPoint | None, *, now: datetime) -> Sequence[wording.Endangered]:
    """Return the shifts of the next 90 days in which an officer was to be called by a channel that is broken now."""
    if point is None or alarm.officer is None:
        return ()
    found = [
        wording.Endangered(post.function, max(shift.starts_at, now), shift.ends_at, point.zone)
        for post in point.posts
        for shift in shifts_of(point, post, since=now, until=now + _AHEAD)
        if shift.officer_id == alarm.officer
    ]
    return sorted(found, key=lambda each: each.starts_at)


def _without_telephone(alarm: Alarm, point: ContactPoint | None, *, tools: Tools) -> bool:
    """Say whether a telephone is broken that was an officer's last."""
    officer = point.officers.get(alarm.officer or 0) if point else None
    if officer is None or alarm.channel in (None, "email"):
        return False
    return not has_telephone(officer, available=tools.gateways)


def _draft(
    alarm: Alarm,
    point: ContactPoint | None,
    ear: _Ear,
    *,
    shifts: Sequence[wording.Endangered],
    now: datetime,
    tools: Tools,
) -> Draft:
    said = wording.AlarmContext(
        what=alarm.reason,
        exercise=alarm.exercise,
        at=alarm.at or now,
        zone=ear.zone or (point.zone if point else "UTC"),
        contact_point=point.name if point else None,
        function=alarm.line,
        reference=alarm.reference,
        channel=alarm.channel,
        seconds=alarm.seconds,
        gateway=alarm.about,
        now=now,
        no_telephone=_without_telephone(alarm, point, tools=tools),
        shifts=tuple(shifts[:_SHIFTS_TOLD]),
        more_shifts=len(shifts[_SHIFTS_TOLD:]),
    )
    words = wording.alarm_words(words_of(tools, ear.language), ear.kind, alarm=said)
    return Draft(
        purpose="alarm",
        kind=ear.kind,
        address=ear.address,
        language=ear.language,
        body=words.text,
        subject=words.subject,
        officer_id=ear.officer,
        channel_id=ear.channel,
        exercise=alarm.exercise,
    )
