"""A canary in every particular and a PIN in a reply, errors of every kind, everything at level DEBUG: found nowhere.

Searched are the bytes that two Twilios and a mail server got, as they came and decoded, the answers other than
/request, what is logged, PostgreSQL's log, every table as text, and the bytes of the data folder, the write-ahead log
included.
"""

import asyncio
import json
import logging
import secrets
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import replace
from email import message_from_bytes
from pathlib import Path
from typing import Any
from urllib.parse import unquote_plus, urlsplit

import asyncpg
import httpx
import pytest
from pydantic import ValidationError

from contactpoints.actions.access import set_pin
from contactpoints.runtime import Runtime
from contactpoints.serving import doors
from contactpoints.store.embedded import Server
from schemas.alerts import OPEN_SHAPES
from schemas.examples import EXAMPLES, example
from tests.conftest import NEWEST, OLDEST
from tests.fakes.line import Line
from tests.far_ends import Gateways
from tests.world import START, HandClock, World, open_world

# Letters that no other word here has, in capitals and not: as written, and as a shape might fold it.
CANARY = "zqxkanarienvogel"
CASE = "ZQXCASE-4711"
PHONE = "+12025550186"
INSTANT = "2026-10-13T23:55:01.731946Z"
PIN, WRONG_PIN = "70419358", "60318247"
SECRETS = (CANARY, PHONE, "731946", PIN, WRONG_PIN)
_FILLERS: tuple[Any, ...] = (CANARY, [CANARY], INSTANT)


def _planted(value: Any) -> Any:
    """Return a copy of particulars with the canary in every text, number and instant that can hold one."""
    match value:
        case dict():
            return {name: _planted(each) for name, each in value.items()}
        case list():
            return [_planted(each) for each in value]
        case str() if "@" in value:
            return f"{CANARY}{len(value)}@{CANARY}.example"
        case str() if value.startswith("+"):
            return PHONE
        case str() if value[:4] == "2026" and value.endswith("Z"):
            return value
        case str() if value in _CODES:
            return value
        case str():
            return f"{value} {CANARY}"
    return value


_CODES = ("subscriber", "traffic", "content", "en", "technical_advice")


def _body(kind: str) -> dict[str, Any]:
    body = example(kind) | {"requested_party": "FR", "case_reference": CASE, "notify": ["desk@requester.example"]}
    told = _planted(body["request"]) | {"issued_at": INSTANT}
    shape = OPEN_SHAPES[kind].model_fields["request"].annotation
    assert shape is not None
    for name in shape.model_fields.keys() - told.keys():
        for filler in _FILLERS:
            try:
                shape.model_validate_json(json.dumps(told | {name: filler}))
            except ValidationError:
                continue
            told[name] = filler
            break
    assert shape.model_fields.keys() <= told.keys(), "a particular without a canary proves nothing"
    return body | {"request": told}


class Records(logging.Handler):
    """Keeps everything that is logged: the message, its arguments, and the text of exceptions."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[str] = []
        self._formatter = logging.Formatter("%(name)s %(message)s")

    def emit(self, record: logging.LogRecord) -> None:
        # Not the test's own client and mail server.
        if not record.name.startswith(("httpx", "httpcore", "mail")):
            self.lines.append(f"{self._formatter.format(record)} {record.args!r}")


@contextmanager
def _everything_logged() -> Iterator[Records]:
    kept = Records()
    named = [each for each in logging.root.manager.loggerDict.values() if isinstance(each, logging.Logger)]
    loggers = [logging.root, *named]
    before = [(each, each.level, each.propagate) for each in loggers]
    for each in loggers:
        each.setLevel(logging.DEBUG)
        each.addHandler(kept)
    try:
        yield kept
    finally:
        for each, level, propagate in before:
            each.removeHandler(kept)
            each.setLevel(level)
            each.propagate = propagate


class Caller:
    """Calls a real server, and keeps every byte that it answers, but for the reading of the particulars."""

    def __init__(self, client: httpx.AsyncClient, world: World) -> None:
        self._client = client
        self._world = world
        self.heard: list[str] = []

    async def __call__(self, method: str, path: str, body: Any = None, *, key: str | None = None) -> httpx.Response:
        headers = {"Authorization": f"Bearer {key or self._world.requester}", "Idempotency-Key": secrets.token_hex(8)}
        content = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        answer = await self._client.request(
            method, path, content=content, headers=headers | {"Content-Type": "application/json"}
        )
        if not path.endswith("/request"):
            self.heard.append(f"{answer.headers} {answer.text}")
        return answer


@asynccontextmanager
async def _calling(runtime: Runtime, world: World) -> AsyncIterator[Caller]:
    async with (
        doors(runtime, port=0) as port,
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=30) as client,
    ):
        world.client = client  # what Twilio brings goes through the real server too
        yield Caller(client, world)


@asynccontextmanager
async def _tapped(gateways: Gateways) -> AsyncIterator[list[Line]]:
    """Put a line that keeps what it carries in front of each Twilio and of the mail server, in this order."""
    async with AsyncExitStack() as stack:
        lines = []
        for far in gateways.twilios.values():
            lines.append(await stack.enter_async_context(Line("127.0.0.1", urlsplit(far.url).port or 0)))
            far.url = f"http://127.0.0.1:{lines[-1].port}"
        lines.append(await stack.enter_async_context(Line("127.0.0.1", gateways.smtp.port)))
        gateways.smtp.port = lines[-1].port
        yield lines


def _outgoing(lines: list[Line], gateways: Gateways) -> Iterator[tuple[str, str]]:
    """Yield all that left: the bytes as they came, forms without their percent signs, mails without their encodings."""
    for number, line in enumerate(lines):
        raw = line.carried.decode("latin-1")
        yield f"the bytes at far end {number}", raw
        yield f"the forms at far end {number}", unquote_plus(raw)
    for letter in gateways.smtp.letters:
        for part in message_from_bytes(letter.raw).walk():
            told = part.get_payload(decode=True)
            yield "a mail", f"{part.items()} {told.decode() if isinstance(told, bytes) else ''}"


async def _acknowledged(call: Caller, world: World, kind: str) -> None:
    """Play a whole alert: opened, answered with a wrong PIN and the right one, read by both sides, closed."""
    opened = await call("POST", "/v1/alerts", _body(kind))
    assert opened.status_code == 201, opened.text
    reference = opened.json()["reference"]
    await world.settles()
    officer = world.network["FR"].officers[0]
    code = await world.code_of(officer)
    await world.answers(officer, f"{code} {WRONG_PIN}")
    by_machine = {"officer": officer.id, "reply_code": code, "pin": WRONG_PIN}
    assert (
        await call("POST", f"/v1/alerts/{reference}/acknowledgements", by_machine, key=world.contact_point)
    ).status_code == 409
    await world.answers(officer, f"ok {code}, {PIN}")
    by_machine["pin"] = PIN
    assert (
        await call("POST", f"/v1/alerts/{reference}/acknowledgements", by_machine, key=world.contact_point)
    ).status_code == 200
    for path in ("", "/timeline", "/request"):
        answer = await call("GET", f"/v1/alerts/{reference}{path}", key=world.contact_point)
        assert answer.status_code == 200
    assert CANARY in answer.text, "the contact point reads what was sent"
    assert (await call("POST", f"/v1/alerts/{reference}/closure", {"reason": "handled"})).status_code == 200


async def _resent(call: Caller, world: World) -> None:
    """Play a request to the wrong Party: closed with a note for the requester's eyes, and sent anew to another."""
    first = (await call("POST", "/v1/alerts", _body("preservation"))).json()["reference"]
    await world.settles()
    officer = world.network["FR"].officers[0]
    await world.answers(officer, f"{await world.code_of(officer)} {PIN}")
    closed = {"reason": "not_competent", "suggested_party": "JP", "note": f"Ask {CANARY} at {PHONE}."}
    assert (await call("POST", f"/v1/alerts/{first}/closure", closed, key=world.contact_point)).status_code == 200
    await world.settles()
    assert CANARY in (await call("GET", f"/v1/alerts/{first}/request")).text, "the requester reads the note"
    anew = {"requested_party": "JP", "consent_to_transfer": True, "issued_under_instrument": True}
    anew |= {"issued_at": INSTANT, "legal_reason": CANARY}
    sent = await call("POST", f"/v1/alerts/{first}/resending", anew)
    assert sent.status_code == 201, sent.text
    await world.settles()
    second = sent.json()["reference"]
    assert CANARY in (await call("GET", f"/v1/alerts/{second}/request")).text
    for reference in (first, second):
        for path in ("", "/timeline"):
            assert (await call("GET", f"/v1/alerts/{reference}{path}")).status_code == 200
    assert (await call("POST", f"/v1/alerts/{first}/resending", anew | {"issued_at": CANARY})).status_code == 422


async def _refused(call: Caller) -> None:
    """Send what is wrong in its shape, with the canary in every wrong place."""
    whole = _body("preservation")
    wrong: list[Any] = [
        whole | {"kind": CANARY, "urgency": CANARY, "notify": [CANARY]},
        whole
        | {"request": whole["request"] | {f"a {CANARY}": CANARY, "issued_at": CANARY, "identifiers": {CANARY: 1}}},
        whole | {"request": whole["request"] | {"facts_summary": f"{CANARY}\x00"}},
        json.dumps(whole)[:-9].encode(),
        json.dumps(whole).replace(CANARY, CANARY + "\\ud800").encode(),
        json.dumps(whole).encode().replace(CANARY.encode(), b"\xff" + CANARY.encode()),
        [CANARY],
    ]
    for body in wrong:
        assert 400 <= (await call("POST", "/v1/alerts", body)).status_code < 423
    path = "/v1/alerts/XX/acknowledgements"
    answers = [await call("POST", path, {"officer": PIN, "reply_code": PIN, "pin": int(PIN)})]
    answers.append(await call("POST", path, {"officer": 1, "reply_code": PIN, "pin": PIN, "more": PIN}))
    assert {answer.status_code for answer in answers} == {422}


_BREAKAGES = {
    "a constraint on what is sealed": (
        "alter table requests add constraint zz check (octet_length(sealed) < 3) not valid",
        "alter table requests drop constraint zz",
    ),
    "a constraint on a row with the case reference": (
        "alter table alerts add constraint zz check (kind = '') not valid",
        "alter table alerts drop constraint zz",
    ),
    "an encoding error": (
        "alter table requests add constraint zz check (convert_from(sealed, 'UTF8') is not null) not valid",
        "alter table requests drop constraint zz",
    ),
    "a statement that took too long": (
        """create function zz() returns trigger language plpgsql as
           $$ begin raise exception using errcode = '57014', message = 'canceling statement'; end $$;
           create trigger zz before insert on requests for each row execute function zz()""",
        "drop function zz cascade",
    ),
    "a table that is gone": ("alter table requests rename to zz", "alter table zz rename to requests"),
}


async def _broken(call: Caller, admin: "asyncpg.Connection[Any]", world: World) -> None:
    for name, (breaks, mends) in _BREAKAGES.items():
        await admin.execute(breaks)
        passes = name == "a statement that took too long"
        asked = (await call("POST", "/v1/alerts", _body("assistance"))).status_code
        assert asked in ((503,) if passes else (400, 500)), name
        await admin.execute(mends)
    await admin.execute("alter table inbound add constraint zz check (octet_length(sealed) < 3) not valid")
    reference = (await call("GET", "/v1/alerts")).json()["items"][0]["reference"]
    by_machine = {"officer": world.network["FR"].officers[0].id, "reply_code": "XXXX-XXXX", "pin": PIN}
    assert (
        await call("POST", f"/v1/alerts/{reference}/acknowledgements", by_machine, key=world.contact_point)
    ).status_code == 500
    await admin.execute("alter table inbound drop constraint zz")


_TAKE_AWAY = """
select count(pg_terminate_backend(pid)) from pg_stat_activity
 where datname = current_database() and wait_event_type = 'Lock' and pid <> pg_backend_pid()
"""


async def _late(call: Caller, admin: "asyncpg.Connection[Any]") -> None:
    """Let a request wait for a lock until it gives up, and take another's connection away."""
    async with admin.transaction():
        await admin.execute("lock table requests in access exclusive mode")
        assert (await call("POST", "/v1/alerts", _body("assistance"))).status_code == 409
        waiting = asyncio.create_task(call("POST", "/v1/alerts", _body("assistance")))
        while not (waiting.done() or await admin.fetchval(_TAKE_AWAY)):  # noqa: ASYNC110 - it is in the database
            await asyncio.sleep(0.015)
        assert (await waiting).status_code == 503


async def _dump(admin: "asyncpg.Connection[Any]") -> dict[str, str]:
    names = [row[0] for row in await admin.fetch("select tablename from pg_tables where schemaname = 'public'")]
    rows = {name: await admin.fetch(f'select t::text from "{name}" as t') for name in names}
    await admin.execute("checkpoint")
    return {name: "\n".join(row[0] for row in kept) for name, kept in rows.items()}


def _found(where: str, text: str, *more: str) -> list[str]:
    """Return which secrets stand in a text, as they are or in hexadecimal digits, as bytea is printed."""
    low = text.lower()
    wanted = {word: (word.lower(), word.encode().hex()) for word in (*SECRETS, *more)}
    return [f"{word} in {where}" for word, forms in wanted.items() if any(form in low for form in forms)]


def _found_in_files(folder: Path) -> list[str]:
    found: list[str] = []
    for path in (each for each in folder.rglob("*") if each.is_file() and not each.is_symlink()):
        kept = path.read_bytes()
        found += [f"{word} in {path.name}" for word in (CANARY, PHONE, PIN, WRONG_PIN) if word.encode() in kept]
    return found


def test_the_search_finds_what_it_looks_for(tmp_path: Path) -> None:
    assert _found("a table", f"(1,\\x{CANARY.encode().hex()})") == [f"{CANARY} in a table"]
    assert _found("a log", CANARY.upper()) == [f"{CANARY} in a log"]
    (tmp_path / "wal").write_bytes(b"\x00" + PIN.encode())
    assert _found_in_files(tmp_path) == [f"{PIN} in wal"]


async def _provoked(world: World, admin: "asyncpg.Connection[Any]") -> list[str]:
    """Let everything happen, right and wrong; return what was answered."""
    same = replace(world.runtime, tools=replace(world.runtime.tools, entropy=lambda count: b"\x07" * count))
    async with _calling(same, world) as collide, _calling(world.runtime, world) as call:
        for kind in EXAMPLES:
            await _acknowledged(call, world, kind)
        await _refused(call)
        await _broken(call, admin, world)
        await _late(call, admin)
        await _resent(call, world)
        assert (await collide("POST", "/v1/alerts", _body("preservation"))).status_code == 201
        assert (await collide("POST", "/v1/alerts", _body("preservation"))).status_code == 503
        await world.passes(hours=2)
    return call.heard + collide.heard


@pytest.mark.parametrize("cluster", [NEWEST, OLDEST], indirect=True)
async def test_case_data_and_pins_are_found_nowhere(
    server: Server, database_url: str, gateways: Gateways, clock: HandClock
) -> None:
    async with _tapped(gateways) as lines, open_world(database_url, far=gateways, clock=clock) as world:
        officer = world.network["FR"].officers[0]
        await set_pin(world.runtime.db, officer.id, pin=PIN, now=START, tools=world.runtime.tools)
        admin = await asyncpg.connect(database_url)
        with _everything_logged() as logged:
            answers = "\n".join(await _provoked(world, admin))
        logs = "\n".join(logged.lines)
        tables = await _dump(admin)
        await admin.close()
        outgoing = list(_outgoing(lines, gateways))
        assert all(officer.sms[1:] in line.carried.decode("latin-1") for line in lines[:2]), (
            "two Twilios were listened to"
        )
        assert sum("24/7" in text for name, text in outgoing if name == "a mail") > 10, "mails were decoded"
    assert "CheckViolation" in logs, "what was provoked was logged"
    assert CASE in tables["alerts"], "the dump was made"
    found = _found("answers", answers) + _found("logs", logs, CASE)
    for name, text in outgoing:
        found += _found(name, text, CASE)
    for name, text in tables.items():
        found += _found(name, text)
    for path in (server.folder / "log").iterdir():
        found += _found("PostgreSQL's log", path.read_text(), CASE)
    found += _found_in_files(server.folder / "data")
    assert found == []
