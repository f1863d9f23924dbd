"""The page behind the link in an alert, asked as a browser asks."""

import re
from html import unescape
from typing import Any

import httpx
import pytest

from contactpoints.actions import readings
from contactpoints.actions.replies import opened as arrived
from contactpoints.rules.codes import is_reply_code, new_reply_code
from contactpoints.store import inbound
from tests.console.browsers import instants
from tests.world import PIN, World

BROWSER = {"User-Agent": "Mozilla/5.0 (Linux; Android 14)"}


async def opened(world: World, *, officer: int = 0, **fields: Any) -> tuple[str, str]:
    """Open an alert and let its messages out; return its reference, and the address of an officer's page."""
    reference = (await world.opens_alert(**fields)).json()["reference"]
    await world.settles()
    return reference, await page_of(world, reference, officer)


async def page_of(world: World, reference: str, officer: int = 0) -> str:
    async with world.runtime.db.session() as session:
        token = await session.fetchval(
            """select page_token from reply_codes r join alerts a on a.id = r.alert_id
                where a.reference = $1 and r.officer_id = $2""",
            reference,
            world.network["FR"].officers[officer].id,
        )
    return f"/a/{token}"


async def state_of(world: World, reference: str) -> str:
    return str((await world.get(f"/v1/alerts/{reference}")).json()["state"])


async def look(world: World, path: str, **headers: str) -> httpx.Response:
    return await world.client.get(path, headers=BROWSER | headers)


async def types(world: World, path: str, pin: str, *, once: str = "") -> httpx.Response:
    """Type something into the page's one field and press the button."""
    return await world.client.post(path, data={"pin": pin, "once": once}, headers=BROWSER)


async def test_it_shows_the_reference_the_times_and_one_thing_to_do_and_no_case_data(world: World) -> None:
    reference, path = await opened(world)
    page = await look(world, path)
    assert page.status_code == 200
    assert reference in page.text
    assert "02:30 heure locale (20:30 chez le demandeur, 00:30 UTC)" in page.text
    assert "PAS ENCORE D\u2019ACCUSÉ DE RÉCEPTION" in page.text
    first, _, second = page.text.partition("<details")
    assert (first.count("<button"), second.count("<button")) == (1, 1), "the other act is not there by mistake"
    particulars = (await world.get(f"/v1/alerts/{reference}/request", key=world.contact_point)).json()["particulars"]
    for telling in (particulars["facts_summary"], particulars["identifiers"][0], PIN):
        assert telling not in page.text
    assert "New York" not in page.text, "whoever has the link alone is not told who asks"
    async with world.runtime.db.session() as session:
        code = await session.fetchval("select code from reply_codes limit 1")
    assert code not in page.text


async def test_the_headers_keep_the_address_from_leaking_and_let_no_script_run(world: World) -> None:
    _, path = await opened(world)
    page = await look(world, path)
    policy = page.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "script-src" not in policy
    assert page.headers["Cache-Control"] == "no-store"
    assert page.headers["Referrer-Policy"] == "no-referrer"
    assert "noindex" in page.headers["X-Robots-Tag"]
    assert "<script" not in page.text
    assert re.findall(r'(?:src|href)="(?!/)', page.text) == []
    style = await look(world, re.findall(r'href="(/static/page[^"]+)"', page.text)[0])
    assert style.headers["Content-Type"].startswith("text/css")
    assert "http" not in style.text


async def test_an_exercise_says_so_first(world: World) -> None:
    _, path = await opened(world, status="exercise")
    body = (await look(world, path)).text.partition("<body>")[2]
    assert body.index("EXERCISE / EXERCICE / EJERCICIO") < body.index("24/7")


async def test_the_pin_acknowledges_and_the_page_says_that_it_counted(world: World) -> None:
    reference, path = await opened(world)
    world.clock.at = world.clock.at.replace(minute=3)
    answer = await types(world, path, f" {PIN[:3]} {PIN[3:]} ")
    assert (answer.status_code, answer.headers["Location"]) == (303, path)
    page = await look(world, path)
    assert "Elle est arrivée à 02:03 heure locale (20:03 chez le demandeur, 00:03 UTC)." in page.text
    alert = (await world.get(f"/v1/alerts/{reference}")).json()
    assert alert["state"] == "acknowledged"
    assert alert["seconds_to_acknowledge"] == 180
    assert alert["acknowledgement"]["channel"] == "link"
    assert alert["acknowledgement"]["identity_strength"] == "code_and_pin"


async def test_what_was_typed_is_kept_sealed_with_its_instant_before_it_is_weighed(world: World) -> None:
    _, path = await opened(world)
    await types(world, path, PIN)
    async with world.runtime.db.session() as session:
        row = await inbound.read(session, await session.fetchval("select id from inbound where source = 'link'"))
    assert row is not None
    assert row["received_at"] == world.clock.at
    assert PIN.encode() not in row["sealed"]
    assert PIN.encode() in arrived(row, world.runtime.tools)


async def test_a_form_without_a_pin_changes_nothing_and_costs_no_try(world: World) -> None:
    reference, path = await opened(world)
    for typed in ("", "   ", "yes", "Acknowledge", "12345", "' or 1=1 --", "<script>", "0" * 40):
        answer = await types(world, path, typed)
        assert answer.status_code == 422, typed
        assert "il manque votre PIN" in answer.text, typed
        assert await state_of(world, reference) == "alerting", typed
        assert await world.facts(reference, "pin_wrong") == [], typed
        assert "Essais restants" not in answer.text, typed


async def test_three_wrong_pins_lock_the_code_and_the_chain_climbs_at_once(world: World) -> None:
    reference, path = await opened(world)
    assert "Essais restants : 2." in (await types(world, path, "111222")).text
    assert "Essais restants : 1." in (await types(world, path, "111222")).text
    assert "VOTRE CODE EST BLOQUÉ" in (await types(world, path, "111222")).text
    before = await world.timeline(reference)
    await world.settles()
    assert "step_started" in (await world.timeline(reference))[len(before) :]
    assert "VOTRE CODE EST BLOQUÉ" in (await types(world, path, PIN)).text
    assert await state_of(world, reference) == "alerting"


async def test_the_same_page_sent_twice_costs_one_try(world: World) -> None:
    _, path = await opened(world)
    once = re.findall(r'name="once" value="(\w+)"', (await look(world, path)).text)[0]
    for _ in range(2):
        assert "Essais restants : 2." in (await types(world, path, "111222", once=once)).text
    assert "Essais restants : 1." in (await types(world, path, "111222", once="another")).text


async def test_an_older_page_gone_back_to_takes_the_right_pin_after_a_wrong_one(world: World) -> None:
    reference, path = await opened(world)
    once = re.findall(r'name="once" value="(\w+)"', (await look(world, path)).text)[0]
    assert "Essais restants : 2." in (await types(world, path, "111222", once=once)).text
    assert (await types(world, path, PIN, once=once)).status_code == 303
    assert await state_of(world, reference) == "acknowledged"


async def test_openings_are_noted_and_no_machine_can_flood_the_timeline(world: World) -> None:
    reference, path = await opened(world)
    for _ in range(5):
        await look(world, path)
        await look(world, path, **{"Sec-Purpose": "prefetch"})
        await world.client.head(path, headers=BROWSER)
    noted = await world.facts(reference, "link_opened")
    assert sorted(str(fact["automated"]) for fact in noted) == ["None", "True"]
    for _ in range(30):
        await world.passes(minutes=1)
        await look(world, path, **{"User-Agent": "scanner"})
    assert len(await world.facts(reference, "link_opened")) == 11


async def test_an_unknown_link_is_a_plain_page_that_tells_nothing(world: World) -> None:
    for path in ("/a/ABCDEFGH23456789", "/a/%00", "/a/" + "A" * 3000):
        for answer in (await look(world, path), await types(world, path, PIN)):
            assert answer.status_code == 404
            assert answer.headers["Content-Type"].startswith("text/html")
            assert "There is nothing here" in answer.text
            assert "ABCDEFGH" not in answer.text


async def test_nobody_is_promised_where_nobody_is_left_and_late_is_told_before_the_answer(world: World) -> None:
    reference, path = await opened(world)
    assert "la personne suivante de la chaîne" in (await look(world, path)).text.lower()
    await world.passes(minutes=16)
    async with world.runtime.db.session() as session:
        await session.execute("update officers set language = 'fr'")
        last = await session.fetchval("select page_token from reply_codes order by id desc limit 1")
    page = (await look(world, f"/a/{last}")).text
    assert "dernier maillon" in page
    assert "officier suivant" not in page
    await world.passes(minutes=5)
    page = (await look(world, path)).text
    assert "avait répondu à 02:20 heure locale (20:20 chez le demandeur, 00:20 UTC)." in page
    assert "Votre réponse compte encore." in page.partition("<form")[0], "and then why it is late"
    assert "Elle est enregistrée comme tardive pour cela seul" in page
    assert "Répondez avant" not in page, "no time is named that is worth nothing any more"
    assert "recommencent à 02:35 heure locale" in page
    for _ in range(3):
        locked = (await types(world, f"/a/{last}", "111222")).text
    assert "recommencent à 02:35 heure locale" in locked
    assert "officier suivant" not in locked
    await types(world, path, PIN)
    page = (await look(world, path)).text
    assert "enregistré comme tardif" in page
    assert "Que faire ensuite" in page
    assert f'href="/alerts/{reference}"' in page


async def test_whoever_comes_later_reads_who_has_taken_it(world: World) -> None:
    reference, mine = await opened(world)
    await world.passes(minutes=5)
    theirs = await page_of(world, reference, 1)
    await types(world, mine, PIN)
    page = (await look(world, theirs)).text
    assert "DÉJÀ PRISE EN CHARGE" in page
    assert "Par la première ligne, à 02:05 heure locale (20:05 chez le demandeur, 00:05 UTC)." in page
    assert "<form" not in page


async def test_a_withdrawn_alert_says_so_and_takes_no_answer(world: World) -> None:
    reference, path = await opened(world)
    await world.post(f"/v1/alerts/{reference}/withdrawal", {"reason": "danger_over"})
    assert "RETIRÉE" in (await look(world, path)).text
    assert "RETIRÉE" in (await types(world, path, PIN)).text
    assert await state_of(world, reference) == "withdrawn"


async def test_the_request_is_read_with_the_pin_after_the_acknowledgement_and_the_reading_is_recorded(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    reference, path = await opened(world)
    early = await world.client.post(f"{path}/request", data={"pin": PIN})
    assert early.status_code == 422
    assert await state_of(world, reference) == "alerting"
    await types(world, path, PIN)
    assert (await world.client.post(f"{path}/request", data={"pin": ""})).status_code == 422
    assert "PIN erroné" in (await world.client.post(f"{path}/request", data={"pin": "111222"})).text
    assert await world.facts(reference, "request_read") == []
    page = await world.client.post(f"{path}/request", data={"pin": PIN})
    particulars = (await world.get(f"/v1/alerts/{reference}/request", key=world.contact_point)).json()["particulars"]
    assert particulars["identifiers"][0] in page.text
    assert "2026-10-14 01:55 Paris · 2026-10-13 19:55 New York · 23:55 UTC" in instants(page.text)
    assert page.headers["Cache-Control"] == "no-store"
    by_page, _ = await world.facts(reference, "request_read")
    assert by_page["officer"] == world.network["FR"].officers[0].id
    assert (await look(world, f"{path}/request")).headers["Location"] == path
    assert "Personne ne l\u2019a lue avant vous." in page.text
    await world.get(f"/v1/alerts/{reference}/request")
    page = await world.client.post(f"{path}/request", data={"pin": PIN})
    readers = re.findall(r"<li>([^<,]+), <time", page.text)
    assert readers == ["Vous", "Un système de votre point de contact", "L\u2019autorité requérante"]
    monkeypatch.setattr(readings, "_ON_A_PAGE", 2)
    page = await world.client.post(f"{path}/request", data={"pin": PIN})
    assert "Lectures plus anciennes qui ne figurent pas ici : 2" in page.text
    readers = re.findall(r"<li>([^<,]+), <time", page.text)
    assert readers == ["L\u2019autorité requérante", "Vous"], "the latest, which matter"
    kept = (await world.get(f"/v1/alerts/{reference}/readings", key=world.contact_point)).json()["items"]
    assert [(each["way"], each["line"], each["address"] is None) for each in kept] == [
        ("page", "first", False),
        ("api", None, False),
        ("api", None, True),
        ("page", "first", False),
        ("page", "first", False),
    ]


async def test_the_request_is_not_read_by_guessing(world: World) -> None:
    _, path = await opened(world)
    await types(world, path, PIN)
    for _ in range(3):
        await world.client.post(f"{path}/request", data={"pin": "111222"})
    page = await world.client.post(f"{path}/request", data={"pin": PIN})
    assert page.status_code == 422
    assert "Trop de PIN erronés" in page.text
    async with world.runtime.db.session() as session:
        rows = await session.fetch("select * from audit where outcome = 'refused' order by id")
        reference = await session.fetchval("select reference from alerts")
    assert [row["detail"].split()[-1] for row in rows] == ["wrong_pin."] * 3 + ["code_locked."]
    assert {(row["entry"], row["entry_key"], row["actor_party"]) for row in rows} == {("alerts", reference, "FR")}
    assert {row["actor"] for row in rows} == {f"officer:{world.network['FR'].officers[0].id}"}
    assert not [row for row in rows if path.removeprefix("/a/") in str(row)]


async def test_where_the_pin_was_relaxed_the_page_asks_for_the_code_from_the_sms(world: World) -> None:
    async with world.runtime.db.session() as session:
        await session.execute("update contact_points set pin_required = false")
    reference, path = await opened(world)
    text = (await world.hears(world.network["FR"].officers[0].sms))[0]["body"]
    code = next(word for word in text.split() if is_reply_code(word))
    assert "Le code du SMS" in (await look(world, path)).text
    assert (await types(world, path, "")).status_code == 422
    assert "Essais restants : 2." in (await types(world, path, new_reply_code(b"another officer's"))).text
    assert await state_of(world, reference) == "alerting"
    assert (await types(world, path, code.lower())).status_code == 303
    answer = (await world.get(f"/v1/alerts/{reference}")).json()["acknowledgement"]
    assert answer["identity_strength"] == "weak"


async def test_a_reply_whose_web_process_died_is_handled_by_the_engine(world: World) -> None:
    reference, path = await opened(world)
    async with world.runtime.db.session() as session:
        await session.execute("alter table acknowledgements add constraint dead check (false) not valid")
    assert (await types(world, path, PIN)).status_code == 500
    async with world.runtime.db.session() as session:
        await session.execute("alter table acknowledgements drop constraint dead")
    received_at = world.clock.at
    await world.passes(seconds=31)
    alert = (await world.get(f"/v1/alerts/{reference}")).json()
    assert alert["state"] == "acknowledged"
    assert alert["acknowledged_at"].startswith(f"{received_at:%Y-%m-%dT%H:%M:%S}")


async def test_an_answer_that_was_not_weighed_here_blames_no_pin(world: World) -> None:
    _, path = await opened(world)

    async def answered(made: str) -> list[httpx.Response]:
        body = (
            f"create or replace function it() returns trigger language plpgsql as $$ begin {made}; return new; end $$"
        )
        async with world.runtime.db.session() as session:
            await session.execute(body)
            await session.execute(
                "create or replace trigger it before insert on inbound for each row execute function it()"
            )
        sent = {"pin": PIN, "once": made[:16]}
        return [await world.client.post(path + way, data=sent, headers=BROWSER) for way in ("", "/decline")]

    for page in await answered("new.sealed = 'no key of ours'"):
        assert page.status_code == 422
        assert "PAS ENCORE D\u2019ACCUSÉ DE RÉCEPTION : votre réponse est conservée" in unescape(page.text)
        assert "PIN est absent" not in page.text
        assert page.text.count("<h1") == 1
    done = await answered("new.handled_at = new.received_at; new.outcome = 'acknowledged'")
    assert [page.status_code for page in done] == [303, 303], "an engine took it: the page says how it stands"


async def test_what_is_no_page_is_told_in_words_and_quotes_nothing(world: World) -> None:
    _, path = await opened(world)
    assert (await world.client.put(path)).status_code == 405
    assert (await world.client.post(path, content=b"pin=" + b"1" * 20_000)).status_code == 413
    assert (await world.client.get("/static/../web.py")).status_code == 404
    assert (await world.client.get("/v1/nothing")).headers["Content-Type"] == "application/problem+json"


async def test_an_unknown_reader_is_spoken_to_in_the_language_of_the_browser(world: World) -> None:
    answer = await look(world, "/a/none", **{"Accept-Language": "de-AT,es;q=0.8,en;q=0.5"})
    assert "Aquí no hay nada" in answer.text


async def test_a_pin_that_cannot_be_used_costs_no_try_at_reading_the_request(world: World) -> None:
    _, path = await opened(world)
    await types(world, path, PIN)
    async with world.runtime.db.session() as session:
        await session.execute("update pins set expires_at = set_at")
    for _ in range(3):
        assert (await world.client.post(f"{path}/request", data={"pin": PIN})).status_code == 422
    async with world.runtime.db.session() as session:
        await session.execute("update pins set expires_at = null")
    assert (await world.client.post(f"{path}/request", data={"pin": PIN})).status_code == 200


async def test_the_page_is_shown_even_where_its_opening_cannot_be_noted(world: World) -> None:
    reference, path = await opened(world)
    async with world.runtime.db.session() as session:
        await session.execute("alter table timeline add constraint full_ check (code <> 'link_opened')")
    page = await look(world, path)
    assert page.status_code == 200
    assert reference in page.text


async def test_a_rehearsal_says_so_on_top_and_every_state_has_one_heading(world: World, real_world: World) -> None:
    for there, rehearsed in ((world, True), (real_world, False)):
        _, path = await opened(there)
        for page in (await look(there, path), await types(there, path, ""), await types(there, path, "999999")):
            assert ("ESSAI : rien de ceci" in page.text) is rehearsed
            assert page.text.count("<h1") == 1, "a screen reader has something to begin with"
