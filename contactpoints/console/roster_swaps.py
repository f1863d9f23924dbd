"""Shifts that officers offer each other, on the page of a roster: offered, taken, approved, refused, withdrawn."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from contactpoints.actions import swaps
from contactpoints.console.forms import fields_of, number_in, raw_form, whole
from contactpoints.console.roster_changes import Change, carried_on
from contactpoints.console.roster_forms import numbers_in, span_in, words_in
from contactpoints.console.rosters import shown
from contactpoints.console.session import go, refused, somebody
from contactpoints.rules.refusals import Conflict, Invalid, NotFound
from contactpoints.runtime import Runtime
from schemas.faults import BadInput, Fault
from schemas.partly import judged
from schemas.swaps import SwapOffer, SwapTaking
from schemas.words import msgid

_OFFER = "offer/"
"""Before the names of the fields of that form: another form of the page has the same ones."""
_ENDS: Mapping[str, swaps.Decision] = {"refuse": "refused", "withdraw": "withdrawn"}


async def offer(runtime: Runtime, request: Request) -> Response:
    """Offer a shift; who sends it twice hears that it is offered already."""
    sent = fields_of(await raw_form(request))
    actor, post = await somebody(runtime, request), number_in(request)
    typed = {name.removeprefix(_OFFER): value for name, value in sent.items()}
    said: dict[str, Any] = {"post_id": post, **span_in(typed), **words_in(typed, "reason")}
    said |= numbers_in(typed, "officer_id", "to_officer_id")
    if typed.get("in_return/starts_at") or typed.get("in_return/ends_at"):
        said["in_return"] = span_in(typed, "in_return/")
    try:
        body, faults = judged(SwapOffer, said)
        await swaps.offer(runtime.db, actor=actor, said=body, faults=faults, now=runtime.now(), tools=runtime.tools)
    except (Invalid, BadInput) as refusal:
        refused(request, refusal)
        faults = tuple(replace(each, pointer=f"/{_OFFER[:-1]}{each.pointer}") for each in refusal.faults)
        return await shown(runtime, request, actor=actor, typed=sent, faults=faults, form="offer")
    runtime.bell.ring("outbox")
    return go(f"/rosters/{post}?said=sent")


async def step(runtime: Runtime, request: Request) -> Response:
    """Take a shift or approve a swap, which is looked at first where it changes the roster; refuse or withdraw one."""
    typed = fields_of(await raw_form(request))
    actor, post = await somebody(runtime, request), number_in(request)
    number = whole(typed.get("swap", ""))
    if not isinstance(number, int) or typed.get("step") not in {"take", "approve", *_ENDS}:
        raise NotFound("There is no such swap.")
    swap = await swaps.read(runtime.db, number, actor=actor)
    if swap["post_id"] != post:
        raise NotFound("There is no such swap.")
    taking = typed["step"] == "take"
    body, faults = judged(SwapTaking, {**numbers_in(typed, "officer_id")})

    async def act(reason: str | None) -> object:
        now, tools = runtime.now(), runtime.tools
        if taking:
            said = body.model_copy(update={"reason": reason})
            return await swaps.take(runtime.db, number, actor=actor, said=said, faults=faults, now=now, tools=tools)
        return await swaps.decide(
            runtime.db,
            number,
            actor=actor,
            decision=_ENDS.get(typed["step"], "approved"),
            reason=reason,
            now=now,
            tools=tools,
        )

    async def again(
        *, faults: Sequence[Fault] = (), said: str = "", since: Sequence[Mapping[str, Any]] = ()
    ) -> Response:
        stands = await swaps.read(runtime.db, number, actor=actor) if said == "conflict" else None
        if stands and _is_done(stands, typed, by=body.officer_id):
            return go(f"/rosters/{post}?said=already")
        # Its only field has the name of one in another form of the page.
        faults = [replace(each, pointer=f"/swap/{number}") for each in faults]
        return await shown(
            runtime, request, actor=actor, typed=typed, faults=faults, form="swap", said=said, since=since
        )

    change = Change(actor, post, typed, act, msgid("A shift changes hands"), again)
    if typed["step"] in _ENDS or typed.get("act") == "now":
        return await _at_once(runtime, request, change=change)
    return await carried_on(runtime, request, change=change)


def _is_done(swap: Mapping[str, Any], typed: Mapping[str, str], *, by: int | None) -> bool:
    """Say whether a step was made already, by the officer ``by`` where one takes a shift."""
    if typed["step"] == "take":
        return swap["state"] in ("taken", "approved") and swap["taker_id"] == by
    return bool(swap["state"] == _ENDS.get(typed["step"], "approved"))


async def _at_once(runtime: Runtime, request: Request, *, change: Change) -> Response:
    """Do what changes no roster yet."""
    try:
        await change.act(None)
    except Conflict as refusal:
        refused(request, refusal)
        return await change.again(said="conflict")
    except (Invalid, BadInput) as refusal:
        refused(request, refusal)
        return await change.again(faults=refusal.faults)
    runtime.bell.ring("outbox")
    return go(f"/rosters/{change.post}?said=sent")


async def _back(_runtime: Runtime, request: Request) -> Response:
    """The address of a form that was sent, opened again: it leads to the roster."""
    return go(f"/rosters/{number_in(request)}")


def routes() -> list[Route]:
    """Return the addresses of this file."""
    acts = {"offer": offer, "swap": step}
    return [
        *(Route(f"/rosters/{{number}}/{path}", act, methods=["POST"]) for path, act in acts.items()),
        *(Route(f"/rosters/{{number}}/{path}", _back, methods=["GET"]) for path in acts),
    ]
