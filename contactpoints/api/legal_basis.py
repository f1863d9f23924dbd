"""On which legal basis one Party may ask another, for machines."""

from typing import get_args

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from contactpoints.actions.legal_basis import legal_basis
from contactpoints.api.identity import caller
from contactpoints.api.queries import query
from contactpoints.runtime import Runtime
from schemas.access import Role
from schemas.legal_basis import LegalBasisOut, LegalBasisQuery
from schemas.openapi import Operation, Parameter
from schemas.requests import REQUEST_KINDS

_PARTY = {"type": "string", "pattern": "^[A-Z]{2}$"}
_KIND = {"type": "string", "enum": [*REQUEST_KINDS]}
_DAY = {"type": "string", "format": "date", "examples": ["2026-11-26"]}

LEGAL_BASIS = Operation(
    "get",
    "/v1/legal-basis",
    "On which legal basis one Party may ask another",
    "legal_basis",
    "directory",
    responses={200: LegalBasisOut},
    problems=(422,),
    parameters=(
        Parameter("from", "The Party that asks.", "query", required=True, schema=_PARTY | {"examples": ["US"]}),
        Parameter("to", "The Party that is asked.", "query", required=True, schema=_PARTY | {"examples": ["FR"]}),
        Parameter("kind", "What it is asked for.", "query", required=True, schema=_KIND),
        Parameter("territory", "The territory of the requested Party that is meant; without it, none.", "query"),
        Parameter("on", "The day for which it is asked; without it, today (UTC).", "query", schema=_DAY),
    ),
    roles=get_args(Role),
    description=(
        "Every instrument that the kind may cite: its articles and what they allow, whether it binds both on that day, "
        "why not, what the requested Party declared; and what to ask instead. It warns and refuses nothing.\n\n"
        "As in `/v1/legal-basis?from=US&to=FR&kind=emergency_disclosure&on=2026-11-26`."
    ),
)
"""What this file can do, for the list of all operations."""


async def tell(runtime: Runtime, request: Request) -> Response:
    """Tell on what a request from one Party to another may rest on a day."""
    await caller(runtime, request)
    asked = query(request, LegalBasisQuery)
    return JSONResponse(await legal_basis(runtime.db, asked=asked, today=runtime.now().date()))


def routes() -> list[Route]:
    """Return the address of this file."""
    return [Route("/v1/legal-basis", tell, methods=["GET"])]
