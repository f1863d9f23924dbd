"""When a duty post lacks the cover that it needs, and why: as JSON, in words, or as a picture."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from contactpoints.actions.cover import NINETY_DAYS, covers
from contactpoints.api.bodies import listed
from contactpoints.api.identity import caller
from contactpoints.api.queries import WHOLE, Asked, in_form
from contactpoints.rules.cover import PostCover, Stretch
from contactpoints.rules.cover_picture import picture
from contactpoints.rules.cover_text import hindsight, text
from contactpoints.runtime import Runtime
from schemas.alerts import WarningOut
from schemas.cover import CoverOut, PostCoverOut, StretchOut
from schemas.fields import write_instant
from schemas.openapi import Operation, Parameter
from schemas.writing import write_json

_LONGEST = timedelta(days=366)
MEDIA = {"json": "application/json", "text": "text/plain", "svg": "image/svg+xml"}
VARIES = {"Vary": "Accept"}


def parameters(to: str) -> tuple[Parameter, ...]:
    """Return what may be asked of rosters: from when, ``to`` when, whose, and in which form."""
    return (
        Parameter("from", "From this instant, or this day in UTC; without it, now.", "query"),
        Parameter("to", to, "query"),
        Parameter("party", "Only this Party's.", "query", schema={"type": "string", "pattern": "^[A-Z]{2}$"}),
        Parameter("contact_point_id", "Only this one's.", "query", schema=WHOLE),
        Parameter("post_id", "Only this one's.", "query", schema=WHOLE),
        in_form(MEDIA),
    )


COVER = Operation(
    "get",
    "/v1/cover",
    "When a duty post lacks the cover that it needs, and why",
    "read_cover",
    "directory",
    responses={200: CoverOut},
    problems=(403, 404, 422),
    parameters=parameters("Until then: at most 366 days on for one Party, 90 for all, and 90 without it."),
    roles=("contact_point", "administrator", "secretariat", "auditor"),
    media=tuple(MEDIA.values()),
    description=(
        "Every post of one's own Party; of all Parties for the secretariat and auditors. It is computed from rosters, "
        "overrides, absences, PINs and channels as they are now, by the very rule that decides whom an alert calls.\n\n"
        "Of what is over it tells what these come to as well, with a warning (`past_as_of_now`).\n\n"
        "As plain text and as a picture (SVG) it is in the language of the key."
    ),
)
"""What this file can do, for the list of all operations."""


async def cover(runtime: Runtime, request: Request) -> Response:
    """Tell where duty posts lack cover, for the next 90 days unless `from` and `to` say otherwise."""
    actor = await caller(runtime, request)
    asked, now = Asked(request), runtime.now()
    form, party, contact_point = asked.form(MEDIA), asked.party(), asked.number("contact_point_id")
    post = asked.number("post_id")
    narrow = any(asked.text(name) is not None for name in ("party", "contact_point_id", "post_id"))
    longest = _LONGEST if narrow else NINETY_DAYS
    since, until = asked.stretch(
        now,
        usual=NINETY_DAYS,
        longest=longest,
        told=f"{_LONGEST.days} days for one Party, {NINETY_DAYS.days} for all",
    )
    asked.sound()
    found = await covers(
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
    # The whole network is megabytes, and alerts that come meanwhile want their turn.
    if form == "json":
        return await runtime.tools.threads.long(_json, found, since=since, until=until, now=now)
    written, words = text if form == "text" else picture, runtime.tools.words[actor.language]
    told = await runtime.tools.threads.long(written, words, found, since=since, until=until, now=now)
    return Response(told, media_type=MEDIA[form], headers=VARIES)


def warnings_of(since: datetime, *, now: datetime) -> list[WarningOut]:
    """Return the warning of a stretch that began before ``now``: rosters are reckoned as they are."""
    return [{"code": "past_as_of_now", "detail": each} for each in hindsight({}, since, now=now)]


def _json(found: list[PostCover], *, since: datetime, until: datetime, now: datetime) -> Response:
    return listed(
        (write_json(post_out(each)) for each in found),
        since=write_instant(since),
        until=write_instant(until),
        reckoned_at=write_instant(now),
        warnings=warnings_of(since, now=now),
    )


def post_out(each: PostCover) -> PostCoverOut:
    """Return the cover of a post as it crosses the wall."""
    point, post = each.point, each.post
    return {
        "party": point.party,
        "contact_point_id": point.id,
        "contact_point": point.name,
        "post_id": post.id,
        "line": post.line,
        "function": post.function,
        "zone": point.zone,
        "uncovered_seconds": int(each.total("uncovered").total_seconds()),
        "doubtful_seconds": int(each.total("doubtful").total_seconds()),
        "stretches": [_stretch(stretch, zone=ZoneInfo(point.zone)) for stretch in each.stretches],
    }


def _stretch(stretch: Stretch, *, zone: ZoneInfo) -> StretchOut:
    return {
        "starts_at": write_instant(stretch.starts_at),
        "ends_at": write_instant(stretch.ends_at),
        "starts_local": stretch.starts_at.astimezone(zone).isoformat(),
        "ends_local": stretch.ends_at.astimezone(zone).isoformat(),
        "level": stretch.level,
        "reasons": list(stretch.reasons),
        "officers": list(stretch.officers),
    }


def routes() -> list[Route]:
    """Return the addresses of this file."""
    return [Route("/v1/cover", cover, methods=["GET"])]
