"""Calendars from outside, for machines: a file that says the shifts of a post, told first and then taken in."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from contactpoints.actions import auditing
from contactpoints.actions.calendars import How, TakenIn, take_in
from contactpoints.api.bodies import Json, body
from contactpoints.api.identity import caller
from contactpoints.api.queries import entry_number, header, query
from contactpoints.rules.calendar_lines import MOST_BYTES
from contactpoints.rules.calendar_shifts import CalendarShift
from contactpoints.rules.refusals import UnsupportedMediaType
from contactpoints.runtime import Runtime
from schemas.access import Role
from schemas.calendars import CalendarImportOut, CalendarImportQuery, CalendarShiftOut
from schemas.fields import write_instant
from schemas.openapi import Operation, Parameter

_MOST_TOLD = 1_000
_KEEPERS: tuple[Role, ...] = ("administrator", "secretariat")
_MEDIA = "text/calendar"
_EXAMPLE = "\r\n".join(
    (
        *("BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//example//EN", "BEGIN:VEVENT", "UID:weekend@example.org"),
        *("DTSTAMP:20261101T000000Z", "DTSTART;TZID=Europe/Paris:20261107T080000"),
        *("DTEND;TZID=Europe/Paris:20261109T080000", "RRULE:FREQ=WEEKLY;COUNT=4", "SUMMARY:Weekend A"),
        *("END:VEVENT", "END:VCALENDAR", ""),
    )
)

IMPORT_CALENDAR = Operation(
    "post",
    "/v1/calendars/{id}/import",
    "Take in the shifts that an iCalendar file says; a rehearsal unless `dry_run=false`",
    "import_calendar",
    "rosters",
    file=(_MEDIA, _EXAMPLE),
    responses={200: CalendarImportOut},
    problems=(403, 409, 412, 413, 415, 422),
    parameters=(
        Parameter(
            "dry_run",
            "`false` keeps what is read in; otherwise it is only told.",
            "query",
            schema={"type": "string", "enum": ["true", "false"]},
        ),
        Parameter(
            "reason",
            "Needed where it leaves a minute uncovered, in 90 days from now or from where it is felt.",
            "query",
        ),
    ),
    roles=_KEEPERS,
    description=(
        "All of it or nothing. An event is known again by its UID and RECURRENCE-ID: a file that is sent again changes "
        "what is different, retires what it lacks and adds nothing twice. Shifts that have ended stay as they were; "
        "those of the next 400 days are kept.\n\n"
        "Times go by the clock on the wall in zones of the IANA database, whatever the file defines; names of Windows "
        "are understood. A time that does not exist moves forward, one that exists twice is the first. CANCELLED and "
        "free time (TRANSPARENT) is no shift, whole days apart, which calendar programs mark as free by themselves.\n\n"
        "Each fault is told with its line and UID; of an event whose times cannot be read, only that. "
        f"At most {MOST_BYTES} bytes and 5,000 shifts."
    ),
)
"""What this file can do, for the list of all operations."""


async def bring(runtime: Runtime, request: Request) -> Response:
    """Take in a file, or tell what it would change."""
    actor = await caller(runtime, request)
    calendar = entry_number(request)
    asked = query(request, CalendarImportQuery)
    if header(request, "Content-Type").partition(";")[0].strip().lower() != _MEDIA:
        raise UnsupportedMediaType(f"Send `Content-Type: {_MEDIA}`.")
    how = How(actor.who, dry_run=asked.dry_run == "true", reason=asked.reason)
    taken = await take_in(
        *(runtime.db, calendar),
        actor=actor,
        data=await body(request),
        how=how,
        now=runtime.now(),
        tools=runtime.tools,
    )
    if how.dry_run:
        await auditing.note(runtime.db, now=runtime.now(), told={"calendar_id": calendar}, outcome="rehearsed")
    return await runtime.tools.threads.short(_told, taken, dry_run=how.dry_run)


def _told(taken: TakenIn, *, dry_run: bool) -> Response:
    found = taken.difference
    told: CalendarImportOut = {
        "dry_run": dry_run,
        "until": write_instant(taken.until),
        "counts": {
            "added": len(found.added),
            "changed": len(found.changed),
            "removed": len(found.removed),
            "unchanged": found.unchanged,
            "skipped": len(taken.skipped),
        },
        "added": [_shift(each) for each in found.added[:_MOST_TOLD]],
        "changed": [
            {"before": [_shift(each) for each in before], "after": [_shift(each) for each in after]}
            for before, after in found.changed[:_MOST_TOLD]
        ],
        "removed": [_shift(each) for each in found.removed[:_MOST_TOLD]],
        "skipped": [
            {"line": event.line, "uid": event.uid, "why": "free" if why == "free" else "cancelled"}
            for event, why in taken.skipped[:_MOST_TOLD]
        ],
        "warnings": [{"code": each["code"], "detail": each["detail"]} for each in taken.warnings],
    }
    return Json(told)


def _shift(shift: CalendarShift) -> CalendarShiftOut:
    return {
        "uid": shift.uid,
        "recurrence": shift.recurrence,
        "officer_id": shift.officer_id,
        "starts_at": write_instant(shift.starts_at),
        "ends_at": write_instant(shift.ends_at),
        "zone": shift.zone,
        "starts_local": shift.starts_local,
        "ends_local": shift.ends_local,
    }


def routes() -> list[Route]:
    """Return the addresses of this file."""
    return [Route(IMPORT_CALENDAR.path, bring, methods=["POST"])]
