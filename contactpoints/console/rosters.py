"""The rosters of duty posts: which there are and how they are covered, and each as a picture with what makes it."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from contactpoints.actions import directory
from contactpoints.actions.planning import AHEAD, Plan, list_posts, plan_of
from contactpoints.console.forms import number_in
from contactpoints.console.roster_forms import filled_by, filling
from contactpoints.console.session import somebody
from contactpoints.console.shell import desk, zone_of
from contactpoints.rules.access import Actor, sees_network
from contactpoints.rules.board_page import has_words
from contactpoints.rules.cover import Stretch
from contactpoints.rules.cover_text import reasons_of, state_of
from contactpoints.rules.gaps import Acceptance, Told
from contactpoints.rules.history_text import author
from contactpoints.rules.phrasing import Catalogue, function_of, say
from contactpoints.rules.roster_lanes import NOT_LOOKED_AT, Drawn, picture_of, source_of
from contactpoints.rules.roster_picture import PostRoster
from contactpoints.rules.roster_pieces import Piece
from contactpoints.rules.roster_windows import WEEKDAYS, faults_of_window
from contactpoints.runtime import Runtime
from contactpoints.store.swaps import swap_of
from schemas.faults import Fault

_LEVELS = {"uncovered": "bad", "doubtful": "alarm"}
_MOST_PARTIES = 500
_LONGEST = 100


async def show_all(runtime: Runtime, request: Request) -> Response:
    """Show every duty post of the reader's house, or of the Party that is asked for, and how it is covered."""
    actor, now = await somebody(runtime, request), runtime.now()
    party = request.query_params.get("party", "").strip().upper() or None
    words, find = runtime.tools.words[actor.language], request.query_params.get("q", "")[:_LONGEST]
    parties: list[dict[str, Any]] = []
    faults: list[Fault] = []
    if sees_network(actor):
        parties = await directory.listing(runtime.db, "parties", actor=actor, most=_MOST_PARTIES)
        if party is not None and party not in {each["code"] for each in parties}:
            faults, party = [Fault("/party", "unknown_party", "is the code of no Party")], None
    found = await list_posts(runtime.db, actor=actor, party=party, now=now, tools=runtime.tools)
    posts = [_in_list(words, each, now=now) for each in found]
    return desk(
        runtime,
        request,
        template="rosters.html",
        actor=actor,
        here="rosters",
        status=422 if faults else 200,
        faults=faults,
        posts=[each for each in posts if has_words(find, each["find"])],
        many=len(posts),
        q=find,
        days=AHEAD.days,
        parties=[(each["code"], f"{each['code']} · {each['name']}") for each in parties],
        party=party or "",
    )


def _in_list(words: Catalogue, roster: PostRoster, *, now: datetime) -> Mapping[str, Any]:
    """Return the row of a post, and ``find``, the text in which its words are looked for.

    A shift that outlasts the weeks that were looked at has no ``until`` yet.
    """
    cover, end = roster.cover, now + AHEAD
    return {
        "point": cover.point,
        "post": cover.post,
        "find": " ".join(
            (cover.point.party or "", cover.point.name, cover.post.function, function_of(words, cover.post.line))
        ),
        "level": level_of(cover.stretches),
        "state": state_of(words, cover),
        "first": cover.stretches[0] if cover.stretches else None,
        "now": [
            {
                "name": cover.point.officers[shift.officer_id].name,
                "until": shift.ends_at if shift.ends_at < end else None,
            }
            for shift in roster.shifts
            if shift.starts_at <= now
        ],
    }


def level_of(stretches: Sequence[Any]) -> str:
    """Return the state of a cover: ``bad`` where it fails, ``alarm`` where it is in doubt, else ``good``."""
    levels = {each.level for each in stretches}
    return next((state for level, state in _LEVELS.items() if level in levels), "good")


async def show(runtime: Runtime, request: Request) -> Response:
    """Show the roster of a post in a month or a week."""
    return await shown(runtime, request, actor=await somebody(runtime, request))


async def shown(
    runtime: Runtime,
    request: Request,
    *,
    actor: Actor,
    typed: Mapping[str, str] | None = None,
    faults: Sequence[Fault] = (),
    form: str = "",
    said: str = "",
    since: Sequence[Mapping[str, Any]] = (),
) -> Response:
    """Return the page of a post; ``form`` is the one that was sent, and holds what was ``typed`` in it."""
    asked = request.query_params
    view, on = (typed or asked).get("view", "month"), (typed or asked).get("on", "")
    if typed is None and not faults:
        faults = faults_of_window(view, on)
    plan = await plan_of(
        runtime.db,
        number_in(request),
        actor=actor,
        view=view,
        on=on,
        now=runtime.now(),
        tools=runtime.tools,
    )
    words = runtime.tools.words[actor.language]
    return desk(
        runtime,
        request,
        template="roster.html",
        actor=actor,
        here="rosters",
        status=422 if faults else 409 if said or since else 200,
        plan=plan,
        faults=list(faults),
        form=form,
        said=said or (asked.get("said", "") if typed is None else ""),
        since=since,
        typed=filled_by(asked) if typed is None else typed,
        weekdays=WEEKDAYS,
        **looked_at(words, plan, runtime=runtime, zone=zone_of(request)),
    )


def looked_at(words: Catalogue, plan: Plan, *, runtime: Runtime, zone: str) -> dict[str, object]:
    """Return the picture of a plan, and the tables behind it."""
    now, ahead = runtime.now(), max(plan.window.since, runtime.now())
    looked = ahead < plan.window.until
    told = [each for each in plan.cover.stretches if each.ends_at > ahead]
    told = [replace(each, starts_at=max(each.starts_at, ahead)) for each in told]
    cover = replace(plan.cover, stretches=tuple(told))
    drawn = Drawn(
        *(plan.point, plan.post, plan.window, cover),
        swaps=[swap_of(row) for row in plan.swaps],
        calendars={each["id"]: each["name"] for each in plan.calendars},
        known=((ahead, plan.window.until),) if looked else (),
        past=plan.past,
    )
    reasons = {each["id"]: each["reason"] for each in plan.overrides}
    return {
        "picture": picture_of(words, drawn, now=now),
        "zones": [plan.point.zone, zone],
        "level": level_of(told) if looked else "idle",
        "state_words": state_of(words, cover) if looked else say(words, NOT_LOOKED_AT),
        "over": now if plan.window.since < now else None,
        "rows": [
            {
                "name": drawn.name(each.officer),
                "piece": each,
                "why": source_of(words, each, drawn=drawn),
                "reason": reasons.get(each.number) if each.by == "override" else None,
                "fill": _fill(plan, each, now=now),
            }
            for each in drawn.on_duty(now)
        ],
        "gaps": [
            {
                "stretch": each,
                "level": _LEVELS[each.level],
                "why": reasons_of(words, each),
                "accepted": _accepted(words, each, plan=plan),
                "fill": filling(each.starts_at, each.ends_at, window=plan.window, action="add"),
            }
            for each in told
        ],
        "changes": [
            {
                "kind": kind,
                "version": version,
                "by": author(words, version.by),
                "who": drawn.name(who) if (who := version.values.get("officer_id")) else "",
            }
            for kind, version in plan.changes
        ],
        "officers": sorted(((each.id, each.name) for each in plan.point.officers.values()), key=lambda each: each[1]),
        "name_of": drawn.name,
        "there": ZoneInfo(plan.point.zone),
    }


def _fill(plan: Plan, piece: Piece, *, now: datetime) -> str | None:
    """Return the query that fills in the form in which a reader changes or offers a shift; None for what is over."""
    if piece.ends_at <= now:
        return None
    span = max(piece.starts_at, now), piece.ends_at
    if plan.keeps:
        return filling(*span, window=plan.window, action="replace")
    return filling(*span, window=plan.window, offer=True, officer_id=piece.officer)


def _accepted(words: Catalogue, gap: Stretch, *, plan: Plan) -> list[Mapping[str, object]]:
    """Return who accepted what of a gap, when and why; ``part``: that it is not the whole."""
    if gap.level != "uncovered":
        return []
    found: dict[Acceptance, list[Told]] = {}
    names: dict[Acceptance, str] = {}
    for told, by in plan.accepted:
        if told.acceptance and told.starts_at < gap.ends_at and told.ends_at > gap.starts_at:
            found.setdefault(told.acceptance, []).append(told)
            names[told.acceptance] = author(words, by)
    return [
        {
            "given": each,
            "by": names[each],
            "part": min(one.starts_at for one in rows) > gap.starts_at
            or max(one.ends_at for one in rows) < gap.ends_at,
        }
        for each, rows in found.items()
    ]


def routes() -> list[Route]:
    """Return the addresses of this file."""
    return [
        Route("/rosters", show_all, methods=["GET"]),
        Route("/rosters/{number}", show, methods=["GET"]),
    ]
