"""Alerts: the list of them, and the page of one, which goes on telling what happens while it is open."""

import secrets
from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta
from typing import Any, get_args
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from contactpoints.actions import alert_pages, alert_search
from contactpoints.console.forms import chosen, whole_number
from contactpoints.console.session import go, somebody
from contactpoints.console.shell import desk, zone_of
from contactpoints.rules import codes
from contactpoints.rules.access import Actor
from contactpoints.rules.wording_alerts import DONE, OUTCOMES
from contactpoints.runtime import Runtime
from contactpoints.store.alert_lists import Wanted
from schemas.alerts import ClosureReason, State, WithdrawalReason
from schemas.faults import Fault
from schemas.requests import REQUEST_KINDS
from schemas.retention import Decision, RetentionReason
from schemas.timeline import FACTS

_HERE = "/alerts"
_MOST = 50
_MOST_NUMBER = 2**31 - 1
_LONGEST = 64
ANSWERS = ("acknowledgement", "decline")
"""By which act of the page an officer answers."""


async def show_list(runtime: Runtime, request: Request) -> Response:
    """Show the alerts that exist for whoever looks: first those that are open, then those that have ended."""
    actor = await somebody(runtime, request)
    asked, faults = _asked(request)
    if reference := codes.read_reference(asked["q"]):
        return go(f"{_HERE}/{reference}")
    cursor = whole_number(request, "cursor")
    party = "" if any(each.pointer == "/party" for each in faults) else asked["party"]
    again = {name: value for name, value in asked.items() if value}
    parts = await alert_search.find_alerts(
        runtime.db,
        actor=actor,
        text=asked["q"],
        wanted=Wanted(state=asked["state"] or None, kind=asked["kind"] or None, party=party or None),
        after=cursor,
        most=_MOST,
        now=runtime.now(),
        tools=runtime.tools,
    )
    return desk(
        runtime,
        request,
        template="alerts.html",
        actor=actor,
        here="alerts",
        status=422 if faults else 200,
        faults=faults,
        open_now=[each for each in parts if each.state],
        ended=next((each for each in parts if not each.state), None),
        earlier=cursor is not None,
        searched=bool(again) or cursor is not None,
        paths={each.state: _path_on(again | ({"state": each.state} if each.state else {})) for each in parts},
        asked=asked,
        states=get_args(State),
        kinds=list(REQUEST_KINDS),
    )


def _path_on(asked: Mapping[str, str]) -> str:
    return f"{_HERE}?{urlencode(asked)}" if asked else _HERE


def _asked(request: Request) -> tuple[Mapping[str, str], list[Fault]]:
    """Return what is looked for, and what is wrong with it: that is looked for by nobody."""
    told, faults = chosen(request, {"state": get_args(State), "kind": REQUEST_KINDS})
    words, party = (request.query_params.get(name, "").replace("\0", "").strip()[:_LONGEST] for name in ("q", "party"))
    if party and not (len(party) == 2 and party.isascii() and party.isalpha()):
        faults.append(Fault("/party", "wrong_form", "must be two capital letters"))
        return {"q": words, **told, "party": party}, faults
    return {"q": words, **told, "party": party.upper()}, faults


async def show(runtime: Runtime, request: Request) -> Response:
    """Show an alert as it stands."""
    return await shown(runtime, request, actor=await somebody(runtime, request))


async def shown(
    runtime: Runtime,
    request: Request,
    *,
    actor: Actor,
    status: int = 200,
    said: str = "",
    faults: Sequence[Fault] = (),
    typed: Mapping[str, str] | None = None,
    act: str = "",
    asked: dict[str, Any] | None = None,
    noted: dict[str, Any] | None = None,
) -> Response:
    """Return the page of an alert: after something was tried, with what was said of it and what was typed.

    ``act``: which act was tried; its form is open. ``asked``: the particulars, for whoever has read them just now;
    ``noted``: the notes alone.
    """
    before = whole_number(request, "before", most=_MOST_NUMBER)
    found = await alert_pages.read(
        runtime.db,
        actor=actor,
        reference=request.path_params["reference"],
        now=runtime.now(),
        before=before,
    )
    answer = desk(
        runtime,
        request,
        template="alert.html",
        actor=actor,
        here="alerts",
        status=status,
        page=found,
        alert=found.alert,
        path=path_of(request),
        zones=list(dict.fromkeys((zone_of(request), *found.zones))),
        codes=" ".join(FACTS),
        moving=before is None,
        said=said,
        done=_told(request, "done", of=DONE),
        unsent=_told(request, "unsent", of=ANSWERS),
        outcomes=OUTCOMES,
        faults=list(faults),
        typed=typed or {},
        act=act,
        asked=asked,
        noted=noted,
        once=secrets.token_hex(8),
        reasons={
            "withdrawal": get_args(WithdrawalReason),
            "closure": _closures(found),
            "decision": get_args(Decision),
            "keeping": get_args(RetentionReason),
        },
        instruments=REQUEST_KINDS[found.alert["kind"]].may_cite,
        year_on=runtime.now() + timedelta(days=365),
    )
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _told(request: Request, name: str, *, of: Collection[str]) -> str:
    """Return what the address of a page that is only looked at tells by name, "" where it is none of these."""
    said = request.query_params.get(name, "")
    return said if said in of and request.method == "GET" else ""


def _closures(found: alert_pages.AlertPage) -> Sequence[str]:
    """Return why an alert may be closed: that a Party is not competent is said by that Party alone."""
    return [each for each in get_args(ClosureReason) if each != "not_competent" or "not_competent" in found.acts]


def path_of(request: Request) -> str:
    """Return where the page of an alert is."""
    return f"{_HERE}/{request.path_params['reference']}"


def routes() -> list[Route]:
    """Return the addresses of this file."""
    return [
        Route(_HERE, show_list, methods=["GET"]),
        Route(f"{_HERE}/{{reference}}", show, methods=["GET"]),
    ]
