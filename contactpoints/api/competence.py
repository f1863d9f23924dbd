"""Whom to turn to at a Party for a request of some kind, for machines."""

from typing import get_args

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from contactpoints.actions.competence import competence
from contactpoints.api.identity import caller
from contactpoints.api.queries import query
from contactpoints.runtime import Runtime
from schemas.access import Role
from schemas.competence import CompetenceOut, CompetenceQuery
from schemas.openapi import Operation, Parameter
from schemas.requests import REQUEST_KINDS, Urgency

COMPETENCE = Operation(
    "get",
    "/v1/competence",
    "Whom to turn to at a Party",
    "competence",
    "directory",
    responses={200: CompetenceOut},
    problems=(422,),
    parameters=(
        Parameter(
            "party",
            "The Party that is asked.",
            "query",
            required=True,
            schema={"type": "string", "pattern": "^[A-Z]{2}$", "examples": ["FR"]},
        ),
        Parameter("kind", "For what.", "query", required=True, schema={"type": "string", "enum": [*REQUEST_KINDS]}),
        Parameter("territory", "For a territory of the Party.", "query"),
        Parameter("language", "In this language.", "query", schema={"type": "string", "examples": ["fr"]}),
        Parameter(
            "urgency",
            "What is `normal` waits for working hours; without it, an emergency.",
            "query",
            schema={"type": "string", "enum": list(get_args(Urgency))},
        ),
        Parameter(
            "at",
            "At this instant; without it, now. What was changed for a while and ended 50 days ago is not counted.",
            "query",
            schema={"type": "string", "format": "date-time"},
        ),
    ),
    roles=get_args(Role),
    description=(
        "Who is competent, answers at that time and speaks the language, the best first, each with the reasons for "
        "its rank, in the language of the key; never a name or a number. The order is advice: an alert is addressed by "
        "Party and territory alone, to the contact point that is marked, and `called_first` is whom it would call.\n\n"
        "As in `/v1/competence?party=FR&kind=emergency_disclosure&language=fr`."
    ),
)
"""What this file can do, for the list of all operations."""


async def tell(runtime: Runtime, request: Request) -> Response:
    """Tell whom to turn to."""
    actor = await caller(runtime, request)
    asked = query(request, CompetenceQuery)
    told = await competence(runtime.db, asked=asked, language=actor.language, now=runtime.now(), tools=runtime.tools)
    return JSONResponse(told)


def routes() -> list[Route]:
    """Return the route of whom to turn to."""
    return [Route(COMPETENCE.path, tell, methods=["GET"])]
