"""Only in a rehearsal: reading what was "sent", and answering as an officer's telephone would."""

from datetime import datetime
from typing import Annotated

from pydantic import StringConstraints
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from contactpoints.actions import delivery, replies
from contactpoints.api.bodies import json_body
from contactpoints.api.queries import Asked
from contactpoints.rules.alerts import moment
from contactpoints.runtime import Runtime
from schemas.fields import Shape
from schemas.reading import read

_MOST, _USUAL = 500, 200


class Text(Shape):
    """An SMS that somebody sends to the service."""

    sender: Annotated[str, StringConstraints(max_length=32)]
    text: Annotated[str, StringConstraints(max_length=2000)]


async def messages(runtime: Runtime, request: Request) -> Response:
    """Show messages with their words, the newest first."""
    asked = Asked(request)
    most, before = asked.number("limit", least=1, most=_MOST) or _USUAL, asked.number("cursor")
    asked.sound()
    rows = await delivery.show_latest(runtime.db, tools=runtime.tools, before=before, most=most)
    items = [{name: _plain(value) for name, value in row.items()} for row in rows]
    following = str(items[-1]["id"]) if len(items) == most else None
    return JSONResponse({"items": items, "next_cursor": following})


def _plain(value: object) -> object:
    return moment(value) if isinstance(value, datetime) else value


async def reply(runtime: Runtime, request: Request) -> Response:
    """Take an SMS as a gateway's webhook would: keep it sealed, answer, read it after."""
    raw = await json_body(request)
    received_at = runtime.now()
    read(Text, raw)
    await replies.receive_rehearsed(runtime.db, raw=raw, now=received_at, tools=runtime.tools)
    runtime.bell.ring("inbound")
    return Response(status_code=204)


def routes() -> list[Route]:
    """Return the addresses of this file, which only a rehearsal has."""
    return [
        Route("/rehearsal/messages", messages, methods=["GET"]),
        Route("/rehearsal/replies", reply, methods=["POST"]),
    ]
