"""The command line, in this process: keys are made, listed and revoked, and nonsense gets one sentence."""

import asyncio
import base64
import logging
import os
import pwd
import re
import secrets
import socket
from contextlib import redirect_stdout
from dataclasses import replace
from datetime import UTC, datetime
from io import BytesIO, StringIO, TextIOWrapper
from pathlib import Path

import pytest

from contactpoints import cli
from contactpoints.actions.accepting import look
from contactpoints.actions.access import check_pin, set_pin
from contactpoints.cli import main
from contactpoints.rules.refusals import Unavailable
from contactpoints.runtime import open_runtime
from contactpoints.settings import read_settings
from schemas.signing import fingerprint_of, pem_of
from tests.world import PIN, START, World


class Terminal:
    """Runs commands against one database, and tells what they printed."""

    def __init__(self, url: str, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys
        self.environment = {
            "CONTACTPOINTS_DATABASE_URL": url,
            "CONTACTPOINTS_REHEARSAL": "1",
            "CONTACTPOINTS_KEYRING": "old:" + base64.b64encode(b"o" * 32).decode(),
            "CONTACTPOINTS_PIN_PEPPER": base64.b64encode(b"p" * 32).decode(),
        }

    async def runs(self, *words: str) -> str:
        """Run a command that succeeds; return what it printed."""
        self._capsys.readouterr()
        code = await asyncio.to_thread(main, words, self.environment)
        printed = self._capsys.readouterr()
        assert code == 0, printed.err
        return printed.out

    async def refuses(self, *words: str) -> str:
        """Run a command that gives up on the way; return the sentence that it said at the end."""
        self._capsys.readouterr()
        assert await asyncio.to_thread(main, words, self.environment) == 1, words
        return self._capsys.readouterr().err

    async def fails(self, *words: str) -> str:
        """Run a command that fails; return the sentence that it said, and nothing else."""
        self._capsys.readouterr()
        assert await asyncio.to_thread(main, words, self.environment) == 1, words
        printed = self._capsys.readouterr()
        assert printed.out == ""
        assert printed.err.count("\n") == 1
        return printed.err


@pytest.fixture
def terminal(database_url: str, capsys: pytest.CaptureFixture[str]) -> Terminal:
    return Terminal(database_url, capsys)


async def test_a_key_is_made_listed_and_revoked(world: World, terminal: Terminal) -> None:
    asked = ("--role", "requester", "--party", "RO", "--authority", "Invented Desk", "--notify", "a@b.example")
    secret = (await terminal.runs("key", "create", *asked, "--language", "fr", "--expires", "2099-01-31")).strip()
    assert secret.startswith("cp_")
    assert (await world.get("/v1/alerts", key=secret)).status_code == 200
    listed = await terminal.runs("key", "list")
    assert secret not in listed
    line = next(line for line in listed.splitlines() if "RO" in line)
    assert "until 2099-01-31" in line
    assert line.split("Invented Desk")[1].split() == ["a@b.example"]
    number = line.split()[0]
    assert await terminal.runs("key", "revoke", number) == (
        f"API key number {number} is revoked: it opens nothing any more.\n"
    )
    assert (await world.get("/v1/alerts", key=secret)).status_code == 401
    assert "revoked" in await terminal.runs("key", "list")
    assert "There is no API key number 4711." in await terminal.fails("key", "revoke", "4711")
    acts = [(operation, outcome, entry) for operation, outcome, _, _, entry in await _log(world)]
    assert acts == [
        ("key create", "done", "api_keys"),
        ("key revoke", "done", "api_keys"),
        ("key revoke", "refused", None),
    ]


async def test_a_key_is_limited_and_rotated(world: World, terminal: Terminal) -> None:
    asked = ("--role", "requester", "--party", "RO", "--authority", "Night desk", "--kind", "preservation")
    hours = ("--hours", "fri-mon 22:00-06:00 Europe/Bucharest", "--hours", "08:00-18:00 Europe/Bucharest")
    old = (await terminal.runs("key", "create", *asked, "--from", "127.0.0.0/8", *hours)).strip()
    listed = await terminal.runs("key", "list")
    told = "from 127.0.0.0/8 | hours Mon Fri Sat Sun 22:00-06:00 Europe/Bucharest; 08:00-18:00 Europe/Bucharest"
    assert f"        limited to: kinds preservation | {told}\n" in listed
    number = next(line.split()[0] for line in listed.splitlines() if "Night desk" in line)
    new = (await terminal.runs("key", "rotate", number)).splitlines()
    for secret in (old, new[0]):
        assert (await world.get("/v1/alerts", key=secret)).status_code == 200
    assert f"number {new[1].split()[1]} takes its place" in await terminal.runs("key", "list")
    assert "Another key has taken its place" in await terminal.fails("key", "rotate", number)
    assert "from 192.0.2.0/24." in await terminal.runs("key", "limit", number, "--from", "192.0.2.0/24")
    assert (await world.get("/v1/alerts", key=old)).status_code == 403
    for nonsense, told in (
        ("--hours monday", "limits/hours/0: Is it: mon-fri 08:00-18:00 Europe/Paris?"),
        ("--from 192.0.2.1/24", "addresses/0: must be an address, or a network"),
        ("--kind everything", "kinds/0: must be 'emergency_disclosure'"),
    ):
        flag, _, value = nonsense.partition(" ")
        assert told in await terminal.fails("key", "limit", number, flag, value)


async def test_a_key_is_told_by_whom_its_requests_are_signed(world: World, terminal: Terminal, tmp_path: Path) -> None:
    asked = ("--role", "contact_point", "--party", "RO", "--authority", "Night desk")
    secret = (await terminal.runs("key", "create", *asked)).strip()
    listed = (await terminal.runs("key", "list")).splitlines()
    number = next(line.split()[0] for line in listed if "Night desk" in line)
    names = []
    for place in range(2):
        public = bytes([place]) * 32
        names.append(fingerprint_of(public))
        (tmp_path / f"{place}.pem").write_text(pem_of(public))
    first, second = (("--public-key", str(tmp_path / f"{place}.pem")) for place in range(2))
    told = await terminal.runs("key", "sign", number, *first, "--required")
    assert f"number {number} must be signed by: {names[0]}." in told
    assert (await world.get("/v1/alerts", key=secret)).json()["type"] == "/problems/signature-required"
    both = await terminal.runs("key", "sign", number, *second, "--others-end", "2199-01-01")
    assert f"may be signed by: {names[1]}, {names[0]}." in both
    await terminal.runs("key", "limit", number, "--from", "127.0.0.0/8")
    assert f"        requests may be signed by: {names[1]}, {names[0]}" in await terminal.runs("key", "list")
    assert (await world.get("/v1/alerts", key=secret)).status_code == 200
    assert "required: needs a public key" in await terminal.fails("key", "sign", number, "--required")


_NO_SENSE = {
    "--role auditor --party FR": "party: must be left out",
    "--role requester": "party: is required for this role",
    "--role requester --party ZZ": "party: There is no Party ZZ",
    "--role requester --party fr": "party: must be a code of ISO 3166-1",
    "--role requester --party FR --contact-point 1": "contact_point_id: must be left out",
    "--role contact_point --party FR --contact-point 4711": "no such contact point",
    "--role contact_point --party US --contact-point {france}": "no such contact point",
    "--role requester --party FR" + " --notify a@b.example" * 4: "notify: may have at most 3",
    "--role requester --party FR --notify nobody": "notify/0: must be a telephone number",
    "--role requester --party FR --language de": "language: must be 'en'",
    "--role requester --party FR --expires soon": "expires_at: must be a date",
    "--role requester --party FR --expires 2020-01-01": "expired already",
}


async def test_a_key_that_makes_no_sense_is_refused_in_one_sentence(world: World, terminal: Terminal) -> None:
    france = str(world.network["FR"].contact_point)
    for words, sentence in _NO_SENSE.items():
        said = await terminal.fails("key", "create", "--authority", "A", *words.replace("{france}", france).split())
        assert sentence in said, words
    assert len((await terminal.runs("key", "list")).splitlines()) == 3, "none of them was made"


async def test_persons_are_invited_and_on_an_empty_database_the_first_one_once(terminal: Terminal) -> None:
    settings = read_settings(terminal.environment, entropy=secrets.token_bytes)
    async with open_runtime(settings, database_url=settings.database_url) as runtime:
        with redirect_stdout(StringIO()) as printed:
            await cli._invite_first(runtime, "http://localhost:1")
            await cli._invite_first(runtime, "http://localhost:1")
        (link,) = re.findall("http://localhost:8000/invitation/(.+)", printed.getvalue())
        told = await look(runtime.db, link, now=runtime.now(), tools=runtime.tools)
        assert (told["role"], told["name"]) == ("secretariat", None)
        said = await terminal.runs("invite", "--name", "Ada", "--email", "Ada@example.org")
        told = await look(runtime.db, said.rpartition("/")[2].strip(), now=runtime.now(), tools=runtime.tools)
        assert (told["role"], told["email"]) == ("secretariat", "ada@example.org")
    for words, sentence in {
        "--email ada@example.org": "email: There is an account with this address already",
        "--email nobody": "email: must be an e-mail address",
        "--email a@example.org --party FR": "party: must be left out",
        "--email a@example.org --role auditor --officer 4711": "officer_id: This Party has no such officer",
    }.items():
        assert sentence in await terminal.fails("invite", "--name", "Ada", *words.split()), words


async def test_a_pin_is_set_until_a_day_locked_and_reset(
    world: World, terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    officer = world.network["JP"].officers[0].id

    async def checks(now: datetime = START) -> str:
        return await check_pin(world.runtime.db, officer, pin="593024", now=now, tools=world.runtime.tools)

    async def sets(*words: str, pin: str = "593024") -> None:
        monkeypatch.setattr("sys.stdin", StringIO(f"{pin}\n"))
        assert f"officer {officer} is set" in await terminal.runs("pin", "set", "--officer", str(officer), *words)

    assert await checks() == "wrong", "the one before was another"
    await sets("--expires", "2099-01-31")
    assert await checks() == "right"
    assert await checks(datetime(2099, 1, 31, tzinfo=UTC)) == "expired"
    assert "is locked" in await terminal.runs("pin", "lock", "--officer", str(officer))
    assert await checks() == "locked"
    await sets()
    assert await checks(datetime(2199, 1, 31, tzinfo=UTC)) == "right"
    assert "has no PIN" in await terminal.fails("pin", "lock", "--officer", "4711")
    acts = [(operation, outcome, entry) for operation, outcome, _, _, entry in await _log(world)]
    assert acts == [(f"pin {act}", "done", "pins") for act in ("set", "lock", "set")] + [("pin lock", "refused", None)]
    for words, pin, sentence in (
        (("4711",), "482913", "There is no officer number 4711"),
        ((str(officer), "--expires", "2020-01-01"), "482913", "expired already"),
        ((str(officer),), "12345", "6 to 12 digits"),
        ((str(officer),), "123456", "guessed too easily"),
    ):
        monkeypatch.setattr("sys.stdin", StringIO(f"{pin}\n"))
        assert sentence in await terminal.fails("pin", "set", "--officer", *words)
    assert await checks() == "right"


async def test_the_keyring_is_rotated_and_says_when_the_old_key_may_go(world: World, terminal: Terminal) -> None:
    await world.opens_alert()
    old, new = (f"{name}:{base64.b64encode(key).decode()}" for name, key in (("test", bytes(32)), ("new", b"n" * 32)))
    terminal.environment["CONTACTPOINTS_KEYRING"] = new
    assert "1 rows were sealed by a key that is not in the keyring" in await terminal.refuses("keyring", "rotate")
    terminal.environment["CONTACTPOINTS_KEYRING"] = f"{new},{old}"
    first = await terminal.runs("keyring", "rotate")
    assert "1 rows were sealed again by the key new." in first
    assert "run this again until it says 0" in first
    again = await terminal.runs("keyring", "rotate")
    assert "0 rows" in again
    assert "test may be removed from CONTACTPOINTS_KEYRING" in again


async def test_other_secrets_than_those_of_the_database_are_refused_by_name(
    world: World, terminal: Terminal, caplog: pytest.LogCaptureFixture
) -> None:
    other, right = (base64.b64encode(secret).decode() for secret in (b"x" * 32, b"p" * 32))
    terminal.environment["CONTACTPOINTS_PIN_PEPPER"] = other
    assert "CONTACTPOINTS_PIN_PEPPER is not the one" in await terminal.fails("key", "list")
    terminal.environment["CONTACTPOINTS_PIN_PEPPER"] = right
    terminal.environment["CONTACTPOINTS_KEYRING"] = f"test:{other}"
    await terminal.runs("key", "list")
    await world.opens_alert()
    said = await terminal.fails("key", "list")
    assert "CONTACTPOINTS_KEYRING has another key under the name test than the one" in said
    assert other not in said
    terminal.environment["CONTACTPOINTS_KEYRING"] = f"new:{right}"
    with caplog.at_level(logging.ERROR):
        await terminal.runs("key", "list")
    assert "CONTACTPOINTS_KEYRING lacks test: what it sealed cannot be read here" in caplog.text


async def test_a_process_with_another_pepper_neither_sets_nor_judges_a_pin(world: World) -> None:
    officer, right = world.network["JP"].officers[0].id, world.runtime.tools
    wrong = replace(right, pepper=b"x" * 32)
    for _ in range(12):
        with pytest.raises(Unavailable):
            await check_pin(world.runtime.db, officer, pin=PIN, now=START, tools=wrong)
    with pytest.raises(Unavailable):
        await set_pin(world.runtime.db, officer, pin="593024", now=START, tools=wrong)
    assert await check_pin(world.runtime.db, officer, pin=PIN, now=START, tools=right) == "right", "no try was lost"


@pytest.mark.parametrize("command", ["web", "all"])
async def test_a_taken_port_is_found_before_a_database_is_opened_or_an_engine_started(
    terminal: Terminal, command: str
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        terminal.environment |= {"CONTACTPOINTS_PORT": port, "CONTACTPOINTS_DATABASE_URL": "postgres://127.0.0.1:1/x"}
        assert f"CONTACTPOINTS_PORT is {port}, where nobody can listen" in await terminal.fails(command)


async def test_the_directory_is_written_out_rehearsed_and_read_in(
    world: World, terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = await terminal.runs("directory", "export", "--party", "FR")
    officer = world.network["FR"].officers[0]
    assert officer.sms in written
    changed = written.replace(officer.name, "Ana Renamed")

    async def brings(*words: str, file: str = changed) -> str:
        monkeypatch.setattr("sys.stdin", TextIOWrapper(BytesIO(file.encode())))
        return await terminal.runs("directory", "import", *words)

    rehearsed = await brings("--dry-run")
    assert "officers: 0 added, 1 changed" in rehearsed
    assert "rehearsal" in rehearsed
    assert await terminal.runs("directory", "export", "--party", "FR") == written
    assert "All of it is kept." in await brings()
    assert "Ana Renamed" in await terminal.runs("directory", "export", "--party", "FR")
    told = (await world.get(f"/v1/officers/{officer.id}/history", key=world.contact_point)).json()["items"][0]
    assert (told["act"], told["by"]["kind"]) == ("changed", "operator")
    monkeypatch.setattr("sys.stdin", TextIOWrapper(BytesIO(written.encode())))
    assert "is at version 2 now" in await terminal.refuses("directory", "import")
    monkeypatch.setattr("sys.stdin", TextIOWrapper(BytesIO(b"hello")))
    assert "all of it: is not JSON: see line 1, column 1." in await terminal.refuses("directory", "import")
    account = pwd.getpwuid(os.getuid()).pw_name
    assert await _log(world) == [
        ("directory export", "done", "operator", account, None),
        ("directory import", "rehearsed", "operator", account, None),
        ("directory export", "done", "operator", account, None),
        ("directory import", "done", "operator", account, "officers"),
        ("directory export", "done", "operator", account, None),
        ("directory import", "refused", "operator", account, None),
    ]


async def _log(world: World) -> list[tuple[object, ...]]:
    """Return what of the operator stands in the audit log."""
    async with world.runtime.db.session() as session:
        rows = await session.fetch(
            "select operation, outcome, actor, name, entry from audit where actor = 'operator' order by id"
        )
    return [tuple(row) for row in rows]
