"""The pages of the service itself: health, a test of a gateway, settings without secrets, and the audit log."""

import re
from datetime import timedelta
from html import unescape

import pytest

from contactpoints.rules.gsm7 import MOST, septets
from contactpoints.rules.wording_gateways import gateway_test_words
from contactpoints.words import LANGUAGES, catalogues
from tests.api.people import person
from tests.console.test_administration_pages import ACCOUNTS, browser, hidden, keeper, says
from tests.world import START, World

HEALTH, SETTINGS, AUDIT = (f"/administration/{each}" for each in ("health", "settings", "audit"))


async def test_a_gateway_is_tried_by_a_message_to_whoever_asks_and_not_too_often(world: World) -> None:
    officer = world.network["FR"].officers[0]
    ada = browser(await person(world, officer_id=officer.id))
    eva = await keeper(world, "eva@net.example.org", role="secretariat", party=None)
    before = await ada.asks("GET", HEALTH)
    says(before, "has not looked yet", "not used yet", "to ada@fr.example.org", officer.sms)
    assert "Alarms" not in before.text
    form = {"gateway": "rehearsal_sms", "once": hidden(before, "once")}
    for said in [await ada.asks("POST", f"{HEALTH}/test", data=form) for _ in range(2)]:
        assert said.headers["Location"] == f"{HEALTH}?said=tested", "sent twice, done once, and told the same"
    again = await ada.asks("POST", f"{HEALTH}/test", data={"gateway": "rehearsal_sms"})
    says(again, "Wait a minute", status=409)
    assert (await ada.asks("POST", f"{HEALTH}/test", data={"gateway": "rehearsal_email"})).status_code == 303
    assert (await ada.asks("POST", f"{HEALTH}/test", data={"gateway": "none"})).status_code == 404
    says(await eva.asks("POST", f"{HEALTH}/test", data={"gateway": "rehearsal_sms"}), "cannot be done", status=409)
    await world.settles()
    sent = [each for each in (await world.get("/rehearsal/messages")).json()["items"] if each["purpose"] == "probe"]
    assert {each["kind"] for each in sent} == {"sms", "email"}
    assert all("no alert" in each["body"] for each in sent)
    says(await ada.asks("GET", HEALTH), "takes messages")
    says(await eva.asks("GET", HEALTH), "Alarms of the last 24 hours", "secretariat can be called")
    async with world.runtime.db.session() as session:
        rows = await session.fetch(
            "select outcome, after->>'gateway' as gateway from audit where operation like '%test'"
        )
    assert sorted((row["outcome"], row["gateway"]) for row in rows if row["gateway"]) == [
        ("done", "rehearsal_email"),
        ("done", "rehearsal_sms"),
        ("done", "rehearsal_sms"),
    ]
    world.clock.at += timedelta(minutes=2)
    for once, sent_to in ((form["once"], 2), (hidden(await ada.asks("GET", HEALTH), "once"), 3)):
        assert (await ada.asks("POST", f"{HEALTH}/test", data=form | {"once": once})).status_code == 303
        async with world.runtime.db.session() as session:
            assert await session.fetchval("select count(*) from messages where purpose = 'probe'") == sent_to


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_test_of_a_gateway_fits_one_text_and_wakes_nobody_by_its_words(language: str) -> None:
    for kind in ("sms", "email", "voice"):
        said = gateway_test_words(catalogues()[language], kind, gateway="twilio_sms_2", at=START)
        assert "twilio_sms_2" in said.text
        assert kind != "sms" or septets(said.text) <= MOST


async def test_settings_are_told_to_those_who_look_at_all_of_it_and_never_a_secret(world: World) -> None:
    ada, eva = await keeper(world), await keeper(world, "eva@net.example.org", role="secretariat", party=None)
    assert (await ada.asks("GET", SETTINGS)).status_code == 404
    shown = await eva.asks("GET", SETTINGS)
    says(shown, "CONTACTPOINTS_PUBLIC_URL", world.runtime.settings.public_url, "CONTACTPOINTS_KEYRING", "danger")
    assert "embedded" not in shown.text
    rows = dict(
        re.findall(
            r"CONTACTPOINTS_(KEYRING|PIN_PEPPER|DATABASE_URL|TRUSTED_PROXIES)</th>\s*<td[^>]*>(.*?)</td>", shown.text
        )
    )
    assert {name: re.sub("<.*?>", "", told) for name, told in rows.items()} == {
        **dict.fromkeys(("KEYRING", "PIN_PEPPER", "DATABASE_URL"), "set"),
        "TRUSTED_PROXIES": "not set",
    }
    for secret in (world.runtime.settings.database_url, world.runtime.settings.pin_pepper.hex()):
        assert secret not in unescape(shown.text)
    kim = await keeper(world, "kim@net.example.org", role="auditor", party=None, language="es")
    spanish = await kim.asks("GET", SETTINGS)
    says(spanish, "Lo que es débil")
    remedies = re.findall(r'data-label="What to do">(.*?)</td>', shown.text)
    assert remedies
    assert not [each for each in remedies if each in spanish.text]


async def test_the_audit_log_is_searched_paged_and_written_out(world: World) -> None:
    ada = await keeper(world)
    for name in ("ben", "joe"):
        new = {"name": name, "email": f"{name}@fr.example.org", "role": "requester", "authority": "Desk"}
        assert (await ada.asks("POST", ACCOUNTS, data=new)).status_code == 303
    assert (await ada.asks("POST", ACCOUNTS, data={})).status_code == 422
    found = await ada.asks("GET", f"{AUDIT}?text=ben&entry=accounts")
    says(found, "ben@fr.example.org", "page /administration/accounts", "<ins>Desk</ins>")
    assert "joe@" not in found.text
    says(await ada.asks("GET", f"{AUDIT}?outcome=refused"), "invalid")
    day = f"{world.clock.at:%Y-%m-%d}"
    says(await ada.asks("GET", f"{AUDIT}?since={day}&until={day}&text=ben"), "ben@fr")
    says(await ada.asks("GET", f"{AUDIT}?until=2026-10-13"), "None that fits.")
    says(await ada.asks("GET", f"{AUDIT}?since={day}&until=2026-10-13"), "come after the beginning", status=422)
    wrong = await ada.asks("GET", f"{AUDIT}?since=yesterday&text=ben&outcome=lost&actor={'x' * 201}")
    says(wrong, "written as in 2026-10-14", 'value="ben"', "one of what is offered", "at most 200", status=422)
    listed = unescape((await ada.asks("GET", f"{AUDIT}?entry=accounts&until={day}")).text)
    export = listed.partition('href="/v1/audit')[2].partition('"')[0]
    assert "until=2026-10-15" in export
    csv = await ada.asks("GET", f"/v1/audit{export}")
    assert csv.status_code == 200, csv.text
    assert "joe@fr.example.org" in csv.text
    us = await keeper(world, "ada@us.example.org", party="US")
    assert "ben@fr" not in (await us.asks("GET", AUDIT)).text


_MANY = """
with made as (insert into actors (kind) select 'account' from generate_series(1, 25) returning id)
insert into accounts (id, email, role, party, authority, created_at)
select id, 'late-' || id || '@fr.example.org', 'requester', 'FR', 'Invented desk', $1 from made
"""
_ENDING = """
with made as (insert into actors (kind) values ('key') returning id)
insert into api_keys (id, secret_hash, role, party, authority, created_at, expires_at)
select id, 'x'::bytea || id::text::bytea, 'requester', 'FR', 'Desk that ends', $1::timestamptz,
       $1::timestamptz + interval '3 days'
  from made
"""


async def test_what_waits_is_looked_for_in_all_there_is_and_leads_to_it(world: World) -> None:
    ada = await keeper(world)
    officer = world.network["FR"].officers[0]
    before = await ada.asks("GET", "/administration")
    says(before)
    for quiet in ("Invitation has lapsed", "Key ends soon", f"/directory/officers-{officer.id}"):
        assert quiet not in before.text
    async with world.runtime.db.transaction() as session:
        await session.execute(_MANY, world.clock.at)
        await session.execute(_ENDING, world.clock.at)
        await session.execute("update pins set locked_at = $1 where officer_id = $2", world.clock.at, officer.id)
    waits = await ada.asks("GET", "/administration")
    says(waits, "Key ends soon, and nothing takes its place", "Desk that ends", "and 5 more")
    assert waits.text.count("Invitation has lapsed") == 21, "twenty, and how many more there are"
    says(waits, "Has no PIN that works", f'href="/directory/officers-{officer.id}"', officer.name)
    assert "Nothing waits" not in waits.text
    other = await keeper(world, "uma@us.example.org", party="US", authority="Another desk")
    assert "Desk that ends" not in (await other.asks("GET", "/administration")).text
    eva = await keeper(world, "eva@net.example.org", role="secretariat", party=None)
    says(await eva.asks("GET", "/administration"), "Desk that ends", officer.name)
