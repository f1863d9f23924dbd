"""A request as it is written: its form, kept as a sealed draft at each step, the second look, and the sending.

Sending is an act of its own, on a page that shows everything as it will leave. A draft is sent under its own
Idempotency-Key: the back button, a second tab and a second click send nothing twice.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route

from contactpoints.actions import drafts
from contactpoints.actions.drafts import Draft, once_of
from contactpoints.actions.proposing import open_or_propose
from contactpoints.console.forms import fields_of, number_in, raw_form, version_in
from contactpoints.console.rendering import macro
from contactpoints.console.session import go, refused
from contactpoints.console.shell import desk, zone_of
from contactpoints.console.trigger import HERE, Foreseen, asking, foresee, foreseen
from contactpoints.rules import trigger as rules
from contactpoints.rules.access import Actor
from contactpoints.rules.refusals import (
    HolderNeeded,
    IdempotencyKeyReused,
    Invalid,
    KeyLimited,
    NobodyToRelease,
    NotFound,
    ProposalSettled,
    Stale,
)
from contactpoints.rules.rooms import room_of
from contactpoints.rules.throttle import EMERGENCY, KEY
from contactpoints.runtime import Runtime
from schemas.alerts import OpenAlert, read_open_alert
from schemas.articles import EVERY
from schemas.faults import BadInput, Fault
from schemas.forms import rows
from schemas.requests import REQUEST_KINDS

_HELD_BACK = {NobodyToRelease: "nobody", HolderNeeded: "nobody", KeyLimited: "limited"}
"""Why an alert is not opened, of what the page tells beside the button."""


async def _form(
    runtime: Runtime,
    request: Request,
    *,
    actor: Actor,
    draft: Draft,
    typed: Mapping[str, str],
    faults: Sequence[Fault] = (),
    changed: Mapping[str, str] | None = None,
) -> Response:
    """Return the form; ``changed``: what the draft says where that was changed on another page meanwhile."""
    kind = typed["kind"]
    zone = typed.get("zone") or zone_of(request)
    seen = await foresee(runtime, actor, typed=typed)
    return desk(
        runtime,
        request,
        template="trigger_form.html",
        actor=actor,
        here="trigger",
        status=409 if changed is not None else 422 if faults else 200,
        draft=draft,
        typed=typed,
        faults=faults,
        changed=None if changed is None else rules.differences(changed, typed),
        notify=rules.NOTIFY,
        place_names=rules.PLACE,
        either=rules.EITHER,
        reference=EVERY["case_reference"],
        parts=rules.parts_for(kind),
        kind=REQUEST_KINDS[kind],
        zones=list(dict.fromkeys((zone, zone_of(request), "UTC"))),
        zone_typed=zone,
        seen=seen,
        clocks=[zone_of(request), *seen.zones],
        more=request.query_params.get("more", ""),
        most=room_of(HERE + "/drafts").most,
    )


async def write(runtime: Runtime, request: Request) -> Response:
    """Show the form with what is in the draft."""
    actor = await asking(runtime, request)
    draft = await _read(runtime, request, actor=actor)
    return (
        draft
        if isinstance(draft, Response)
        else await _form(runtime, request, actor=actor, draft=draft, typed=draft.typed)
    )


async def _read(runtime: Runtime, request: Request, *, actor: Actor) -> Draft | Response:
    """Return the draft of an address, or the way to what it was sent as. Raises `NotFound`."""
    number = number_in(request)
    try:
        return await drafts.read(runtime.db, number, actor=actor, tools=runtime.tools)
    except NotFound:
        return go(_path_of(await _became(runtime, number, actor=actor)))


async def _became(runtime: Runtime, number: int, *, actor: Actor) -> str | int:
    found = await drafts.became(runtime.db, number, actor=actor)
    if found is None:
        raise NotFound("There is no such draft.")
    return found


def _path_of(sent: str | int) -> str:
    return f"/alerts/{sent}" if isinstance(sent, str) else f"/proposals/{sent}"


async def save(runtime: Runtime, request: Request) -> Response:
    """Keep what was typed, whatever is wrong with it; then look at it once more, ask for more, or stay."""
    form = fields_of(await raw_form(request))
    actor, number = await asking(runtime, request), number_in(request)
    do, quietly = form.get("do", ""), form.get("do") == "quietly"
    try:
        draft = await drafts.read(runtime.db, number, actor=actor, tools=runtime.tools)
    except NotFound:
        return await _gone(runtime, request, actor=actor, form=form)
    if do == "place":
        chosen = rules.placed(form)
        typed = rules.taken({k: v for k, v in draft.typed.items() if k not in (*rules.PLACE, "instrument")} | chosen)
        version = draft.version
        if not all(typed.get(name) for name in rules.PLACE if name != "territory"):
            return go(f"{HERE}?draft={number}")
    else:
        typed, version = rules.merged(draft.typed, form), version_in(form) or 0
    try:
        kept = await drafts.keep(
            runtime.db, number, typed=typed, version=version, actor=actor, now=runtime.now(), tools=runtime.tools
        )
    except Stale as stale:
        refused(request, stale)
        if quietly:
            return PlainTextResponse("stale", status_code=409)
        return await _form(runtime, request, actor=actor, draft=draft, typed=typed, changed=draft.typed)
    if quietly:
        write = macro("parts.html", "instant", language=actor.language, now=runtime.now())
        headers = {"Draft-Version": str(kept), "Cache-Control": "no-store"}
        return HTMLResponse(write(runtime.now(), (zone_of(request),)), headers=headers)
    here = f"{HERE}/drafts/{number}"
    if do.startswith("more:"):
        place = do.removeprefix("more:")
        if place in rules.lists_of(typed["kind"]):
            return go(f"{here}?more={place}#f-{place.replace('/', '-')}-{len(rows(typed, place))}")
        return go(here)
    return go(f"{here}/look" if do == "look" else HERE if do == "keep" else here)


async def _gone(runtime: Runtime, request: Request, *, actor: Actor, form: Mapping[str, str]) -> Response:
    """Return the page that says what a draft was sent as, or that it was thrown away; what was typed since is kept."""
    sent = await drafts.became(runtime.db, number_in(request), actor=actor)
    typed = rules.taken(form)
    if sent is None and not typed:
        raise NotFound("There is no such draft.")
    return desk(
        runtime,
        request,
        template="trigger_sent.html",
        actor=actor,
        here="trigger",
        status=409,
        path="" if sent is None else _path_of(sent),
        typed=typed,
        once=runtime.tools.entropy(16).hex(),
    )


async def _looked(
    runtime: Runtime,
    request: Request,
    *,
    actor: Actor,
    draft: Draft,
    command: OpenAlert,
    seen: Foreseen,
    said: str = "",
) -> Response:
    asked: dict[str, Any] = command.request.model_dump(mode="json", exclude_none=True)
    return desk(
        runtime,
        request,
        template="trigger_look.html",
        actor=actor,
        here="trigger",
        status=422 if said else 200,
        draft=draft,
        command=command,
        particulars={name: value for name, value in asked.items() if value != []},
        kind=REQUEST_KINDS[command.kind],
        seen=seen.told,
        clocks=[zone_of(request), *seen.zones],
        duplicates=seen.duplicates,
        said=said,
        zone_typed=draft.typed.get("zone") or zone_of(request),
    )


async def look(runtime: Runtime, request: Request) -> Response:
    """Show everything as it will be sent, and what will happen then."""
    actor = await asking(runtime, request)
    draft = await _read(runtime, request, actor=actor)
    if isinstance(draft, Response):
        return draft
    judged = await _judged(runtime, request, actor=actor, draft=draft)
    if isinstance(judged, Response):
        return judged
    command, _, seen = judged
    return await _looked(runtime, request, actor=actor, draft=draft, command=command, seen=seen)


async def _judged(
    runtime: Runtime, request: Request, *, actor: Actor, draft: Draft
) -> tuple[OpenAlert, bytes, Foreseen] | Response:
    """Return a draft as a command, with its fingerprint and what it would do; or the form with all its faults."""
    try:
        command, fingerprint = read_open_alert(rules.body(draft.typed))
        seen = await foreseen(runtime, actor, command=command)
        faults = seen.faults
    except BadInput as refusal:
        there = await foresee(runtime, actor, typed=draft.typed)
        faults = rules.faults_told((*there.faults, *refusal.faults, *_besides(draft, refusal.faults)), draft.typed)
    if faults:
        return await _form(runtime, request, actor=actor, draft=draft, typed=draft.typed, faults=faults)
    return command, fingerprint, seen


def _besides(draft: Draft, faults: Sequence[Fault]) -> Sequence[Fault]:
    """Return what is wrong besides signs that are none, behind which nothing else is read."""
    if any(each.code == "null_character" for each in faults):
        try:
            read_open_alert(rules.body(rules.legible(draft.typed)))
        except BadInput as refusal:
            return refusal.faults
    return ()


async def send(runtime: Runtime, request: Request) -> Response:
    """Send the request, as it was looked at: the alert opens, or waits for a second person."""
    form = fields_of(await raw_form(request))
    actor, number = await asking(runtime, request), number_in(request)
    draft = await _read(runtime, request, actor=actor)
    if isinstance(draft, Response):
        return draft
    judged = await _judged(runtime, request, actor=actor, draft=draft)
    if isinstance(judged, Response):
        return judged
    command, fingerprint, seen = judged
    known = set(form.get("known", "").split()) if form.get("another") == "yes" else set()
    said = "changed" if version_in(form) != draft.version else "" if known.issuperset(seen.duplicates) else "duplicate"
    if said:
        sent = await drafts.became(runtime.db, number, actor=actor)
        if sent is not None:
            return await _done(runtime, number, sent=sent, actor=actor)
        return await _looked(runtime, request, actor=actor, draft=draft, command=command, seen=seen, said=said)
    try:
        sent = await _sent(runtime, actor, command=command, fingerprint=fingerprint, number=number)
    except (Invalid, NobodyToRelease, HolderNeeded, KeyLimited) as refusal:
        refused(request, refusal)
        if isinstance(refusal, Invalid):
            typed = draft.typed
            return await _form(runtime, request, actor=actor, draft=draft, typed=typed, faults=refusal.faults)
        why = next(said for kind, said in _HELD_BACK.items() if isinstance(refusal, kind))
        return await _looked(runtime, request, actor=actor, draft=draft, command=command, seen=seen, said=why)
    return await _done(runtime, number, sent=sent, actor=actor)


async def _sent(runtime: Runtime, actor: Actor, *, command: OpenAlert, fingerprint: bytes, number: int) -> str | int:
    """Open or propose it once; return what became of it, also where that was by another page."""
    urgent = command.urgency == "emergency" and command.status == "actual"
    what, limit = ("emergencies", EMERGENCY) if urgent else ("key", KEY)
    runtime.pace.take(what, actor.number, limit=limit, now=runtime.now())
    try:
        made = await open_or_propose(
            runtime.db,
            actor=actor,
            command=command,
            fingerprint=fingerprint,
            once=once_of(number),
            now=runtime.now(),
            take_in=runtime.take_in,
            tools=runtime.tools,
        )
    except (IdempotencyKeyReused, ProposalSettled):
        return await _became(runtime, number, actor=actor)
    if not made.waits and not made.replayed:
        runtime.bell.ring("outbox", "due")
    told: str | int = made.told["id"] if made.waits else made.told["reference"]
    return told


async def _done(runtime: Runtime, number: int, *, sent: str | int, actor: Actor) -> Response:
    """Throw away what was sent, and lead to what it became."""
    await drafts.remove(runtime.db, number, actor=actor)
    return go(_path_of(sent))


async def remove(runtime: Runtime, request: Request) -> Response:
    """Throw a draft away, for good."""
    actor = await asking(runtime, request)
    await drafts.remove(runtime.db, number_in(request), actor=actor)
    return go(HERE)


async def _back(_runtime: Runtime, request: Request) -> Response:
    """The address of a form that was sent, opened again: it leads to the draft."""
    return go(f"{HERE}/drafts/{number_in(request)}")


def routes() -> list[Route]:
    """Return the addresses of this file."""
    one = f"{HERE}/drafts/{{number}}"
    return [
        Route(one, write, methods=["GET"]),
        Route(one, save, methods=["POST"]),
        Route(f"{one}/look", look, methods=["GET"]),
        Route(f"{one}/send", send, methods=["POST"]),
        Route(f"{one}/removal", remove, methods=["POST"]),
        Route(f"{one}/send", _back, methods=["GET"]),
        Route(f"{one}/removal", _back, methods=["GET"]),
    ]
