"""From an iCalendar file to the stretches of time that it says, each told from when until when, and of whom.

Nothing is expanded before it was estimated: a rule for every second is refused for what it would come to. What an
estimate cannot foresee, a rule that no day ever fits, is ended by whoever calls, series by series: ``limit``.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import recurring_ical_events
from icalendar import Calendar

from contactpoints.rules.calendar_lines import MOST_FAULTS, RawEvent, fault, read_lines
from contactpoints.rules.local_times import Kept, keep
from contactpoints.rules.rosters import to_utc
from schemas.faults import Fault

_MOST_AT_ONCE = 5_000
"""How many occurrences one rule, and how many a whole file may have."""
_LONGEST = timedelta(days=31)
_STEPS = {"SECONDLY": 1, "MINUTELY": 60, "HOURLY": 3600, "DAILY": 86_400, "WEEKLY": 604_800}
_LONGER = {"MONTHLY": 28, "YEARLY": 365}
_MOST_STEPS = 50_000
_SEVERAL = ("BYSECOND", "BYMINUTE", "BYHOUR", "BYDAY", "BYMONTHDAY", "BYYEARDAY", "BYWEEKNO", "BYMONTH")
_ADDRESS = re.compile(r"^mailto:", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Ask:
    """What is asked of a file: from when until when (aware, UTC), in which zone are times that name none.

    A whole day lasts from ``day_starts`` to the same time of the day after its last. A zone that is ``zone_said`` for
    the calendar itself counts more than the one that a file names for all of it.
    """

    since: datetime
    until: datetime
    zone: str
    day_starts: time = time(0)
    zone_said: bool = False


@dataclass(frozen=True, slots=True)
class Event:
    """Of whom an event speaks: its summary, whom it invites (who declined is left out), and who invites."""

    uid: str
    line: int
    summary: str
    attendees: tuple[str, ...]
    organizer: str | None


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One stretch of time, half-open, in UTC. ``recurrence`` tells those of a series apart, whenever they are moved.

    ``starts_local`` and ``ends_local`` are what the file says, by the clocks of ``zone``: `rules.local_times.reckon`
    comes to the same instants. An end in another zone is kept by the clocks of the start's.
    """

    event: Event
    recurrence: str
    starts_at: datetime
    ends_at: datetime
    zone: str
    starts_local: str
    ends_local: str


@dataclass(slots=True)
class Told:
    """What a file says: its occurrences by start, the events that are left out and why, and what is wrong with it.

    Those with a fault are among the occurrences, so that whose they are can be judged as well.
    """

    occurrences: list[Occurrence] = field(default_factory=list)
    skipped: list[tuple[Event, str]] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)


def read_file(data: bytes, ask: Ask, *, limit: Callable[[], AbstractContextManager[object]] = nullcontext) -> Told:
    """Return what a file says of the time that is asked for. With faults the rest is not to be relied on.

    ``limit`` is entered for every series, and may end it by a `TimeoutError`.
    """
    lines, told = read_lines(data), Told()
    told.faults = lines.faults
    zone = ask.zone if ask.zone_said else lines.zone or ask.zone
    for series in _series(lines.events, told) if lines.whole else ():
        if len(told.faults) >= MOST_FAULTS:
            break
        if any(event.unread for event in series):
            continue
        faults = list(_too_much(series, ask))
        if not faults:
            try:
                with limit():
                    _expand(series, ask, zone=zone, cancelled=lines.cancels, told=told)
            except TimeoutError:
                faults = [
                    _of(series[0], "too_much", why="its rule takes too long; no day may ever fit it.", at="RRULE")
                ]
            except (ValueError, TypeError, KeyError, OverflowError, ArithmeticError, AttributeError):
                # What is told of it already may be why.
                if not any(event.faulty for event in series):
                    faults = [_of(series[0], "not_valid", why="its times or its rule cannot be read.")]
        told.faults += faults
        if len(told.occurrences) > _MOST_AT_ONCE:
            told.faults.append(_of(series[0], "too_many", why=f"a file comes to at most {_MOST_AT_ONCE} shifts."))
            break
    told.occurrences.sort(key=_by_start)
    return told


def _by_start(each: Occurrence) -> tuple[datetime, datetime, str]:
    return each.starts_at, each.ends_at, each.event.uid


def _of(event: RawEvent, code: str, *, why: str, at: str = "") -> Fault:
    return fault(event.line_of(at), code, why=why, uid=event.uid)


def _series(events: Iterable[RawEvent], told: Told) -> Iterator[list[RawEvent]]:
    """Yield the events of each identifier: what repeats first, then what is set apart of it, wherever the file has it.

    Two that do not say which of a series they are would hide each other.
    """
    by_uid: dict[str | int, list[RawEvent]] = {}
    for event in events:
        others = by_uid.setdefault(event.uid or event.line, [])
        moved = event.values("RECURRENCE-ID")
        if any(each.values("RECURRENCE-ID") == moved for each in others):
            told.faults.append(
                _of(event, "same_uid", why="another event has the same UID (and RECURRENCE-ID).", at="UID")
            )
        others.append(event)
    for series in by_uid.values():
        yield sorted(series, key=lambda event: bool(event.values("RECURRENCE-ID")))


def _too_much(series: Iterable[RawEvent], ask: Ask) -> Iterator[Fault]:
    """Yield what of a series would come to too much, or could never be read, without expanding anything."""
    for event in series:
        dates = sum(value.count(",") + 1 for name in ("RDATE", "EXDATE") for value in event.values(name))
        if dates > _MOST_AT_ONCE:
            yield _of(event, "too_many", why=f"a series has at most {_MOST_AT_ONCE} dates.", at="RDATE")
        for rule in event.values("RRULE"):
            try:
                steps, found = _estimate(rule, event.values("DTSTART")[0], until=ask.until)
            except (ValueError, KeyError, IndexError):
                yield _of(event, "not_valid", why="its rule cannot be read.", at="RRULE")
                continue
            if steps > _MOST_STEPS or found > _MOST_AT_ONCE:
                detail = f"its rule comes to more than {_MOST_AT_ONCE} shifts, or began too long ago."
                yield _of(event, "too_many", why=detail, at="RRULE")


def _estimate(rule: str, start: str, *, until: datetime) -> tuple[float, float]:
    """Return how many steps a rule takes from its start until ``until``, and how many occurrences it may come to."""
    parts = dict(part.upper().split("=", 1) for part in rule.split(";") if part)
    interval, count = int(parts.get("INTERVAL", "1")), int(parts.get("COUNT", "0"))
    if not 1 <= interval <= 100_000 or not 0 <= count <= 100_000:
        raise ValueError("an interval or count that no calendar has")
    first = datetime.strptime(start[:8], "%Y%m%d").replace(tzinfo=UTC)
    last = until
    if "UNTIL" in parts:
        last = min(last, datetime.strptime(parts["UNTIL"][:8], "%Y%m%d").replace(tzinfo=UTC) + timedelta(days=1))
    frequency = parts["FREQ"]
    length = _STEPS.get(frequency) or _LONGER[frequency] * _STEPS["DAILY"]
    steps = max(0.0, (last - first).total_seconds()) / (length * interval)
    chosen = [len(parts[name].split(",")) for name in _SEVERAL if name in parts]
    if count and not chosen:
        steps = min(steps, count)
    widest = 1
    for many in chosen:
        widest *= many
    # Of what a rule chooses from, there is no more than the days of its step, times the hours and minutes it names.
    times = 1
    for name in ("BYHOUR", "BYMINUTE", "BYSECOND"):
        times *= len(parts.get(name, "").split(","))
    days = max(1.0, length / _STEPS["DAILY"]) if chosen else 1.0
    found = steps * min(widest * max(1.0, length / _STEPS["WEEKLY"]), days * times)
    return steps, min(found, count) if count else found


def _expand(series: list[RawEvent], ask: Ask, *, zone: str, cancelled: bool, told: Told) -> None:
    # One file for the series: the library tells the members of a series by their identifiers.
    text = "\r\n".join(("BEGIN:VCALENDAR", *(event.written() for event in series), "END:VCALENDAR", ""))
    calendar = Calendar.from_ical(text)
    apart: set[int] = set()
    wrong: set[int] = set()
    for raw, each in zip(series, calendar.events, strict=True):
        if _clocks(each.start) != _clocks(each.end):
            apart.add(raw.line)
        # The library passes over an event that ends before it starts; that would be a shift which nobody misses.
        if each.end < each.start:
            told.faults.append(_of(raw, "runs_backwards", why="ends before it starts.", at="DTEND"))
            wrong.add(raw.line)
            each.pop("DURATION", None)
            each["DTEND"] = each["DTSTART"]
    repeats = any(event.values(name) for event in series for name in ("RRULE", "RDATE", "RECURRENCE-ID"))
    # Times without a zone and whole days are looked for a day more to either side, and then seen in theirs.
    more = timedelta(days=2)
    found = recurring_ical_events.of(calendar, skip_bad_series=False).between(ask.since - more, ask.until + more)
    by_mark = {tuple(event.values("RECURRENCE-ID")): event for event in series}
    skipped: dict[str, Event] = {}
    for each in found:
        raw = by_mark.get((_text(each, "RECURRENCE-ID"),), series[0])
        event = _event(each, raw)
        here, starts = _kept(each.start, ask, zone=zone)
        if raw.line in apart:
            # The library adds the length to the clock on the wall of the start; here it is a length of time.
            ends = keep(starts.at + (each.end - each.start), zone=here)
        else:
            _, ends = _kept(each.end, ask, zone=zone)
        starts_at, ends_at = starts.at, ends.at
        if ends_at <= ask.since or starts_at >= ask.until:
            continue
        if cancelled or str(each.get("STATUS", "")).upper() == "CANCELLED":
            skipped["cancelled"] = event
        elif str(each.get("TRANSP", "")).upper() == "TRANSPARENT" and isinstance(each.start, datetime):
            skipped["free"] = event
        else:
            if raw.line not in wrong and (misfit := _wrong_length(raw, ends_at - starts_at)):
                told.faults.append(misfit)
                wrong.add(raw.line)
            mark = _mark(each["RECURRENCE-ID"].dt) if repeats else ""
            told.occurrences.append(Occurrence(event, mark, starts_at, ends_at, here, starts.local, ends.local))
    told.skipped += [(event, why) for why, event in skipped.items()]


def _wrong_length(event: RawEvent, length: timedelta) -> Fault | None:
    if length <= timedelta(0):
        return _of(event, "runs_backwards", why="ends when it starts, or before.", at="DTEND")
    if length > _LONGEST + timedelta(days=1):
        return _of(event, "too_long", why=f"a shift lasts at most {_LONGEST.days} days.", at="DTEND")
    return None


def _text(each: Any, name: str) -> str:
    value = each.get(name)
    return value.to_ical().decode() if value is not None else ""


def _mark(at: date | datetime) -> str:
    """Return how a member of a series is known: when it would have been, whatever the zone that is named for it."""
    if not isinstance(at, datetime):
        return f"{at:%Y%m%d}"
    return f"{at:%Y%m%dT%H%M%S}" if at.tzinfo is None else f"{at.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def _clocks(at: date | datetime) -> str:
    return str(at.tzinfo) if isinstance(at, datetime) else ""


def _kept(at: date | datetime, ask: Ask, *, zone: str) -> tuple[str, Kept]:
    """Return the zone of a time and how it is kept there: programs go by the clock on the wall, and so do we.

    Its instant is by our rule for changes of clocks. What names an offset and no zone is by the clocks of UTC.
    """
    if not isinstance(at, datetime):
        day, wall = at, ask.day_starts
    else:
        if isinstance(at.tzinfo, ZoneInfo):
            zone = at.tzinfo.key
        elif at.tzinfo is not None:
            at, zone = at.astimezone(UTC), "UTC"
        day, wall = at.date(), at.time().replace(fold=0)
    return zone, Kept(to_utc(day, wall, zone=zone), f"{day.isoformat()}T{wall.isoformat()}")


def _event(each: Any, raw: RawEvent) -> Event:
    def several(name: str) -> list[Any]:
        value = each.get(name, [])
        return value if isinstance(value, list) else [value]

    invited = [who for who in several("ATTENDEE") if str(who.params.get("PARTSTAT", "")).upper() != "DECLINED"]
    organizer = next((_ADDRESS.sub("", str(who)) for who in several("ORGANIZER")), None)
    attendees = tuple(_ADDRESS.sub("", str(who)) for who in invited)
    return Event(raw.uid, raw.line, str(each.get("SUMMARY", ""))[:500], attendees, organizer)
