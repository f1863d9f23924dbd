"""The pages of an account, by plain forms: accepted, signed in, shown again, changed and left; and by nobody else."""

import json
import re
from dataclasses import dataclass, field
from datetime import timedelta
from html import unescape

import httpx
import pytest
from pyotp import TOTP

from contactpoints.console import pages
from tests.api.people import PASSWORD, Person, accepts, invited, person
from tests.api.test_passkeys import asked, keeper, telephone
from tests.robot import Forms
from tests.world import World

NEW = "no boat leaves before the fog lifts"


@dataclass
class Browser:
    """A browser without scripts: keeps cookies, and says of each form that a page of ours sends it."""

    world: World
    language: str = "en"
    cookies: dict[str, str] = field(default_factory=dict)

    async def opens(self, path: str) -> httpx.Response:
        return await self._asks("GET", path, None)

    async def sends(self, path: str, **fields: str) -> httpx.Response:
        return await self._asks("POST", path, fields)

    async def _asks(self, method: str, path: str, fields: dict[str, str] | None) -> httpx.Response:
        headers = {"Accept-Language": self.language, "Sec-Fetch-Site": "same-origin", "User-Agent": "Firefox/140 Linux"}
        if self.cookies:
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        answer = await self.world.client.request(method, path, data=fields, headers=headers)
        self.world.client.cookies.clear()  # every browser has its own
        for kept in answer.headers.get_list("Set-Cookie"):
            name, value = kept.partition(";")[0].split("=", 1)
            self.cookies[name] = value.strip('"')
        return answer

    async def signs_in(self, ada: Person, *, going: str = "", password: str = PASSWORD) -> httpx.Response:
        first = await self.sends("/signin", email=ada.email, password=password, next=going)
        (form,) = Forms(first.text).found
        return await self.sends("/signin/code", **{**form[2], "code": ada.code()})


def _tied(answer: httpx.Response) -> list[str]:
    """Return the fields of which something is said, each of which must be tied to what is said of it."""
    said = re.findall(r' id="(\w+)-said"', answer.text)
    assert sorted(re.findall(r' aria-invalid="true" aria-describedby="(\w+)-said"', answer.text)) == sorted(said)
    return said


def says(answer: httpx.Response, words: str, status: int = 422) -> None:
    assert answer.status_code == status, answer.text
    assert words in unescape(answer.text), answer.text


@pytest.mark.parametrize("language", ["en", "fr", "es"])
async def test_an_invitation_is_accepted_by_a_form_whose_faults_stand_beside_their_fields(
    world: World, language: str
) -> None:
    said = {"en": ("12 characters", "THE ACCOUNT"), "fr": ("12 caractères", "LE COMPTE"), "es": ("12 caracteres", "LA")}
    token, browser = await invited(world, "ada@fr.example.org"), Browser(world, language)
    async with world.runtime.db.session() as session:
        await session.execute("update accounts set name = null, email = null")
    path = f"/invitation/{token}"
    before = await browser.opens(path)
    assert "Invented desk, FR." in before.text
    await browser.opens(path)
    secret = re.search(r'class="secret">([A-Z2-7 ]{39})<', before.text)
    assert secret is not None, "in fours, as people type it"
    assert "otpauth://totp/" in before.text
    fields = {"name": "Ada <b>", "email": "ada@fr.example.org", "password": "short", "code": "000000"}
    refused = await browser.sends(path, **fields)
    says(refused, said[language][0])
    assert "Ada &lt;b&gt;" in refused.text, "what was typed is kept, and is no markup"
    assert "short" not in refused.text, "a password never is"
    assert _tied(refused) == ["password", "code"]
    refused = await browser.sends(path, **fields | {"email": "x", "name": " ", "code": "", "password": ""})
    assert _tied(refused) == ["email", "password", "code"], "each once, in the form that was sent"
    code = TOTP(secret[1].replace(" ", "")).at(world.clock.at)
    made = await browser.sends(path, **fields | {"password": PASSWORD, "code": f"{code[:3]} {code[3:]}"})
    says(made, said[language][1], 200)
    codes = re.findall(r"<li>([0-9A-Z-]{19})</li>", made.text)
    assert len(codes) == 10
    twice = await browser.sends(path, **fields)
    says(twice, said[language][1], 409)
    assert (twice.text.count("<li>"), twice.text.count('href="/signin"')) == (0, 1)
    world.clock.at += timedelta(minutes=11)
    for used in (await browser.opens(path), await browser.sends(path, **fields)):
        assert (used.status_code, used.text.count('href="/signin"')) == (404, 1)
    assert 'href="/signin"' not in (await browser.opens("/a/unknown")).text
    ada = Person(world, fields["email"], secret[1].replace(" ", ""), 0, codes)
    assert (await browser.signs_in(ada)).headers["Location"] == "/board"
    account = await browser.opens("/account")
    says(account, "Firefox, Linux", 200)
    says(account, "Not used yet: 10", 200)


async def test_signing_in_leads_only_to_pages_of_ours_and_each_time_to_another_token(world: World) -> None:
    ada = await accepts(world, await invited(world, "ada@fr.example.org"))
    fixed = "cs_" + "x" * 43
    browser = Browser(world, cookies={"__Host-session": fixed})
    asked_for = await browser.opens("/account")
    assert asked_for.headers["Location"] == "/signin?next=/account"
    for going in ("//evil.example", "/\\evil.example", "https:evil.example", "/\t/evil.example", "javascript:alert(1)"):
        shown = await Browser(world).opens(f"/signin?{httpx.QueryParams({'next': going})}")
        assert {form[2]["next"] for form in Forms(shown.text).found} == {"/board"}, going
        answer = await browser.signs_in(ada, going=going)
        assert (answer.status_code, answer.headers["Location"]) == (303, "/board"), going
    assert browser.cookies["__Host-session"] != fixed, "a token that somebody else has set opens nothing"
    assert (await browser.opens("/signin?next=/account/again")).headers["Location"] == "/account/again"
    kept = dict(browser.cookies)
    assert (await browser.signs_in(ada, going="/account/again")).headers["Location"] == "/account/again"
    assert browser.cookies != kept

    says(await browser.sends("/signin", email=ada.email, password="wrong"), "do not go together")
    wrong = await browser.sends("/signin", email="nobody", password=PASSWORD)
    says(wrong, "do not go together")
    assert (wrong.text.count('id="told"'), wrong.text.count('aria-describedby="told"')) == (1, 2)
    says(await browser.sends("/signin/code", sign_in="x" * 43, code="123456", next="/"), "This code is wrong")
    says(await browser.sends("/signin/passkey", credential="{", next="/"), "opens no account here")
    waits = [await browser.sends("/signin", email="x@example.org", password="wrong") for _ in range(6)]
    says(waits[-1], "in 5 min", 429)
    assert waits[-1].headers["Retry-After"] == "300"
    async with world.runtime.db.session() as session:
        rows = await session.fetch("select operation, problem from audit where outcome = 'refused'")
    assert ("page /signin", "not-authenticated") in {tuple(row) for row in rows}


async def test_what_changes_an_account_wants_a_fresh_factor_and_a_page_of_ours(world: World) -> None:
    ada, eve = await person(world), await person(world, "eve@fr.example.org")
    browser, other = Browser(world), Browser(world)
    await browser.signs_in(ada)
    await other.signs_in(ada)
    world.clock.at += timedelta(minutes=10)
    changes = ("passkeys", "passkeys/1", "passkeys/1/removal", "password", "recovery-codes")
    for path in changes:
        answer = await browser.sends(f"/account/{path}")
        assert answer.headers["Location"] == "/account/again?next=/account", path
    stale = await browser.opens("/account")
    forms = {form[1] for form in Forms(stale.text).found if not form[1].startswith("/account/sessions/")}
    assert forms == {"/account/place"}, "nothing but what needs no fresh factor"
    says(await browser.sends("/account/again", code="000000", next="/account"), "not the code")
    stolen = dict(browser.cookies)
    again = await browser.sends("/account/again", code=ada.code(), next="//evil.example")
    assert again.headers["Location"] == "/account"
    thief = Browser(world, cookies=stolen)
    assert (await thief.opens("/account")).status_code == 303, "what was stolen before is not fresh, but out"
    slowed = [await browser.sends("/account/again", code="000000") for _ in range(6)][-1]
    assert (slowed.status_code, slowed.headers["Retry-After"]) == (429, "600")

    says(await browser.sends("/account/password", old_password="wrong", password=NEW), "not the password of this")
    says(await browser.sends("/account/password", old_password=PASSWORD, password="short"), "at least 12 characters")
    renewed = await browser.sends("/account/recovery-codes")
    assert len(re.findall(r"<li>[0-9A-Z-]{19}</li>", renewed.text)) == 10
    link = f"/invitation/{await invited(world, 'new@fr.example.org')}"
    for each, path in (
        (browser, "/account"),
        (browser, "/account/again"),
        (Browser(world), "/signin"),
        (browser, link),
    ):
        policy = (await each.opens(path)).headers["Content-Security-Policy"]
        assert {"frame-ancestors 'none'", "script-src 'self'", "connect-src 'self'"} <= set(policy.split("; ")), path
    theirs = Browser(world)
    await theirs.signs_in(eve)
    number = re.search(r"/account/sessions/(\d+)/end", (await theirs.opens("/account")).text)
    assert number is not None
    assert (await browser.sends(f"/account/sessions/{number[1]}/end")).headers["Location"] == "/account"
    assert (await theirs.opens("/account")).status_code == 200, "somebody else's goes on"
    changed = await browser.sends("/account/password", old_password=PASSWORD, password=NEW)
    assert changed.headers["Location"] == "/signin?said=password_changed"
    for each in (browser, other):
        assert (await each.opens("/account")).headers["Location"] == "/signin?next=/account", "every session has ended"
    says(await other.opens("/signin?said=password_changed"), "everybody was signed out", 200)


async def test_no_form_of_the_console_is_taken_from_a_page_of_somebody_else(world: World) -> None:
    ada = await person(world, role="secretariat", party=None)
    every = pages.routes(rehearsed=False, demonstrated=False)
    posts = [route.path for route in every if "POST" in (route.methods or ())]
    # Whoever has the link of a message comes by no cookie, and proves by PIN or code who it is.
    forged = [path for path in posts if path.split("/")[1] not in ("a", "pin", "address", "handover")]
    assert len(forged) > 60
    assert len(posts) - len(forged) == 6
    for path in forged:
        world.clock.at += timedelta(seconds=1)
        place = re.sub(r"\{\w+\}", "1", path)
        for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}, {}):
            cookie = {"Cookie": f"__Host-session={ada.token}"}
            answer = await world.client.post(place, data={"next": "/"}, headers=headers | cookie)
            assert answer.status_code == 403, (path, headers)
            assert f'href="{world.runtime.settings.public_url}"' in answer.text, path


async def test_everybody_sets_language_and_zone_and_an_officer_own_languages_and_pin_and_sees_shifts(
    world: World,
) -> None:
    france = world.network["FR"]
    first = france.officers[0]
    inside = {"role": "contact_point", "contact_point_id": france.contact_point, "officer_id": first.id}
    officer, ada = await person(world, first.email, **inside), await person(world)
    browser, plain = Browser(world), Browser(world)
    await browser.signs_in(officer)
    await plain.signs_in(ada)
    says(await plain.sends("/account/place", language="fr", zone="Europe/Nowhere"), "This time zone is not known")
    says(await plain.sends("/account/place", language="xx", zone="Asia/Tokyo"), "one of what is offered")
    assert (await plain.sends("/account/place", language="fr", zone="Asia/Tokyo")).status_code == 303
    assert plain.cookies["zone"] == "Asia%2FTokyo"
    page = await plain.opens("/account?done=place")
    says(page, "est enregistré.", 200)
    assert "Tokyo</span>" in page.text
    assert "/account/pin" not in page.text, "who is no officer has no PIN"

    page = await browser.opens("/account")
    says(page, "Your shifts ahead", 200)
    assert "on duty now" in page.text
    says(page, "Your PIN can be used.", 200)
    for change, said in (
        ("update pins set expires_at = now() - interval '9 years'", "Your PIN has expired: set another one."),
        ("update pins set locked_at = now()", "Your PIN is locked: set another one."),
        ("delete from pins", "You have no PIN yet: set one."),
    ):
        async with world.runtime.db.session() as session:
            await session.execute(change)
        told = (await browser.opens("/account")).text
        assert said in told
        assert "You cannot answer: you have no PIN that can be used." in told
    version = re.search(r'name="version" value="(\d+)"', page.text)
    assert version is not None
    spoken = {"officer_language": "es", "languages": "es, fr", "version": version[1]}
    spoken |= {"notices_by": "email", "notices_minutes": "240"}
    says(await browser.sends("/account/languages", **spoken | {"notices_by": "owl"}), "one of what is offered")
    says(await browser.sends("/account/languages", **spoken | {"notices_minutes": "4"}), "at least 5", 422)
    says(await browser.sends("/account/languages", **spoken | {"languages": "Spanish!"}), "written as in en or pt-BR")
    for _ in range(2):
        assert (await browser.sends("/account/languages", **spoken)).status_code == 303, "pressed twice"
    stale = await browser.sends("/account/languages", **spoken | {"languages": "de"})
    says(stale, "changed your entry meanwhile", 412)
    assert 'value="de"' in stale.text, "what was typed is kept"
    assert "Spanish; Spanish, French" in stale.text, "and what it says now is told"
    page = await browser.opens("/account")
    assert all(f'value="{each}" selected' in page.text for each in ("email", "240"))

    says(await browser.sends("/account/pin", pin="739164", again="739165"), "The two are not the same")
    says(await browser.sends("/account/pin", pin="12", again="12"), "6 to 12 digits")
    says(await browser.sends("/account/pin", pin="739164", again="739164"), "Ask an administrator for the link")
    async with world.runtime.db.session() as session:
        await session.execute("update channels set verified_at = proven_at")
    done = await browser.sends("/account/pin", pin="739164", again="739164")
    assert done.headers["Location"] == "/account?done=pin"
    assert await world.runtime.check_pin(world.runtime.db, first.id, "739164", world.clock.at) == "right"
    assert (await plain.sends("/account/pin", pin="739164", again="739164")).status_code == 422


async def test_passkeys_are_added_renamed_and_removed_by_forms_and_never_the_last_way_in(world: World) -> None:
    device, ring, browser = telephone(), telephone(), Browser(world)
    ada = await keeper(world, device)
    shown = device.shows(await asked(world, "/v1/sessions/passkey"))
    entered = await browser.sends("/signin/passkey", credential=json.dumps(shown), next="/account")
    assert entered.headers["Location"] == "/account"
    ada.token = browser.cookies["__Host-session"]
    made = json.dumps(ring.makes(await asked(world, "/v1/passkeys", token=ada.token)))
    says(await browser.sends("/account/passkeys", name="<i>Ring", credential="{}"), "not taken")
    assert (await browser.sends("/account/passkeys", name="<i>Ring", credential=made)).status_code == 303
    page = await browser.opens("/account")
    assert "&lt;i&gt;Ring" in page.text
    first, second = re.findall(r"/account/passkeys/(\d+)/removal", page.text)
    says(await browser.sends(f"/account/passkeys/{second}", name=" "), "type a name")
    assert (await browser.sends(f"/account/passkeys/{second}", name="Safe")).status_code == 303
    assert (await browser.sends(f"/account/passkeys/{first}/removal")).status_code == 303
    async with world.runtime.db.session() as session:
        await session.execute("update accounts set openid = 'gone'")
    last = await browser.sends(f"/account/passkeys/{second}/removal")
    says(last, "only way to sign in")
    assert "/removal" not in last.text
    assert (await browser.sends(f"/account/passkeys/{first}/removal")).headers["Location"] == "/account", "sent twice"
    world.clock.at += timedelta(minutes=10)
    again = json.dumps(ring.shows(await asked(world, "/v1/sessions/step-up/passkey", token=ada.token)))
    says(await browser.sends("/account/again/passkey", credential="{}"), "opens no account")
    assert (await browser.sends("/account/again/passkey", credential=again)).status_code == 303
    async with world.runtime.db.session() as session:
        await session.execute("update accounts set language = 'es'")
    ended = await browser.sends("/account/sessions/end")
    assert ended.headers["Location"] == "/signin?said=signed_out"
    assert "Max-Age=0" in ended.headers["Set-Cookie"]
    assert (await browser.opens("/account")).headers["Location"] == "/signin?next=/account"
    assert (await browser.opens("/signin")).headers["Content-Language"] == "es", "in the language that they had"
