"""What waits on pages: numbers that a second person has to approve, and addresses that want a proof."""

from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from contactpoints.actions import address_changes, entry_page, proofs, proving, waiting
from contactpoints.console.administering import cursor_of
from contactpoints.console.directory import HERE, entry_in, in_words, path_of, shown
from contactpoints.console.forms import fields_of, number_in, raw_form, shaped
from contactpoints.console.session import go, refused, somebody
from contactpoints.console.shell import desk
from contactpoints.rules.access import Actor, Role
from contactpoints.rules.refusals import (
    AskedJustNow,
    ChangeSettled,
    Invalid,
    NoOpenCode,
    NotFound,
    Refusal,
    SecondPersonNeeded,
    Unavailable,
)
from contactpoints.runtime import Runtime
from schemas.address_changes import AddressChangeRefusal
from schemas.faults import BadInput, Fault
from schemas.proofs import Confirmation

_APPROVALS = f"{HERE}/approvals"
_TOLD: dict[type[Refusal], str] = {
    ChangeSettled: "settled",
    SecondPersonNeeded: "second",
    AskedJustNow: "just_now",
    Unavailable: "away",
}


async def _waiting(
    runtime: Runtime,
    request: Request,
    *,
    actor: Actor,
    said: str = "",
    faults: tuple[Fault, ...] = (),
    typed: Mapping[str, str] | None = None,
) -> Response:
    cursor = cursor_of(request)
    changes, whose, further = await waiting.approvals(runtime.db, actor=actor, before=cursor or None)
    return desk(
        runtime,
        request,
        template="approvals.html",
        actor=actor,
        here="directory",
        status=422 if faults else 409 if said else 200,
        changes=changes,
        whose=whose,
        further=further,
        cursor=cursor,
        said=said or request.query_params.get("said", ""),
        acts=actor.role in (Role.ADMINISTRATOR, Role.SECRETARIAT),
        faults=faults,
        typed=typed or {},
        refusing=request.path_params.get("number", ""),
        once=runtime.tools.entropy(16).hex(),
        **in_words(runtime.tools.words[actor.language]),
    )


async def show(runtime: Runtime, request: Request) -> Response:
    """Show the changes of addresses that wait, with what each still lacks."""
    return await _waiting(runtime, request, actor=await somebody(runtime, request))


async def act(runtime: Runtime, request: Request, *, do: Callable[..., Awaitable[Any]], said: str) -> Response:
    """Approve or withdraw a change, or have another code sent."""
    actor, number = await somebody(runtime, request, fresh=True), number_in(request)
    try:
        await do(runtime.db, number, actor=actor, now=runtime.now(), tools=runtime.tools)
    except (ChangeSettled, SecondPersonNeeded, AskedJustNow, Unavailable) as refusal:
        refused(request, refusal)
        if not await _did(runtime, number, actor=actor, said=said):
            return await _waiting(runtime, request, actor=actor, said=_TOLD[type(refusal)])
    return go(f"{_APPROVALS}?said={said}")


async def _did(runtime: Runtime, number: int, *, actor: Actor, said: str, why: str | None = None) -> bool:
    """Say whether a change stands so because the actor has done the same to it before: a form came twice."""
    change = await address_changes.read(runtime.db, number, actor=actor)
    if said == "approved":
        return change["approved_by"] == actor.number and change["state"] in ("pending", "active")
    return (change["state"], change["settled_by"], change["settled_why"]) == (said, actor.number, why)


async def ask_again(runtime: Runtime, request: Request) -> Response:
    """Send another code to the address that a change would bring."""
    once = fields_of(await raw_form(request)).get("once", "")
    return await act(runtime, request, do=partial(address_changes.ask_again, once=once), said="asked")


async def refuse(runtime: Runtime, request: Request) -> Response:
    """Refuse a change, for a reason."""
    fields = fields_of(await raw_form(request))
    actor, number = await somebody(runtime, request, fresh=True), number_in(request)
    try:
        why = shaped(AddressChangeRefusal, reason=fields.get("reason", "")).reason
        await address_changes.end(
            *(runtime.db, number), state="refused", why=why, actor=actor, now=runtime.now(), tools=runtime.tools
        )
    except BadInput as refusal:
        refused(request, refusal)
        return await _waiting(runtime, request, actor=actor, faults=refusal.faults, typed=fields)
    except (ChangeSettled, SecondPersonNeeded) as refusal:
        refused(request, refusal)
        if not await _did(runtime, number, actor=actor, said="refused", why=why):
            return await _waiting(runtime, request, actor=actor, said=_TOLD[type(refusal)], typed=fields)
    return go(f"{_APPROVALS}?said=refused")


async def due(runtime: Runtime, request: Request) -> Response:
    """Show the addresses for which nobody vouches any more, or soon nobody does."""
    actor, skip = await somebody(runtime, request), cursor_of(request)
    channels, many = await waiting.proofs_due(runtime.db, actor=actor, now=runtime.now(), skip=skip)
    shown_up_to = skip + len(channels)
    return desk(
        runtime,
        request,
        template="proofs_due.html",
        actor=actor,
        here="directory",
        channels=channels,
        many=many,
        further=shown_up_to if shown_up_to < many else 0,
        acts=actor.role in (Role.ADMINISTRATOR, Role.SECRETARIAT),
        once=runtime.tools.entropy(16).hex(),
        **in_words(runtime.tools.words[actor.language]),
    )


async def _channel(runtime: Runtime, request: Request, *, actor: Actor) -> tuple[int, entry_page.Looked]:
    kind, key = entry_in(request)
    if kind != "channels":
        raise NotFound("There is no such entry.")
    looked = await entry_page.look(runtime.db, kind, actor=actor, key=key)
    if not looked.keeps:
        raise NotFound("There is no such entry.")
    return int(key), looked


async def ask_proof(runtime: Runtime, request: Request) -> Response:
    """Send a code to the address of a channel: a text, a call, or a mail with a link."""
    once = fields_of(await raw_form(request)).get("once", "")
    actor = await somebody(runtime, request)
    number, _ = await _channel(runtime, request, actor=actor)
    said = "asked"
    try:
        await proofs.ask_once(*(runtime.db, number), once=once, actor=actor, now=runtime.now(), tools=runtime.tools)
    except (AskedJustNow, Unavailable) as refusal:
        refused(request, refusal)
        said = _TOLD[type(refusal)]
    except Invalid as refusal:
        refused(request, refusal)
        said = "quarantined"
    return go(f"{path_of('channels', number)}?said={said}")


async def confirm(runtime: Runtime, request: Request) -> Response:
    """Take the code that the owner of an address has read out."""
    fields = fields_of(await raw_form(request))
    actor = await somebody(runtime, request)
    number, looked = await _channel(runtime, request, actor=actor)
    try:
        code = shaped(Confirmation, code=fields.get("code", "").strip()).code
        await proving.by_code(runtime.db, number, code=code, actor=actor, now=runtime.now())
    except (Invalid, BadInput) as refusal:
        refused(request, refusal)
        more: dict[str, object] = {"faults": refusal.faults, "typed": {"code": fields.get("code", "")}}
        return shown(runtime, request, actor=actor, kind="channels", looked=looked, status=422, **more)
    except NoOpenCode as refusal:
        refused(request, refusal)
        return shown(runtime, request, actor=actor, kind="channels", looked=looked, status=409, said="no_code")
    return go(f"{path_of('channels', number)}?said=proven")


async def _back(_runtime: Runtime, request: Request) -> Response:
    """Lead from the address of a form that was sent, opened again, to its page."""
    return go(_APPROVALS if "number" in request.path_params else path_of(*entry_in(request)))


def routes() -> list[Route]:
    """Return the addresses of this file."""
    withdraw = partial(address_changes.end, state="withdrawn", why=None)
    posted: Mapping[str, Callable[[Runtime, Request], Awaitable[Response]]] = {
        f"{_APPROVALS}/{{number}}/approval": partial(act, do=address_changes.approve, said="approved"),
        f"{_APPROVALS}/{{number}}/withdrawal": partial(act, do=withdraw, said="withdrawn"),
        f"{_APPROVALS}/{{number}}/proof": ask_again,
        f"{_APPROVALS}/{{number}}/refusal": refuse,
        f"{HERE}/{{entry}}/proof": ask_proof,
        f"{HERE}/{{entry}}/confirmation": confirm,
    }
    return [
        Route(_APPROVALS, show, methods=["GET"]),
        Route(f"{HERE}/proofs", due, methods=["GET"]),
        *(Route(path, do, methods=["POST"]) for path, do in posted.items()),
        *(Route(path, _back, methods=["GET"]) for path in posted),
    ]
