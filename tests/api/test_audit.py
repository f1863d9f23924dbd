"""No act without its rows in the audit log, and no row without its act: every operation that changes something."""

import json
from collections import Counter
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from pyotp import TOTP

from contactpoints.api.directory import SHELVES
from contactpoints.api.operations import OPERATIONS
from schemas.openapi import Operation
from tests.api.conftest import Bodies, KeyOf
from tests.api.people import PASSWORD, STANDING, Person, invited, person
from tests.api.test_calendars import NIGHT, ics
from tests.api.test_keys import OPEN
from tests.authenticator import Device
from tests.far_ends import PUBLIC
from tests.world import PIN, START, World

NEW = "+33639980198"
_BY_NAME = {each.name: each for each in OPERATIONS}
_CHANGING = {each.name for each in OPERATIONS if each.method != "get" and each.tag != "alerts"}


class Log:
    """Everybody's acts of one night, and what of each is in the audit log."""

    def __init__(self, world: World, keeper: str, administrator: str) -> None:
        self.world, self.keeper, self.administrator = world, keeper, administrator
        self.asker = world.requester
        self.names = {keeper: "Night desk", administrator: "Day desk", self.asker: "Invented Desk"}
        self.last = 0
        self.rows: dict[str, Counter[str]] = {}
        self.strange: list[Any] = []

    async def new(self) -> list[Any]:
        """Return the rows that came since the last time."""
        async with self.world.runtime.db.session() as session:
            rows = await session.fetch("select * from audit where id > $1 order by id", self.last)
        self.last = max((row["id"] for row in rows), default=self.last)
        return rows

    async def does(
        self, name: str, body: Any = b"", *, key: str | None = None, tag: str = '"1"', **placed: Any
    ) -> httpx.Response:
        """Do one act, which must succeed, and collect its rows: the outcome, the table, whether a version was made."""
        operation = _BY_NAME[name]
        path = operation.path.format(**placed) if placed else operation.path
        return await self.asks(operation, path, body=body, key=key, tag=tag)

    async def asks(self, operation: Operation, path: str, *, body: Any, key: str | None, tag: str) -> httpx.Response:
        await self.new()
        media = "text/calendar" if operation.name == "import_calendar" else "application/json"
        whose = key or self.keeper
        headers = {"Authorization": f"Bearer {whose}", "If-Match": tag, "Content-Type": media}
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        answer = await self.world.client.request(operation.method, path, content=content, headers=headers)
        assert answer.status_code < 300, (operation.name, answer.text)
        rows = await self.new()
        kinds = (f"{row['outcome']} {row['entry'] or '-'}{' version' * (row['version'] is not None)}" for row in rows)
        self.rows.setdefault(operation.name, Counter()).update(kinds)
        for row in rows:
            told = (row["operation"], row["address"], row["name"], row["at"])
            if told != (operation.name, "127.0.0.1", self.names.get(whose, "Invented desk"), self.world.clock.at):
                self.strange.append(dict(row))
        if len({row["act"] for row in rows}) > 1:
            self.strange.append([dict(row) for row in rows])
        return answer


@pytest.fixture
async def log(world: World, key_of: KeyOf) -> Log:
    keeper = await key_of("secretariat", None, "Night desk")
    return Log(world, keeper, await key_of("administrator", "FR", "Day desk"))


def _at(days: float) -> str:
    return f"{START + timedelta(days=days):%Y-%m-%dT%H:%M:%SZ}"


async def _keeps(log: Log, bodies: Bodies) -> None:
    """Create, change and retire an entry of each kind."""
    for shelf in SHELVES:
        made = await log.does(f"create_{shelf.kind}", bodies[shelf.name])
        path = made.headers["Location"]
        for act in ("change", "retire"):
            version = '"1"' if act == "change" else '"2"'
            body = bodies[shelf.name] if act == "change" else b""
            await log.asks(_BY_NAME[f"{act}_{shelf.kind}"], f"{path}?reason=tried", body=body, key=None, tag=version)


async def _calendars(log: Log, bodies: Bodies) -> None:
    france = log.world.network["FR"]
    told = bodies["calendars"] | {"officers": [{"text": "A", "officer_id": france.officers[0].id}]}
    made = (await log.world.post("/v1/calendars", told, key=log.keeper)).json()["id"]
    operation = _BY_NAME["import_calendar"]
    for asked in ("true", "false"):
        path = f"/v1/calendars/{made}/import?dry_run={asked}"
        await log.asks(operation, path, body=ics(NIGHT), key=None, tag="")
    await log.does("subscribe_calendar", {"address": "https://calendar.example/secret.ics"}, id=made)
    await log.does("unsubscribe_calendar", id=made)
    feed = (await log.does("make_officer_feed", {}, id=france.officers[0].id)).json()["id"]
    await log.does("make_post_feed", {}, id=france.posts["first"])
    await log.does("revoke_feed", id=feed)


async def _swaps(log: Log) -> None:
    france = log.world.network["FR"]
    first, second = france.officers[:2]
    for days, act in ((1, "approve_swap"), (2, "refuse_swap"), (3, "withdraw_swap")):
        span = {"starts_at": _at(days), "ends_at": _at(days + 0.25)}
        swap = (await log.does("offer_swap", {"post_id": france.posts["first"], "officer_id": first.id, **span})).json()
        if act != "withdraw_swap":
            await log.does("take_swap", {"officer_id": second.id}, id=swap["id"])
        await log.does(act, {} if act == "approve_swap" else {"reason": "no"}, id=swap["id"])


async def _addresses(log: Log) -> None:
    first = log.world.network["FR"].officers[0]
    async with log.world.runtime.db.session() as session:
        sms, email = [
            await session.fetchval("select id from channels where address = $1", each)
            for each in (first.sms, first.email)
        ]
        await session.execute("update channels set verified_at = $1 where proven_at is not null", START)
    await log.does("mail_pin_link", id=first.id)
    await log.does("mail_verification", id=email)
    await log.does("ask_proof", id=sms)
    await log.does("confirm_proof", {"code": await _code(log, sms)}, id=sms)
    for act in ("refuse_address", "withdraw_address", "approve_address"):
        change = (await log.does("propose_address", {"channel_id": sms, "address": NEW})).json()["id"]
        if act == "withdraw_address":
            log.world.clock.at += timedelta(minutes=2)
            await log.does("ask_proof_of_address", id=change)
        log.world.clock.at += timedelta(minutes=2)
        await log.does(act, {"reason": "no"} if act == "refuse_address" else b"", key=log.administrator, id=change)


async def _code(log: Log, channel: int) -> str:
    async with log.world.runtime.db.session() as session:
        code: str = await session.fetchval("select code from proofs where channel_id = $1 order by id desc", channel)
    return code


async def _leaves(log: Log, bodies: Bodies) -> None:
    number = (await log.world.post("/v1/officers", bodies["officers"], key=log.keeper)).json()["id"]
    for dry_run in (True, False):
        await log.does("let_officer_leave", {"plan": [], "reason": "moves", "dry_run": dry_run}, id=number)


async def _keys(log: Log) -> None:
    key, body = log.administrator, {"party": "FR", "authority": "Unit"}
    made = (await log.does("make_key", body, key=key)).json()["id"]
    await log.does("change_key", OPEN | {"limits": {"kinds": ["preservation"]}}, key=key, id=made)
    await log.does("rotate_key", {}, key=key, id=made)
    await log.does("revoke_key", key=key, id=made)


async def _two_persons(log: Log) -> None:
    """Ask for two persons; have an alert released, refused and withdrawn, and leave one that waits."""
    of = {"role": "requester", "party": "FR", "authority": "first desk of FR"}
    ada, bob = [await person(log.world, f"{each}2@fr.example.org", name=each, **of) for each in ("Ada", "Bob")]
    told = await log.world.get("/v1/parties/FR/two-persons", key=log.administrator)
    log.names[bob.token] = of["authority"]
    for place, each in enumerate(told.json()["authorities"]):
        if each["persons"] < 2:
            await person(log.world, f"second{place}@fr.example.org", **of | {"authority": each["authority"]})
    await log.does("switch_two_persons", {"required": True}, key=log.administrator, code="FR")
    for act in ("refuse_proposal", "withdraw_proposal", "release_proposal", ""):
        number = (await log.world.opens_alert(key=ada.token, requested_party="JP")).json()["id"]
        if act:
            await log.does(act, {"reason": "other"} if act == "refuse_proposal" else b"", key=bob.token, id=number)
    await log.does("switch_two_persons", {"required": False}, key=log.administrator, code="FR")


async def _files(log: Log, bodies: Bodies) -> None:
    file = {"format": "contactpoints/1", "officers": [bodies["officers"] | {"key": "new"}]}
    for asked in ("true", "false"):
        await log.asks(_BY_NAME["import_directory"], f"/v1/import?dry_run={asked}", body=file, key=None, tag="")
    await log.does("print_directory", {"party": "FR"})
    await log.does("export_directory")
    await log.asks(_BY_NAME["read_audit"], "/v1/audit?format=csv&outcome=refused", body=b"", key=None, tag="")


async def _retention(log: Log) -> None:
    reference = (await log.world.opens_alert(key=log.asker)).json()["reference"]
    await log.world.post(f"/v1/alerts/{reference}/withdrawal", {"reason": "danger_over"}, key=log.asker)
    later = {"reason": "proceedings", "until": _at(1100)}
    for said in ({"decision": "hold", "reason": "complaint"}, {"decision": "release"}, {"decision": "let_go"}):
        await log.does("decide_retention", said, key=log.asker, reference=reference)
    await log.does("decide_retention", {"decision": "prolong"} | later, key=log.asker, reference=reference)


async def _accounts(log: Log) -> None:
    ada = await person(log.world, role="secretariat", party=None)

    async def does(name: str, body: Any = b"", **placed: Any) -> Any:
        return (await log.does(name, body, key=ada.token, **placed)).json()

    number = (await does("invite", STANDING | {"email": "new@fr.example.org"}))["id"]
    await does("invite_again", id=number)
    await does("change_account", STANDING | {"authority": "Other desk"}, id=number)
    await does("disable_account", id=number)
    token = await invited(log.world, "bob@fr.example.org")
    looked = await does("look_at_invitation", {"token": token})
    code = TOTP(looked["totp_secret"]).at(log.world.clock.at)
    await does("accept_invitation", {"token": token, "password": PASSWORD, "code": code})
    await _own_officer(log)
    begun = await does("sign_in", {"email": ada.email, "password": PASSWORD, "device": "Desk 5"})
    second = await does("sign_in_with_code", {"sign_in": begun["sign_in"], "code": ada.code()})
    await log.does("end_session", key=ada.token, id=second["id"])
    ada.token = (await does("step_up", {"code": ada.code()}))["token"]
    await _passkeys(log, ada)
    await does("renew_recovery_codes")
    await log.does("change_password", {"old_password": PASSWORD, "password": f"{PASSWORD} again"}, key=ada.token)
    ada.password = f"{PASSWORD} again"
    await ada.signs_in()
    await log.does("end_sessions", key=ada.token)


async def everything(log: Log, bodies: Bodies) -> None:
    """Do everything that changes something, each with a request that is sound at its time."""
    await _keeps(log, bodies)
    await _calendars(log, bodies)
    await _swaps(log)
    await _addresses(log)
    await _two_persons(log)
    await _keys(log)
    await _leaves(log, bodies)
    await _files(log, bodies)
    await _retention(log)
    await _accounts(log)


async def _own_officer(log: Log) -> None:
    """Set languages and PIN as the officer whose account it is."""
    france = log.world.network["FR"]
    officer = france.officers[1]
    cleo = await person(
        *(log.world, officer.email),
        role="contact_point",
        contact_point_id=france.contact_point,
        officer_id=officer.id,
    )
    tag = (await log.world.get("/v1/me/officer", key=cleo.token)).headers["ETag"]
    await log.does("set_own_languages", {"language": "fr", "languages": ["en"]}, key=cleo.token, tag=tag)
    await log.does("set_own_pin", {"pin": "739164"}, key=cleo.token)


async def _passkeys(log: Log, ada: Person) -> None:
    """Accept an invitation by a passkey; add one to an account, rename it, come in and step up by it, remove it."""

    async def does(name: str, body: Any = b"", **placed: Any) -> Any:
        return (await log.does(name, body, key=ada.token, **placed)).json()

    token, device = await invited(log.world, "zoe@fr.example.org"), Device(PUBLIC, urlsplit(PUBLIC).hostname or "")
    made = Device(PUBLIC, device.host).makes(await does("ask_acceptance_with_passkey", {"token": token}))
    await does("accept_invitation_with_passkey", {"token": token, "passkey": "Ring", "credential": made})
    made = device.makes(await does("ask_new_passkey"))
    number = (await does("add_passkey", {"name": "Ring", "credential": made}))["id"]
    await does("rename_passkey", {"name": "Safe"}, id=number)
    await does("sign_in_with_passkey", {"credential": device.shows(await does("ask_sign_in_with_passkey"))})
    log.world.clock.at += timedelta(seconds=30)
    shown = device.shows(await does("ask_step_up_with_passkey"))
    ada.token = (await does("step_up_with_passkey", {"credential": shown}))["token"]
    await log.does("remove_passkey", key=ada.token, id=number)


_OF_ENTRIES = {
    f"{act}_{shelf.kind}": {f"done {shelf.name} version": 1}
    for shelf in SHELVES
    for act in ("create", "change", "retire")
}
_REHEARSED = {"rehearsed -": 1}
_ROWS = _OF_ENTRIES | {
    # One that comes new to an officer with others waits for a second person, and its address is asked for a proof.
    "create_channel": {"done channels version": 1, "done address_changes": 1, "done proofs": 1},
    "retire_channel": {"done channels version": 1, "done address_changes": 1},
    "import_calendar": {"done calendars version": 1} | _REHEARSED,
    "subscribe_calendar": {"done subscriptions": 1},
    "unsubscribe_calendar": {"done subscriptions": 1},
    "make_officer_feed": {"done feeds": 1},
    "make_post_feed": {"done feeds": 1},
    "revoke_feed": {"done feeds": 1},
    "offer_swap": {"done swaps version": 3},
    "take_swap": {"done swaps version": 2},
    "approve_swap": {"done swaps version": 1, "done overrides version": 1},
    "refuse_swap": {"done swaps version": 1},
    "withdraw_swap": {"done swaps version": 1},
    "mail_pin_link": {"done mail_links": 1},
    "mail_verification": {"done proofs": 1},
    "ask_proof": {"done proofs": 1},
    "confirm_proof": {"done proofs": 1},
    "propose_address": {"done address_changes": 3, "done proofs": 3},
    "ask_proof_of_address": {"done proofs": 1},
    "refuse_address": {"done address_changes": 1},
    "withdraw_address": {"done address_changes": 1},
    "approve_address": {"done address_changes": 1},
    "make_key": {"done api_keys": 1},
    "change_key": {"done api_keys": 1},
    "rotate_key": {"done api_keys": 2},
    "revoke_key": {"done api_keys": 1},
    "switch_two_persons": {"done parties version": 2},
    "release_proposal": {"done proposals": 1, "done data_keys": 1},
    "refuse_proposal": {"done proposals": 1, "done data_keys": 1},
    "withdraw_proposal": {"done proposals": 1, "done data_keys": 1},
    "let_officer_leave": {"done officers version": 1} | _REHEARSED,
    "import_directory": {"done officers version": 1} | _REHEARSED,
    "print_directory": {"done -": 1},
    "export_directory": {"done -": 1},
    "read_audit": {"done -": 1},
    "invite": {"done accounts": 1, "done invitations": 1},
    "invite_again": {"done invitations": 2},
    "change_account": {"done accounts": 1},
    "disable_account": {"done accounts": 1, "done invitations": 1},
    "look_at_invitation": {},
    "accept_invitation": {"done accounts": 1, "done invitations": 1},
    # Who one is said to be counts for nothing until a second factor has shown it.
    "sign_in": {},
    "sign_in_with_code": {"done sessions": 1},
    "step_up": {"done sessions": 1},
    "ask_acceptance_with_passkey": {},
    "accept_invitation_with_passkey": {"done accounts": 1, "done invitations": 1, "done passkeys": 1},
    "ask_new_passkey": {},
    "add_passkey": {"done passkeys": 1},
    "rename_passkey": {"done passkeys": 1},
    "ask_sign_in_with_passkey": {},
    "sign_in_with_passkey": {"done sessions": 1},
    "ask_step_up_with_passkey": {},
    "step_up_with_passkey": {"done sessions": 1},
    # The session that somebody came in by with it ends.
    "remove_passkey": {"done passkeys": 1, "done sessions": 1},
    "renew_recovery_codes": {"done -": 1},
    "change_password": {"done accounts": 1, "done sessions": 1},
    "end_session": {"done sessions": 1},
    "set_own_languages": {"done officers version": 1},
    "set_own_pin": {"done pins": 1},
    "decide_retention": {"done retentions": 4},
    "end_sessions": {"done sessions": 1},
}
"""Operation -> how many rows its acts below have: what came of it, whose row it is, and whether it made a version."""


async def test_each_act_has_its_rows_in_its_own_transaction_and_no_others(log: Log, bodies: Bodies) -> None:
    await everything(log, bodies)
    assert log.strange == []
    assert log.rows == _ROWS
    assert log.rows.keys() == _CHANGING | {"export_directory", "read_audit"}, "an operation that is not tried here"
    async with log.world.runtime.db.session() as session:
        whole = await session.fetchval("select string_agg(to_jsonb(audit)::text, ' ') from audit")
        codes = await session.fetch("select code from proofs")
        hashes = await session.fetch(
            "select encode(token_hash, 'hex') from mail_links union all select hash from pins"
            " union all select password_hash from accounts where password_hash is not null"
        )
    secrets = (log.keeper, PIN, "secret.ics", *(row[0] for row in (*codes, *hashes)))
    assert len(secrets) > 10
    assert not [secret for secret in secrets if secret in whole]
