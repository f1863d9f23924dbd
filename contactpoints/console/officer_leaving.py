"""An officer who leaves, on a page: what depends on the officer, who takes each over, and what comes of that plan.

A plan is tried first: the page tells what changes, what ends and which hours nobody covers any more. It is carried out
as it was tried, or not at all where anything of it has changed meanwhile.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from contactpoints.actions import auditing, entry_page, leaving
from contactpoints.actions.dependencies import Depending
from contactpoints.actions.leaving import Left
from contactpoints.console.directory import HERE, entry_in, in_words, path_of
from contactpoints.console.entry_forms import overtaken
from contactpoints.console.forms import fields_of, raw_form, version_in, whole
from contactpoints.console.session import go, refused, somebody
from contactpoints.console.shell import desk, zone_of
from contactpoints.rules import history_text
from contactpoints.rules.access import Actor
from contactpoints.rules.cover import PostCover, Stretch
from contactpoints.rules.cover_text import uncovered_in
from contactpoints.rules.history import changes
from contactpoints.rules.leaving import SHIFTS_ALONE, said, shown_shifts, strain_said, strains
from contactpoints.rules.phrasing import Catalogue, say
from contactpoints.rules.refusals import Invalid, NotFound, PlanOutdated, Stale
from contactpoints.rules.wording_directory import several_of
from contactpoints.runtime import Runtime
from schemas.faults import BadInput, Fault
from schemas.leaving import Leaving
from schemas.partly import judged

_PATH = f"{HERE}/{{entry}}/leaving"
_NOBODY = "nobody"
_MOST_GAPS = 20


async def _officer(
    runtime: Runtime, request: Request, *, actor: Actor
) -> tuple[int, entry_page.Looked, Depending] | Response:
    """Return the officer and what depends on them; the way to the page of one who has left. Raises `NotFound`."""
    kind, key = entry_in(request)
    if kind != "officers":
        raise NotFound("There is no such entry.")
    looked = await entry_page.look(runtime.db, kind, actor=actor, key=key)
    if looked.entry["retired_at"] is not None:
        return go(f"{path_of(kind, key)}?said=retired")
    if not looked.keeps:
        raise NotFound("There is no such entry.")
    return int(key), looked, await leaving.depending(runtime.db, int(key), actor=actor, now=runtime.now())


async def ask(runtime: Runtime, request: Request) -> Response:
    """Show what depends on an officer, and ask who takes each over."""
    actor = await somebody(runtime, request)
    found = await _officer(runtime, request, actor=actor)
    if isinstance(found, Response):
        return found
    await somebody(runtime, request, fresh=True)
    _, looked, depending = found
    return _page(runtime, request, actor=actor, looked=looked, depending=depending, typed={})


async def leave(runtime: Runtime, request: Request) -> Response:
    """Try a plan, or carry it out where it was tried."""
    typed = {name: value.strip() for name, value in fields_of(await raw_form(request)).items()}
    actor = await somebody(runtime, request)
    found = await _officer(runtime, request, actor=actor)
    if isinstance(found, Response):
        return found
    await somebody(runtime, request, fresh=True)
    number, looked, depending = found
    refs, tries = [name[8:] for name in typed if name.startswith("version/")], typed.get("act") != "leave"
    more: dict[str, Any] = {}
    try:
        body, faults = judged(Leaving, _plan(typed, refs=refs, tries=tries))
        left = await leaving.leave(
            *(runtime.db, number),
            actor=actor,
            version=version_in(typed),
            body=body,
            faults=faults,
            now=runtime.now(),
            tools=runtime.tools,
        )
    except (Invalid, BadInput) as refusal:
        refused(request, refusal)
        more = {"faults": [*_open(depending, typed), *_beside(refusal.faults, typed, refs=refs)], "status": 422}
    except PlanOutdated as refusal:
        refused(request, refusal)
        more = {"outdated": True, "faults": list(_open(depending, typed)), "status": 409}
    except Stale as refusal:
        told = await overtaken(runtime, request, stale=refusal, actor=actor, version=version_in(typed))
        more = {"since": told.facts.get("changed_since", ()), "status": 412}
    else:
        if not tries:
            return go(f"{path_of('officers', number)}?said=retired")
        await auditing.note(runtime.db, now=runtime.now(), told={"officer_id": number}, outcome="rehearsed")
        more = {"left": left}
    return _page(runtime, request, actor=actor, looked=looked, depending=depending, typed=typed, **more)


def _plan(typed: Mapping[str, str], *, refs: Sequence[str], tries: bool) -> dict[str, Any]:
    """Return the plan of a form. What nobody takes over is left out for the reason that is given for all of it."""
    reason = typed.get("reason") or None
    return {
        "plan": [_part(typed, ref, reason=reason) for ref in _chosen(typed, refs)],
        "reason": reason,
        "dry_run": tries,
    }


def _chosen(typed: Mapping[str, str], refs: Sequence[str]) -> list[str]:
    return [ref for ref in refs if typed.get(f"who/{ref}")]


def _part(typed: Mapping[str, str], ref: str, *, reason: str | None) -> dict[str, Any]:
    who, version = typed[f"who/{ref}"], typed[f"version/{ref}"]
    part: dict[str, Any] = {"ref": ref, "version": whole(version) if version else None}
    if who == _NOBODY:
        return part | {"action": "leave_out", "reason": reason}
    return part | {"action": "replace", "officer_id": whole(who)}


def _open(depending: Depending, typed: Mapping[str, str]) -> Iterator[Fault]:
    """Yield what nothing is planned for."""
    for each in depending.dependencies:
        if not typed.get(f"who/{each.ref}"):
            yield Fault(f"/who/{each.ref}", "missing", "Nothing is planned for it.")


def _beside(faults: Sequence[Fault], typed: Mapping[str, str], *, refs: Sequence[str]) -> Iterator[Fault]:
    """Yield the faults of a plan at the fields of its form."""
    chosen, told = _chosen(typed, refs), set()
    for each in faults:
        parts = each.pointer.split("/")
        if parts[1:2] != ["plan"]:
            place = each.pointer
        elif len(parts) > 2 and parts[2].isdecimal() and int(parts[2]) < len(chosen):
            place = "/reason" if parts[3:] == ["reason"] else f"/who/{chosen[int(parts[2])]}"
        else:
            continue  # told where nothing was chosen
        if (place, each.code) not in told:
            told.add((place, each.code))
            yield Fault(place, each.code, each.detail)


def _page(
    runtime: Runtime,
    request: Request,
    *,
    actor: Actor,
    looked: entry_page.Looked,
    depending: Depending,
    typed: Mapping[str, str],
    status: int = 200,
    faults: Sequence[Fault] = (),
    since: Sequence[Any] = (),
    outdated: bool = False,
    left: Left | None = None,
) -> Response:
    words, point, gone = runtime.tools.words[actor.language], depending.point, depending.officer.id
    others = [each for each in point.officers.values() if each.id != gone]
    return desk(
        runtime,
        request,
        template="officer_leaving.html",
        actor=actor,
        here="directory",
        status=status,
        kind="officers",
        key=gone,
        looked=looked,
        version=depending.version,
        parts=[
            (each, said(words, each, zone=point.zone), shown_shifts(each.shifts)) for each in depending.dependencies
        ],
        others=[(str(each.id), each.name) for each in sorted(others, key=lambda each: each.name)],
        labels={f"who/{each.ref}": said(words, each, zone=point.zone).rstrip(".") for each in depending.dependencies},
        nobody=_NOBODY,
        ends=depending.ends if left is None else left.ends,
        posts={each.id: each.function for each in point.posts},
        alerts=depending.alerts,
        typed=typed,
        faults=faults,
        uncovered=[each for fault in faults if (each := uncovered_in(words, fault.detail))],
        officers={each.id: each.name for each in point.officers.values()},
        since=since,
        outdated=outdated,
        left=left,
        changed=[] if left is None else list(_changed(words, left)),
        gaps=[] if left is None else _gaps(left),
        later=[] if left is None else left.came.spans[1:],
        strained=[] if left is None else list(_strained(words, left, typed=typed, now=runtime.now())),
        most=_MOST_GAPS,
        zones=[point.zone, zone_of(request)],
        **in_words(words),
    )


def _changed(words: Catalogue, left: Left) -> Iterator[tuple[str, list[str]]]:
    """Yield what the plan changes in the rosters, in words."""
    names = {("officers", each.id): each.name for each in left.depending.point.officers.values()}
    for name, _, before, after in left.changed:
        if name in ("rotations", "overrides", "calendars") and after.act != "retired":
            told = history_text.told(words, changes(before, after), names=names)
            said = [each["said"] for each in told if each["field"] != "reason"]
            yield several_of(words, name), said or [say(words, SHIFTS_ALONE)]


def _strained(words: Catalogue, left: Left, *, typed: Mapping[str, str], now: datetime) -> Iterator[str]:
    """Yield what the plan asks of those who take over, in words."""
    before, after = left.depending.point, next((each.point for each in left.came.after), left.depending.point)
    wanted = [whole(who) for name, who in typed.items() if name.startswith("who/")]
    chosen = [who for who in wanted if isinstance(who, int)]
    for each in strains(before, after, officers=chosen, now=now):
        if each.officer in after.officers:
            yield strain_said(words, each, name=after.officers[each.officer].name)


def _gaps(left: Left) -> list[tuple[PostCover, Stretch]]:
    """Return the hours that nobody covers any more, with the post of each."""
    known = {(each.post.id, one.starts_at, one.ends_at) for each in left.came.before for one in each.stretches}
    return [
        (each, one)
        for each in left.came.after
        for one in each.stretches
        if one.level == "uncovered" and (each.post.id, one.starts_at, one.ends_at) not in known
    ]


def routes() -> list[Route]:
    """Return the addresses of this file."""
    return [Route(_PATH, ask, methods=["GET"]), Route(_PATH, leave, methods=["POST"])]
