"""Searching the directory by words, for machines."""

from typing import get_args

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from contactpoints.actions.search import search
from contactpoints.api.identity import caller
from contactpoints.api.queries import query
from contactpoints.rules.folding import words
from contactpoints.rules.refusals import Invalid
from contactpoints.runtime import Runtime
from schemas.access import Role
from schemas.faults import Fault
from schemas.finding import MOST, FoundList, SearchQuery
from schemas.openapi import Operation, Parameter

_MOST_WORDS = 8
_LIMIT = {"type": "integer", "minimum": 1, "maximum": MOST, "default": 20, "examples": [20]}

SEARCH = Operation(
    "get",
    "/v1/search",
    "Search the directory by words",
    "search",
    "directory",
    responses={200: FoundList},
    problems=(422,),
    parameters=(
        Parameter(
            "q",
            f"Up to {_MOST_WORDS} words; all of them are looked for.",
            "query",
            required=True,
            schema={"type": "string", "maxLength": 200, "examples": ["france"]},
        ),
        Parameter("limit", "How many at most.", "query", schema=_LIMIT),
    ),
    roles=get_args(Role),
    description=(
        "Parties, contact points and duty posts; officers for their own house alone. Accents, case and one typing "
        "error are forgiven, and the beginning of a word is enough."
    ),
)
"""What this file can do, for the list of all operations."""


async def tell(runtime: Runtime, request: Request) -> Response:
    """Tell what answers the words, the best first."""
    actor = await caller(runtime, request)
    asked = query(request, SearchQuery)
    wanted = dict.fromkeys(words(asked.q))
    if not 1 <= len(wanted) <= _MOST_WORDS:
        raise Invalid([Fault("/query/q", "words", f"From 1 to {_MOST_WORDS} words.")])
    items, more = await search(runtime.db, list(wanted), actor=actor, most=asked.limit, tools=runtime.tools)
    return JSONResponse({"items": items, "more": more})


def routes() -> list[Route]:
    """Return the route of the search."""
    return [Route(SEARCH.path, tell, methods=["GET"])]
