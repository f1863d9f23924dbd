"""The directory to take along: contact points as vCards, and all of them as a signed PDF for the drawer."""

from typing import get_args

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from contactpoints.actions import auditing
from contactpoints.actions.address_book import book_of, card_of
from contactpoints.api.bodies import json_body
from contactpoints.api.identity import caller
from contactpoints.api.queries import entry_number
from contactpoints.paper import copies
from contactpoints.paper.copies import PURPOSE, copy_of, host_of, seal_with
from contactpoints.paper.signing import Seal
from contactpoints.runtime import Runtime
from schemas.access import Role
from schemas.address_book import AddressBook
from schemas.openapi import Operation
from schemas.partly import read_partly

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
        "house, the secretariat and auditors a card of each officer follows, with the channels that are in use; "
        "a note names those that were not proven lately, or that wait for a second person."
    ),
)


BOOK = Operation(
    "post",
    "/v1/address-book",
    "Print the directory as a signed PDF, for the drawer of the desk",
    "print_directory",
    "files",
    request=AddressBook,
    responses={200: str},
    problems=(400, 403, 413, 415, 422),
    roles=get_args(Role),
    media=("application/pdf",),
    examples={"encrypted": {"party": "FR", "password": "seven blue herons"}},
    description=(
        "A4, by Party: function, institution, zone, languages, what it does; officers and their channels for those who "
        "may know them. It says as of when it is and until when it is good, and with which fingerprint it is signed. "
        "With a `password` it is encrypted (AES-256)."
    ),
)
CERTIFICATE = Operation(
    "get",
    copies.CERTIFICATE,
    "Read the certificate by which what is printed is signed",
    "read_certificate",
    "files",
    responses={200: str},
    media=("application/x-pem-file",),
    description="To be compared with the fingerprint on paper. It changes when the first key of the keyring does.",
)


async def card(runtime: Runtime, request: Request) -> Response:
    """Tell a contact point and, to its own house, its officers."""
    actor = await caller(runtime, request)
    number = entry_number(request)
    host = host_of(runtime.settings.public_url)
    made = await card_of(runtime.db, number, actor=actor, host=host, now=runtime.now(), tools=runtime.tools)
    named = {"Content-Disposition": f'attachment; filename="contact-point-{number}.vcf"'}
    return Response(made, media_type="text/vcard; charset=utf-8", headers=named)


async def printed(runtime: Runtime, request: Request) -> Response:
    """Make the PDF, when nothing else is read, beside the alerts."""
    actor = await caller(runtime, request)
    asked, faults = read_partly(AddressBook, await json_body(request))
    houses = await book_of(runtime.db, actor=actor, now=runtime.now(), party=asked.party, faults=faults)
    made = await runtime.tools.threads.long(
        copy_of,
        houses,
        seal=_seal(runtime),
        actor=actor,
        password=asked.password,
        now=runtime.now(),
        public_url=runtime.settings.public_url,
        words=runtime.tools.words[actor.language],
    )
    await auditing.note(runtime.db, now=runtime.now(), told={"party": asked.party})
    named = {"Content-Disposition": 'attachment; filename="contact-points.pdf"'}
    return Response(made, media_type="application/pdf", headers=named)


def _seal(runtime: Runtime) -> Seal:
    return seal_with(runtime.tools.keyring.derived(PURPOSE), runtime.settings.public_url)


async def certificate(runtime: Runtime, _: Request) -> Response:
    """Tell by which certificate what is printed is signed."""
    return Response(_seal(runtime).pem, media_type="application/x-pem-file")


def routes() -> list[Route]:
    """Return the routes of this file."""
    return [
        Route(CARD.path, card, methods=["GET"]),
        Route(BOOK.path, printed, methods=["POST"]),
        Route(CERTIFICATE.path, certificate, methods=["GET"]),
    ]
