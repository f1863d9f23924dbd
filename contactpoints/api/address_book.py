"""The directory to take along, for machines: contact points as vCards."""

from functools import partial
from typing import get_args
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from contactpoints.actions.address_book import card_of
from contactpoints.api.identity import caller
from contactpoints.api.queries import entry_number
from contactpoints.runtime import Runtime
from schemas.access import Role
from schemas.openapi import Operation

CARD = Operation(
    "get",
    "/v1/contact-points/{id}/vcard",
    "Read a contact point as a vCard, for address books",
    "read_vcard",
    "files",
    responses={200: str},
    roles=get_args(Role),
    media=("text/vcard",),
    description=(
        "vCard 4.0 (RFC 6350): name, function, languages, zone, capabilities and keys of the contact point. To its own "
        "house, the secretariat and auditors a card of each officer follows, with the channels that are in use."
    ),
)


async def card(runtime: Runtime, request: Request) -> Response:
    """Tell a contact point and, to its own house, its officers."""
    actor = await caller(runtime, request)
    number = entry_number(request)
    host = urlsplit(runtime.settings.public_url).hostname or "localhost"
    made = await card_of(runtime.db, number, actor=actor, host=host, tools=runtime.tools)
    named = {"Content-Disposition": f'attachment; filename="contact-point-{number}.vcf"', "Cache-Control": "no-store"}
    return Response(made, media_type="text/vcard; charset=utf-8", headers=named)


def routes(runtime: Runtime) -> list[Route]:
    """Return the routes of this file."""
    return [Route(CARD.path, partial(card, runtime), methods=["GET"])]
