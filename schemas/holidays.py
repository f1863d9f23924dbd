"""Holidays as they cross the wall: which public holidays a contact point has, and which days of its own."""

from datetime import date
from typing import Annotated

from pydantic import Field, StringConstraints, ValidationInfo, field_validator

from schemas.directory import Entry
from schemas.faults import form, wrong
from schemas.fields import Day, Id, PartyCode, Shape, ShortLine

_MOST_DAYS = 31
# Its length is no part of it: a pattern that counts letters of all scripts takes megabytes.
_SUBDIVISION = form(r"^[A-Za-z0-9][\w .'-]*$", "must be the code of a subdivision, as in BY, 6AE or Zone A")


class OwnDays(Shape):
    """Days of a contact point's own, the last one included; not `counts`: a public holiday that is none there."""

    first_day: Day
    last_day: Day
    name: ShortLine
    counts: bool = True

    @field_validator("last_day")
    @classmethod
    def _is_not_long(cls, last_day: date, info: ValidationInfo) -> date:
        first = info.data.get("first_day")
        if first is not None and not 0 <= (last_day - first).days < _MOST_DAYS:
            raise wrong("not_after", f"must be first_day, or a later day: {_MOST_DAYS} days at most")
        return last_day


class HolidayCalendar(Shape):
    """Which days are holidays at a contact point: on them it has no working hours, and `/v1/duty` says so.

    Without such an entry they are the public holidays of its territory or else of its Party. `country` and
    `subdivision` name others by their codes of ISO 3166 (a known region: by its name); `public_holidays` false leaves
    only `own_days`, of which the first that fit a day decide.
    """

    contact_point_id: Id
    public_holidays: bool = True
    country: PartyCode | None = None
    subdivision: Annotated[str, StringConstraints(pattern=_SUBDIVISION, max_length=64)] | None = None
    own_days: Annotated[tuple[OwnDays, ...], Field(max_length=100)] = ()


class HolidayCalendarOut(HolidayCalendar, Entry):
    """The holidays of a contact point as they are kept."""

    id: Id
