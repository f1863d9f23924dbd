"""Who is on duty from when until when: as JSON, in words, or as a picture of the roster."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from contactpoints.actions.rosters import rosters
from contactpoints.api.bodies import listed
from contactpoints.api.cover import MEDIA, VARIES, parameters, warnings_of
from contactpoints.api.identity import caller
from contactpoints.api.queries import Asked
from contactpoints.rules.roster_picture import PostRoster, roster_picture
from contactpoints.rules.roster_text import roster_text
from contactpoints.rules.shifts import Shift
from contactpoints.runtime import Runtime
from schemas.fields import write_instant
from schemas.openapi import Operation
from schemas.shifts import PostShiftsOut, ShiftOut, ShiftsOut
from schemas.writing import write_json

_FOUR_WEEKS = timedelta(days=28)
_LONGEST = timedelta(days=92)

SHIFTS = Operation(
    "get",
    "/v1/shifts",
    "Who is on duty from when until when",
    "read_shifts",
    "directory",
    responses={200: ShiftsOut},
    problems=(403, 404, 422),
    parameters=parameters("Until then: at most 92 days on, and 28 without it."),
    roles=("contact_point", "administrator", "secretariat", "auditor"),
    media=tuple(MEDIA.values()),
    description=(
        "Every post of one's own Party; of all Parties for the secretariat and auditors. It is what rotations, "
        "overrides and absences as they are now come to, by the very rule that decides whom an alert calls. Of what is "
        "over it tells the same, with a warning (`past_as_of_now`): who was called then stands in the timelines of "
        "alerts, how the rosters were then in their history.\n\n"
        "As plain text and as a picture (SVG) it is in the language of the key, with the cover that the shifts yield."
    ),
)
"""What this file can do, for the list of all operations."""


async def shifts(runtime: Runtime, request: Request) -> Response:
    """Tell who is on duty, for the next four weeks unless `from` and `to` say otherwise."""
    actor = await caller(runtime, request)
    asked, now = Asked(request), runtime.now()
    form, party = asked.form(MEDIA), asked.party()
    contact_point, post = asked.number("contact_point_id"), asked.number("post_id")
    since, until = asked.stretch(now, usual=_FOUR_WEEKS, longest=_LONGEST, told=f"{_LONGEST.days} days")
    asked.sound()
    found = await rosters(
        runtime.db,
        actor=actor,
        since=since,
        until=until,
        now=now,
        tools=runtime.tools,
        party=party,
        contact_point=contact_point,
        post=post,
    )
    if form == "json":
        return await runtime.tools.threads.long(_json, found, since=since, until=until, now=now)
    written, words = roster_text if form == "text" else roster_picture, runtime.tools.words[actor.language]
    told = await runtime.tools.threads.long(written, words, found, since=since, until=until, now=now)
    return Response(told, media_type=MEDIA[form], headers=VARIES)


def _json(found: list[PostRoster], *, since: datetime, until: datetime, now: datetime) -> Response:
    return listed(
        (write_json(_post(each)) for each in found),
        since=write_instant(since),
        until=write_instant(until),
        reckoned_at=write_instant(now),
        warnings=warnings_of(since, now=now),
    )


def _post(each: PostRoster) -> PostShiftsOut:
    point, post = each.cover.point, each.cover.post
    zone = ZoneInfo(point.zone)
    return {
        "party": point.party,
        "contact_point_id": point.id,
        "contact_point": point.name,
        "post_id": post.id,
        "line": post.line,
        "function": post.function,
        "zone": point.zone,
        "shifts": [_shift(shift, name=point.officers[shift.officer_id].name, zone=zone) for shift in each.shifts],
    }


def _shift(shift: Shift, *, name: str, zone: ZoneInfo) -> ShiftOut:
    return {
        "officer_id": shift.officer_id,
        "officer": name,
        "starts_at": write_instant(shift.starts_at),
        "ends_at": write_instant(shift.ends_at),
        "starts_local": shift.starts_at.astimezone(zone).isoformat(),
        "ends_local": shift.ends_at.astimezone(zone).isoformat(),
        "seconds": int((shift.ends_at - shift.starts_at).total_seconds()),
    }


def routes() -> list[Route]:
    """Return the address of this file."""
    return [Route("/v1/shifts", shifts, methods=["GET"])]
