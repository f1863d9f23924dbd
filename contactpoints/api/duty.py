"""Who answers now, for every Party or for one: as JSON or in words."""

from typing import get_args

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from contactpoints.actions.duty import duty
from contactpoints.api.bodies import listed
from contactpoints.api.identity import caller
from contactpoints.api.queries import Asked, in_form, party_code
from contactpoints.rules.board import clock_of, duty_json, duty_out
from contactpoints.rules.board_text import text
from contactpoints.rules.promptness import NOTHING
from contactpoints.runtime import Runtime
from schemas.access import Role
from schemas.duty import DutyList
from schemas.openapi import Operation

MEDIA = {"json": "application/json", "text": "text/plain"}

DUTY = tuple(
    Operation(
        "get",
        path,
        f"Who answers now, {whom}",
        name,
        "directory",
        responses={200: DutyList},
        problems=(422,),
        parameters=(in_form(MEDIA),),
        roles=get_args(Role),
        media=tuple(MEDIA.values()),
        description=(
            "Of each duty post who is on duty by function, in which languages, how well proven, until when and who "
            "follows; whether it is night or a holiday there, and how fast emergencies were acknowledged at such an "
            "hour. Never a name or a number. As plain text it is in the language of the key."
        ),
    )
    for path, whom, name in (
        ("/v1/duty", "for every Party", "duty"),
        ("/v1/duty/{party}", "for one Party", "duty_of_party"),
    )
)
"""What this file can do, for the list of all operations."""


async def tell(runtime: Runtime, request: Request) -> Response:
    """Tell who answers now."""
    actor = await caller(runtime, request)
    asked, party = Asked(request), request.path_params.get("party")
    now, form = runtime.now(), asked.form(MEDIA)
    asked.sound()
    narrow = None if party is None else party_code(party)
    found, medians = await duty(runtime.db, now=now, tools=runtime.tools, party=narrow)
    clocks = {zone: clock_of(zone, now) for zone in {each.point.zone for each in found}}
    clocked = ((each, clocks[each.point.zone]) for each in found)
    known = [(each, clock, medians[each.point.id].get(clock.hours, NOTHING)) for each, clock in clocked]
    if form == "json":
        return listed(duty_json(each, clock, promptness=fast) for each, clock, fast in known)
    told = [duty_out(each, clock, promptness=fast) for each, clock, fast in known]
    written = await runtime.tools.threads.short(text, runtime.tools.words[actor.language], told, now=now)
    return Response(written, media_type=MEDIA[form], headers={"Vary": "Accept"})


def routes() -> list[Route]:
    """Return the addresses of this file."""
    return [Route(each.path, tell, methods=["GET"]) for each in DUTY]
