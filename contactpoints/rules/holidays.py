"""Public holidays and a Party's own days: is this local day a holiday, and what is it called.

What the library says of a country is kept for each year once it was asked for; `read_ahead` asks before an alert does.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any

from holidays import country_holidays, list_supported_countries

_YEARS = range(1970, 2200)
_ENGLISH = "en_US"
"""Names are in English where the library knows them: they are read in other countries too."""


@dataclass(frozen=True, slots=True)
class OwnDays:
    """Days of a contact point's own, the last one included: holidays there, or where they do not ``count``, none."""

    first_day: date
    last_day: date
    name: str
    counts: bool = True


@dataclass(frozen=True, slots=True)
class HolidayCalendar:
    """Which holidays a contact point has: those of a country (None: none), and its own days, which come first."""

    country: str | None = None
    subdivision: str | None = None
    own_days: tuple[OwnDays, ...] = ()


NO_HOLIDAYS = HolidayCalendar()


def countries() -> Mapping[str, list[str]]:
    """Return every country whose public holidays are known, by its code of ISO 3166-1, with its subdivisions."""
    return _countries()


@lru_cache(maxsize=1)
def _countries() -> Mapping[str, list[str]]:
    return list_supported_countries()


def holiday(calendar: HolidayCalendar, day: date) -> str | None:
    """Return what a local day is called where it is a holiday, else None. Of own days the first that fit decide."""
    for own in calendar.own_days:
        if own.first_day <= day <= own.last_day:
            return own.name if own.counts else None
    if calendar.country is None:
        return None
    return _public(calendar.country, calendar.subdivision, year=day.year).get(day)


@lru_cache(maxsize=4096)
def _public(country: str, subdivision: str | None, *, year: int) -> Mapping[date, str]:
    if country not in countries() or year not in _YEARS:
        return {}
    # A subdivision that the library has given up since it was entered takes nothing else away.
    known = subdivision if subdivision in countries()[country] else None
    return dict(country_holidays(country, subdiv=known, years=year, language=_ENGLISH, expand=False).items())


def read_ahead(calendars: Iterable[HolidayCalendar], year: int) -> None:
    """Make ready what is asked of calendars in a year and those beside it. The first of all takes half a second."""
    for each in calendars:
        for around in range(year - 1, year + 2) if each.country else ():
            _public(each.country or "", each.subdivision, year=around)


def calendar_of(told: Mapping[str, Any] | None, *, party: str | None, territory: str | None) -> HolidayCalendar:
    """Return the calendar of a contact point from the JSON values in which it is kept.

    Where it says no country, it is that of the territory or else of the Party; None stands for the same.
    """
    told = told or {}
    own = tuple(
        OwnDays(date.fromisoformat(o["first_day"]), date.fromisoformat(o["last_day"]), o["name"], o["counts"])
        for o in told.get("own_days", ())
    )
    country = told.get("country") or next((code for code in (territory, party) if code in countries()), None)
    return HolidayCalendar(country if told.get("public_holidays", True) else None, told.get("subdivision"), own)


def write_calendar(calendar: HolidayCalendar) -> dict[str, object]:
    """Return a calendar as JSON values, to be frozen with a plan."""
    own = [[o.first_day.isoformat(), o.last_day.isoformat(), o.name, o.counts] for o in calendar.own_days]
    return {"country": calendar.country, "subdivision": calendar.subdivision, "own_days": own}


def read_calendar(value: Mapping[str, Any] | None) -> HolidayCalendar:
    """Return the calendar that `write_calendar` wrote; without one there are no holidays."""
    if value is None:
        return NO_HOLIDAYS
    own = tuple(
        OwnDays(date.fromisoformat(first), date.fromisoformat(last), name, counts)
        for first, last, name, counts in value["own_days"]
    )
    return HolidayCalendar(value["country"], value["subdivision"], own)
