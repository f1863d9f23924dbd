"""Whose shifts the events of a calendar are, and what a new reading of it changes."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from contactpoints.rules.calendar_events import Event, Occurrence
from contactpoints.rules.calendar_lines import fault
from contactpoints.rules.folding import words
from schemas.faults import Fault


@dataclass(frozen=True, slots=True)
class Person:
    """An officer as calendars know people: by name, by function, by mail addresses."""

    id: int
    name: str
    function: str
    mails: tuple[str, ...]


@dataclass(frozen=True, slots=True, order=True)
class CalendarShift:
    """A shift that a calendar says, half-open, in UTC; ``uid`` and ``recurrence`` are the same whenever it is moved.

    ``starts_local`` and ``ends_local`` are what was meant, by the clocks of ``zone``; the instants come of them.
    """

    starts_at: datetime
    ends_at: datetime
    uid: str
    recurrence: str
    officer_id: int
    zone: str
    starts_local: str
    ends_local: str

    @property
    def key(self) -> tuple[str, str]:
        """By what the shifts of one event are known again."""
        return self.uid, self.recurrence


@dataclass(frozen=True, slots=True)
class Difference:
    """What a reading changes: shifts that come, that go, and of events that stay, those before and after."""

    added: tuple[CalendarShift, ...]
    removed: tuple[CalendarShift, ...]
    changed: tuple[tuple[tuple[CalendarShift, ...], tuple[CalendarShift, ...]], ...]
    unchanged: int


class Names:
    """Who in the house is meant by an event."""

    def __init__(self, people: Iterable[Person], told: Mapping[str, int]) -> None:
        """``told`` maps a whole summary, or a mail address, to an officer; it goes before everything else."""
        people = tuple(people)
        self.told = {words(text): officer for text, officer in told.items()}
        self.by_mail = {mail.casefold(): person.id for person in people for mail in person.mails}
        self.by_name = [(words(person.name), person.id) for person in people]
        self.by_function = [(words(person.function), person.id) for person in people]

    def of(self, event: Event) -> tuple[int, ...]:
        """Return the officers of an event: none where nobody is found, and where a summary fits several."""
        if words(event.summary) in self.told:
            return (self.told[words(event.summary)],)
        invited = [who for mail in event.attendees if (who := self._by_mail(mail)) is not None]
        if invited:
            return tuple(dict.fromkeys(invited))
        for named in (self.by_name, self.by_function):
            found = {officer for name, officer in named if _stands_in(name, words(event.summary))}
            if found:
                return tuple(found) if len(found) == 1 else ()
        organizer = None if event.organizer is None else self._by_mail(event.organizer)
        return () if organizer is None else (organizer,)

    def _by_mail(self, mail: str) -> int | None:
        return self.told.get(words(mail), self.by_mail.get(mail.casefold()))


def _stands_in(name: tuple[str, ...], summary: tuple[str, ...]) -> bool:
    return bool(name) and any(summary[place : place + len(name)] == name for place in range(len(summary)))


def assigned(occurrences: Iterable[Occurrence], names: Names) -> tuple[list[CalendarShift], list[Fault]]:
    """Return the shifts of occurrences, and the events that nobody of the house can be found for."""
    shifts: dict[tuple[str, str, int], CalendarShift] = {}
    faults: dict[tuple[str, int], Fault] = {}
    known: dict[Event, tuple[int, ...]] = {}
    for each in occurrences:
        event = each.event
        officers = known.get(event) if event in known else known.setdefault(event, names.of(event))
        if not officers:
            detail = (
                "nobody of the contact point is found for it, or several are: say in the calendar's officers whom its"
                " summary means, or invite the officer by a mail address that is a channel."
            )
            faults[event.uid, event.line] = fault(event.line, "no_officer", why=detail, uid=event.uid)
        for officer in officers or ():
            wall = (each.zone, each.starts_local, each.ends_local)
            shift = CalendarShift(each.starts_at, each.ends_at, event.uid, each.recurrence, officer, *wall)
            shifts[*shift.key, officer] = shift
    return sorted(shifts.values()), list(faults.values())


def difference(before: Iterable[CalendarShift], after: Iterable[CalendarShift]) -> Difference:
    """Return what changes from one reading of a calendar to the next."""
    old, new = _by_key(before), _by_key(after)
    kept = [key for key in new if key in old]
    return Difference(
        added=tuple(_all(new, (key for key in new if key not in old))),
        removed=tuple(_all(old, (key for key in old if key not in new))),
        changed=tuple((old[key], new[key]) for key in kept if Counter(old[key]) != Counter(new[key])),
        unchanged=sum(len(new[key]) for key in kept if Counter(old[key]) == Counter(new[key])),
    )


def _by_key(shifts: Iterable[CalendarShift]) -> dict[tuple[str, str], tuple[CalendarShift, ...]]:
    found: dict[tuple[str, str], list[CalendarShift]] = {}
    for shift in sorted(shifts):
        found.setdefault(shift.key, []).append(shift)
    return {key: tuple(several) for key, several in found.items()}


def _all(
    by_key: Mapping[tuple[str, str], tuple[CalendarShift, ...]], keys: Iterable[tuple[str, str]]
) -> Iterator[CalendarShift]:
    for key in keys:
        yield from by_key[key]
