"""Local times as people write them down: kept as wall-clock time and offset beside their zone, reckoned into UTC.

The wall clock is what was meant. When the time-zone data change, the instant moves and the wall clock stays; the offset
only says which of two was meant where clocks are set back. Calendar programs name none.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from contactpoints.rules.clock_changes import clock_changes
from contactpoints.rules.rosters import to_utc
from schemas.faults import Fault
from schemas.fields import LocalTime, Which, write_instant
from schemas.rosters import Span

_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Kept:
    """An instant, and how it is kept: on the clocks of a zone, with their offset then if that was told."""

    at: datetime
    local: str


def instants_of(day: date, wall: time, *, zone: str) -> tuple[datetime, ...]:
    """Return the instants (UTC) at which clocks show a local time: none where it is left out, two where it is double.

    Raises `zoneinfo.ZoneInfoNotFoundError` for an unknown zone.
    """
    place = ZoneInfo(zone)
    found = {datetime.combine(day, wall.replace(fold=fold), place).astimezone(UTC) for fold in (0, 1)}
    shown = datetime.combine(day, wall.replace(fold=0), UTC)
    return tuple(sorted(each for each in found if each.astimezone(place).replace(tzinfo=UTC, fold=0) == shown))


def nearest(day: date, wall: time, *, zone: str) -> tuple[datetime, datetime]:
    """Return the last whole minute before, and the first instant after, a local time that clocks leave out."""
    place = ZoneInfo(zone)
    early, late = sorted(datetime.combine(day, wall.replace(fold=fold), place).astimezone(UTC) for fold in (0, 1))
    change, _ = next(clock_changes(zone, early, until=late + timedelta(seconds=1)))
    return change - _MINUTE, change


def keep(at: datetime, *, zone: str) -> Kept:
    """Return how an instant is kept."""
    return Kept(at, at.astimezone(ZoneInfo(zone)).isoformat())


def reckon(local: str, *, zone: str) -> datetime:
    """Return the instant of what was kept, by the time-zone data of today.

    By the published rule: a time that does not exist moves forward; one that exists twice is the first, unless the
    offset that was kept is that of the second.
    """
    told = datetime.fromisoformat(local)
    found = instants_of(told.date(), told.time(), zone=zone)
    if not found:
        return to_utc(told.date(), told.time(), zone=zone)
    offset, place = told.utcoffset(), ZoneInfo(zone)
    return next((each for each in found if each.astimezone(place).utcoffset() == offset), found[0])


def entered(when: datetime | LocalTime, *, zone: str, which: Which | None, name: str) -> Kept | list[Fault]:
    """Return what somebody entered by hand in the field ``name``, or what is to be asked about it.

    A time with an offset is an instant. One without is the wall clock of the zone: it has to exist, and if it exists
    twice, ``which`` says which one is meant.
    """
    found = instants_of(when.day, when.wall, zone=zone) if isinstance(when, LocalTime) else (when,)
    asked = list(_asked(when, found, zone=zone, which=which, name=name))
    return asked or keep(found[-1 if which == "second" else 0], zone=zone)


@dataclass(slots=True)
class Entered:
    """The ends of a span as they are kept, `starts` and `ends`, as far as nothing is to be asked about them."""

    kept: dict[str, Kept] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)


def span_entered(span: Span, *, zone: str | None) -> Entered:
    """Return what somebody entered as a span, by the clocks of ``zone``, and all that is wrong with it.

    Where the zone is not known (None), or an end of the span is not (None), what does not rest on it is told.
    """
    made = Entered()
    for name, when, which in (
        ("starts", span.starts_at, span.starts_which),
        ("ends", span.ends_at, span.ends_which),
    ):
        if when is None or (zone is None and isinstance(when, LocalTime)):
            continue
        found = entered(when, zone=zone or "UTC", which=which, name=f"{name}_at")
        if isinstance(found, list):
            made.faults += found
        else:
            made.kept[name] = found
    starts, ends = (_possible(span, name, made=made, zone=zone) for name in ("starts", "ends"))
    if starts and ends and max(ends) <= min(starts):
        made.faults.append(Fault("/ends_at", "not_after", "must be later than starts_at"))
    return made


def _possible(span: Span, name: str, *, made: Entered, zone: str | None) -> tuple[datetime, ...]:
    """Return the instants that an end of a span may be.

    Two wall clocks of one zone are in order by any zone, unless it is said which of two times one of them is.
    """
    if name in made.kept:
        return (made.kept[name].at,)
    when, other = (getattr(span, f"{each}_at") for each in (name, "ends" if name == "starts" else "starts"))
    if not isinstance(when, LocalTime):
        return ()
    if zone is None and (not isinstance(other, LocalTime) or span.starts_which or span.ends_which):
        return ()
    by = zone or "UTC"
    return instants_of(when.day, when.wall, zone=by) or (to_utc(when.day, when.wall, zone=by),)


def _asked(
    when: datetime | LocalTime, found: tuple[datetime, ...], *, zone: str, which: Which | None, name: str
) -> Iterator[Fault]:
    answer = f"{name.removesuffix('_at')}_which"
    if isinstance(when, LocalTime) and not found:
        before, after = nearest(when.day, when.wall, zone=zone)
        detail = f"The clocks of {zone} leave this time out. The nearest that exist: {_told(before, after, zone=zone)}."
        yield Fault(f"/{name}", "does_not_exist", detail)
    elif len(found) > 1 and which is None:
        detail = f"The clocks of {zone} show this time twice: {_told(*found, zone=zone)}. Say in {answer} which."
        yield Fault(f"/{name}", "exists_twice", detail)
    elif len(found) == 1 and which is not None:
        yield Fault(f"/{answer}", "not_allowed", "Is for a local time that exists twice; this one does not.")


def _told(first: datetime, second: datetime, *, zone: str) -> str:
    place = ZoneInfo(zone)
    return " and ".join(f"{each.astimezone(place).isoformat()} ({write_instant(each)})" for each in (first, second))
