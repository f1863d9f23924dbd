"""What everybody hears at every door, in a world that nobody changes by asking: the table of `docs/rights.md`.

All who ask send the same sound request. Where it changes something the service does the whole of it, and the database
undoes it when it would be committed: whoever came that far may do it.
"""

import json
import re
import secrets
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import httpx

from contactpoints.api.operations import OPERATIONS
from contactpoints.store.sealing import secret_hash
from contactpoints.store.tables import metadata
from contactpoints.web import application
from schemas.openapi import Operation
from tests.api.callers import STALE, By, Caller
from tests.api.people import PASSWORD
from tests.api.test_audit import Log
from tests.asgi import Answer, asks
from tests.world import World

MAY, OWN, SECOND = "may", "the own", "409: for a second person"
# What is refused may be written down, tries are counted, and a key may be seen to be used.
_STAYS = {"audit", "audit_bounds", "throttles", "key_uses"}
_UNDO = """
    create sequence undone;
    create table undoing (whether boolean);
    insert into undoing values (false);
    create function undo() returns trigger language plpgsql as $$ begin
        -- That a session is used is noted whoever may what.
        if tg_table_name = 'sessions' and tg_op = 'UPDATE'
           and to_jsonb(new) - 'seen_at' = to_jsonb(old) - 'seen_at' then
            return null;
        end if;
        if (select whether from undoing) then
            perform nextval('undone');
            raise exception 'undone' using errcode = 'ZZ001';
        end if;
        return null;
    end $$;"""
# Why a person may do something without a fresh second factor, by the names of operations.
_WITHOUT: Mapping[str, str] = {
    "nothing delays an alert": r"(open|preview|withdraw|acknowledge|decline|resend|close)_alert"
    r"|(release|refuse|withdraw)_proposal|note_call_back|add_note|hand_over_alert",
    "reads": r"print_directory",
    "what everybody reads": r"\w+_(party|membership|declaration|provider_seat|holiday_calendar)",
    "languages": r"set_own_languages",
    "shifts, no number": r"(\w+_(duty_post|rotation|override|calendar|absence|escalation_policy|swap|feed))"
    r"|(create|change)_officer",
    "the code is the proof": r"(ask|confirm)_proof",
    "ends what may be stolen": r"end_sessions?",
    "is the fresh factor": r"(ask_)?step_up(_with_passkey)?",
}
# Where it matters which authority or contact point of a Party somebody is of, and whether it is a person.
_APART = {"alerts", "retention", "access", "sessions", "releasing"}
_ASKING_SIDE = ("administrator", "US", "first")
_ASKER = ("requester", "US", "key")
_ROLES = ("requester", "contact_point", "administrator", "secretariat", "auditor", "nobody")
Heard = dict[Caller, str]


@dataclass
class Walk(Log):
    """Everybody's acts of one night, each tried by everybody before it is done by who does it."""

    everybody: list[Caller] = field(default_factory=list)
    heard: dict[str, Heard] = field(default_factory=dict)
    fresh: dict[str, str] = field(default_factory=dict)
    there: dict[str, int | str] = field(default_factory=dict)
    unsound: list[str] = field(default_factory=list)

    def __init__(self, world: World, keeper: str, administrator: str, *, everybody: list[Caller]) -> None:
        super().__init__(world, keeper, administrator)
        self.everybody, self.heard, self.fresh, self.there, self.unsound = everybody, {}, {}, {}, []
        self.app = application(world.runtime)
        self.asker = next(each for each in everybody if (each.role, each.party, each.by) == _ASKER).secret

    async def begins(self) -> None:
        """Have the database undo what is tried."""
        async with self.world.runtime.db.session() as session:
            await session.execute(_UNDO)
            for name in metadata.tables.keys() - _STAYS:
                await session.execute(
                    f'create constraint trigger undo after insert or update or delete on "{name}"'
                    " deferrable initially deferred for each row execute function undo()"
                )

    async def asks(self, operation: Operation, path: str, *, body: Any, key: str | None, tag: str) -> httpx.Response:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        if operation.name not in self.heard:
            async with self.undone():
                await self.tries(operation, path, content=content, tag=tag)
                if OWN in self.heard[operation.name].values():
                    told = await self.hears(operation, path, content=content, tag=tag, secret=key or "")
                    assert told == MAY, f"not even one's own: {operation.name}"
        answer = await super().asks(operation, path, body=body, key=key, tag=tag)
        if answer.status_code == 201 and "id" in (told := answer.json()):
            self.there[operation.path.replace("/{id}", "").rpartition("/")[2]] = told["id"]
        return answer

    async def tries(self, operation: Operation, path: str, *, content: bytes = b"", tag: str = "") -> None:
        """Let everybody ask for the same, and whoever may in a session once more without a fresh second factor."""
        # How often nobody in particular asks, is bounded.
        self.world.clock.at += timedelta(seconds=1)
        heard: Heard = {}
        for caller in self._asking(operation):
            own, said = self._own(operation, caller, path=path, content=content)
            heard[caller] = await self.hears(operation, own, content=said, tag=tag, secret=caller.secret)
        self.heard[operation.name] = heard
        may = {each.who for each, told in heard.items() if told in (MAY, OWN)}
        stale = next((each for each in self.everybody if each.stale and each.who in may), None)
        if operation.method != "get" and operation.roles and stale:
            own, said = self._own(operation, stale, path=path, content=content)
            again = await self.hears(operation, own, content=said, tag=tag, secret=stale.stale)
            self.fresh[operation.name] = "" if again in (MAY, OWN) else again
        if not may:
            self.unsound.append(f"nobody may {operation.name}")

    def _asking(self, operation: Operation) -> list[Caller]:
        """Return who asks: everybody, or of those whom nothing sets apart there some, now by key and now by account."""
        if not operation.roles:
            return [each for each in self.everybody if each.role in ("nobody", "secretariat")]
        if operation.tag in _APART:
            return self.everybody
        by: By = ("key", "account")[len(self.heard) % 2]
        there = {each.who for each in self.everybody if each.by == by}
        some = [each for each in self.everybody if each.unit != "second" and each.who != _ASKING_SIDE]
        return [each for each in some if each.by == by or each.who not in there]

    @asynccontextmanager
    async def undone(self) -> AsyncIterator[None]:
        """Undo whatever is tried inside. All sessions are fresh at its beginning, but those meant to be stale."""
        self.broken = 0
        async with self.world.runtime.db.session() as session:
            await session.execute(
                """update sessions set created_at = $1, seen_at = $1,
                          proven_at = case when token_hash = any($3) then $2::timestamptz else $1::timestamptz end
                    where account_id = any($4) and ended_at is null""",
                self.world.clock.at,
                self.world.clock.at - STALE,
                [secret_hash(each.stale) for each in self.everybody],
                [each.number for each in self.everybody],
            )
            before = await session.fetchval("update undoing set whether = true returning nextval('undone')")
        yield
        async with self.world.runtime.db.session() as session:
            after = await session.fetchval("update undoing set whether = false returning nextval('undone')")
        if after - before - 1 < self.broken:
            self.unsound.append(f"{[*self.heard][-1]} broke, and not because it was undone")

    def _own(self, operation: Operation, caller: Caller, *, path: str, content: bytes) -> tuple[str, bytes]:
        """Return path and body as they are for what everybody has: sessions, a password, the own key or account."""
        match operation.name:
            case "end_session":
                return path.rpartition("/")[0] + f"/{caller.other_session or 1}", content
            case "step_up" if caller.totp:
                return path, json.dumps({"code": caller.code(self.world.clock.at)}).encode()
            case "change_password":
                return path, json.dumps({"old_password": PASSWORD, "password": f"{PASSWORD} again"}).encode()
            case "read_key" | "read_account" if operation.name.endswith(caller.by) and _alone(caller):
                return path.rpartition("/")[0] + f"/{caller.number}", content
        return path, content

    async def hears(self, operation: Operation, path: str, *, content: bytes, tag: str, secret: str) -> str:
        """Return `MAY`, or the status of a refusal that is for whoever asks. Nothing else is an answer here."""
        headers = {"If-Match": tag} if tag else {}
        headers |= {"Content-Type": operation.file[0] if operation.file else "application/json"} if content else {}
        headers |= {"Authorization": f"Bearer {secret}", "Idempotency-Key": secrets.token_hex(8)}
        method = "HEAD" if operation.media == ("text/event-stream",) else operation.method.upper()
        answer = await asks(self.app, method, path, headers=headers, body=content)
        if operation.tag == "sessions" and answer.status in (404, 409, 422):
            # What somebody has is asked for by others; whose it is may, which `asks` tries too.
            return OWN
        return self.judged(f"{operation.name} {path}", answer)

    def judged(self, what: str, answer: Answer) -> str:
        """Return what an answer means."""
        if answer.status < 400:
            return MAY
        if answer.status == 500:
            self.broken += 1
            return MAY
        if answer.status == 409 and answer.told["type"].endswith("/second-person-needed"):
            return SECOND
        codes = {each["code"] for each in answer.told.get("errors", ())} if answer.status == 422 else set()
        known = answer.status in (401, 403, 404) or (codes and codes <= {"unknown", "not_allowed"})
        if not known:
            self.unsound.append(f"{what}: {answer.status} {answer.text}")
        return str(answer.status)


def _alone(caller: Caller) -> bool:
    """Say whether somebody is at home and keeps nothing but what is the own."""
    return caller.role in ("requester", "contact_point") and caller.party == "FR" and caller.unit == "first"


def cell(heard: Mapping[Caller, str], *, home: str) -> str:
    """Return in words what those of one role hear; ``home``: the Party whose the thing is that they ask for."""
    own = {each.by: told for each, told in heard.items() if _is_own(each, home)}
    if len(set(own.values())) == 1 or not own:
        return _cell(heard, home=home)
    return "; ".join(f"{by}: {_cell({e: t for e, t in heard.items() if e.by == by}, home=home)}" for by in own)


def _is_own(caller: Caller, home: str) -> bool:
    return caller.party in (home, None) and caller.unit != "second"


def _cell(heard: Mapping[Caller, str], *, home: str) -> str:
    own = _said(told for each, told in heard.items() if _is_own(each, home))
    beside = _said(told for each, told in heard.items() if each.party == home and each.unit == "second")
    others = _said(told for each, told in heard.items() if each.party not in (home, None))
    match beside or own, others or own:
        case same, other if same == own == other:
            return own
        case same, other if same == own:
            return f"own Party {own}, else {other}"
        case _:
            return f"own {own}, else {_said([beside, others])}"


def _said(told: Iterable[str]) -> str:
    return " or ".join(sorted(set(filter(None, told))))


def home_of(operation: Operation, role: str) -> str:
    """Return whose the thing is that everybody asks for: the asking authority's, or of the house that was asked."""
    return "US" if operation.tag in ("alerts", "retention") and role == "requester" else "FR"


def cells(operation: Operation, heard: Heard) -> tuple[str, ...]:
    """Return what those of each role hear."""
    if not operation.roles:
        return (_said(heard.values()),) * len(_ROLES)
    return tuple(
        cell({each: told for each, told in heard.items() if each.role == role}, home=home_of(operation, role))
        for role in _ROLES
    )


def _fresh(operation: Operation, heard: str | None) -> str:
    """Return whether a person needs a fresh second factor; else why not, where something is changed."""
    why = [reason for reason, names in _WITHOUT.items() if re.fullmatch(names, operation.name)]
    if heard is None or heard:
        assert not (heard and why), f"{operation.name} wants a fresh second factor, and need not be excused"
        return "yes" if heard else ""
    assert why, f"{operation.name} wants no fresh second factor, and nobody says why"
    return f"no: {why[0]}"


def table(walk: Walk) -> str:
    """Return the table of all operations, in the order of the paper; those that differ in nothing are one line."""
    titles = ("", *(role.replace("_", " ") for role in _ROLES), "fresh second factor")
    lines = []
    for tag in dict.fromkeys(each.tag for each in OPERATIONS):
        alike: dict[tuple[str, ...], list[str]] = {}
        for each in OPERATIONS:
            if each.tag == tag:
                told = (*cells(each, walk.heard[each.name]), _fresh(each, walk.fresh.get(each.name)))
                alike.setdefault(told, []).append(f"`{each.method.upper()} {each.path}`")
        lines += [f"\n### {tag}\n", f"| {' | '.join(titles)} |", f"|{'---|' * len(titles)}"]
        lines += [f"| {'<br>'.join(places)} | {' | '.join(told)} |" for told, places in alike.items()]
    return "\n".join(lines)
