"""Only in a rehearsal: every SMS, call and mail "sent", and answering an SMS as that telephone would."""

import json

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from contactpoints.actions import delivery, replies
from contactpoints.console.forms import fields_of, raw_form, whole_number
from contactpoints.console.rendering import HEADERS, language_of, page
from contactpoints.rules.refusals import NotFound
from contactpoints.runtime import Runtime

_MOST = 100
_DIGITS = 16


async def show(runtime: Runtime, request: Request) -> Response:
    """Show messages with their words: the newest, or those before message ``before``."""
    before = whole_number(request, "before")
    messages = await delivery.show_latest(runtime.db, tools=runtime.tools, before=before, most=_MOST)
    older = messages[-1]["id"] if len(messages) == _MOST else None
    return page(
        "rehearsal.html",
        language=language_of(request),
        rehearsal=True,
        messages=messages,
        now=runtime.now(),
        answer=True,
        before=before,
        still=before is not None or "still" in request.query_params,
        older=older,
    )


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < _DIGITS else None


async def _asked(runtime: Runtime, request: Request) -> dict[str, object]:
    number = _number(request.path_params["message"])
    if number is not None:
        found = await delivery.show_latest(runtime.db, tools=runtime.tools, before=number + 1, most=1)
        if found and (found[0]["id"], found[0]["kind"]) == (number, "sms"):
            return found[0]
    raise NotFound("There is no such message.")


async def ask(runtime: Runtime, request: Request) -> Response:
    """Show one SMS, with room for an answer. This page stands still, so that nothing typed is lost."""
    each = await _asked(runtime, request)
    return page(
        "rehearsed_answer.html",
        language=language_of(request),
        rehearsal=True,
        each=each,
        answer=False,
        now=runtime.now(),
    )


async def answer(runtime: Runtime, request: Request) -> Response:
    """Take an answer as a gateway's webhook would: keep it sealed first; it is read after."""
    text = fields_of(await raw_form(request)).get("text", "")
    received_at = runtime.now()
    each = await _asked(runtime, request)
    raw = json.dumps({"sender": each["address"], "text": text}).encode()
    await replies.receive_rehearsed(runtime.db, raw=raw, now=received_at, tools=runtime.tools)
    runtime.bell.ring("inbound")
    return RedirectResponse("/rehearsal", status_code=303, headers=HEADERS)


def routes() -> list[Route]:
    """Return the addresses of this file, which only a rehearsal has."""
    return [
        Route("/rehearsal", show, methods=["GET"]),
        Route("/rehearsal/{message}", ask, methods=["GET"]),
        Route("/rehearsal/{message}", answer, methods=["POST"]),
    ]
