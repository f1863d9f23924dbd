"""Passkeys: one alone lets somebody in, each answer is good once and for one thing, and the last way in stays."""

from datetime import timedelta
from itertools import product
from typing import Any

import httpx

from contactpoints.rules.passkeys import MOST
from contactpoints.web import application
from tests.api.conftest import KeyOf
from tests.api.people import PASSWORD, Person, accepts, audited, invited, person, sends
from tests.authenticator import PRESENT, Device, encoded, tampered
from tests.far_ends import PUBLIC
from tests.world import World

HOST = "alerts.example.org"
SIGN_IN, STEP_UP, ACCEPT = "/v1/sessions/passkey", "/v1/sessions/step-up/passkey", "/v1/invitations/passkey-acceptance"


def telephone(**lies: Any) -> Device:
    return Device(**{"origin": PUBLIC, "host": HOST, **lies})


async def asked(world: World, path: str, body: Any = None, token: str = "") -> dict[str, Any]:
    """Return what a browser is asked."""
    head = {"Authorization": f"Bearer {token}"} if token else {}
    answer = await sends(world, "POST", f"{path}/options", body, head)
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


async def shows(world: World, device: Device, **lies: Any) -> httpx.Response:
    """Sign in, or try to."""
    credential = device.shows(await asked(world, SIGN_IN), **lies)
    return await sends(world, "POST", SIGN_IN, {"credential": credential, "device": "Desk 4"})


async def makes(world: World, token: str, device: Device, **lies: Any) -> httpx.Response:
    """Accept an invitation by a passkey, or try to."""
    credential = device.makes(await asked(world, ACCEPT, {"token": token}), **lies)
    return await sends(world, "POST", ACCEPT, {"token": token, "passkey": "Telephone", "credential": credential})


async def keeper(world: World, device: Device, email: str = "ada@fr.example.org") -> Person:
    """Return somebody who has accepted by a passkey, and is signed in."""
    accepted = await makes(world, await invited(world, email), device)
    assert accepted.status_code == 200, accepted.text
    made = Person(world, email, "", accepted.json()["account_id"], accepted.json()["recovery_codes"])
    made.heard = (await shows(world, device)).json()
    made.token = made.heard["token"]
    return made


async def adds(ada: Person, device: Device, name: str = "Key on my ring") -> httpx.Response:
    credential = device.makes(await asked(ada.world, "/v1/passkeys", token=ada.token))
    return await ada.asks("POST", "/v1/passkeys", {"name": name, "credential": credential})


async def steps_up(ada: Person, device: Device) -> httpx.Response:
    credential = device.shows(await asked(ada.world, STEP_UP, token=ada.token))
    answer = await ada.asks("POST", STEP_UP, {"credential": credential})
    ada.token = answer.json().get("token", ada.token)
    return answer


async def test_a_passkey_opens_an_account_alone_is_kept_with_others_and_the_last_one_stays(world: World) -> None:
    device, ring = telephone(), telephone(count=5)
    ada = await keeper(world, device)
    assert ada.recovery_codes == [], "they would replace an authenticator beside a password; there is neither"
    assert (ada.heard["factors"], ada.heard["device"]) == (["passkey"], "Desk 4")
    assert (await ada.first_step()).status_code == 401, "there is no password"
    (first,) = (await ada.asks("GET", "/v1/passkeys")).json()["items"]
    assert (first["name"], first["used_at"]) == ("Telephone", "2026-10-14T00:00:00Z")
    refused = await ada.asks("DELETE", f"/v1/passkeys/{first['id']}")
    assert (refused.status_code, refused.json()["type"]) == (409, "/problems/conflict"), "the last way in"

    world.clock.at += timedelta(minutes=10)
    one = f"/v1/passkeys/{first['id']}"
    for method, path, body in (
        ("POST", "/v1/passkeys/options", None),
        ("POST", "/v1/passkeys", {}),
        ("PUT", one, {}),
        ("DELETE", one, None),
    ):
        assert (await ada.asks(method, path, body)).json()["type"] == "/problems/step-up-needed", (method, path)
    stolen = ada.token
    assert (await steps_up(ada, device)).status_code == 200
    assert ada.token != stolen
    assert (await sends(world, "GET", "/v1/passkeys", None, {"Authorization": f"Bearer {stolen}"})).status_code == 401

    options = (await asked(world, "/v1/passkeys", token=ada.token))["public_key"]
    assert [each["id"] for each in options["excludeCredentials"]] == [encoded(device.credential)]
    assert options["rp"] == {"name": "contactpoints", "id": HOST}
    chosen = options["authenticatorSelection"]
    assert (chosen["residentKey"], chosen["userVerification"]) == ("required", "required")
    second = await adds(ada, ring)
    assert (second.status_code, second.json()["name"], second.json()["used_at"]) == (201, "Key on my ring", None)
    assert (await adds(ada, ring)).status_code == 409, "one that is known"
    assert (await ada.asks("PUT", one, {"name": "My telephone"})).json()["name"] == "My telephone"
    assert (await ada.asks("PUT", one, {"name": " "})).json()["errors"][0]["pointer"] == "/name"
    await world.settles()
    assert "passkeys were changed" in (await world.hears(ada.email))[-1]["subject"]

    thief = (await shows(world, device)).json()["token"]
    assert (await ada.asks("DELETE", one)).status_code == 204
    assert (await sends(world, "GET", "/v1/passkeys", None, {"Authorization": f"Bearer {thief}"})).status_code == 401
    assert (await ada.asks("GET", "/v1/passkeys")).status_code == 200, "whoever removes it stays"
    assert (await shows(world, device)).status_code == 401
    assert (await shows(world, ring)).status_code == 201
    rows = await audited(world)
    for operation in ("add_passkey", "rename_passkey", "remove_passkey", "accept_invitation_with_passkey"):
        assert (operation, "passkeys", "account") in rows, operation


async def test_an_answer_is_good_once_and_for_what_was_asked_and_only_from_our_page(world: World) -> None:
    device = telephone()
    await keeper(world, device)
    question = await asked(world, SIGN_IN)
    assert "allowCredentials" not in question["public_key"] or question["public_key"]["allowCredentials"] == []
    answer = {"credential": device.shows(question)}
    assert (await sends(world, "POST", SIGN_IN, answer)).status_code == 201
    refused = [await sends(world, "POST", SIGN_IN, answer)]
    assert refused[0].status_code == 401, "replayed"
    late = device.shows(await asked(world, SIGN_IN))
    world.clock.at += timedelta(minutes=5)
    refused.append(await sends(world, "POST", SIGN_IN, {"credential": late}))
    for lies in (
        {"origin": "https://evil.example"},
        {"origin": f"{PUBLIC}.evil.example"},
        {"origin": f"{PUBLIC}:8443"},
        {"origin": "http://alerts.example.org"},
        {"challenge": encoded(b"x" * 32)},
        {"challenge": ""},
        {"type": "webauthn.create"},
        {"crossOrigin": True},
    ):
        refused.append(await shows(world, device, **lies))
    for other in (
        telephone(key=device.key, credential=device.credential, host="evil.example"),
        telephone(key=device.key, credential=device.credential, flags=PRESENT),
        telephone(key=device.key, credential=device.credential, flags=0x04),
        telephone(credential=device.credential),
        telephone(),
    ):
        refused.append(await shows(world, other))
    world.clock.at += timedelta(minutes=10)
    for part in ("signature", "authenticatorData"):
        credential = tampered(device.shows(await asked(world, SIGN_IN)), part)
        refused.append(await sends(world, "POST", SIGN_IN, {"credential": credential}))
    for strange in ({}, {"id": 1}, {"id": "x", "rawId": "x", "type": "public-key", "response": {}}):
        none = await sends(world, "POST", SIGN_IN, {"credential": strange})
        assert [each["pointer"] for each in none.json()["errors"]] == ["/credential"]
    assert {each.status_code for each in refused} == {401}
    assert len({each.text for each in refused}) == 1, "nothing tells what was wrong, nor whether there is an account"


async def test_a_challenge_is_for_one_thing_and_one_session_and_a_passkey_for_one_account(world: World) -> None:
    device = telephone()
    ada, eve = await keeper(world, device), await person(world, "eve@fr.example.org")
    other = (await shows(world, device)).json()["token"]
    for path, token, status in (
        (SIGN_IN, "", 422),
        ("/v1/passkeys", ada.token, 422),
        (STEP_UP, other, 422),
        (STEP_UP, ada.token, 200),
    ):
        credential = device.shows(await asked(world, path, token=token))
        tried = await ada.asks("POST", STEP_UP, {"credential": credential})
        assert tried.status_code == status, (path, "a challenge is for one thing, and for one session")
    ada.token = tried.json()["token"]
    stranger = telephone()
    assert (await adds(eve, stranger)).status_code == 201
    answer = {"credential": stranger.shows(await asked(world, STEP_UP, token=ada.token))}
    assert (await ada.asks("POST", STEP_UP, answer)).status_code == 422, "somebody else's passkey"
    for made in (
        telephone(origin="https://evil.example"),
        telephone(host="evil.example"),
        telephone(flags=PRESENT),
        telephone(credential=device.credential),
    ):
        assert (await adds(ada, made)).status_code in (409, 422)
    assert len((await ada.asks("GET", "/v1/passkeys")).json()["items"]) == 1


async def test_a_passkey_that_counts_backwards_is_refused_and_that_is_told(world: World) -> None:
    device = telephone(count=7)
    ada = await keeper(world, device)
    for count, status in ((20, 201), (21, 201), (21, 403), (3, 403), (22, 201), (None, 403), (30, 201)):
        device.count = None if count is None else count - 1
        assert (await shows(world, device)).status_code == status, count
    device.count = 3
    assert (await steps_up(ada, device)).status_code == 403
    async with world.runtime.db.session() as session:
        rows = await session.fetch("select * from audit where problem = 'passkey-copied' order by id")
    assert [row["operation"] for row in rows] == ["sign_in_with_passkey"] * 3 + ["step_up_with_passkey"]
    assert {row["actor"] for row in rows} == {f"account:{ada.account}"}
    assert "counts 3 after 21" in rows[1]["detail"]


async def test_an_invitation_is_accepted_by_a_passkey_once_and_ends_every_way_in_before(
    world: World, key_of: KeyOf
) -> None:
    token, device = await invited(world, "new@fr.example.org"), telephone()
    for lies in ({"origin": "https://evil.example"}, {"challenge": encoded(b"y" * 32)}, {"type": "webauthn.get"}):
        refused = await makes(world, token, device, **lies)
        assert [each["pointer"] for each in refused.json()["errors"]] == ["/credential"], lies
    assert (await makes(world, token, telephone(flags=PRESENT))).status_code == 422, "nobody verified who holds it"
    assert (await makes(world, token, device)).status_code == 200
    gone = await sends(world, "POST", f"{ACCEPT}/options", {"token": token})
    assert gone.status_code == 404
    assert (await shows(world, device)).status_code == 201

    key = await key_of("administrator", "FR")
    (new,) = [each["id"] for each in (await world.get("/v1/accounts", key=key)).json()["items"]]

    async def again() -> str:
        assert (await world.post(f"/v1/accounts/{new}/invitation", b"", key=key)).status_code == 202
        await world.settles()
        return str((await world.hears("new@fr.example.org"))[-1]["link"]).rpartition("/")[2]

    anew = await accepts(world, await again())
    assert (await shows(world, device)).status_code == 401, "a passkey goes with all that opened the account before"
    assert (await anew.signs_in()).status_code == 201
    assert (await makes(world, await again(), telephone())).status_code == 200
    assert (await anew.first_step()).status_code == 401, "and so does a password"
    assert (await anew.asks("GET", "/v1/sessions")).status_code == 401


async def test_tries_are_counted_with_those_of_passwords_and_a_key_or_a_host_without_a_name_has_no_passkeys(
    world: World, key_of: KeyOf
) -> None:
    for foreign in (
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://evil.example"},
    ):
        refused = await sends(world, "POST", f"{SIGN_IN}/options", None, foreign)
        assert (refused.status_code, refused.json()["type"]) == (403, "/problems/not-from-here"), (
            "and uses up no try of ours"
        )
    told = [
        await sends(world, "POST", f"{SIGN_IN}/options", None, {"Sec-Fetch-Site": "same-origin", "Origin": PUBLIC}),
        *[await sends(world, "POST", f"{SIGN_IN}/options") for _ in range(30)],
    ]
    assert [each.status_code for each in told] == [200] * 30 + [429]
    assert told[-1].headers["Retry-After"] == "20"
    statuses = []
    for address in (*(f"2001:db8:1:2::{each}" for each in range(31)), "2001:db8:1:3::1"):
        transport = httpx.ASGITransport(application(world.runtime), client=(address, 1))
        async with httpx.AsyncClient(transport=transport, base_url=PUBLIC) as neighbour:
            statuses.append((await neighbour.post(f"{SIGN_IN}/options")).status_code)
    assert statuses == [200] * 30 + [429, 200], "one has a whole network of 64 bits"
    password = await sends(world, "POST", "/v1/sessions", {"email": "x@example.org", "password": PASSWORD})
    assert password.status_code == 429
    world.clock.at += timedelta(hours=1)
    ada = await person(world)
    assert (await ada.asks("POST", f"{STEP_UP}/options")).status_code == 409, "there is none to show"
    assert (await adds(ada, telephone())).status_code == 201
    (only,) = (await ada.asks("GET", "/v1/passkeys")).json()["items"]
    assert (await ada.asks("DELETE", f"/v1/passkeys/{only['id']}")).status_code == 204, "there is a password"
    async with world.runtime.db.session() as session:
        await session.execute(
            """insert into passkeys (account_id, credential, public_key, sign_count, name, created_at)
               select $1, int4send(n), '', 0, 'one of many', $2 from generate_series(1, $3) as n""",
            *(ada.account, world.clock.at, MOST),
        )
    assert (await ada.asks("POST", "/v1/passkeys/options")).status_code == 409
    eve = await person(world, "eve@fr.example.org")
    assert (await adds(eve, telephone())).status_code == 201
    (theirs,) = (await eve.asks("GET", "/v1/passkeys")).json()["items"]
    for method, body in (("PUT", {"name": "mine"}), ("DELETE", None)):
        assert (await ada.asks(method, f"/v1/passkeys/{theirs['id']}", body)).status_code == 404
    by_key = {"Authorization": f"Bearer {await key_of('administrator', 'FR')}"}
    assert (await sends(world, "GET", "/v1/passkeys", None, by_key)).status_code == 403


async def test_whatever_a_stranger_sends_for_a_new_passkey_is_refused_with_its_place(world: World) -> None:
    token = await invited(world, "ada@fr.example.org")
    strange = ("", "AA", "!", "o2NmbXQ", encoded(b"\xa1" * 50), encoded(b"[" * 5000), encoded(b'{"type":[]}'), 7)
    for part, junk in product(("attestationObject", "clientDataJSON"), strange):
        credential = telephone().makes(await asked(world, ACCEPT, {"token": token}))
        credential["response"][part] = junk
        said = {"token": token, "passkey": "x", "credential": credential}
        refused = await sends(world, "POST", ACCEPT, said)
        assert [each["pointer"] for each in refused.json()["errors"]] == ["/credential"], (part, junk)
