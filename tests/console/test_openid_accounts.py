"""Whom an organisation's sign-in lets be what: roles, addresses, new accounts, second factors; and when it is away."""

import asyncio
from datetime import timedelta
from time import perf_counter
from typing import Any

import httpx
import pytest
from aiohttp import web

from contactpoints.actions.invitations import invite
from tests.api.people import STANDING, accepts, invited, sends
from tests.console.browsers import Browser
from tests.console.organised import PATH, browser, is_refused, provider, rows, world
from tests.fakes.openid import Provider
from tests.world import World

__all__ = ["browser", "provider", "world"]


async def test_the_role_is_the_accounts_and_the_provider_has_to_give_it_each_time(
    world: World, provider: Provider, browser: Browser
) -> None:
    ada, email = provider.users["ada"], "ada@fr.example.org"
    await invited(world, email)
    assert is_refused(await browser.signs_in(PATH)), "an account that nobody invited for it"
    await invited(world, "bob@fr.example.org", openid="ministry")
    ada["email"] = "bob@fr.example.org"
    told: list[dict[str, Any]] = [{"email_verified": each} for each in (False, "true", 1, None)]
    others: tuple[Any, ...] = (
        [],
        None,
        ["x"],
        ["desk"],
        {"desk-admins": True},
        "desk-admins and more",
        [["desk-admins"]],
    )
    for claims in [*told, *({"groups": each} for each in others)]:
        provider.forges = lambda far, signed, claims=claims: far.signs(signed | claims)
        assert is_refused(await browser.signs_in(PATH)), claims
    provider.forges = None
    assert await rows(world, "select * from openid_identities") == [], "whoever was refused is bound to nothing"
    ada["groups"] = "desk-admins"
    assert (await browser.signs_in(PATH)).status_code == 303
    assert is_refused(await Browser(world).signs_in("/signin/openid/open")), "another provider's, of the same issuer"
    assert is_refused(await Browser(world).signs_in("/signin/openid/network")), "the secretariat's provider"
    assert (await browser.asks("GET", "/v1/sessions")).status_code == 200

    ada["groups"] = ["desk"]
    assert is_refused(await Browser(world).signs_in(PATH))
    assert (await browser.asks("GET", "/v1/sessions")).status_code == 401, "whose role is gone is out at once"
    ended = await rows(world, "select ended_why from sessions")
    assert ended == [{"ended_why": "role"}]
    async with world.runtime.db.session() as session:
        await session.execute("update accounts set disabled_at = now() where email = 'bob@fr.example.org'")
    ada["groups"] = ["desk-admins"]
    assert is_refused(await browser.signs_in(PATH))


async def test_accounts_are_made_only_by_a_provider_that_may_with_one_role_and_for_nobody_who_is_known(
    world: World, provider: Provider, browser: Browser
) -> None:
    ada = provider.users["ada"]
    ada |= {"name": "Ada\u202eexe", "email": "new@fr.example.org"}
    assert is_refused(await browser.signs_in(PATH)), "not said to be allowed"
    opening = "/signin/openid/open"
    assert is_refused(await browser.signs_in(opening)), "a name with a sign that turns the direction of writing"
    ada |= {"name": "Ada New", "groups": ["desk", "desk-admins"]}
    assert is_refused(await browser.signs_in(opening)), "one role, not two to choose from"
    ada |= {"groups": ["desk"], "amr": ["pwd"]}
    assert is_refused(await browser.signs_in(opening)), "by one factor alone"
    await invited(world, "known@fr.example.org")
    ada |= {"amr": ["mfa"], "email": "known@fr.example.org"}
    assert is_refused(await browser.signs_in(opening)), "an address that has an account"
    assert len(await rows(world, "select * from accounts")) == 1
    ada["email"] = "new@fr.example.org"
    assert (await browser.signs_in(opening)).status_code == 303
    (account,) = (await browser.asks("GET", "/v1/accounts")).json()["items"]
    told = {name: account[name] for name in ("name", "email", "role", "party", "authority", "openid")}
    expected = {"name": "Ada New", "email": "new@fr.example.org", "role": "contact_point", "party": "FR"}
    assert told == expected | {"authority": "Cyber desk", "openid": "open"}
    made = await rows(world, "select actor from audit where entry = 'accounts' and operation like 'page%' order by id")
    assert made[0]["actor"] == "openid:open"
    assert (await Browser(world).signs_in(opening)).status_code == 303
    assert len(await rows(world, "select * from accounts")) == 2


async def test_who_comes_first_in_two_tabs_at_once_is_in_by_both_and_nobody_else_is(
    world: World, provider: Provider
) -> None:
    await invited(world, "ada@fr.example.org", openid="ministry")
    provider.users["eve"] = provider.users["ada"] | {"sub": "s-eve"}
    new = provider.users["ada"] | {"email": "new@fr.example.org", "groups": ["desk"]}
    provider.users |= {"new": new | {"sub": "s-new"}, "old": new | {"sub": "s-old"}}
    for path, users in ((PATH, ("ada", "ada", "eve")), ("/signin/openid/open", ("new", "new", "old"))):
        tabs = [Browser(world) for _ in users]
        backs = []
        for tab, provider.user in zip(tabs, users, strict=True):
            backs.append(await tab.goes_to_provider(path))
        async with world.runtime.db.transaction() as session:
            await session.execute("select 1 from accounts for update")
            asking = [asyncio.create_task(tab.asks("GET", back)) for tab, back in zip(tabs, backs, strict=True)]
            await asyncio.sleep(0.3)
        statuses = [(await each).status_code for each in asking]
        assert statuses in ([303, 303, 403], [403, 403, 303]), path
    assert len(await rows(world, "select * from accounts")) == 2


async def test_a_provider_that_asks_for_one_factor_is_one_factor_and_ours_is_the_other(
    world: World, provider: Provider, browser: Browser
) -> None:
    provider.users["ada"]["amr"] = ["pwd"]
    token = await invited(world, "ada@fr.example.org", openid="ministry")
    assert is_refused(await browser.signs_in(PATH)), "nobody has accepted the invitation"
    assert await rows(world, "select * from openid_identities") == []
    ada = await accepts(world, token)
    await world.settles()
    before = await _mails(world)
    step = await browser.signs_in(f"{PATH}?next=/docs")
    assert step.status_code == 200
    assert "__Host-session" not in browser.cookies
    assert await rows(world, "select * from openid_identities") == [], "nobody has shown a code yet"
    await world.settles()
    assert await _mails(world) == before
    sign_in = step.text.partition('name="sign_in" value="')[2].partition('"')[0]
    form = {"sign_in": sign_in, "next": "/docs"}
    for data, site in ((form | {"code": "000000"}, "same-origin"), (form | {"code": ada.code()}, "cross-site")):
        answer = await browser.asks("POST", "/signin/code", data=data, site=site)
        assert answer.status_code in (403, 422)
        assert "__Host-session" not in browser.cookies
    answer = await browser.asks("POST", "/signin/code", data=form | {"code": ada.code(), "next": "//evil.example"})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/board")
    session = (await browser.asks("GET", "/v1/sessions")).json()["items"][0]
    assert session["factors"] == ["openid", "totp"]
    assert len(await rows(world, "select * from openid_identities")) == 1
    await world.settles()
    assert await _mails(world) == before + 1, "the mailbox hears that the account is opened in another way, too"


async def _mails(world: World) -> int:
    return len([each for each in (await world.get("/rehearsal/messages")).json()["items"] if each["kind"] == "email"])


async def test_an_account_that_is_accepted_anew_is_nobodys_at_the_provider_any_more(
    world: World, provider: Provider, browser: Browser
) -> None:
    ada = await accepts(world, await invited(world, "ada@fr.example.org", openid="ministry"))
    provider.users["eve"] = provider.users["ada"] | {"sub": "s-eve"}
    provider.user = "eve"
    assert (await browser.signs_in(PATH)).status_code == 303, "to whom the address was given"
    provider.users["eve"]["email"] = "eve@fr.example.org"
    async with world.runtime.db.transaction() as session:
        again = await invite(session, ada.account, by=None, now=world.clock.at, tools=world.runtime.tools)
    assert (await browser.signs_in(PATH)).status_code == 303, "a link that nobody has used changes nothing"
    await accepts(world, again.token)
    assert is_refused(await browser.signs_in(PATH))
    provider.user = "ada"
    assert (await browser.signs_in(PATH)).status_code == 303


async def test_a_session_is_made_fresh_only_by_a_provider_that_asks_the_same_person_anew(
    world: World, provider: Provider, browser: Browser
) -> None:
    await invited(world, "ada@fr.example.org", openid="ministry")
    led = await browser.asks("GET", f"{PATH}?anew")
    assert led.headers["Location"].startswith("/signin?next="), "without a session"
    assert (await browser.signs_in(PATH)).status_code == 303
    body = STANDING | {"email": "eve@fr.example.org"}
    assert (await browser.asks("POST", "/v1/accounts", json=body)).status_code == 403, "not fresh"
    provider.authenticated_at = int(world.clock.at.timestamp()) - 600
    assert is_refused(await browser.signs_in(f"{PATH}?anew")), "it was not asked anew, but remembered"
    provider.authenticated_at = None
    provider.users["eve"] = provider.users["ada"] | {"sub": "s-eve", "email": "eve@fr.example.org"}
    provider.user = "eve"
    assert is_refused(await browser.signs_in(f"{PATH}?anew")), "somebody else at the same desk"
    provider.user, provider.users["ada"]["amr"] = "ada", ["pwd"]
    assert is_refused(await browser.signs_in(f"{PATH}?anew")), "one factor alone"
    provider.users["ada"]["amr"] = ["mfa"]
    before = browser.cookies["__Host-session"]
    answer = await browser.signs_in(f"{PATH}?anew&next=/account")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/account")
    asked = provider.seen[-1]
    assert (asked["prompt"], asked["max_age"]) == ("login", "0")
    assert browser.cookies["__Host-session"] != before
    assert (await browser.asks("POST", "/v1/accounts", json=body)).status_code == 201
    async with world.runtime.db.session() as session:
        await session.execute(
            "insert into passkeys (account_id, credential, public_key, sign_count, name, created_at) "
            "select min(id), '1', '1', 0, 'Telephone', now() from accounts"
        )
    (only,) = (await browser.asks("GET", "/v1/passkeys")).json()["items"]
    assert "/removal" in (await browser.asks("GET", "/account")).text
    removed = await browser.asks("DELETE", f"/v1/passkeys/{only['id']}")
    assert removed.status_code == 204, "the provider has just let them in, by two factors"
    assert (await sends(world, "GET", "/v1/sessions", None, {"Authorization": f"Bearer {before}"})).status_code == 401


async def test_a_provider_that_is_away_or_sends_us_elsewhere_is_told_of_honestly_and_soon(
    world: World, provider: Provider, browser: Browser, caplog: pytest.LogCaptureFixture
) -> None:
    await invited(world, "ada@fr.example.org", openid="ministry")
    hung: list[str] = []

    async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        hung.append("called")
        await reader.read()
        writer.close()

    elsewhere = await asyncio.start_server(hang, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{elsewhere.sockets[0].getsockname()[1]}"
    begun = perf_counter()
    odd: list[dict[str, Any]] = [{"issuer": "https://evil.example"}]
    odd += [{name: f"{url}/x"} for name in ("token_endpoint", "jwks_uri", "authorization_endpoint")]
    odd += [{"jwks_uri": "file:///etc/passwd"}, {"token_endpoint": f"{provider.url}@evil.example/"}, {"jwks_uri": 7}]
    for metadata in odd:
        provider.metadata = metadata
        await _is_away(await browser.asks("GET", PATH))
    provider.metadata = {}
    for answer in (
        web.Response(status=302, headers={"Location": url}),
        web.Response(body=b"{" + b" " * 300_000 + b"}"),
        web.Response(text="<html>"),
        web.Response(text="[]"),
        web.Response(status=500),
    ):
        provider.answers = answer
        await _is_away(await browser.asks("GET", PATH))
    provider.answers = None
    assert hung == [], "nobody is asked whom the settings do not name"

    back = await browser.goes_to_provider(PATH)
    provider.answers = web.Response(status=500)
    await _is_away(await browser.asks("GET", back))
    await provider.close()
    await _is_away(await browser.asks("GET", "/signin/openid/open"))
    assert (await browser.asks("GET", PATH)).status_code == 303, "where to go is still known"
    assert perf_counter() - begun < 60
    elsewhere.close()
    assert "evil.example" not in caplog.text


async def _is_away(answer: httpx.Response) -> None:
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "30"), answer.text
    assert "does not answer" in answer.text


async def test_whoever_begins_over_and_over_is_slowed(world: World, browser: Browser) -> None:
    for embedded in ("image", "iframe", "empty"):
        answer = await world.client.get(PATH, headers={"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Dest": embedded})
        assert answer.status_code == 403, "whatever page it is on, it uses up no try"
    statuses = [(await browser.asks("GET", PATH)).status_code for _ in range(31)]
    assert (statuses[0], statuses[-1]) == (303, 429)
    late = await browser.asks("GET", PATH)
    assert int(late.headers["Retry-After"]) <= 20
    for evil in ("//evil.example", "https://evil.example", "/\\evil.example", "/%09/evil.example"):
        world.clock.at += timedelta(minutes=1)
        async with world.runtime.db.session() as session:
            await session.execute("delete from openid_questions")
        await browser.asks("GET", f"{PATH}?next={evil}")
        assert await rows(world, "select next from openid_questions") == [{"next": "/board"}], evil
