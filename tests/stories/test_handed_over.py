"""An acknowledged alert is handed over to a named officer: called at once, and in charge after acknowledging."""

from typing import Any

import httpx

from tests.api.people import person
from tests.console.test_account_pages import Browser, says
from tests.console.test_alert_pages import _acts, _browser
from tests.console.test_answer_page import look, page_of, state_of, types
from tests.world import PIN, World


async def hands(world: World, reference: str, officer: Any, *, key: str | None = None) -> httpx.Response:
    path = f"/v1/alerts/{reference}/handovers"
    return await world.post(path, {"officer": officer}, key=key or world.contact_point)


async def test_whoever_has_it_keeps_it_until_the_named_officer_acknowledges(world: World) -> None:
    first, _, third = world.network["FR"].officers[:3]
    reference, _, _ = await world.wakes_the_first()
    assert (await hands(world, reference, third.id)).json()["type"] == "/problems/alert-not-acknowledged"
    mine = await page_of(world, reference)
    assert (await types(world, mine, PIN)).status_code == 303
    await world.settles()
    assert (await hands(world, reference, third.id, key=world.requester)).status_code == 403
    for officer, code in ((first.id, "cannot"), (world.network["US"].officers[0].id, "unknown"), (4711, "unknown")):
        refused = await hands(world, reference, officer)
        assert (refused.status_code, refused.json()["errors"][0]["code"]) == (422, code)
    assert await world.hears(third.sms) == []

    await world.passes(minutes=5)
    asks = await _browser(world, "requester", "US")
    for _ in range(2):
        assert (await hands(world, reference, third.id)).status_code == 200
    await world.settles()
    called = [each for each in await world.hears(third.sms) if reference in each["body"]]
    assert len(called) == 1, "sent twice, called once"
    (told,) = await world.facts(reference, "handed_over")
    assert (told["officer"], told["officers"], told["from_line"]) == (third.id, [first.id], "first")
    (outside,) = await world.facts(reference, "handed_over", key=world.requester)
    assert "officer" not in outside
    says(await look(world, mine), "Vous en avez la charge. Plus personne", 200)
    theirs = await page_of(world, reference, 2)
    page = await look(world, theirs)
    assert f'action="{theirs}"' in page.text, "it asks for the PIN although somebody has acknowledged"
    await world.passes(minutes=4)
    assert await world.facts(reference, "taken_over") == [], "silence changes nothing"
    assert "now it is with" not in (await asks.opens(f"/alerts/{reference}")).text

    assert "locked" not in (await types(world, theirs, PIN)).text
    (taken,) = await world.facts(reference, "taken_over")
    assert (taken["officer"], taken["officers"], taken["channel"]) == (third.id, [first.id], "link")
    assert await state_of(world, reference) == "acknowledged"
    says(await asks.opens(f"/alerts/{reference}"), "It was handed over: now it is with", 200)
    says(await look(world, theirs), "reprise de : la première ligne", 200)
    says(await look(world, mine), "Elle est remise : ", 200)
    kept = (await world.get(f"/v1/acknowledgements?reference={reference}")).json()["items"]
    assert [each["first"] for each in kept] == [False, True], "the first one stands"
    assert (await hands(world, reference, third.id)).json()["errors"][0]["code"] == "cannot"
    await world.passes(minutes=2)
    assert (await hands(world, reference, first.id)).status_code == 200, "and back again"
    await world.settles()
    answered = await world.answers(first, f"{await world.code_of(first)} {PIN}")
    assert len(await world.facts(reference, "taken_over")) == 2
    assert answered


async def test_the_page_of_the_alert_offers_the_officers_of_the_house(world: World) -> None:
    asks, asked = await _browser(world, "requester", "US"), await _browser(world, "contact_point", "FR")
    reference, first, code = await world.wakes_the_first()
    second = world.network["FR"].officers[1]
    here = f"/alerts/{reference}"
    says(await asked.sends(f"{here}/handover", successor=str(second.id)), "after somebody has acknowledged it", 409)
    await world.answers(first, f"{code} {PIN}")
    shown = await asked.opens(here)
    assert "handover" in _acts(shown)
    assert "handover" not in _acts(await asks.opens(here))
    assert f'<option value="{second.id}"' in shown.text
    assert f'<option value="{first.id}"' not in shown.text.split('id="f-successor"')[1], "who has it is not offered"
    point = world.network["FR"].contact_point
    holder, theirs = Browser(world), {"contact_point_id": point, "officer_id": first.id}
    await holder.signs_in(await person(world, first.email, role="contact_point", **theirs))
    page = await holder.opens(here)
    says(page, "It is yours: you have", 200)
    assert "acknowledgement" not in _acts(page), "whoever has it is asked for no PIN"
    says(await asked.sends(f"{here}/handover", successor=""), 'id="f-successor-fault"')
    says(await asked.sends(f"{here}/handover", successor=str(first.id)), "cannot take that over")
    says(await asks.sends(f"{here}/handover", successor=str(second.id)), "You may not do that here", 403)
    sent = await asked.sends(f"{here}/handover", successor=str(second.id))
    says(await asked.opens(sent.headers["Location"]), "The officer is called to take it over.", 200)
    says(await asks.opens(here), "Called to take it over, and has not answered yet: the second line", 200)
    says(await asks.opens(here), "until the answer it stays with the first line", 200)
    assert "decline" not in _acts(await holder.opens(here)), "whoever has it was not asked"
    shown = await asked.opens(here)
    choices = shown.text.split('id="f-declining_officer"')[1].partition("</select>")[0]
    assert [f'value="{each.id}"' in choices for each in (first, second)] == [False, True]
    says(shown, "Whoever has it is told at once", 200)
    named = Browser(world)
    await named.signs_in(await person(world, second.email, role="contact_point", **theirs | {"officer_id": second.id}))
    says(await named.opens(here), "has it from the acknowledgement on", 200)
    sent = await named.sends(f"{here}/decline", declining_pin=PIN, once="cd34")
    assert (sent.status_code, sent.headers["Location"]) == (303, f"{here}?done=decline")
    assert "has not answered yet" not in (await asks.opens(here)).text
    assert [each["why"] for each in await world.facts(reference, "not_taken_over")] == ["declined"]
    assert "decline" not in _acts(await named.opens(here)), "declined is declined"
