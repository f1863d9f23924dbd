"""Rosters as PostgreSQL tells them in JSON, read into the values that the rules compute with."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from contactpoints.rules.holidays import NO_HOLIDAYS, HolidayCalendar
from contactpoints.rules.rosters import Absence, Imported, Override, Rotation


def read_rotation(value: Mapping[str, Any], calendar: HolidayCalendar = NO_HOLIDAYS) -> Rotation:
    """Return one row of `rotations`; ``calendar`` is that of its contact point."""
    return Rotation(
        id=value["id"],
        zone=value["zone"],
        layer=value["layer"],
        period=value["period"],
        starts_on=date.fromisoformat(value["starts_on"]),
        handover=time.fromisoformat(value["handover"]),
        members=tuple(value["members"]),
        ends_on=date.fromisoformat(value["ends_on"]) if value["ends_on"] else None,
        turn_days=value["turn_days"],
        weekdays=tuple(value["weekdays"]),
        hours_from=_time(value["hours_from"]),
        hours_until=_time(value["hours_until"]),
        temporary=value["temporary"],
        holidays_as=value["holidays_as"],
        calendar=NO_HOLIDAYS if value["holidays_as"] is None else calendar,
    )


def read_imported(value: Mapping[str, Any]) -> Imported:
    """Return one row of `calendars` with its shifts: officer, start and end in seconds since 1970, by start."""
    shifts = tuple(
        (officer, datetime.fromtimestamp(start, UTC), datetime.fromtimestamp(end, UTC))
        for officer, start, end in value["shifts"]
    )
    longest = max((end - start for _, start, end in shifts), default=timedelta())
    return Imported(value["id"], value["layer"], shifts, longest)


def _time(text: str | None) -> time | None:
    return time.fromisoformat(text) if text else None


def read_override(value: Mapping[str, Any]) -> Override:
    """Return one row of `overrides`."""
    return Override(
        id=value["id"],
        action=value["action"],
        officer_id=value["officer_id"],
        starts_at=datetime.fromisoformat(value["starts_at"]),
        ends_at=datetime.fromisoformat(value["ends_at"]),
    )


def read_absence(value: Mapping[str, Any]) -> Absence:
    """Return one row of `absences`."""
    return Absence(
        officer_id=value["officer_id"],
        starts_at=datetime.fromisoformat(value["starts_at"]),
        ends_at=datetime.fromisoformat(value["ends_at"]),
    )
