"""The month or the week of a roster that is looked at, by the clocks of its place, and its days and hours."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from typing import Literal, get_args
from zoneinfo import ZoneInfo

from contactpoints.rules.rosters import to_utc
from schemas.faults import Fault
from schemas.words import msgid

View = Literal["month", "week"]
WEEKDAYS = (
    msgid("Monday"),
    msgid("Tuesday"),
    msgid("Wednesday"),
    msgid("Thursday"),
    msgid("Friday"),
    msgid("Saturday"),
    msgid("Sunday"),
)
_DAY = timedelta(days=1)
_FIRST, _LAST = date(1980, 1, 1), date(2190, 1, 1)
_HOURS = (0, 6, 12, 18)


@dataclass(frozen=True, slots=True)
class Window:
    """A stretch of local days, the last not included, by the clocks of ``zone``."""

    view: View
    first: date
    last: date
    zone: str

    @property
    def since(self) -> datetime:
        """When the first day begins (UTC)."""
        return to_utc(self.first, time(), zone=self.zone)

    @property
    def until(self) -> datetime:
        """When the last day has ended (UTC)."""
        return to_utc(self.last, time(), zone=self.zone)

    @property
    def title(self) -> str:
        """``2026-11`` for a month, the first and last day for a week."""
        if self.view == "month":
            return f"{self.first:%Y-%m}"
        return f"{self.first.isoformat()} - {(self.last - _DAY).isoformat()}"

    @property
    def before(self) -> date:
        """A day of the window before."""
        return self.first - _DAY

    @property
    def days(self) -> tuple[date, ...]:
        """Every local day."""
        return tuple(self.first + number * _DAY for number in range((self.last - self.first).days))

    def spans(self) -> Iterator[tuple[datetime, datetime]]:
        """Yield the stretches that may be chosen by hand: days of a month, quarters of the days of a week (UTC)."""
        hours = _HOURS if self.view == "week" else _HOURS[:1]
        edges = [to_utc(day, time(hour), zone=self.zone) for day in self.days for hour in hours]
        yield from (each for each in pairwise((*edges, self.until)) if each[0] < each[1])


def window_of(view: str, on: str, *, zone: str, now: datetime) -> Window:
    """Return the month or week in which a day lies (``2026-11-26``); the one of ``now`` for what is no day."""
    day = _day(on) or now.astimezone(ZoneInfo(zone)).date()
    if view == "week":
        monday = day - timedelta(days=day.weekday())
        return Window("week", monday, monday + 7 * _DAY, zone)
    first = day.replace(day=1)
    return Window("month", first, (first + 31 * _DAY).replace(day=1), zone)


def faults_of_window(view: str, on: str) -> list[Fault]:
    """Return what is wrong with a choice of which `window_of` would tell another window than was asked for."""
    faults = [] if view in get_args(View) else [Fault("/view", "not_allowed", "is neither month nor week")]
    day = _date(on)
    if on and day is None:
        faults.append(Fault("/on", "not_a_date", "is no date, such as 2026-10-14"))
    elif day is not None and day < _FIRST:
        faults.append(Fault("/on", "too_early", f"is before {_FIRST}"))
    elif day is not None and day >= _LAST:
        faults.append(Fault("/on", "too_late", f"is not before {_LAST}"))
    return faults


def around(starts: datetime, ends: datetime, *, zone: str) -> Window:
    """Return the window in which a change is looked at: its week where it lies within, else the month it begins in."""
    on = f"{starts.astimezone(ZoneInfo(zone)).date()}"
    week = window_of("week", on, zone=zone, now=starts)
    return week if ends <= week.until else window_of("month", on, zone=zone, now=starts)


def _day(text: str) -> date | None:
    day = _date(text)
    return day if day is not None and _FIRST <= day < _LAST else None


def _date(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text.isascii() else None
    except ValueError:
        return None


def which_of_two(at: datetime, zone: str) -> Literal["first", "second"] | None:
    """Return which of two equal local times an instant is; None where its time exists once."""
    there = at.astimezone(ZoneInfo(zone))
    if there.utcoffset() == there.replace(fold=1 - there.fold).utcoffset():
        return None
    return "second" if there.fold else "first"


def local(at: datetime, zone: str) -> str:
    """Return an instant as a field for local times has it: ``2026-11-26T08:00``."""
    return f"{at.astimezone(ZoneInfo(zone)):%Y-%m-%dT%H:%M}"
