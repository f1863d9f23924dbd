"""The directory to take along, on pages: the signed booklet, and where it is written out as a file."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from contactpoints.actions import auditing
from contactpoints.actions.address_book import book_of
from contactpoints.console.directory import HERE
from contactpoints.console.forms import fields_of, raw_form, shaped
from contactpoints.console.rendering import HEADERS
from contactpoints.console.session import refused, somebody
from contactpoints.console.shell import desk
from contactpoints.paper.copies import PURPOSE, copy_of, seal_with
from contactpoints.rules.access import Actor, reads_entries_of, sees_network
from contactpoints.rules.refusals import Invalid
from contactpoints.runtime import Runtime
from schemas.address_book import AddressBook
from schemas.faults import BadInput, Fault

_COPY = f"{HERE}/copy"


def _shown(runtime: Runtime, request: Request, *, actor: Actor, party: str, faults: tuple[Fault, ...] = ()) -> Response:
    return desk(
        runtime,
        request,
        template="directory_copy.html",
        actor=actor,
        here="directory",
        status=422 if faults else 200,
        typed={"party": party},
        faults=faults,
        inside=sees_network(actor) or reads_entries_of(actor, actor.party),
    )


async def ask(runtime: Runtime, request: Request) -> Response:
    """Ask for which Party the copy shall be, and whether it is encrypted."""
    actor = await somebody(runtime, request)
    party = request.query_params.get("party", "")
    return _shown(runtime, request, actor=actor, party=party if party.isalpha() and len(party) == 2 else "")


async def make(runtime: Runtime, request: Request) -> Response:
    """Make the PDF, beside the alerts."""
    fields = fields_of(await raw_form(request))
    actor, now = await somebody(runtime, request), runtime.now()
    party, public_url = fields.get("party", "").strip().upper(), runtime.settings.public_url
    try:
        asked = shaped(AddressBook, party=party or None, password=fields.get("password") or None)
        houses = await book_of(runtime.db, actor=actor, now=now, party=asked.party)
    except (Invalid, BadInput) as refusal:
        refused(request, refusal)
        return _shown(runtime, request, actor=actor, party=party, faults=refusal.faults)
    made = await runtime.tools.threads.long(
        copy_of,
        houses,
        seal=seal_with(runtime.tools.keyring.derived(PURPOSE), public_url),
        actor=actor,
        password=asked.password,
        now=now,
        public_url=public_url,
        words=runtime.tools.words[actor.language],
    )
    await auditing.note(runtime.db, now=now, told={"party": asked.party})
    named = {"Content-Disposition": 'attachment; filename="contact-points.pdf"'}
    return Response(made, media_type="application/pdf", headers={**HEADERS, **named})


def routes() -> list[Route]:
    """Return the addresses of this file."""
    return [Route(_COPY, ask, methods=["GET"]), Route(_COPY, make, methods=["POST"])]
