"""The pages where the administration begins: what waits, the roles in words, and whether alerts take two persons."""

from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from contactpoints.actions import administration, two_persons
from contactpoints.console import accounts, audit_log, health, keys
from contactpoints.console.administering import HERE, asked, keeper, shown, status_of, told
from contactpoints.console.forms import fields_of, raw_form
from contactpoints.console.session import go
from contactpoints.rules.access import Actor, keeps_two_persons_of
from contactpoints.rules.refusals import Refusal, TooFewPersons
from contactpoints.rules.wording_roles import ROLES
from contactpoints.runtime import Runtime

_TWO = f"{HERE}/two-persons"


async def start(runtime: Runtime, request: Request) -> Response:
    """Tell what waits for whoever administers, and what there is."""
    actor = await keeper(runtime, request)
    waits = await administration.waiting(runtime.db, actor=actor, now=runtime.now())
    return shown(runtime, request, template="administration.html", actor=actor, waits=waits)


async def roles(runtime: Runtime, request: Request) -> Response:
    """Tell in words what each role may do."""
    return shown(runtime, request, template="roles.html", actor=await keeper(runtime, request), roles=ROLES)


async def show_two(runtime: Runtime, request: Request) -> Response:
    """Show whether the alerts of a Party take two persons, and who there are."""
    return await _two(runtime, request, actor=await keeper(runtime, request))


async def _two(runtime: Runtime, request: Request, *, actor: Actor, said: str = "") -> Response:
    parties = await administration.parties(runtime.db, actor=actor)
    chosen = actor.party or next((code for code, _ in parties if code == asked(request, "party")), None)
    standing: Mapping[str, Any] | None = None
    if chosen is not None:
        standing = await two_persons.read(runtime.db, chosen, actor=actor, now=runtime.now())
    return shown(
        runtime,
        request,
        template="two_persons.html",
        actor=actor,
        status=status_of(said),
        parties=parties,
        standing=standing,
        mine=chosen is not None and keeps_two_persons_of(actor, chosen),
        said=said or asked(request, "said"),
    )


async def switch(runtime: Runtime, request: Request) -> Response:
    """Ask for two persons in the own Party, or for one again."""
    fields = fields_of(await raw_form(request))
    actor = await keeper(runtime, request, fresh=True)
    required = fields.get("required") == "yes"
    try:
        await two_persons.switch(
            *(runtime.db, actor.party or ""), required=required, actor=actor, now=runtime.now(), tools=runtime.tools
        )
    except Refusal as refusal:
        word, _ = told(request, refusal)
        return await _two(runtime, request, actor=actor, said="too_few" if isinstance(refusal, TooFewPersons) else word)
    return go(f"{_TWO}?said={'two' if required else 'one'}_person{'s' if required else ''}")


def routes() -> list[Route]:
    """Return the addresses of the administration."""
    return [
        Route(HERE, start, methods=["GET"]),
        Route(f"{HERE}/roles", roles, methods=["GET"]),
        Route(_TWO, show_two, methods=["GET"]),
        Route(_TWO, switch, methods=["POST"]),
        *accounts.routes(),
        *keys.routes(),
        *health.routes(),
        *audit_log.routes(),
    ]
