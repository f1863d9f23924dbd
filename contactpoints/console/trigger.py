"""Where an alert begins: whom and what to ask, what would happen then, and what was begun before.

Up to here nothing is written down. A draft begins when somebody goes on to the particulars, see `console.drafts`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from contactpoints.actions import accounts, drafts, releasing
from contactpoints.actions.places import places
from contactpoints.actions.preview import foresee_alert
from contactpoints.console.forms import fields_of, raw_form, whole_number
from contactpoints.console.session import go, refused, somebody
from contactpoints.console.shell import desk, held, zone_of
from contactpoints.rules import trigger as rules
from contactpoints.rules.access import Actor, Role
from contactpoints.rules.refusals import Conflict, Forbidden, Invalid, NotFound
from contactpoints.runtime import Runtime
from schemas.alerts import OpenAlert, PreviewAlert, read_preview
from schemas.faults import BadInput, Fault
from schemas.requests import REQUEST_KINDS

Typed = Mapping[str, str]
HERE = "/trigger"
_LONGEST_ONCE = 100


async def asking(runtime: Runtime, request: Request) -> Actor:
    """Return the requester who has signed in; for anybody else these pages do not exist. Raises `NotFound`."""
    actor = await somebody(runtime, request)
    if actor.role is not Role.REQUESTER:
        raise NotFound("Only a requesting authority may open an alert.")
    return actor


@dataclass(frozen=True)
class Foreseen:
    """What an alert would do (`schemas.preview.PreviewOut`), or why that cannot be told; ``instrument``: by which.

    ``zones``: of both sides, see `actions.preview.foresee_alert`.
    """

    told: Mapping[str, Any] | None = None
    faults: tuple[Fault, ...] = ()
    instrument: str = ""
    duplicates: Sequence[str] = field(default=())
    zones: tuple[str, ...] = ()


async def foresee(runtime: Runtime, actor: Actor, *, typed: Typed) -> Foreseen:
    """Return what would happen, told of the place and kind alone; by the first instrument that is known to carry it."""
    chosen = rules.placed(typed) | {name: typed[name] for name in ("instrument",) if typed.get(name)}
    kind = REQUEST_KINDS.get(chosen.get("kind", ""))
    if kind is not None and chosen.get("instrument") not in kind.may_cite:
        chosen["instrument"] = kind.may_cite[0]
    try:
        command = read_preview(rules.bare(chosen))
    except BadInput as refusal:
        # Without a kind nobody can say which instruments carry it, and no page asks for one before.
        return Foreseen(faults=tuple(each for each in refusal.faults if kind or each.pointer != "/instrument"))
    found = await foreseen(runtime, actor, command=command)
    if found.told is None or typed.get("instrument"):
        return found
    usable = [each["instrument"] for each in found.told["bases"] if each["usable"] == "yes"]
    if not usable or usable[0] == command.instrument:
        return found
    return await foreseen(runtime, actor, command=command.model_copy(update={"instrument": usable[0]}))


async def foreseen(runtime: Runtime, actor: Actor, *, command: PreviewAlert | OpenAlert) -> Foreseen:
    """Return what would happen with a request as it stands."""
    try:
        told, zones = await foresee_alert(
            runtime.db, actor=actor, command=command, now=runtime.now(), tools=runtime.tools
        )
    except Invalid as refusal:
        return Foreseen(faults=refusal.faults, instrument=command.instrument)
    except Forbidden as refusal:
        return Foreseen(faults=(Fault("/kind", "not_allowed", refusal.detail),), instrument=command.instrument)
    doubles = tuple(each["reference"] for each in told["possible_duplicates"])
    return Foreseen(told, instrument=command.instrument, duplicates=doubles, zones=zones)


async def _chosen(
    runtime: Runtime, request: Request, *, actor: Actor, typed: Typed, faults: Sequence[Fault] = (), status: int = 200
) -> Response:
    """Return the page on which place and kind are chosen."""
    find = request.query_params.get("find", "")[:100]
    every = await places(runtime.db)
    found = rules.found(every, find)
    kept = (typed.get("requested_party", ""), typed.get("territory", ""))
    # Whom somebody has chosen already stays among those that are found.
    found += [each for each in every if each not in found and (each["code"], each["territory"] or "") == kept]
    return desk(
        runtime,
        request,
        template="trigger.html",
        actor=actor,
        here="trigger",
        status=status,
        places=found,
        own=actor.party,
        kinds=REQUEST_KINDS,
        drafts=await drafts.listing(runtime.db, actor=actor, tools=runtime.tools),
        waiting=await releasing.waiting(runtime.db, actor=actor, now=runtime.now()),
        typed=typed,
        faults=faults,
        find=find,
        most=drafts.MOST,
    )


async def choose(runtime: Runtime, request: Request) -> Response:
    """Let somebody choose whom and what to ask, or go on with a draft."""
    actor = await asking(runtime, request)
    typed = rules.placed(request.query_params)
    if draft := whole_number(request, "draft"):
        kept = await drafts.read(runtime.db, draft, actor=actor, tools=runtime.tools)
        # Whoever looks for a Party meanwhile has chosen others than the draft has.
        typed = (typed or rules.placed(kept.typed)) | {"draft": str(draft)}
    return await _chosen(runtime, request, actor=actor, typed=typed)


async def preview(runtime: Runtime, request: Request) -> Response:
    """Tell what will happen before anything does."""
    actor = await asking(runtime, request)
    typed = rules.placed(request.query_params)
    draft = whole_number(request, "draft")
    seen = await foresee(runtime, actor, typed=typed)
    if seen.told is None:
        back = typed | ({"draft": str(draft)} if draft else {})
        return await _chosen(runtime, request, actor=actor, typed=back, faults=seen.faults, status=422)
    return desk(
        runtime,
        request,
        template="trigger_preview.html",
        actor=actor,
        here="trigger",
        seen=seen.told,
        clocks=[zone_of(request), *seen.zones],
        typed=typed,
        instrument=seen.instrument,
        draft=draft,
        once=runtime.tools.entropy(16).hex(),
    )


async def begin(runtime: Runtime, request: Request) -> Response:
    """Begin a draft, and go on to its particulars; of a page that is sent twice there is one."""
    form = fields_of(await raw_form(request))
    actor = await asking(runtime, request)
    typed, once = rules.taken(form), form.get("once", "")[:_LONGEST_ONCE]
    seen = await foresee(runtime, actor, typed=rules.placed(typed))
    if seen.told is None or not once:
        faults = seen.faults or (Fault("", "missing", "once is required"),)
        return await _chosen(runtime, request, actor=actor, typed=typed, faults=faults, status=422)
    own = await accounts.read(runtime.db, actor.number, actor=actor)
    first = rules.begun(
        {"instrument": seen.instrument} | typed,
        actor=actor,
        name=own["name"] or "",
        zone=zone_of(request),
        now=runtime.now(),
    )
    try:
        number = await drafts.begin(runtime.db, first, once=once, actor=actor, now=runtime.now(), tools=runtime.tools)
    except Conflict as refusal:
        refused(request, refusal)
        # What stands on no page of this step comes from a draft that is no more.
        more = typed.keys() - rules.placed(typed).keys() - {"instrument"}
        if more and (kept := await held(request, why="drafts", status=409)):
            return kept
        fault = Fault("", "too_many_drafts", refusal.detail)
        return await _chosen(runtime, request, actor=actor, typed=typed, faults=(fault,), status=409)
    return go(f"{HERE}/drafts/{number}")


async def _back(_runtime: Runtime, _request: Request) -> Response:
    return go(HERE)


def routes() -> list[Route]:
    """Return the addresses of this file."""
    return [
        Route(HERE, choose, methods=["GET"]),
        Route(f"{HERE}/preview", preview, methods=["GET"]),
        Route(f"{HERE}/drafts", begin, methods=["POST"]),
        Route(f"{HERE}/drafts", _back, methods=["GET"]),
    ]
