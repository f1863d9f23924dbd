"""The pages of the service itself: how it is, its gateways with a test, and its settings as they are in force."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from contactpoints.actions import gateways, health, weaknesses
from contactpoints.console.administering import HERE, asked, keeper, shown, status_of, told
from contactpoints.console.forms import fields_of, raw_form
from contactpoints.console.session import go
from contactpoints.rules.access import Actor, sees_network
from contactpoints.rules.refusals import AskedJustNow, NotFound, Refusal
from contactpoints.rules.weaknesses import of_setup, of_stored, worst_first
from contactpoints.runtime import Runtime
from contactpoints.set_up import in_force, setup_of
from contactpoints.settings import PREFIX

_HEALTH = f"{HERE}/health"
_TEST = f"{_HEALTH}/test"


async def show(runtime: Runtime, request: Request) -> Response:
    """Show how the service is."""
    return await _shown(runtime, request, actor=await keeper(runtime, request))


async def _shown(runtime: Runtime, request: Request, *, actor: Actor, said: str = "") -> Response:
    found = await health.read(runtime.db, actor=actor, now=runtime.now(), tools=runtime.tools)
    return shown(
        runtime,
        request,
        template="health.html",
        actor=actor,
        at="health",
        status=status_of(said),
        said=said or asked(request, "said"),
        health=found,
        bell=runtime.bell.connected,
        off=runtime.clock.offset.total_seconds(),
        embedded=not runtime.settings.database_url,
        tries=gateways.may_test(actor),
        once=runtime.tools.entropy(16).hex(),
    )


async def test(runtime: Runtime, request: Request) -> Response:
    """Send a test to whoever asks, by one gateway."""
    fields = fields_of(await raw_form(request))
    actor = await keeper(runtime, request)
    try:
        gateway = fields.get("gateway", "")
        await gateways.try_out(
            runtime.db, gateway, actor=actor, now=runtime.now(), tools=runtime.tools, once=fields.get("once", "")
        )
    except Refusal as refusal:
        word, _ = told(request, refusal)
        just_now = isinstance(refusal, AskedJustNow)
        return await _shown(runtime, request, actor=actor, said="just_now" if just_now else word)
    return go(f"{_HEALTH}?said=tested")


async def show_settings(runtime: Runtime, request: Request) -> Response:
    """Show the settings of this process, never a secret, and what is weak, as `contactpoints check` names it."""
    actor = await keeper(runtime, request)
    if not sees_network(actor):
        raise NotFound("The settings are for those who look at the whole service.")
    stored = await weaknesses.ask(
        runtime.db,
        now=runtime.now(),
        clock_off=-runtime.clock.offset,
        keyring=runtime.settings.keyring,
        pepper=runtime.settings.pin_pepper,
        here=not runtime.settings.database_url,
    )
    found = worst_first([*of_setup(setup_of(runtime.settings)), *of_stored(stored)])
    return shown(
        runtime,
        request,
        template="settings.html",
        actor=actor,
        at="settings",
        told=in_force(runtime.settings),
        weak=found,
        prefix=PREFIX,
    )


async def _back(_runtime: Runtime, _request: Request) -> Response:
    """Lead from the address of the test, opened again, to the page."""
    return go(_HEALTH)


def routes() -> list[Route]:
    """Return the addresses of this file."""
    return [
        Route(_HEALTH, show, methods=["GET"]),
        Route(_TEST, _back, methods=["GET"]),
        Route(_TEST, test, methods=["POST"]),
        Route(f"{HERE}/settings", show_settings, methods=["GET"]),
    ]
