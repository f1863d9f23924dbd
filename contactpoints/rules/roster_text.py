"""A roster in words: one line for each shift, by the clocks of the place and by UTC."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from contactpoints.rules.cover_text import as_shown, hindsight, lasting, name_of, state_of, stretch_of_time, told
from contactpoints.rules.phrasing import Catalogue, say
from contactpoints.rules.roster_picture import PostRoster
from schemas.words import msgid

_TITLE = msgid("Who is on duty, {since} to {until} UTC")


def roster_text(
    words: Catalogue, rosters: Sequence[PostRoster], *, since: datetime, until: datetime, now: datetime
) -> str:
    """Return the shifts of posts as plain text, and below those of each post the cover that they yield."""
    return "\n".join(_lines(words, rosters, since=since, until=until, now=now)) + "\n"


def _lines(
    words: Catalogue, rosters: Sequence[PostRoster], *, since: datetime, until: datetime, now: datetime
) -> Iterator[str]:
    yield say(words, _TITLE, since=f"{since:%Y-%m-%d %H:%M}", until=f"{until:%Y-%m-%d %H:%M}")
    yield from hindsight(words, since, now=now)
    for roster in rosters:
        point = roster.cover.point
        yield ""
        yield f"{name_of(roster.cover)}: {state_of(words, roster.cover)}"
        for shift in roster.shifts:
            times = stretch_of_time(shift.starts_at, shift.ends_at, zone=point.zone)
            long = lasting(words, as_shown(shift.starts_at, shift.ends_at))
            yield f"  {times}  {long}: {point.officers[shift.officer_id].name}"
        for stretch in roster.cover.stretches:
            yield f"  {told(words, stretch, zone=point.zone)}"
