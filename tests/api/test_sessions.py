"""Signing in and sessions: two factors, each once; guesses slowed; cookies only for our pages; ended when they must."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from time import perf_counter
from typing import Any

from contactpoints.api.operations import OPERATIONS
from contactpoints.rules.sessions import COOKIE, IDLE, LONGEST
from tests.api.conftest import KeyOf
from tests.api.people import PASSWORD, STANDING, accepts, audited, invited, person, sends
from tests.far_ends import PUBLIC
from tests.world import World


async def test_both_factors_are_asked_for_each_code_is_good_once_and_nothing_tells_whether_there_is_an_account(
    world: World,
) -> None:
    ada = await accepts(world, await invited(world, "ada@fr.example.org"))
    wrong = await ada.first_step("three lamps above a quiet harbor")
    nobody = await sends(world, "POST", "/v1/sessions", {"email": "nobody@example.org", "password": PASSWORD})
    waiting = await invited(world, "invited@fr.example.org")
    not_yet = await sends(world, "POST", "/v1/sessions", {"email": "invited@fr.example.org", "password": PASSWORD})
    assert wrong.status_code == 401
    assert wrong.json() == nobody.json() == not_yet.json()
    assert wrong.headers.keys() == nobody.headers.keys()
    known, unknown = [await _took(world, email) for email in ("ada@fr.example.org", "nobody@example.org")]
    assert unknown > known / 3, "a password is hashed, whether there is an account or not"

    first = (await ada.first_step()).json()
    assert first["wanted"] == ["totp", "recovery_code"]
    half = await sends(world, "GET", "/v1/sessions", None, {"Authorization": f"Bearer cs_{first['sign_in']}"})
    assert half.status_code == 401, "half a sign-in opens nothing"
    code = ada.code()
    assert (await ada.signs_in(code=code)).status_code == 201
    assert ada.heard["device"] == "Desk 4"
    assert ada.heard["factors"] == ["password", "totp"]
    assert (await ada.signs_in(code=code)).status_code == 401, "a code that was seen over a shoulder"
    again = {"sign_in": first["sign_in"], "code": ada.code()}
    assert (await sends(world, "POST", "/v1/sessions/second-step", again)).status_code == 201
    assert (await sends(world, "POST", "/v1/sessions/second-step", again)).status_code == 401, "a sign-in is used up"
    recovered = await ada.signs_in(code=ada.recovery_codes[0].lower())
    assert recovered.json()["factors"] == ["password", "recovery_code"]
    assert (await ada.signs_in(code=ada.recovery_codes[0])).status_code == 401
    late = (await ada.first_step()).json()["sign_in"]
    world.clock.at += timedelta(minutes=10)
    said = {"sign_in": late, "code": ada.code()}
    assert (await sends(world, "POST", "/v1/sessions/second-step", said)).status_code == 401
    assert waiting


async def _took(world: World, email: str) -> float:
    """Return how many seconds a wrong password takes for an account, at best: others may work beside us."""
    took = []
    for _ in range(3):
        begun = perf_counter()
        await sends(world, "POST", "/v1/sessions", {"email": email, "password": "wrong, and long enough"})
        took.append(perf_counter() - begun)
    return min(took)


async def test_guesses_are_slowed_by_account_and_by_address_and_what_is_told_of_the_wait_is_true(world: World) -> None:
    ada, eve = await person(world), await person(world, "eve@fr.example.org")
    for _ in range(5):
        assert (await ada.first_step("a wrong password that is long")).status_code == 401
    for _ in range(2):
        refused = await ada.first_step()
        assert (refused.status_code, refused.headers["Retry-After"]) == (429, "300"), "the right one is not looked at"
    assert refused.json()["type"] == "/problems/too-many-tries"
    unknown = [
        await sends(world, "POST", "/v1/sessions", {"email": "x@example.org", "password": "y"}) for _ in range(6)
    ]
    assert [each.status_code for each in unknown] == [401] * 5 + [429], "as if there were an account"
    assert (await eve.first_step()).status_code == 200
    tried, status = 0, 401
    while status == 401 and tried < 30:
        said = {"email": f"somebody{tried}@example.org", "password": "y"}
        tried, status = tried + 1, (await sends(world, "POST", "/v1/sessions", said)).status_code
    assert (tried < 30, status) == (True, 429), "one address tries many accounts"
    world.clock.at += timedelta(seconds=299)
    assert (await ada.first_step()).headers["Retry-After"] == "1"
    world.clock.at += timedelta(seconds=1)
    sign_in = (await ada.first_step()).json()["sign_in"]
    stolen = [(await ada.asks("POST", "/v1/sessions/step-up", {"code": "000000"})).status_code for _ in range(6)]
    assert stolen == [422] * 5 + [429], "of one session"
    second = "/v1/sessions/second-step"
    assert (await sends(world, "POST", second, {"sign_in": sign_in, "code": ada.code()})).status_code == 201
    sign_in = (await ada.first_step()).json()["sign_in"]
    for _ in range(5):
        guess = await sends(world, "POST", second, {"sign_in": sign_in, "code": "000000"})
        assert guess.status_code == 401
    refused = await sends(world, "POST", second, {"sign_in": sign_in, "code": ada.code()})
    assert refused.status_code == 429, "the codes of one account are counted together"
    async with world.runtime.db.session() as session:
        kept = str([bytes(row["name"]) for row in await session.fetch("select name from throttles")])
    assert "example.org" not in kept


async def test_sessions_are_listed_ended_and_over_after_an_hour_of_silence_or_twelve_hours(world: World) -> None:
    ada, eve = await person(world), await person(world, "eve@fr.example.org")
    old = ada.token
    assert (await ada.signs_in()).status_code == 201
    listed = (await ada.asks("GET", "/v1/sessions")).json()["items"]
    assert [(each["device"], each["current"]) for each in listed] == [("Desk 4", True), ("Desk 4", False)]
    theirs = (await eve.asks("GET", "/v1/sessions")).json()["items"][0]["id"]
    assert (await ada.asks("DELETE", f"/v1/sessions/{theirs}")).status_code == 404
    assert (await ada.asks("DELETE", f"/v1/sessions/{listed[1]['id']}")).status_code == 204
    new, ada.token = ada.token, old
    assert (await ada.asks("GET", "/v1/sessions")).status_code == 401
    ada.token = new
    assert (await ada.signs_in()).status_code == 201
    assert (await ada.asks("DELETE", "/v1/sessions")).status_code == 204
    for token in (new, ada.token):
        ada.token = token
        assert (await ada.asks("GET", "/v1/sessions")).status_code == 401
    assert (await eve.asks("GET", "/v1/sessions")).status_code == 200

    world.clock.at += IDLE - timedelta(seconds=1)
    assert (await eve.asks("GET", "/v1/sessions")).status_code == 200, "used within the hour"
    world.clock.at += IDLE
    assert (await eve.asks("GET", "/v1/sessions")).status_code == 401
    assert (await eve.signs_in()).status_code == 201
    begun = world.clock.at
    while world.clock.at < begun + LONGEST:
        assert (await eve.asks("GET", "/v1/sessions")).status_code == 200
        world.clock.at += IDLE / 2
    assert (await eve.asks("GET", "/v1/sessions")).status_code == 401, "a day's work, however busy"


async def test_another_password_ends_every_session_and_every_sign_in(world: World) -> None:
    ada = await person(world)
    stolen, half = ada.token, (await ada.first_step()).json()["sign_in"]
    assert (await ada.signs_in()).status_code == 201
    for old, new, pointer in (
        ("wrong", "no boat leaves before the fog lifts", "/old_password"),
        (PASSWORD, "x", "/password"),
    ):
        said = {"old_password": old, "password": new}
        refused = await ada.asks("POST", "/v1/sessions/password", said)
        assert [each["pointer"] for each in refused.json()["errors"]] == [pointer]
    said = {"old_password": PASSWORD, "password": "no boat leaves before the fog lifts"}
    assert (await ada.asks("POST", "/v1/sessions/password", said)).status_code == 204
    for token in (stolen, ada.token):
        ada.token = token
        assert (await ada.asks("GET", "/v1/sessions")).status_code == 401
    left = {"sign_in": half, "code": ada.code()}
    assert (await sends(world, "POST", "/v1/sessions/second-step", left)).status_code == 401
    assert (await ada.first_step()).status_code == 401
    ada.password = said["password"]
    assert (await ada.signs_in()).status_code == 201
    renewed = (await ada.asks("POST", "/v1/sessions/recovery-codes")).json()["recovery_codes"]
    await world.settles()
    (*_, told) = await world.hears(ada.email)
    assert "recovery codes were renewed" in told["subject"]
    assert not [code for code in renewed if code in str(told)]
    assert (await ada.signs_in(code=ada.recovery_codes[1])).status_code == 401
    assert (await ada.signs_in(code=renewed[1])).status_code == 201
    assert (await ada.asks("DELETE", "/v1/sessions")).status_code == 204
    assert await audited(world) >= {
        ("change_password", "sessions", "account"),
        ("renew_recovery_codes", "", "account"),
        ("end_sessions", "sessions", "account"),
    }


async def test_a_cookie_is_only_for_pages_of_ours_and_what_is_dangerous_wants_a_fresh_factor(
    world: World, key_of: KeyOf
) -> None:
    ada = await accepts(world, await invited(world, "ada@fr.example.org"))
    begun = await ada.signs_in(cookie=True)
    assert begun.json()["token"] is None
    cookie, *attributes = begun.headers["Set-Cookie"].split("; ")
    assert cookie.startswith("__Host-session=cs_")
    assert {each.lower() for each in attributes} == {"path=/", "secure", "httponly", "samesite=lax"}
    heads = {"Cookie": cookie}
    assert (await sends(world, "GET", "/v1/accounts", None, heads)).status_code == 200
    body: dict[str, Any] = STANDING | {"email": "b@fr.example.org"}
    for more, status in (
        ({}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "cross-site", "Authorization": ""}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Sec-Fetch-Site": "none"}, 403),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": f"{PUBLIC}.evil.example"}, 403),
        ({"Sec-Fetch-Site": "cross-site", "Origin": PUBLIC}, 403),
        ({"Origin": PUBLIC}, 201),
        ({"Sec-Fetch-Site": "same-origin"}, 422),
    ):
        answer = await sends(world, "POST", "/v1/accounts", body, heads | more)
        assert answer.status_code == status, (more, answer.text)
    key = await key_of("administrator", "FR")
    assert (await sends(world, "GET", "/v1/accounts", None, {"Cookie": f"{COOKIE['key']}={key}"})).status_code == 401

    assert (await ada.signs_in()).status_code == 201
    world.clock.at += timedelta(minutes=10)
    wants_more = {"type": "/problems/step-up-needed"}
    for operation in (each for each in OPERATIONS if each.step_up):
        refused = await ada.asks(operation.method, operation.path.replace("{id}", "4711"), {})
        assert refused.json().items() >= wants_more.items(), operation.name
    assert (await ada.asks("GET", "/v1/accounts")).status_code == 200
    by_key = {"Authorization": f"Bearer {key}"}
    made = await sends(world, "POST", "/v1/accounts", body | {"email": "c@fr.example.org"}, by_key)
    assert made.status_code == 201, "a key is no person"
    stolen = ada.token
    await ada.steps_up()
    ada.token, fresh = stolen, ada.token
    assert (await ada.asks("GET", "/v1/accounts")).status_code == 401, "a copy of the token is not fresh, but out"
    ada.token = fresh
    assert (await ada.asks("POST", "/v1/accounts", body | {"email": "d@fr.example.org"})).status_code == 201
    for operation in (each for each in OPERATIONS if each.tag == "sessions" and each.roles):
        sound = next(iter(operation.examples.values()), None)
        path = operation.path.replace("{id}", "1")
        refused = await sends(world, operation.method, path, sound, by_key)
        assert refused.status_code == 403, (operation.name, "a key has no sessions")


async def test_who_ends_while_a_body_is_still_coming_does_nothing_by_it(world: World, key_of: KeyOf) -> None:
    ada, secret = await person(world), await key_of("administrator", "FR")
    key = {"Authorization": f"Bearer {secret}"}
    cookie = {"Cookie": f"{COOKIE['key']}={ada.token}", "Sec-Fetch-Site": "same-origin"}
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    said = {"old_password": PASSWORD, "password": "no boat leaves before the fog lifts"}
    late, begun = asyncio.Event(), [asyncio.Event() for _ in range(3)]
    free = iter(begun)

    async def slowly(path: str, body: str, headers: dict[str, str]) -> int:
        reads = next(free)

        async def parts() -> AsyncIterator[bytes]:
            yield body[:3].encode()
            reads.set()
            await late.wait()
            yield body[3:].encode()

        return (await world.client.post(path, content=parts(), headers=headers)).status_code

    invites = [json.dumps(STANDING | {"email": f"{name}@evil.example.org"}) for name in ("eve", "mallory")]
    shaped = {"Content-Type": "application/json"}
    asked = [
        asyncio.create_task(slowly("/v1/accounts", invites[0], shaped | {"Authorization": f"Bearer {ada.token}"})),
        asyncio.create_task(slowly("/v1/accounts", invites[1], shaped | key)),
        asyncio.create_task(slowly("/account/password", "&".join(f"{k}={v}" for k, v in said.items()), form | cookie)),
    ]
    await asyncio.gather(*(each.wait() for each in begun))
    await asyncio.sleep(1.1)
    assert (await ada.asks("DELETE", "/v1/sessions")).status_code == 204
    async with world.runtime.db.session() as session:
        await session.execute("update api_keys set revoked_at = $1 where role = 'administrator'", world.clock.at)
    late.set()
    assert await asyncio.gather(*asked) == [401, 401, 303]
    assert (await ada.signs_in()).status_code == 201, "the password is what it was"
    assert len((await ada.asks("GET", "/v1/accounts")).json()["items"]) == 1
