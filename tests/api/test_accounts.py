"""Accounts: who invites whom, how a link becomes an account and only once, and how an account ends."""

import secrets
from datetime import timedelta
from typing import Any

from contactpoints.actions.accounts import make_first
from contactpoints.actions.resealing import reseal
from contactpoints.actions.second_factors import unseal
from contactpoints.store.address_changes import seconds
from contactpoints.store.sealing import Keyring
from tests.api.conftest import KeyOf
from tests.api.people import PASSWORD, STANDING, Person, accepts, audited, invited, person, sends
from tests.far_ends import PUBLIC
from tests.world import World


async def test_a_link_that_came_by_mail_makes_an_account_once_and_a_second_one_opens_it_anew(
    world: World, key_of: KeyOf
) -> None:
    key = {"Authorization": f"Bearer {await key_of('administrator', 'FR')}"}
    body = STANDING | {"email": "Ada@fr.example.org", "language": "fr"}
    made = await sends(world, "POST", "/v1/accounts", body, key)
    assert (made.status_code, made.json()["email"]) == (201, "ada@fr.example.org"), made.text
    assert made.json()["accepted_at"] is None
    assert made.json()["invited_until"] == "2026-10-17T00:00:00Z"
    await world.settles()
    (mail,) = await world.hears("ada@fr.example.org")
    assert "Un compte a été créé pour vous" in mail["body"]
    token = str(mail["link"]).removeprefix(f"{PUBLIC}/invitation/")
    look = (await sends(world, "POST", "/v1/invitations/look", {"token": token})).json()
    assert "issuer=contactpoints" in look["totp_uri"]

    refused = {"token": token, "password": "football2026football", "code": "000000"}
    told = (await sends(world, "POST", "/v1/invitations/acceptance", refused)).json()["errors"]
    assert {each["code"] for each in told} >= {"password_common"}
    for short in ("x", "ada@fr.example.org", "invented desk"):
        answer = await sends(world, "POST", "/v1/invitations/acceptance", refused | {"password": short})
        assert {each["pointer"] for each in answer.json()["errors"]} >= {"/password"}, short

    ada = await accepts(world, token)
    for path in ("look", "acceptance"):
        again = {"token": token} | ({} if path == "look" else {"password": PASSWORD, "code": "123456"})
        assert (await sends(world, "POST", f"/v1/invitations/{path}", again)).status_code == 404, path
    assert (await ada.signs_in()).status_code == 201
    async with world.runtime.db.session() as session:
        rows = "".join([str(each) for each in await session.fetch("select * from accounts, invitations, sessions")])
        rows += "".join([str(each) for each in await session.fetch("select * from recovery_codes")])
    for secret in (PASSWORD, ada.secret, token, ada.token, *ada.recovery_codes):
        assert secret not in rows

    await sends(world, "POST", f"/v1/accounts/{ada.account}/invitation", None, key)
    await world.settles()
    link = str((await world.hears("ada@fr.example.org"))[-1]["link"])
    assert (await ada.asks("GET", "/v1/sessions")).status_code == 200, "nothing changes before it is accepted"
    anew = await accepts(world, link.rpartition("/")[2], password="no boat leaves before the fog lifts")
    await world.settles()
    assert "mot de passe" in (await world.hears("ada@fr.example.org"))[-1]["subject"]
    assert anew.account == ada.account
    assert (await ada.asks("GET", "/v1/sessions")).status_code == 401
    assert (await ada.first_step()).status_code == 401, "the password before is good no more"
    assert (await anew.signs_in()).status_code == 201

    audit = (await sends(world, "GET", "/v1/audit?limit=200", None, key)).json()["items"]
    assert {"invite", "accept_invitation", "invite_again"} <= {each["operation"] for each in audit}, "of its own Party"
    assert await audited(world) >= {
        ("invite", "accounts", "key"),
        ("invite", "invitations", "key"),
        ("invite_again", "invitations", "key"),
        ("accept_invitation", "accounts", "account"),
        ("sign_in_with_code", "sessions", "account"),
    }
    told = str(audit)
    for secret in (PASSWORD, ada.secret, token, ada.token, *ada.recovery_codes):
        assert secret not in told


async def test_a_link_that_was_not_used_for_three_days_works_no_more(world: World) -> None:
    expired = await invited(world, "late@fr.example.org")
    world.clock.at += timedelta(days=3)
    assert (await sends(world, "POST", "/v1/invitations/look", {"token": expired})).status_code == 404


async def test_who_makes_changes_and_ends_accounts_of_whom(world: World, key_of: KeyOf) -> None:
    keys = {
        "administrator": await key_of("administrator", "FR"),
        "another Party's": await key_of("administrator", "JP"),
        "secretariat": await key_of("secretariat"),
        "auditor": await key_of("auditor"),
        "requester": await key_of("requester", "FR"),
    }
    heads = {who: {"Authorization": f"Bearer {key}"} for who, key in keys.items()}
    anybody = {"name": "A", "authority": "Desk", "email": "a@example.org"}
    france, nobody = anybody | {"role": "contact_point", "party": "FR"}, anybody | {"role": "auditor"}
    for who, (own, without) in {
        "auditor": (403, 403),
        "requester": (403, 403),
        "another Party's": (403, 403),
        "administrator": (201, 403),
    }.items():
        for said, status in ((france, own), (nobody, without)):
            answer = await sends(world, "POST", "/v1/accounts", said, heads[who])
            assert answer.status_code == status, (who, said)
    taken = await sends(world, "POST", "/v1/accounts", france | {"email": "A@example.org"}, heads["administrator"])
    assert [each["code"] for each in taken.json()["errors"]] == ["taken"]
    elsewhere = france | {"email": "b@example.org", "contact_point_id": world.network["JP"].contact_point}
    assert (await sends(world, "POST", "/v1/accounts", elsewhere, heads["administrator"])).status_code == 422

    body: Any
    ada = await person(world)
    fresh = {"contact_point_id": world.network["FR"].contact_point, "name": "Ada Example", "function": "Duty officer"}
    officer = await sends(world, "POST", "/v1/officers", fresh, heads["secretariat"])
    one = f"/v1/accounts/{ada.account}"
    seen = {who: (await sends(world, "GET", one, None, head)).status_code for who, head in heads.items()}
    assert seen == {"administrator": 200, "another Party's": 404, "secretariat": 200, "auditor": 200, "requester": 404}
    listed = {
        who: len((await sends(world, "GET", "/v1/accounts", None, head)).json()["items"]) for who, head in heads.items()
    }
    assert listed == {"administrator": 2, "another Party's": 0, "secretariat": 2, "auditor": 2, "requester": 0}
    for who, status in (("another Party's", 404), ("auditor", 403), ("requester", 404)):
        for method, path, body in (("PUT", one, STANDING), ("DELETE", one, None), ("POST", f"{one}/invitation", None)):
            assert (await sends(world, method, path, body, heads[who])).status_code == status, (who, method)
    higher = {**STANDING, "role": "secretariat", "party": None}
    assert (await sends(world, "PUT", one, higher, heads["administrator"])).status_code == 403
    for method, body in (("PUT", STANDING), ("DELETE", None)):
        assert (await ada.asks(method, one, body)).status_code == 409, "nobody ends the own account"

    renamed = await sends(world, "PUT", one, STANDING | {"name": "Ada Other"}, heads["administrator"])
    assert renamed.json()["name"] == "Ada Other"
    assert (await ada.asks("GET", one)).status_code == 200, "a name is no right"
    lower = STANDING | {"role": "contact_point", "officer_id": officer.json()["id"]}
    assert (await sends(world, "PUT", one, lower, heads["administrator"])).status_code == 200
    assert (await ada.asks("GET", one)).status_code == 401, "another role ends every session"
    assert (await ada.signs_in()).status_code == 201
    tag = {"If-Match": officer.headers["ETag"]}
    gone = await sends(world, "DELETE", officer.headers["Location"], None, heads["secretariat"] | tag)
    assert gone.status_code == 200, gone.text
    assert (await ada.asks("GET", one)).status_code == 401, "who leaves comes in no more"
    assert (await sends(world, "DELETE", one, None, heads["administrator"])).json()["disabled_at"] is not None
    assert (await ada.first_step()).status_code == 401
    for operation in ("change_account", "retire_officer"):
        assert (operation, "accounts", "key") in await audited(world)
    assert (await sends(world, "POST", f"{one}/invitation", None, heads["administrator"])).status_code == 409


async def test_an_account_acts_with_the_rights_of_its_role_and_histories_name_it(world: World) -> None:
    desk = await person(world, "desk@us.example.org", role="requester", party="US", authority="Invented Desk")
    key, world.requester = world.requester, desk.token
    opened = await world.opens_alert()
    assert opened.status_code == 201, opened.text
    assert (await world.get(f"/v1/alerts/{opened.json()['reference']}/request")).status_code == 200
    world.requester = key
    ada = await person(world)
    officer = (await ada.asks("GET", f"/v1/officers/{world.network['FR'].officers[1].id}")).json()
    kept = {name: officer[name] for name in ("contact_point_id", "name", "languages", "language")}
    tag = {"Authorization": f"Bearer {ada.token}", "If-Match": f'"{officer["version"]}"'}
    path = f"/v1/officers/{officer['id']}"
    changed = await sends(world, "PUT", path, kept | {"function": "Another"}, tag)
    assert changed.status_code == 200, changed.text
    by = (await ada.asks("GET", f"{path}/history")).json()["items"][0]["by"]
    assert by == {
        "kind": "account",
        "key": ada.account,
        "role": "administrator",
        "party": "FR",
        "authority": "Invented desk",
    }
    async with world.runtime.db.session() as session:
        await session.execute("update accounts set disabled_at = $1 where id = $2", world.clock.at, desk.account)
    world.requester = desk.token
    assert (await world.opens_alert()).status_code == 401


async def test_the_first_account_is_made_only_where_there_is_nobody_and_is_sealed_by_the_newest_key(
    world: World,
) -> None:
    db, tools = world.runtime.db, world.runtime.tools
    assert await make_first(db, now=world.clock.at, tools=tools) is None, "there are keys"
    token = await invited(world, "one@example.org", role="secretariat", party=None)
    async with db.session() as session:
        await session.execute("update accounts set name = null, email = null")
    bare = await sends(
        world, "POST", "/v1/invitations/acceptance", {"token": token, "password": PASSWORD, "code": "000000"}
    )
    assert {each["pointer"] for each in bare.json()["errors"]} >= {"/name", "/email", "/code"}
    first = await accepts(world, token, name="One Person", email="One@example.org")
    other = await invited(world, "two@example.org", role="auditor", party=None)
    new = Keyring({"new": b"n" * 32, **tools.keyring.keys}, secrets.token_bytes)
    assert (await reseal(db, keyring=new)).done == 2
    async with db.session() as session:
        sealed = await session.fetchval("select totp_sealed from accounts where id = $1", first.account)
    assert new.name_in(sealed) == "new"
    object.__setattr__(tools, "keyring", new)
    assert unseal(sealed, account=first.account, tools=tools) == first.secret
    assert (await sends(world, "POST", "/v1/invitations/look", {"token": other})).status_code == 200


async def test_a_party_hears_of_accounts_made_from_outside_and_who_made_one_is_approved_by_none_of_them(
    world: World,
) -> None:
    sec = await person(world, "sec@network.example.org", role="secretariat", party=None)
    await person(world, "other@network.example.org", role="secretariat", party=None, name="Other")

    async def makes(email: str, **more: str) -> Person:
        said = STANDING | {"email": email, "name": email} | more
        assert (await (made if more else sec).asks("POST", "/v1/accounts", said)).status_code == 201
        await world.settles()
        return await accepts(world, str((await world.hears(email))[-1]["link"]).rpartition("/")[2])

    for role in ("contact_point", "requester"):
        reads = STANDING | {"role": role, "email": "sec+fr@network.example.org"}
        refused = await sec.asks("POST", "/v1/accounts", reads)
        assert refused.status_code == 403, "nobody of the secretariat invites themselves to read particulars"
    made = await makes("first@fr.example.org")
    assert (await made.signs_in()).status_code == 201
    (told,) = await world.hears("other@network.example.org")
    assert f"outside Party FR gave somebody an account there: number {made.account}." in told["body"], told
    assert told["link"] is None
    mine = await makes("mine@fr.example.org", authority="Desk")
    assert [len(await world.hears(each)) for each in ("first@fr.example.org", "other@network.example.org")] == [0, 0]
    second = await makes("second@fr.example.org")
    assert "account in Party FR" in (await world.hears("first@fr.example.org"))[-1]["subject"]
    async with world.runtime.db.session() as session:
        able = await seconds(session, "FR", but=made.account, now=world.clock.at)
        others = await seconds(session, "FR", but=second.account, now=world.clock.at)
        theirs = await seconds(session, "FR", but=mine.account, now=world.clock.at)
    assert second.account in able
    assert mine.account not in able, "whoever made an account would approve what is the own"
    assert {made.account, mine.account} <= others.keys()
    assert (made.account in theirs, second.account in theirs) == (False, True), "nor propose by it and approve"
