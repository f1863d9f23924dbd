"""Cover in words: one line for each stretch in which cover fails or is in doubt, by the clocks of the place."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from contactpoints.rules.cover import PostCover, Stretch
from contactpoints.rules.directory import Post
from contactpoints.rules.phrasing import Catalogue, dated, say
from schemas.cover import CoverLevel, CoverReason
from schemas.fields import write_instant
from schemas.words import msgid

_TITLE = msgid("Who can be reached, {since} to {until} UTC")
_SUM = msgid("Duty posts: {all}. Covered: {covered}. Not covered for a while: {uncovered}. In doubt: {doubtful}.")
_COVERED = msgid("covered")
_LEVELS: Mapping[CoverLevel, str] = {"uncovered": msgid("NOT COVERED"), "doubtful": msgid("in doubt")}
_REASONS: Mapping[CoverReason, str] = {
    "gap": msgid("nobody is planned"),
    "absent": msgid("whoever is planned is absent"),
    "no_channel": msgid("no channel that can be used"),
    "quarantined": msgid("every channel is in quarantine"),
    "no_pin": msgid("no PIN that can be used"),
    "too_few": msgid("fewer than the post needs"),
    "language": msgid("a language is missing"),
    "unproven": msgid("no channel was proven lately"),
    "unapproved": msgid("the only telephone or mailbox is not approved yet"),
    "no_telephone": msgid("no telephone that can be used"),
    "both_lines": msgid("the same person at the line before"),
    "too_long": msgid("too many hours on end"),
}
_LONG, _SHORT = msgid("{days} d {hours} h"), msgid("{hours} h {minutes} min")
_DAYS = msgid("{days} d")
PAST = msgid("Before {now} UTC this is what the rosters as they are now come to, not as they were then.")
_A_WHILE = timedelta(minutes=1)


def title(words: Catalogue, since: datetime, *, until: datetime) -> str:
    """Return what the whole is about."""
    return say(words, _TITLE, since=f"{since:%Y-%m-%d %H:%M}", until=f"{until:%Y-%m-%d %H:%M}")


def looks_back(since: datetime, *, now: datetime) -> bool:
    """Say whether a stretch began long enough ago for rosters to have changed since."""
    return since < now - _A_WHILE


def hindsight(words: Catalogue, since: datetime, *, now: datetime) -> tuple[str, ...]:
    """Return what has to be said of a stretch that looks back: rosters are reckoned as they are now."""
    return (say(words, PAST, now=f"{now:%Y-%m-%d %H:%M}"),) if looks_back(since, now=now) else ()


def summary(words: Catalogue, covers: Sequence[PostCover]) -> str:
    """Return how many posts there are, and how many of them are covered throughout."""
    levels = [{stretch.level for stretch in each.stretches} for each in covers]
    uncovered = sum("uncovered" in each for each in levels)
    covered = sum(not each for each in levels)
    doubtful = len(covers) - uncovered - covered
    return say(words, _SUM, all=len(covers), covered=covered, uncovered=uncovered, doubtful=doubtful)


def name_of(cover: PostCover) -> str:
    """Return which post it is."""
    party = () if cover.point.party is None else (cover.point.party,)
    return " · ".join((*party, cover.point.name, cover.post.function))


def state_of(words: Catalogue, cover: PostCover) -> str:
    """Return in a word how a post stands, and for how long that is not well."""
    level, span = worst(cover) or (None, timedelta())
    return state(words, level, span=span)


def worst(cover: PostCover) -> tuple[CoverLevel, timedelta] | None:
    """Return the worst that becomes of the cover of a post, and for how long, to the minute; None where it is well."""
    for level in _LEVELS:
        spans = [as_shown(each.starts_at, each.ends_at) for each in cover.stretches if each.level == level]
        if spans:
            return level, sum(spans, timedelta())
    return None


def state(words: Catalogue, level: CoverLevel | None, *, span: timedelta) -> str:
    """Return in a word what `worst` says."""
    if level is None:
        return say(words, _COVERED)
    return f"{say(words, _LEVELS[level])}: {lasting(words, span)}"


def lasting(words: Catalogue, span: timedelta) -> str:
    """Return a length of time: within a day to the minute and never less than one, beyond it to the hour."""
    minutes = max(1, round(span.total_seconds() / 60))
    hours = round(minutes / 60)
    if hours >= 24:
        return say(words, _LONG if hours % 24 else _DAYS, days=hours // 24, hours=hours % 24)
    if minutes < 60:
        return f"{minutes} min"
    if minutes % 60:
        return say(words, _SHORT, hours=minutes // 60, minutes=minutes % 60)
    return f"{hours} h"


def as_shown(start: datetime, end: datetime) -> timedelta:
    """Return the length of time between two instants as they are told, to the minute: nobody sees their seconds."""
    first, last = (each.replace(second=0, microsecond=0) for each in (start, end))
    return last - first


def told(words: Catalogue, stretch: Stretch, *, zone: str) -> str:
    """Return one stretch in a line: what, from when until when by the clocks of ``zone`` and by UTC, and why."""
    times = stretch_of_time(stretch.starts_at, stretch.ends_at, zone=zone)
    span = lasting(words, as_shown(stretch.starts_at, stretch.ends_at))
    return f"{say(words, _LEVELS[stretch.level])}  {times}  {span}: {reasons_of(words, stretch)}"


def reasons_of(words: Catalogue, stretch: Stretch) -> str:
    """Return why cover fails or is in doubt."""
    return ", ".join(say(words, _REASONS[reason]) for reason in stretch.reasons)


def stretch_of_time(start: datetime, end: datetime, *, zone: str) -> str:
    """Return from when until when, by the clocks of ``zone`` and by UTC."""
    local, utc = (f"{dated(start, there)} - {dated(end, there)} {there}" for there in (zone, "UTC"))
    return f"{local} ({utc})"


def text(words: Catalogue, covers: Sequence[PostCover], *, since: datetime, until: datetime, now: datetime) -> str:
    """Return the cover of posts as plain text, as it is reckoned ``now``."""
    return "\n".join(_lines(words, covers, since=since, until=until, now=now)) + "\n"


def _lines(
    words: Catalogue, covers: Sequence[PostCover], *, since: datetime, until: datetime, now: datetime
) -> Iterator[str]:
    yield title(words, since, until=until)
    yield from hindsight(words, since, now=now)
    yield summary(words, covers)
    for each in covers:
        yield ""
        yield f"{name_of(each)}: {state_of(words, each)}"
        for stretch in each.stretches:
            yield f"  {told(words, stretch, zone=each.point.zone)}"


def left(opened: Iterable[tuple[Post, datetime, datetime]], covers: Iterable[PostCover]) -> Iterator[str]:
    """Yield a sentence for each post and each cause for which stretches of it are left without cover, in English.

    ``covers``: how all posts are covered then, which knows the causes and whom they are about.
    """
    known = {each.post.id: each.stretches for each in covers}
    found: dict[tuple[int, str], list[tuple[Post, datetime, datetime]]] = {}
    for post, start, end in opened:
        why = [
            each
            for each in known[post.id]
            if each.level == "uncovered" and start < each.ends_at and each.starts_at < end
        ]
        found.setdefault((post.id, _cause(why)), []).append((post, start, end))
    for (_, cause), spans in found.items():
        (post, start, end), more = spans[0], len(spans) - 1
        until = f", and {more} more times until {write_instant(spans[-1][2])}" if more else ""
        said = f"from {write_instant(start)} to {write_instant(end)}{until}"
        yield f"Leaves post {post.id} ({post.line}) without the cover that it needs, {said}: {cause}."


_LEFT = re.compile(
    r"Leaves post (\d+) \((.+?)\) without the cover that it needs, from (\S+) to (\S+?)"
    r"(?:, and (\d+) more times until (\S+))?: ([^(]*)(?: \(([^)]*)\))?\."
)


@dataclass(frozen=True, slots=True)
class Uncovered:
    """What `left` has told: which post, when first, how often ``more`` and ``until`` when at last; why, about whom.

    Instants as they cross the wall, ``why`` in the reader's language, ``officers`` by their numbers.
    """

    post: int
    line: str
    starts_at: str
    ends_at: str
    more: int
    until: str
    why: str
    officers: tuple[int, ...]


def uncovered_in(words: Catalogue, told: str) -> Uncovered | None:
    """Return what a sentence of `left` says; None for another one."""
    found = _LEFT.match(told)
    if found is None:
        return None
    post, line, start, end, more, until, cause, officers = found.groups(default="")
    why = ", ".join(say(words, each) for each in _REASONS.values() if each in cause)
    return Uncovered(
        *(int(post), line, start, end, int(more or 0), until, why),
        officers=tuple(int(each) for each in re.findall(r"\d+", officers)),
    )


def _cause(stretches: Sequence[Stretch]) -> str:
    reasons = ", ".join(dict.fromkeys(_REASONS[reason] for each in stretches for reason in each.reasons))
    officers = ", ".join(dict.fromkeys(f"officer {number}" for each in stretches for number in each.officers))
    return f"{reasons} ({officers})" if officers else reasons
