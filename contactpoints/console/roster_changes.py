"""Changing a roster on a page: looked at first, with the cover that it yields, and then published."""

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from contactpoints.actions import directory, history
from contactpoints.actions.planning import zone_at
from contactpoints.actions.rehearsing import STAND_IN, Overtaken, Rehearsed, publish, rehearse
from contactpoints.console.forms import fields_of, number_in, raw_form, version_in, whole
from contactpoints.console.roster_forms import numbers_in, span_in, words_in
from contactpoints.console.rosters import shown
from contactpoints.console.session import go, refused, somebody
from contactpoints.console.shell import desk, zone_of
from contactpoints.rules.access import Actor
from contactpoints.rules.cover import PostCover
from contactpoints.rules.cover_text import reasons_of
from contactpoints.rules.directory import ContactPoint
from contactpoints.rules.refusals import Conflict, Invalid, NotFound, Stale
from contactpoints.rules.roster_bites import Span
from contactpoints.rules.roster_changes import entered, is_repeat, said_of_warnings, turned
from contactpoints.rules.roster_lanes import Drawn, picture_of
from contactpoints.rules.roster_windows import Window, local, window_of
from contactpoints.rules.wording_warnings import ALL_PAST
from contactpoints.runtime import Runtime
from schemas.faults import BadInput, Fault
from schemas.partly import judged
from schemas.rosters import Absence, Override
from schemas.words import msgid

_UNCOVERED = "leaves_uncovered"
DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_KINDS = ("overrides", "absences", "rotations", "calendars")


class Again(Protocol):
    """Shows the form again with what is wrong with it, or what happened meanwhile."""

    async def __call__(
        self, *, faults: Sequence[Fault] = (), said: str = "", since: Sequence[Mapping[str, Any]] = ()
    ) -> Response: ...


@dataclass(frozen=True, slots=True)
class Change:
    """A change that somebody asks for: by which act, given a reason to accept what it leaves, and in which form.

    ``title``: an English sentence, of a catalogue, that says what it is. ``entry``: what is changed, kind and number.
    """

    actor: Actor
    post: int
    typed: Mapping[str, str]
    act: Callable[[str | None], Awaitable[object]]
    title: str
    again: Again
    entry: tuple[str, int | None] = ("", None)


async def carried_on(runtime: Runtime, request: Request, *, change: Change) -> Response:
    """Show what a change comes to; or publish it, where that was seen; or lead back to the form."""
    step, typed = change.typed.get("act", "look"), change.typed
    if step == "edit":
        return await change.again()
    accept = typed.get("accept", "").strip()[:200] or None
    moved = False
    faults: tuple[Fault, ...] = ()
    if step == "publish":
        try:
            revision = whole(typed.get("revision", ""))
            told = await publish(
                *(runtime.db, change.post),
                act=lambda: change.act(accept),
                actor=change.actor,
                revision=revision if isinstance(revision, int) else None,
            )
            past = any(each["code"] == ALL_PAST for each in _warnings(told))
            return go(_back_to(change, said="past" if past else "published"))
        except Overtaken:
            moved = True
        except Stale as stale:
            return await _overtaken(runtime, request, change=change, stale=stale)
        except (Invalid, BadInput) as refusal:
            refused(request, refusal)
            faults = tuple(each for each in refusal.faults if each.code == _UNCOVERED)[:1]
            if not faults:
                return await change.again(faults=refusal.faults)
        except Conflict as refusal:
            refused(request, refusal)
            return await change.again(said="conflict")
    return await _looked_at(runtime, request, change=change, moved=moved, faults=faults)


async def _looked_at(
    runtime: Runtime, request: Request, *, change: Change, moved: bool, faults: Sequence[Fault]
) -> Response:
    now = runtime.now()
    try:
        window = await _window(runtime, change)
        found: Rehearsed[object] = await rehearse(
            *(runtime.db, change.post),
            act=lambda: change.act(change.typed.get("accept", "").strip()[:200] or STAND_IN),
            actor=change.actor,
            since=min(window.since, window_of(window.view, "", zone=window.zone, now=now).since),
            now=now,
            tools=runtime.tools,
        )
    except Stale as stale:
        return await _overtaken(runtime, request, change=change, stale=stale)
    except (Invalid, BadInput) as refusal:
        refused(request, refusal)
        return await change.again(faults=refusal.faults)
    except Conflict as refusal:
        refused(request, refusal)
        return await change.again(said="conflict")
    if found.bites is not None:
        window = window_of(window.view, local(found.bites, window.zone)[:10], zone=window.zone, now=now)
    if moved and is_repeat(found.before, found.after):
        return go(_back_to(change))
    return _preview(runtime, request, change=change, found=found, window=window, moved=moved, faults=faults)


def _preview(
    runtime: Runtime,
    request: Request,
    *,
    change: Change,
    found: Rehearsed[object],
    window: Window,
    moved: bool,
    faults: Sequence[Fault],
) -> Response:
    words, warnings = runtime.tools.words[change.actor.language], _warnings(found.told)
    turns = turned(found.cover_before, found.cover_after)
    pictures = [
        picture_of(words, drawn, now=runtime.now())
        for point, covers in ((found.before, found.cover_before), (found.after, found.cover_after))
        for drawn in _drawn(point, change.post, window=window, covers=covers, known=found.spans)
    ]
    post = next(each for each in found.after.posts if each.id == change.post)
    return desk(
        runtime,
        request,
        template="roster_preview.html",
        actor=change.actor,
        here="rosters",
        status=422 if faults else 409 if moved else 200,
        point=found.after,
        post=post,
        window=window,
        title=change.title,
        entered=entered(found.before, found.after),
        path=request.url.path,
        typed=_kept(change.typed, found, window=window),
        later=found.spans[1:],
        accept=change.typed.get("accept", ""),
        revision=found.revision,
        pictures=pictures,
        turns=[{"turned": each, "why": reasons_of(words, each.stretch) if each.stretch else ""} for each in turns],
        leaves=any(each["code"] == _UNCOVERED for each in warnings),
        warnings=said_of_warnings(words, warnings),
        past=any(each["code"] == ALL_PAST for each in warnings),
        moved=moved,
        faults=list(faults),
        zones=[found.after.zone, zone_of(request)],
        name_of=lambda number: found.after.officers[number].name if number in found.after.officers else "-",
    )


def _warnings(told: object) -> Sequence[Mapping[str, str]]:
    """Return the warnings of an act, which tells an entry with them, or is one that was kept."""
    if isinstance(told, directory.Kept):
        return told.warnings
    return told[1] if isinstance(told, tuple) and len(told) > 1 else ()


def _kept(typed: Mapping[str, str], found: Rehearsed[object], *, window: Window) -> dict[str, str]:
    """Return what the form that publishes sends again, and the day on which the change is felt."""
    kept = {name: value for name, value in typed.items() if name not in ("act", "accept", "revision", "bites")}
    return kept | ({"bites": local(found.bites, window.zone)[:10]} if found.bites is not None else {})


def _drawn(
    point: ContactPoint, post: int, *, window: Window, covers: Sequence[PostCover], known: Sequence[Span]
) -> list[Drawn]:
    cover = {each.post.id: each for each in covers}
    return [Drawn(point, each, window, cover[each.id], known=known) for each in point.posts if each.id == post]


async def _window(runtime: Runtime, change: Change) -> Window:
    """Return the month or week of the change: cover is told from now on, so what is over is not looked at."""
    zone = await zone_at(runtime.db, change.post, actor=change.actor)
    now, view = runtime.now(), change.typed.get("view", "month")
    window = window_of(view, _day_of(change.typed), zone=zone, now=now)
    return window if window.until > now else window_of(view, "", zone=zone, now=now)


def _day_of(typed: Mapping[str, str]) -> str:
    return (typed.get("starts_at") or typed.get("starts_on") or typed.get("on", ""))[:10]


async def _overtaken(runtime: Runtime, request: Request, *, change: Change, stale: Stale) -> Response:
    name, number = change.entry
    if number is None:
        raise stale
    told = await history.overtaken(
        *(runtime.db, name),
        key=number,
        version=version_in(change.typed),
        stale=stale,
        words=runtime.tools.words[change.actor.language],
    )
    refused(request, told)
    since: Any = told.facts.get("changed_since", ())
    return await change.again(said="stale", since=since)


def _back_to(change: Change, *, said: str = "published") -> str:
    view = "week" if change.typed.get("view") == "week" else "month"
    on = change.typed.get("bites") or _day_of(change.typed)
    day = f"&on={on}" if DAY.fullmatch(on) else ""
    return f"/rosters/{change.post}?view={view}{day}&said={said}"


async def for_a_while(runtime: Runtime, request: Request) -> Response:
    """Put somebody on duty or take somebody off for a while, or say that somebody is away."""
    typed = fields_of(await raw_form(request))
    actor, post = await somebody(runtime, request), number_in(request)
    away = typed.get("action") == "away"
    said = {**numbers_in(typed, "officer_id"), **span_in(typed), **words_in(typed, "reason")}
    if not away:
        said |= {"post_id": post, **words_in(typed, "action")}
    body, faults = judged(Absence if away else Override, said)

    async def act(accept: str | None) -> directory.Kept:
        return await directory.create(
            *(runtime.db, "absences" if away else "overrides"),
            actor=actor,
            body=body,
            now=runtime.now(),
            tools=runtime.tools,
            faults=faults,
            reason=accept,
        )

    async def again(
        *, faults: Sequence[Fault] = (), said: str = "", since: Sequence[Mapping[str, Any]] = ()
    ) -> Response:
        return await shown(
            runtime, request, actor=actor, typed=typed, faults=faults, form="change", said=said, since=since
        )

    title = msgid("Somebody is away") if away else msgid("A change for a while")
    return await carried_on(runtime, request, change=Change(actor, post, typed, act, title, again))


async def take_back(runtime: Runtime, request: Request) -> Response:
    """Take back a change, an absence, or a whole rotation or calendar."""
    typed = fields_of(await raw_form(request))
    actor, post = await somebody(runtime, request), number_in(request)
    kind, number = typed.get("kind", ""), whole(typed.get("id", ""))
    if kind not in _KINDS or not isinstance(number, int):
        raise NotFound("There is no such entry.")

    async def act(accept: str | None) -> directory.Kept:
        return await directory.retire(
            *(runtime.db, kind),
            actor=actor,
            key=number,
            version=version_in(typed),
            now=runtime.now(),
            tools=runtime.tools,
            reason=accept,
        )

    async def again(
        *, faults: Sequence[Fault] = (), said: str = "", since: Sequence[Mapping[str, Any]] = ()
    ) -> Response:
        return await shown(runtime, request, actor=actor, typed=typed, faults=faults, said=said, since=since)

    change = Change(actor, post, typed, act, msgid("Taking back"), again, (kind, number))
    try:
        return await carried_on(runtime, request, change=change)
    except NotFound as refusal:
        refused(request, refusal)
        if (await directory.read(runtime.db, kind, actor=actor, key=number)).entry["retired_at"]:
            return go(f"/rosters/{post}?said=already")
        return await again(said="conflict")


async def _back(_runtime: Runtime, request: Request) -> Response:
    """The address of a form that was sent, opened again: it leads to the roster."""
    return go(f"/rosters/{number_in(request)}")


def routes() -> list[Route]:
    """Return the addresses of this file."""
    acts = {"change": for_a_while, "removal": take_back}
    return [
        *(Route(f"/rosters/{{number}}/{path}", act, methods=["POST"]) for path, act in acts.items()),
        *(Route(f"/rosters/{{number}}/{path}", _back, methods=["GET"]) for path in acts),
    ]
