"""The pages behind one-time links: setting a PIN, and verifying an e-mail address. Opening them changes nothing."""

from functools import partial

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from contactpoints.actions import mail_links, proving
from contactpoints.console.forms import fields_of, raw_form
from contactpoints.console.rendering import HEADERS, page
from contactpoints.rules.refusals import Invalid
from contactpoints.runtime import Runtime
from schemas.faults import Fault

_LONGEST = 40
_TEMPLATES = {"pin": "set_pin.html", "address": "confirm_address.html"}


async def _shown(
    runtime: Runtime, request: Request, *, purpose: str, faults: tuple[Fault, ...] = (), code: str = ""
) -> Response:
    token, now = request.path_params["token"], runtime.now()
    link = await mail_links.find(runtime.db, token=token, purpose=purpose, now=now)
    return page(
        _TEMPLATES[purpose],
        language=link["language"],
        rehearsal=runtime.settings.rehearsal,
        status=422 if faults else 200,
        link=link,
        now=now,
        path=request.url.path,
        faults=faults,
        code=code,
    )


async def show(runtime: Runtime, request: Request, *, purpose: str) -> Response:
    """Show the form, or that the link was used, and when."""
    return await _shown(runtime, request, purpose=purpose)


async def set_pin(runtime: Runtime, request: Request) -> Response:
    """Take the new PIN."""
    fields = fields_of(await raw_form(request))
    token, code, now = request.path_params["token"], fields.get("code", "")[:_LONGEST], runtime.now()
    pin, again = fields.get("pin", "").strip(), fields.get("again", "").strip()
    try:
        await mail_links.set_pin(runtime.db, token=token, code=code, pin=pin, again=again, now=now, tools=runtime.tools)
    except Invalid as invalid:
        return await _shown(runtime, request, purpose="pin", faults=invalid.faults, code=code)
    return RedirectResponse(request.url.path, status_code=303, headers=HEADERS)


async def confirm_address(runtime: Runtime, request: Request) -> Response:
    """Take the confirmation."""
    code = fields_of(await raw_form(request)).get("code", "")[:_LONGEST]
    try:
        await proving.by_link(runtime.db, token=request.path_params["token"], code=code, now=runtime.now())
    except Invalid as invalid:
        return await _shown(runtime, request, purpose="address", faults=invalid.faults, code=code)
    return RedirectResponse(request.url.path, status_code=303, headers=HEADERS)


def routes() -> list[Route]:
    """Return the addresses of this file."""
    return [
        Route("/pin/{token}", partial(show, purpose="pin"), methods=["GET"]),
        Route("/pin/{token}", set_pin, methods=["POST"]),
        Route("/address/{token}", partial(show, purpose="address"), methods=["GET"]),
        Route("/address/{token}", confirm_address, methods=["POST"]),
    ]
