"""An officer leaves: what depends on the officer, and the plan with which all of it is settled at once."""

from datetime import datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from contactpoints.actions import auditing, leaving
from contactpoints.actions.dependencies import Depending, Ends
from contactpoints.actions.leaving import Left
from contactpoints.api.bodies import Json, json_body
from contactpoints.api.cover import post_out
from contactpoints.api.directory import SHELVES, expected, key_of, told_what_changed
from contactpoints.api.identity import caller
from contactpoints.rules import history_text
from contactpoints.rules.history import changes
from contactpoints.rules.leaving import Dependency, said, shown_shifts
from contactpoints.rules.phrasing import Catalogue
from contactpoints.runtime import Runtime
from schemas.examples import LEAVING_EXAMPLES
from schemas.fields import write_instant
from schemas.history import StaleOut
from schemas.leaving import AlertOfOfficer, DependenciesOut, DependencyOut, EndsOut, Leaving, LeftOut
from schemas.openapi import Operation, Parameter
from schemas.partly import read_partly

_PATH = "/v1/officers/{id}/leaving"
_OFFICERS = next(shelf for shelf in SHELVES if shelf.name == "officers")
LEAVING = (
    Operation(
        "get",
        _PATH,
        "Read what depends on an officer who is to leave",
        "read_what_depends_on_officer",
        "leavers",
        responses={200: DependenciesOut},
        roles=("contact_point", "administrator", "secretariat", "auditor"),
        answer_headers={"ETag": "The version of the officer, for If-Match."},
    ),
    Operation(
        "post",
        _PATH,
        "Let an officer leave, with a plan for everything that depends on the officer",
        "let_officer_leave",
        "leavers",
        request=Leaving,
        responses={200: LeftOut},
        problems=(400, 403, 409, 412, 413, 415, 422, 428),
        told_more={412: StaleOut},
        parameters=(Parameter("If-Match", "The ETag as it was read.", required=True),),
        roles=("administrator", "secretariat"),
        step_up=True,
        examples=LEAVING_EXAMPLES,
        description=(
            "All of it is done, or nothing: rotations and overrides change, channels and PIN end, the officer is "
            "retired. Each dependency needs an entry in the plan with the `ref` and `version` as they were read; what "
            "has changed since is refused as outdated (409), what is missing is named (422).\n\n"
            "A plan that leaves a minute without cover, in 90 days from now or from where it is felt, needs a reason, "
            "of its own or for what it leaves out; the gaps are then warnings. "
            "With `dry_run` nothing is done, and everything is told.\n\n"
            "An open alert that calls the officer is not lost: the officer's code ends, and where nobody else was "
            "called the next step is taken at once.\n\n"
            "The officer's accounts end at once, with all their sessions and the keys that the officer holds (`keys`): "
            "where an authority needs one of these, rotate it before, and say who holds the next. Keys that were made "
            "in these accounts and that others or nobody hold (`keys_made`) go on, for a week at most: their secrets "
            "are known to the officer, and each authority needs another one by then. So do the feeds of posts "
            "(`post_feeds`), whose addresses the officer may know: make others, tell those who stay, and revoke these."
        ),
    ),
)
"""What this file can do, for the list of all operations."""


async def look(runtime: Runtime, request: Request) -> Response:
    """Tell what depends on an officer."""
    actor = await caller(runtime, request)
    found = await leaving.depending(runtime.db, int(key_of(_OFFICERS, request)), actor=actor, now=runtime.now())
    told: DependenciesOut = {
        "officer_id": found.officer.id,
        "version": found.version,
        "dependencies": _dependencies(found, runtime.tools.words[actor.language]),
        "ends": _ends(found.ends),
        "alerts": _alerts(found),
    }
    return Json(told, headers={"ETag": f'"{found.version}"'})


async def leave(runtime: Runtime, request: Request) -> Response:
    """Carry out a plan, or try it."""
    actor = await caller(runtime, request)
    number, version = int(key_of(_OFFICERS, request)), expected(request)
    body, faults = read_partly(Leaving, await json_body(request))
    async with told_what_changed(runtime, "officers", actor=actor, key=number, version=version):
        left = await leaving.leave(
            *(runtime.db, number),
            actor=actor,
            version=version,
            body=body,
            faults=faults,
            now=runtime.now(),
            tools=runtime.tools,
        )
    if body.dry_run:
        await auditing.note(runtime.db, now=runtime.now(), told={"officer_id": number}, outcome="rehearsed")
    return await runtime.tools.threads.short(_left, left, body=body, words=runtime.tools.words[actor.language])


def _left(left: Left, *, body: Leaving, words: Catalogue) -> Response:
    names = {("officers", each.id): each.name for each in left.depending.point.officers.values()}
    told: LeftOut = {
        "officer_id": left.depending.officer.id,
        "dry_run": body.dry_run,
        "retired_at": None if body.dry_run else left.retired["retired_at"],
        "dependencies": _dependencies(left.depending, words),
        "changed": [
            {
                "entry": name,
                "id": number,
                "version": after.number,
                "act": after.act,  # type: ignore[typeddict-item]  # this file's actions make no others
                "changes": history_text.told(words, changes(before, after), names=names),
            }
            for name, number, before, after in left.changed
        ],
        "ends": _ends(left.ends),
        "alerts": _alerts(left.depending),
        "cover_before": [post_out(each) for each in left.came.before],
        "cover_after": [post_out(each) for each in left.came.after],
        "warnings": [{"code": each["code"], "detail": each["detail"]} for each in left.warnings],
    }
    return Json(told)


def _alerts(found: Depending) -> list[AlertOfOfficer]:
    return [{"reference": row["reference"], "state": row["state"]} for row in found.alerts]


def _ends(ends: Ends) -> EndsOut:
    return {
        "channels": list(ends.entries["channels"]),
        "absences": list(ends.entries["absences"]),
        "overrides": list(ends.entries["overrides"]),
        "pin": ends.pin,
        "mail_links": ends.mail_links,
        "address_changes": ends.address_changes,
        "swaps": ends.swaps,
        "feeds": ends.feeds,
        "accounts": list(ends.accounts),
        "keys": list(ends.keys),
        "keys_made": [{"id": key, "ends_at": write_instant(at)} for key, at in ends.keys_made.items()],
        "post_feeds": [{"id": feed, "post_id": post} for feed, post in ends.post_feeds.items()],
    }


def _dependencies(found: Depending, words: Catalogue) -> list[DependencyOut]:
    return [_dependency(each, words, zone=found.point.zone) for each in found.dependencies]


def _dependency(each: Dependency, words: Catalogue, *, zone: str) -> DependencyOut:
    shown = shown_shifts(each.shifts)
    return {
        "ref": each.ref,
        "kind": each.kind,
        "version": each.version,
        "said": said(words, each, zone=zone),
        "entry_id": each.number,
        "post_id": each.post.id if each.post else None,
        "line": each.post.line if each.post else None,
        "shifts": [
            {"starts_at": write_instant(shift.starts_at), "ends_at": write_instant(shift.ends_at)} for shift in shown
        ],
        "more_shifts": len(each.shifts) - len(shown),
        "facts": {name: _plain(value) for name, value in each.facts.items()},
    }


def _plain(value: Any) -> Any:
    return write_instant(value) if isinstance(value, datetime) else value


def routes() -> list[Route]:
    """Return the addresses of this file."""
    return [
        Route(_PATH, look, methods=["GET"]),
        Route(_PATH, leave, methods=["POST"]),
    ]
