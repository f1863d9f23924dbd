"""The pages of alerts: found and followed by both sides, acted on by plain forms, and not there for anybody else."""

import asyncio
import re
from datetime import timedelta
from html import unescape
from typing import Any

import httpx
import pytest

from contactpoints.actions import alert_search
from contactpoints.rules.codes import new_reply_code
from contactpoints.store import alert_lists
from contactpoints.store.database import Session
from tests.api.people import person
from tests.console.browsers import instants
from tests.console.test_account_pages import Browser, says
from tests.robot import Forms
from tests.world import PIN, World


async def _browser(world: World, role: str, party: str | None, authority: str = "Invented Desk") -> Browser:
    made = await person(world, f"{role}@{str(party).lower()}.example.org", role=role, party=party, authority=authority)
    return Browser(world, cookies={"__Host-session": made.token})


def _acts(answer: httpx.Response) -> set[str]:
    return {form[1].rpartition("/")[2] for form in Forms(answer.text).found if form[1].startswith("/alerts/")}


def _field(answer: httpx.Response, act: str, name: str) -> str:
    return next(form[2][name] for form in Forms(answer.text).found if form[1].endswith(f"/{act}"))


def _whole(answer: httpx.Response, reference: str) -> tuple[int, str, list[tuple[str, str]]]:
    """Return everything that an answer tells, but what is another one each time and the reference that was asked."""
    apart = [(name, value) for name, value in answer.headers.items() if name not in ("date", "x-request-id")]
    return answer.status_code, answer.text.replace(reference, "..."), apart


async def _is_not_there(stranger: Browser, asks: Browser, *, reference: str) -> None:
    here, nowhere = f"/alerts/{reference}", "/alerts/NONE-NONE"
    for more in ("", "?before=2"):
        told, of_none = [await stranger.opens(f"{each}{more}") for each in (here, nowhere)]
        assert told.status_code == 404, more
        assert _whole(told, reference) == _whole(of_none, "NONE-NONE")
    for act in ("acknowledgement", "decline", "withdrawal", "closure", "call-back", "resending", "request"):
        typed = {"why_withdrawn": "other", "why_closed": "other", "outcome": "confirmed"}
        for fields in (typed, dict[str, str]()):
            told, of_none = [await stranger.sends(f"{each}/{act}", **fields) for each in (here, nowhere)]
            assert told.status_code == 404, act
            assert _whole(told, reference) == _whole(of_none, "NONE-NONE"), "as an alert that is not there"
        assert (await asks.opens(f"{here}/{act}")).headers["Location"] == here
    assert reference not in (await stranger.opens("/alerts")).text


async def _is_found(asks: Browser, *, reference: str) -> None:
    here = f"/alerts/{reference}"
    listed = await asks.opens("/alerts?state=alerting&kind=preservation&party=fr&q=preservation")
    says(listed, reference, 200)
    assert reference not in (await asks.opens("/alerts?party=JP")).text
    assert reference not in (await asks.opens("/alerts?state=closed")).text
    assert (await asks.opens(f"/alerts?q={reference.lower()}")).headers["Location"] == here
    for found in ("francé", "unit stat%00es alert", f"{reference[:4].lower()} PRÉSERV"):
        assert reference in (await asks.opens(f"/alerts?q={found}")).text, found
    for nothing in ("japan", "preservation belgium", "closed", "_"):
        says(await asks.opens(f"/alerts?q={nothing}"), "None that fits.", 200)


async def test_an_alert_is_followed_acknowledged_and_closed_by_both_sides(world: World) -> None:
    asks = await _browser(world, "requester", "US")
    asked = await _browser(world, "contact_point", "FR")
    stranger = await _browser(world, "contact_point", "JP")
    reference, first, code = await world.wakes_the_first()
    await world.passes(minutes=4)
    here = f"/alerts/{reference}"

    await _is_not_there(stranger, asks, reference=reference)
    await _is_found(asks, reference=reference)
    seen, inside = await asks.opens(here), await asked.opens(here)
    for page in (seen, inside):
        says(page, "Calling, nobody has answered yet", 200)
        says(page, "Then step 3, by SMS, e-mail: the second line", 200)
        assert f"/v1/alerts/{reference}/stream?after=" in page.text
        assert 'id="fact-1"' in page.text
        assert "<title" in page.text.partition('<svg class="escalation"')[2]
        assert code not in page.text, "a code is in the message alone"
        assert page.headers["Cache-Control"] == "no-store"
    assert _acts(seen) == {"withdrawal", "note", "request"}
    assert _acts(inside) == {"acknowledgement", "decline", "call-back", "note", "request"}
    async with world.runtime.db.session() as session:
        name = await session.fetchval("select name from officers where id = $1", first.id)
    assert name in unescape(inside.text)
    assert name not in unescape(seen.text), "people are told by function outside their house"

    fields = {"officer": str(first.id), "reply_code": code, "pin": PIN, "once": "a"}
    says(await asks.sends(f"{here}/acknowledgement", **fields), "You may not do that here", 403)
    for made_up in ("9" * 5000, "٣"):
        assert (await asked.sends(f"{here}/acknowledgement", **fields | {"officer": made_up})).status_code == 422
    refused = await asked.sends(f"{here}/acknowledgement", **fields | {"reply_code": "?", "pin": "12"})
    says(refused, "A PIN has 6 to 12 digits.")
    assert all(f'id="f-{each}-fault"' in refused.text for each in ("reply_code", "pin"))
    assert f'value="{first.id}" selected' in refused.text
    says(await asked.sends(f"{here}/acknowledgement", **fields | {"pin": "000001"}), '-hint">Tries left: 2.<', 409)
    done = (await asked.sends(f"{here}/acknowledgement", **fields)).headers["Location"]
    says(await asked.opens(done), "Your answer is written down", 200)
    assert 'id="done"' not in (await asked.opens(f"{here}?done=<i>")).text
    await world.settles()
    says(await asked.sends(f"{here}/withdrawal", why_withdrawn="other"), "You may not do that here", 403)
    assert (await asked.sends(f"{here}/acknowledgement", **fields)).status_code == 303, "the same form counts once"
    assert (await world.timeline(reference)).count("acknowledged_again") == 0
    taken = await asks.opens(here)
    says(taken, "Acknowledged by the first line, by the page of the alert, after 4 min", 200)
    assert _acts(taken) == {"withdrawal", "note", "request", "closure"}

    read = await asked.sends(f"{here}/request")
    says(read, "Whom to call back to confirm", 200)
    assert "Special instructions" not in (await asked.opens(here)).text
    says(await asks.opens(here), "The particulars were read: the contact point", 200)
    before = _field(await asked.opens(here), "call-back", "seen")
    says(await asked.sends(f"{here}/call-back", seen=before), "Please choose one of what is offered.")
    sent = [asked.sends(f"{here}/call-back", seen=before, outcome="not_confirmed") for _ in range(3)]
    assert sorted(each.status_code for each in await asyncio.gather(*sent)) == [303] * 3, "all hear that it counts"
    assert (await world.timeline(reference)).count("called_back") == 1
    says(await asked.sends(f"{here}/call-back", seen=before, outcome="confirmed"), "Something changed meanwhile", 409)
    says(await asked.opens(here), "Take it for false", 200)
    for own in (await asks.opens(here), await asks.sends(f"{here}/request")):
        says(own, "The contact point called back whom the request names: NOT confirmed.", 200)
        assert not re.search("Take it for false|hang up|is it really them", own.text), "it is the reader's own request"


async def _is_proposed_once(world: World, asks: Browser, path: str, *, ticked: dict[str, str]) -> None:
    """While two persons are asked for, send a request anew by several forms: it waits once, and is withdrawn."""
    async with world.runtime.db.session() as session:
        await session.execute("update parties set two_persons = true where code = 'US'")
    two = await asks.sends(path, **ticked)
    says(two, "no second one of your authority has an account", 409)
    assert re.findall("the alert goes out|Propose it", two.text) == ["Propose it"]
    await person(world, "second@us.example.org", name="Bob", role="requester", party="US", authority="Invented Desk")
    waits = [await asks.sends(path, **ticked | {"once": each}) for each in ("a", "b", "a")]
    (proposed,) = {each.headers["Location"] for each in waits}
    assert proposed.startswith("/proposals/"), "from a second tab, too, it is proposed once"
    assert (await asks.sends(f"{proposed}/withdrawal")).status_code == 303
    async with world.runtime.db.session() as session:
        await session.execute("update parties set two_persons = false where code = 'US'")


async def test_where_no_pin_is_asked_for_an_officer_answers_by_the_code_from_the_sms(world: World) -> None:
    reference, first, code = await world.wakes_the_first()
    async with world.runtime.db.session() as session:
        await session.execute("update contact_points set pin_required = false where party = 'FR'")
    made = await person(world, "own@fr.example.org", role="contact_point", party="FR", officer_id=first.id)
    own = Browser(world, cookies={"__Host-session": made.token})
    colleague, here = await _browser(world, "contact_point", "FR"), f"/alerts/{reference}"
    for page in (await own.opens(here), await colleague.opens(here)):
        says(page, "The code from the", 200)
        assert 'id="f-reply_code"' in page.text
        assert 'id="f-declining_code"' in page.text
        assert 'type="password"' not in page.text
    for act, name in (("acknowledgement", "reply_code"), ("decline", "declining_code")):
        for nothing in ("", "1234", code[:6]):
            refused = await own.sends(f"{here}/{act}", **{name: nothing})
            says(refused, "A code has 7 characters.")
            assert f'id="f-{name}-fault"' in refused.text
    says(
        await own.sends(f"{here}/acknowledgement", reply_code=new_reply_code(b"another")), "There is no such code", 409
    )
    named = {"officer": str(first.id), "reply_code": PIN, "once": "b"}
    says(await colleague.sends(f"{here}/acknowledgement", **named), "A code has 7 characters.")
    assert (await world.get(f"/v1/alerts/{reference}")).json()["state"] == "alerting"
    assert (await own.sends(f"{here}/acknowledgement", reply_code=code.lower(), once="a")).status_code == 303
    answer = (await world.get(f"/v1/alerts/{reference}")).json()["acknowledgement"]
    assert answer["identity_strength"] == "weak"
    assert (await colleague.sends(f"{here}/acknowledgement", **named | {"reply_code": code})).status_code == 303
    assert (await own.sends(f"{here}/acknowledgement", reply_code=PIN, once="c")).status_code == 303, "or by the PIN"
    assert (await world.timeline(reference)).count("acknowledged_again") == 2


async def test_what_went_to_the_wrong_party_is_closed_there_and_sent_anew_by_whoever_asked(world: World) -> None:
    asks = await _browser(world, "requester", "US")
    asked = await _browser(world, "contact_point", "FR")
    reference, first, code = await world.wakes_the_first()
    here = f"/alerts/{reference}"
    says(await asks.sends(f"{here}/closure", why_closed="handled"), "after somebody has acknowledged it", 409)
    await world.answers(first, f"{code} {PIN}")

    typed = {"why_closed": "handled", "note": "Try <Belgium>"}
    kept = await asked.sends(f"{here}/closure", **typed)
    says(kept, "Try <Belgium>")
    assert 'id="f-note-fault"' in kept.text
    assert 'value="handled" selected' in kept.text
    faulty = await asked.sends(f"{here}/closure", why_closed="", suggested_party="FR")
    assert 'id="f-why_closed-fault"' in faulty.text
    ends = {"why_closed": "not_competent", "suggested_party": "JP", "note": "Ask Tokyo."}
    for _ in range(2):
        closed = await asked.sends(f"{here}/closure", **ends)
        assert closed.headers["Location"] == f"{here}?done=closure", "pressed twice, closed once"
    says(await asked.sends(f"{here}/closure", **ends | {"note": "Ask Osaka."}), "Ask Osaka.", 409)
    says(await asked.sends(f"{here}/closure", why_closed="handled"), "has ended already", 409)
    says(await asked.sends(f"{here}/request"), "cannot be read", 410)

    shown = await asks.opens(here)
    head = unescape(shown.text).partition('id="acts"')[0]
    assert "Acknowledged by the first line, by SMS" in head
    assert re.search("CLOSED by the contact point: .*; suggested instead: JP", head)
    assert 'value="JP" selected' in shown.text
    says(await asks.sends(f"{here}/request", **{"for": "print"}), "Ask Tokyo.", 200)
    once = _field(shown, "resending", "once")
    missing = await asks.sends(f"{here}/resending", once=once, requested_party="JP")
    assert missing.text.count("This has to be ticked: without it the request is sent to nobody.") == 4, missing.text
    ticked = {"consent_to_transfer": "yes", "issued_under_instrument": "yes", "requested_party": "JP", "once": once}
    await _is_proposed_once(world, asks, f"{here}/resending", ticked=ticked)
    sent = await asks.sends(f"{here}/resending", **ticked)
    assert sent.status_code == 303, sent.text
    says(await asks.opens(sent.headers["Location"]), f"Sent anew after the wrong Party was asked: {reference}", 200)
    world.clock.at += timedelta(seconds=1)
    for each in ({}, {"once": "other"}):
        again = await asks.sends(f"{here}/resending", **ticked | each)
        assert again.headers["Location"] == sent.headers["Location"], "pressed twice: on to the new alert"

    keeping = {"decision": "prolong", "keeping": "proceedings", "until": "2027-06-01"}
    for _ in range(2):
        kept = await asks.sends(f"{here}/retention", **keeping)
        assert kept.headers["Location"] == f"{here}?done=retention", "pressed twice: the second hears that it is done"
    says(
        await asks.opens(here),
        "(the requesting authority): kept for longer, until 2027-06-01 00:00 UTC (02:00 Paris, ",
        200,
    )
    says(await asks.sends(f"{here}/retention", decision="hold"), "This is needed.")
    for decision in ("hold", "let_go"):
        for _ in range(2):
            assert (await asks.sends(f"{here}/retention", decision=decision, keeping="proceedings")).is_redirect
    told = await world.facts(reference, "retention_decided")
    assert [each["decision"] for each in told] == ["prolong", "hold", "let_go"], "what was sent twice is told once"
    ended = await asks.opens("/alerts?state=closed")
    says(ended, reference, 200)


async def test_a_session_that_ended_keeps_what_was_typed_and_a_french_reader_reads_french(world: World) -> None:
    asks = await _browser(world, "requester", "US")
    reference = (await world.opens_alert()).json()["reference"]
    here = f"/alerts/{reference}"
    async with world.runtime.db.session() as session:
        await session.execute("update accounts set language = 'fr'")
    french = await asks.opens(here)
    says(french, "Ouverte : elle est consignée", 200)
    says(french, "Puis étape 2, par SMS : la première ligne", 200)
    asks.cookies["zone"] = "Asia/Tokyo"
    listed = await asks.opens("/alerts")
    says(listed, "Ouvertes maintenant", 200)
    assert instants(listed.text) == [
        f"{tokyo} Tokyo · {paris} Paris · 2026-10-13 {york} New York · 2026-10-14 {utc} UTC"
        for tokyo, paris, york, utc in (("09:00", "02:00", "20:00", "00:00"), ("09:03", "02:03", "20:03", "00:03"))
    ], "opened, and the next step: by the clocks of the reader, of both sides, and UTC"
    wrong = await asks.opens("/alerts?state=lost&kind=x&party=FRANCE")
    says(wrong, "Ouvertes maintenant", 422)
    assert re.findall(r'href="#(f-\w+)"', wrong.text) == ["f-state", "f-kind", "f-party"]
    left, asked_for = Browser(world), await _browser(world, "contact_point", "FR")
    held = await left.sends(f"{here}/withdrawal", why_withdrawn="duplicate")
    says(held, 'value="duplicate"', 403)
    assert (await left.opens(here)).headers["Location"] == f"/signin?next={here}"
    for act, name, said in (("acknowledgement", "reply_code", "ACCUSÉ"), ("decline", "declining_pin", "DÉCLINÉE")):
        onward = (await left.sends(f"{here}/{act}", **{name: PIN})).headers["Location"]
        assert onward == f"/signin?said=unsent_{act}&next={here}%3Funsent%3D{act}", "code and PIN are kept nowhere"
        entrance = await Browser(world, "fr").opens(onward)
        says(entrance, said, 200)
        says(entrance, "votre session avait pris fin", 200)
        following = Forms(entrance.text).found[-1][2]["next"]
        says(await asked_for.opens(following), "by you: your session had ended. Press again.", 200)
        assert 'id="unsent"' not in (await asks.opens(following)).text, "it is none of the requester's"
    assert (await left.sends("/account/password", password="x")).headers[
        "Location"
    ] == "/signin?said=unsent&next=/account"
    says(await left.opens("/signin?said=unsent&next=/account"), "Nothing was sent", 200)
    for asked in ("/trigger/preview?place=FR%2FGP&kind=a&urgency=b", "/alerts?q=//evil.example&state=", "/board?"):
        led = await left.opens(asked)
        [following] = {form[2]["next"] for form in Forms((await left.opens(led.headers["Location"])).text).found}
        assert following == asked.rstrip("?"), "with what was chosen there"
    for asked, path in (("/alerts?q=" + "x" * 600, "/alerts"), ("/%5C%09/evil.example?q=1", None)):
        led = await left.opens(asked)
        assert led.headers.get("Location") == (path and f"/signin?next={path}"), asked
    for _ in range(2):
        assert (await asks.sends(f"{here}/withdrawal", why_withdrawn="duplicate")).status_code == 303
    assert (await asks.sends(f"{here}/withdrawal", why_withdrawn="other")).status_code == 409, "it ended otherwise"
    says(await asks.opens(here), "RETIRÉE par le demandeur : cela a été demandé deux fois", 200)


_MORE = """insert into alerts overriding system value
    select (jsonb_populate_record(a, jsonb_build_object(
        'id', a.id + n, 'reference', 'M-' || n, 'case_reference', 'Ångström-' || n))).*
    from alerts a, generate_series(1, 52) n where a.reference = $1
"""


async def test_the_list_hides_no_alert_behind_newer_ones_and_finds_words_in_all_of_them(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    asks = await _browser(world, "requester", "US")
    reference = (await world.opens_alert(case_reference="Œuvre-Ø")).json()["reference"]
    async with world.runtime.db.session() as session:
        await session.execute(_MORE, reference)
        await session.execute("update alerts set state = 'exhausted' where reference = $1", reference)
        await session.execute("update accounts set language = 'fr'")
    first = await asks.opens("/alerts")
    assert first.text.index(f"/alerts/{reference}") < first.text.index("/alerts/M-52"), "what nobody answers is first"
    assert '/alerts/M-2"' not in first.text
    [further] = re.findall(r'href="(/alerts\?state=alerting&amp;cursor=\d+)"', first.text)
    behind = await asks.opens(unescape(further))
    assert '/alerts/M-2"' in behind.text
    assert '/alerts/M-3"' not in behind.text
    for words in ("angstrom-1 préservation", "ÅNGSTRÖM-1 united preserv", "angstrom-1 france"):
        found = await asks.opens(f"/alerts?q={words}")
        assert '/alerts/M-1"' in found.text, words
        assert '/alerts/M-2"' not in found.text, words
    assert reference in (await asks.opens("/alerts?q=œuvre-o")).text
    async with world.runtime.db.session() as session:
        await session.execute("update alerts set case_reference = 'Київ-ΟΔΟΣ-7' where reference = $1", reference)
    for words in ("КИЇВ-οδος", "київ", "οδός-7"):
        assert reference in (await asks.opens(f"/alerts?q={words}")).text, words
    monkeypatch.setattr(alert_lists, "LOOKED_THROUGH", 30)
    none = await asks.opens("/alerts?q=angstrom-1%20france&state=alerting")
    says(none, "Aucune parmi celles qui ont été parcourues", 200)
    [further] = re.findall(r'href="(/alerts\?q=\S+cursor=\d+)"', none.text)
    assert '/alerts/M-1"' in (await asks.opens(unescape(further))).text, "as far back as there is anything"


async def test_an_alert_that_changes_while_the_list_is_read_is_in_exactly_one_part(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    asks = await _browser(world, "requester", "US")
    reference = (await world.opens_alert()).json()["reference"]
    read: list[str | None] = []

    async def taken_meanwhile(session: Session, wanted: alert_lists.Wanted, **more: Any) -> Any:
        if wanted.state == "alerting":
            other = await world.runtime.db.dedicated()
            await other.execute("update alerts set state = 'exhausted' where reference = $1", reference)
            await other.close()
        read.append(wanted.state)
        return await alert_lists.views(session, wanted, **more)

    monkeypatch.setattr(alert_search, "views", taken_meanwhile)
    told = await asks.opens("/alerts")
    assert read == ["exhausted", "alerting", "acknowledged", None]
    assert told.text.count(f'href="/alerts/{reference}"') == 1
