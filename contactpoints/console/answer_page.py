"""The page behind the link in an alert: shows what it is about, and takes the PIN.

The link holds a token that opens the page and nothing else. Opening it, in whatever way, changes nothing; it takes a
form with the PIN in it, which is in no message, so that no scanner, script or preview can acknowledge.
"""

import secrets
from contextlib import suppress

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from contactpoints.actions import answer_page
from contactpoints.console.forms import fields_of, raw_form
from contactpoints.console.rendering import HEADERS, page
from contactpoints.console.session import refused
from contactpoints.rules.addresses_of_callers import address_of_client
from contactpoints.rules.answer_page import AnswerPage, goes_on_at, looks_automated, read_typed, standing
from contactpoints.rules.refusals import Forbidden, Refusal
from contactpoints.runtime import Runtime
from contactpoints.store.database import DatabaseFault
from schemas.acknowledgements import COUNTED

# What an engine took meanwhile, since it lay here for long, is told by the page as it stands.
_TAKEN = (*COUNTED, "done")
_DECLINED = ("declined", "already_taken", "repeated", "done")


def _shown(
    runtime: Runtime,
    request: Request,
    *,
    found: AnswerPage,
    said: str = "",
    status: int = 200,
    declines: bool = False,
    outcome: str = "",
) -> Response:
    """Return the page; ``outcome``: what came of calling back, which was not written down yet."""
    now = runtime.now()
    return page(
        "answer_page.html",
        language=found.language,
        rehearsal=runtime.settings.rehearsal,
        status=status,
        page=found,
        standing=standing(found),
        answer_by=found.answer_by,
        now=now,
        goes_on_at=goes_on_at(found, now),
        path=_above(request),
        once=secrets.token_hex(8),
        said=said,
        declines=declines,
        outcome=outcome,
    )


async def show(runtime: Runtime, request: Request) -> Response:
    """Show the page. That it was opened is noted; if that cannot be noted, the officer sees the page all the same."""
    found = await answer_page.find(runtime.db, token=request.path_params["token"])
    asked = request.headers
    purpose = " ".join(asked.get(name, "") for name in ("Sec-Purpose", "Purpose", "X-Purpose", "X-Moz"))
    automated = looks_automated(method=request.method, purpose=purpose, agent=asked.get("User-Agent", ""))
    with suppress(Refusal, DatabaseFault):
        await answer_page.note_opening(runtime.db, found, automated=automated, now=runtime.now())
    return _shown(runtime, request, found=found)


async def answer(runtime: Runtime, request: Request, *, declines: bool = False) -> Response:
    """Take the form. One without anything that could be a PIN is a slip of the finger, or a machine's: asked again."""
    form = await raw_form(request)
    received_at = runtime.now()
    found = await answer_page.find(runtime.db, token=request.path_params["token"])
    fields = fields_of(form)
    typed = read_typed(fields.get("pin", ""))
    if typed.pin is None and (found.pin_required or not typed.codes):
        return _shown(runtime, request, found=found, said="add_your_pin", status=422, declines=declines)
    outcome = await answer_page.answer(
        runtime.db,
        found,
        form=form,
        once=fields.get("once", "")[:32] or None,
        received_at=received_at,
        now=runtime.now(),
        tools=runtime.tools,
        check_pin=runtime.check_pin,
        declines=declines,
    )
    if outcome in (_DECLINED if declines else _TAKEN):
        return RedirectResponse(_above(request), status_code=303, headers=HEADERS)
    now_there = await answer_page.find(runtime.db, token=request.path_params["token"])
    return _shown(runtime, request, found=now_there, said=outcome, status=422, declines=declines)


async def decline(runtime: Runtime, request: Request) -> Response:
    """Take the other form: the officer cannot take it, and says so by the same PIN."""
    return await answer(runtime, request, declines=True)


async def read_request(runtime: Runtime, request: Request) -> Response:
    """Show the particulars to the officer who has acknowledged and types the PIN; the reading is recorded.

    And so is what came of calling back, where the form says so.
    """
    fields = fields_of(await raw_form(request))
    found = await answer_page.find(runtime.db, token=request.path_params["token"])
    request.state.alert = found.reference
    outcome, particulars = await answer_page.read_request(
        runtime.db,
        found,
        typed=fields.get("pin", ""),
        address=address_of_client(request.client),
        now=runtime.now(),
        tools=runtime.tools,
        check_pin=runtime.check_pin,
        outcome=fields.get("outcome", ""),
    )
    if particulars is None:
        if outcome != "add_your_pin":
            refused(request, Forbidden(f"The particulars were not shown: {outcome}."))
        return _shown(runtime, request, found=found, said=outcome, status=422, outcome=fields.get("outcome", ""))
    return page(
        "request.html",
        language=found.language,
        rehearsal=runtime.settings.rehearsal,
        page=found,
        request=particulars,
        path=_above(request),
        now=runtime.now(),
    )


def _above(request: Request) -> str:
    return request.url.path.removesuffix("/request").removesuffix("/decline")


async def _back(_runtime: Runtime, request: Request) -> Response:
    """The address of a form that was sent, opened again: back to the page, which asks for the PIN."""
    return RedirectResponse(_above(request), status_code=303, headers=HEADERS)


def routes() -> list[Route]:
    """Return the addresses of this file."""
    return [
        Route("/a/{token}", show, methods=["GET"]),
        Route("/a/{token}", answer, methods=["POST"]),
        Route("/a/{token}/decline", _back, methods=["GET"]),
        Route("/a/{token}/decline", decline, methods=["POST"]),
        Route("/a/{token}/request", _back, methods=["GET"]),
        Route("/a/{token}/request", read_request, methods=["POST"]),
    ]
