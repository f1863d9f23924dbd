"""iCalendar files, line by line: bounded, with the place of whatever is wrong, and without what nobody needs.

What is left is a few properties of events, in zones of the IANA database, for `rules.calendar_events`. The words of a
file may be anybody's: nothing of them is told but the identifier of an event.
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field

from icalendar import Parameters
from icalendar.parser import Contentline
from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON

from contactpoints.rules.rosters import zone
from schemas.faults import Fault

MOST_BYTES = 2_000_000
MOST_LINES = 100_000
MOST_EVENTS = 5_000
MOST_FAULTS = 100
_MOST_OF_A_LINE = 20_000
_DEEPEST = 4
_MOST_OF_A_UID = 400

_TIMES = frozenset({"DTSTART", "DTEND", "RECURRENCE-ID", "EXDATE", "RDATE"})
_ONCE = frozenset({"UID", "DTSTART", "DTEND", "DURATION", "RECURRENCE-ID", "RRULE", "STATUS", "TRANSP", "SEQUENCE"})
_KEPT = _TIMES | _ONCE | {"SUMMARY", "ATTENDEE", "ORGANIZER"}
_READ = _KEPT | {"BEGIN", "END", "TZID", "X-LIC-LOCATION", "X-WR-TIMEZONE", "METHOD"}
_NAME = re.compile("[A-Za-z0-9-]+")
_UNREAD = frozenset({"no_start", "twice"})
"""Faults of an event that leave its times in the dark."""


@dataclass(slots=True)
class RawEvent:
    """One VEVENT: the line that begins it, its identifier, and its properties, each with its line, as they are read.

    ``faulty``: something of it is told as wrong already; ``unread``: so much of it that its times say nothing.
    """

    line: int
    uid: str = ""
    faulty: bool = False
    unread: bool = False
    properties: list[tuple[int, str, Parameters, str]] = field(default_factory=list)

    def values(self, name: str) -> list[str]:
        """Return the values of a property, in order."""
        return [value for _, each, _, value in self.properties if each == name]

    def line_of(self, name: str) -> int:
        """Return the line of a property, else that of the event."""
        return next((line for line, each, _, _ in self.properties if each == name), self.line)

    def written(self) -> str:
        """Return the event as a file of its own would have it."""
        lines = [Contentline.from_parts(name, more, value) for _, name, more, value in self.properties]
        return "\r\n".join(("BEGIN:VEVENT", *lines, "END:VEVENT"))


@dataclass(slots=True)
class Lines:
    """What was read of a file: its events, the zone of times that name none, if it says one, and what is wrong.

    ``whole``: it was read to its end, so that its events are those that it has.
    """

    events: list[RawEvent] = field(default_factory=list)
    zone: str | None = None
    cancels: bool = False
    whole: bool = False
    faults: list[Fault] = field(default_factory=list)


def fault(line: int, code: str, *, why: str, uid: str = "") -> Fault:
    """Return what is wrong in a line of the file, in the event of that identifier."""
    shown = "".join(sign for sign in uid if sign.isprintable())[:120]
    return Fault(f"/line/{line}", code, f"Line {line}{f', event {shown}' if shown else ''}: {why}")


def read_lines(data: bytes) -> Lines:
    """Read a file; at the first thing that makes the rest doubtful, reading ends.

    What is wrong within one event does not: it is told, and the others are read.
    """
    found = Lines()
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as wrong:
        line = data.count(b"\n", 0, wrong.start) + 1
        found.faults.append(fault(line, "not_text", why="is no text in UTF-8."))
        return found
    if len(data) > MOST_BYTES or text.count("\n") > MOST_LINES:
        found.faults.append(fault(1, "too_long", why=f"a file has at most {MOST_BYTES} bytes and {MOST_LINES} lines."))
        return found
    found.whole = _Reader(found).read(text)
    for event in found.events if found.whole else ():
        faults = () if event.unread else tuple(_faults_of(event))
        event.faulty = event.faulty or bool(faults)
        event.unread = event.unread or any(each.code in _UNREAD for each in faults)
        found.faults += faults
    return found


class _Reader:
    def __init__(self, found: Lines) -> None:
        self.found = found
        self.open: list[str] = []
        self.event: RawEvent | None = None
        self.aliases: dict[str, str] = {}
        self.zone_name = ""
        self.begun = False

    def read(self, text: str) -> bool:
        """Read all lines; say whether that came to an end."""
        if not text.strip():
            return self._wrong(1, "no_file", why="the file is empty.")
        for number, line in _unfolded(text):
            if not self._take(number, line):
                return False
        if self.open or not self.begun:
            last = text.count("\n") + 1
            return self._wrong(
                last, "not_whole", why="the file ends before its calendar does: it was cut off, or is none."
            )
        for event in self.found.events:
            self._place(event)
        return True

    def _wrong(self, line: int, code: str, *, why: str) -> bool:
        uid = self.event.uid if self.event else ""
        self.found.faults.append(fault(line, code, why=why, uid=uid))
        return False

    def _wrong_within(self, line: int, code: str, *, why: str, unread: bool = True) -> bool:
        """Tell what is wrong with a line; say whether to go on, as where it is one of an event."""
        self._wrong(line, code, why=why)
        if self.event is None or len(self.found.faults) >= MOST_FAULTS:
            return False
        self.event.faulty, self.event.unread = True, self.event.unread or unread
        return True

    def _take(self, number: int, line: str) -> bool:
        """Take one line in; say whether to go on."""
        called = _NAME.match(line)
        name = called[0].upper() if called else ""
        if name == "EXRULE":
            why = "EXRULE is read no more: say EXDATE."
            return self._wrong_within(number, "not_supported", why=why, unread=False)
        if name not in _READ:
            # Descriptions and attachments may be as long as they like: nobody reads them here.
            return bool(self.open) or self._wrong(number, "no_calendar", why="a file begins with BEGIN:VCALENDAR.")
        if len(line) > _MOST_OF_A_LINE:
            return self._wrong_within(number, "too_long", why=f"a line has at most {_MOST_OF_A_LINE} characters.")
        try:
            name, more, value = Contentline(line).parts()  # type: ignore[no-untyped-call]  # icalendar left it out
        except ValueError:
            return self._wrong_within(number, "not_valid", why="is no line of an iCalendar file.")
        return self._property(number, name.upper(), more=more, value=value.strip())

    def _property(self, number: int, name: str, *, more: Parameters, value: str) -> bool:
        if name == "BEGIN":
            return self._begin(number, value.upper())
        if name == "END":
            return self._end(number, value.upper())
        inside = self.open[-1] if self.open else ""
        if inside == "VEVENT" and self.event is not None and name in _KEPT:
            if name == "UID":
                self.event.uid = value
            self.event.properties.append((number, name, more, value))
        elif inside == "VTIMEZONE" and name == "TZID":
            self.zone_name = value
        elif inside == "VTIMEZONE" and name == "X-LIC-LOCATION":
            self.aliases[self.zone_name] = value
        elif inside == "VCALENDAR" and name == "X-WR-TIMEZONE":
            self.found.zone = iana(value, {})
        elif inside == "VCALENDAR" and name == "METHOD":
            self.found.cancels = value.upper() == "CANCEL"
        return True

    def _begin(self, number: int, what: str) -> bool:
        if (what == "VCALENDAR") != (not self.open):
            return self._wrong(number, "no_calendar", why="a file is one VCALENDAR, and begins with it.")
        self.open.append(what)
        self.begun = True
        if len(self.open) > _DEEPEST:
            return self._wrong(number, "too_deep", why=f"nothing is nested more than {_DEEPEST} deep.")
        if what == "VEVENT":
            self.event = RawEvent(number)
            self.found.events.append(self.event)
            if len(self.found.events) > MOST_EVENTS:
                return self._wrong(number, "too_many", why=f"a file has at most {MOST_EVENTS} events.")
        return True

    def _end(self, number: int, what: str) -> bool:
        if not self.open or self.open.pop() != what:
            return self._wrong(number, "not_whole", why="ends what was not begun.")
        if what == "VEVENT":
            self.event = None
        return True

    def _place(self, event: RawEvent) -> None:
        """Say all times of an event in zones of the IANA database.

        Times in one unknown zone are left without any, so that what else is wrong with the event is found.
        """
        unknown = set()
        for number, name, more, _ in event.properties:
            if name not in _TIMES or "TZID" not in more:
                continue
            key = iana(str(more["TZID"]), self.aliases)
            if key is None:
                unknown.add(number)
            else:
                more["TZID"] = key
        bounds = {str(more.get("TZID")) for _, name, more, _ in event.properties if name in ("DTSTART", "DTEND")}
        event.faulty = event.faulty or bool(unknown)
        event.unread = event.unread or bool(unknown and len(bounds) > 1)
        for number, _, more, _ in event.properties:
            if number in unknown:
                del more["TZID"]
        for number in sorted(unknown):
            detail = "names a time zone that is neither in the IANA database nor one of Windows."
            self.found.faults.append(fault(number, "unknown_zone", why=detail, uid=event.uid))


def _unfolded(text: str) -> Iterator[tuple[int, str]]:
    """Yield each line that says something, with its number; a line that begins with a blank goes on with the last."""
    begun, parts = 0, [""]
    for number, line in enumerate(text.split("\n"), start=1):
        line = line.removesuffix("\r")
        if line[:1] in (" ", "\t") and begun:
            parts.append(line[1:])
            continue
        if parts != [""]:
            yield begun, "".join(parts)
        begun, parts = number, [line]
    if parts != [""]:
        yield begun, "".join(parts)


def iana(name: str, aliases: Mapping[str, str]) -> str | None:
    """Return the IANA name of a time zone as calendar programs name it; None where it is unknown.

    Windows says ``W. Europe Standard Time``; others put a path before the name, or say it in the definition, of which
    nothing else is read: what a file says of clock changes may be old.
    """
    plain = name.strip().strip('"')
    for each in (plain, aliases.get(name, "")):
        parts = each.split("/")
        for tail in (each, WINDOWS_TO_OLSON.get(each, ""), *("/".join(parts[-count:]) for count in (3, 2))):
            with suppress(ValueError):
                return zone(tail).key
    return None


def _faults_of(event: RawEvent) -> Iterator[Fault]:
    """Yield what is wrong with the outside of an event."""
    names = [name for _, name, _, _ in event.properties]
    if not event.uid or len(event.uid) > _MOST_OF_A_UID:
        detail = f"an event has a UID, of at most {_MOST_OF_A_UID} characters: by it a later file changes it."
        yield fault(event.line_of("UID"), "no_uid", why=detail)
    if "DTSTART" not in names:
        yield fault(event.line, "no_start", why="an event has a DTSTART.", uid=event.uid)
    for name in sorted(_ONCE):
        if names.count(name) > 1:
            yield fault(event.line_of(name), "twice", why=f"{name} may stand once in an event.", uid=event.uid)
    if {"DTEND", "DURATION"} <= set(names):
        yield fault(event.line_of("DTEND"), "twice", why="an event has a DTEND or a DURATION.", uid=event.uid)
