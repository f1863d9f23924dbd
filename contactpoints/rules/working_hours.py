"""Working hours as a clock: what is no emergency waits for them, and its patience runs only within them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from contactpoints.rules.holidays import NO_HOLIDAYS, HolidayCalendar, holiday, read_calendar, write_calendar
from contactpoints.rules.rosters import WorkingSpan, between

OFFICE_DAY = timedelta(hours=8)
"""What a clock that is told in days means by one."""

_OFFICE = tuple(WorkingSpan(weekday, "09:00", "17:00") for weekday in range(5))

_WEEKS_AHEAD = 9
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Hours:
    """The working hours of a contact point, in its zone; on its holidays there are none."""

    spans: tuple[WorkingSpan, ...]
    zone: str
    calendar: HolidayCalendar = NO_HOLIDAYS


def hours_of(spans: Iterable[WorkingSpan], zone: str, *, calendar: HolidayCalendar = NO_HOLIDAYS) -> Hours:
    """Return working hours; a contact point that names none works Monday to Friday, 09:00 to 17:00 in its zone."""
    return Hours(tuple(spans) or _OFFICE, zone, calendar)


def opening(hours: Hours, at: datetime) -> datetime:
    """Return ``at`` (aware, UTC) when it is within working hours, else the start of the next ones."""
    return next_working(hours.spans, hours.zone, at=at, calendar=hours.calendar)


def after(hours: Hours, start: datetime, *, duration: timedelta) -> datetime:
    """Return the first working instant at which ``duration`` of working time has passed since ``start`` (aware, UTC).

    What ends exactly at the close of a day ends at the next opening: nobody works at the close itself.
    """
    at, left = opening(hours, start), duration
    while (end := _closing(hours, at)) is not None and at + left >= end:
        left -= end - at
        at = opening(hours, end)
    return at + left


def _closing(hours: Hours, at: datetime) -> datetime | None:
    return working_until(hours.spans, hours.zone, at=at, calendar=hours.calendar)


def write_hours(hours: Hours) -> dict[str, object]:
    """Return working hours as JSON values, to be frozen with a plan."""
    return {
        "zone": hours.zone,
        "spans": [[span.weekday, span.start, span.end] for span in hours.spans],
        "holidays": write_calendar(hours.calendar),
    }


def read_hours(value: Mapping[str, Any]) -> Hours:
    """Return the working hours that `write_hours` wrote."""
    spans = tuple(WorkingSpan(*span) for span in value["spans"])
    return Hours(spans, value["zone"], read_calendar(value.get("holidays")))


def next_working(
    spans: Iterable[WorkingSpan], zone: str, *, at: datetime, calendar: HolidayCalendar = NO_HOLIDAYS
) -> datetime:
    """Return ``at`` (aware, UTC) when it is within working hours, else the start of the next ones.

    Nobody works on a holiday of the ``calendar``. Without any working hours, in nine weeks, it is ``at`` itself: a
    contact point that names none is not made to wait, and nothing waits for one that never opens.
    """
    today = at.astimezone(ZoneInfo(zone)).date()
    spans = tuple(spans)
    starts: list[datetime] = []
    # A day may be missing from the calendar (Samoa, 30 December 2011), so one week ahead is not always enough.
    for day in (today + number * _DAY for number in range(-1, 7 * _WEEKS_AHEAD)):
        if starts and day > today + _DAY:
            break
        for span in _spans_on(day, spans, calendar=calendar):
            start, end = _span_on(day, span, zone=zone)
            if start <= at < end:
                return at
            if at < start < end:
                starts.append(start)
    return min(starts, default=at)


def working_until(
    spans: Iterable[WorkingSpan], zone: str, *, at: datetime, calendar: HolidayCalendar = NO_HOLIDAYS
) -> datetime | None:
    """Return the end of the working hours around ``at`` (aware, UTC), the latest of several; None outside them."""
    today, spans = at.astimezone(ZoneInfo(zone)).date(), tuple(spans)
    around = [
        _span_on(day, span, zone=zone)
        for day in (today - _DAY, today)
        for span in _spans_on(day, spans, calendar=calendar)
    ]
    return max((end for start, end in around if start <= at < end), default=None)


def _spans_on(day: date, spans: tuple[WorkingSpan, ...], *, calendar: HolidayCalendar) -> list[WorkingSpan]:
    found = [span for span in spans if span.weekday == day.weekday()]
    return [] if found and holiday(calendar, day) else found


def _span_on(day: date, span: WorkingSpan, *, zone: str) -> tuple[datetime, datetime]:
    return between(day, time.fromisoformat(span.start), end=time.fromisoformat(span.end), zone=zone)
