"""The page behind the link of a handover's mail: whoever comes on duty confirms it. Opening it changes nothing.

It asks for the code that stands in the mail, which a machine that presses every button has not read.
"""

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from contactpoints.actions import handovers
from contactpoints.console.forms import fields_of, raw_form
from contactpoints.console.rendering import HEADERS, page
from contactpoints.rules.refusals import Invalid
from contactpoints.runtime import Runtime
from schemas.faults import Fault

_LONGEST = 40


async def _shown(runtime: Runtime, request: Request, *, faults: tuple[Fault, ...] = (), code: str = "") -> Response:
    now = runtime.now()
    found, standing = await handovers.find(runtime.db, token=request.path_params["token"], now=now)
    return page(
        "handover.html",
        language=found["language"],
        rehearsal=runtime.settings.rehearsal,
        status=422 if faults else 200,
        handover=found,
        standing=standing,
        now=now,
        path=request.url.path,
        faults=faults,
        code=code,
    )


async def show(runtime: Runtime, request: Request) -> Response:
    """Show the form, or how the handover stands."""
    return await _shown(runtime, request)


async def confirm(runtime: Runtime, request: Request) -> Response:
    """Take the read-back."""
    code = fields_of(await raw_form(request)).get("code", "")[:_LONGEST]
    try:
        await handovers.confirm(runtime.db, token=request.path_params["token"], code=code, now=runtime.now())
    except Invalid as invalid:
        return await _shown(runtime, request, faults=invalid.faults, code=code)
    return RedirectResponse(request.url.path, status_code=303, headers=HEADERS)


def routes() -> list[Route]:
    """Return the addresses of this file."""
    return [
        Route("/handover/{token}", show, methods=["GET"]),
        Route("/handover/{token}", confirm, methods=["POST"]),
    ]
