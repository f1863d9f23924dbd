"""Nothing that somebody typed is lost, and nothing is done twice, whatever becomes of the page meanwhile."""

import re
from datetime import timedelta
from html import unescape
from typing import Any

import httpx

from contactpoints.actions.drafts import MOST
from tests.api.people import person
from tests.console.browsers import Filled
from tests.console.test_directory_pages import Desk, channels, desk
from tests.console.test_trigger_pages import PLACE, Asker
from tests.world import World

_FULL = """create function full_disk() returns trigger language plpgsql as
    $$begin raise exception using errcode = '53100'; end$$"""
_FRIDAY = {"layer": "3", "period": "weekly", "zone": "Europe/Paris", "starts_on": "2026-11-02", "handover": "09:00"}


async def _when(world: World, *statements: str) -> None:
    async with world.runtime.db.session() as session:
        for each in statements:
            await session.execute(each)


def _kept(answer: httpx.Response, path: str) -> dict[str, str]:
    """Return what a page that holds a form would send again."""
    return Filled(answer.text).form(path)


async def test_a_form_is_kept_where_the_service_cannot_take_it_and_is_taken_later(world: World) -> None:
    asks = await desk(world, "asks@us.example.org", role="requester", party="US", authority="Invented Desk")
    reference = (await world.opens_alert()).json()["reference"]
    path, note = f"/alerts/{reference}/note", {"words": 'Two lines\r\n<of> "words"', "once": "a"}
    full = "create trigger full_disk before insert on alert_notes execute function full_disk()"
    await _when(world, _FULL, full)
    away = await asks.sends(path, 503, **note)
    assert "kept on this page" in away.text
    assert away.headers["Retry-After"] == "2"
    assert _kept(away, path) == note
    for site in ({}, {"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://other.example.org"}):
        headers = {"Authorization": "", "Cookie": f"__Host-session={asks.person.token}"} | site
        foreign = await world.client.post(path, data=note, headers=headers)
        assert (foreign.status_code, "Two lines" in foreign.text) == (403, False), "of another page nothing is kept"
    await _when(world, "drop trigger full_disk on alert_notes")
    for _ in range(2):
        await asks.sends(path, **_kept(away, path))
    async with world.runtime.db.session() as session:
        assert await session.fetchval("select count(*) from alert_notes") == 1


async def test_what_was_thrown_away_or_ended_on_another_page_leaves_what_was_typed(world: World) -> None:
    who = await person(world, "asks@us.example.org", role="requester", party="US")
    asker = Asker(world, who)
    draft = await asker.begins()
    typed = {"case_reference": "K-1", "request/facts_summary": "Words <of> the case", "version": "1", "do": "look"}
    assert (await asker.sends(f"{draft}/removal")).status_code == 303
    gone = await asker.sends(draft, **typed, **PLACE, requested_party="FR")
    assert gone.status_code == 409, gone.text
    assert "This draft was thrown away" in gone.text
    again = _kept(gone, "/trigger/drafts")
    assert again["request/facts_summary"] == "Words <of> the case"
    for _ in range(MOST):
        await asker.begins()
    full = await asker.sends("/trigger/drafts", **again)
    assert (full.status_code, "throw one away first" in full.text) == (409, True)
    assert _kept(full, "/trigger/drafts") == again
    async with world.runtime.db.session() as session:
        await session.execute("update accounts set language = 'fr'")
    assert '<html lang="fr"' in (await asker.sends("/trigger/drafts", **again)).text, "whatever the browser speaks"
    stranger = Asker(world, await person(world, "other@jp.example.org", role="requester", party="JP"))
    assert (await stranger.opens(draft)).status_code == 404

    ada, france = await desk(world), world.network["FR"]
    point, post = france.contact_point, france.posts["first"]
    new = await ada.form(f"/directory/new/officers-{point}") | {"name": "Ana", "function": "Duty officer"}
    officer = (await ada.sends(f"/directory/new/officers-{point}", **new)).headers["Location"].partition("?")[0]
    change, retirement = await ada.form(f"{officer}/change"), await ada.form(officer, "/retirement")
    for _ in range(2):
        sent = await ada.sends(f"{officer}/retirement", **retirement)
        assert sent.headers["Location"].endswith("said=retired"), "sent twice, done once, and told the same"
    ended = await ada.sends(f"{officer}/change", 409, **change | {"name": "Ana <B>"})
    assert "was retired meanwhile" in ended.text
    assert 'value="Ana &lt;B&gt;"' in ended.text
    await ada.opens(f"{officer}/change", 404)
    await _rotations(world, ada, f"/rosters/{post}")


async def _rotations(world: World, ada: Desk, at: str) -> None:
    """Two tabs: in the one a rotation is taken back, in the other it is changed, and taken back once more."""
    rotation = _FRIDAY | {"members/0": str(world.network["FR"].officers[0].id), "weekday0": "yes"}
    look = await ada.sends(f"{at}/rotation", 200, **rotation, act="look")
    await ada.sends(f"{at}/rotation", **Filled(look.text).form("/rotation") | {"act": "publish"})
    async with world.runtime.db.session() as session:
        number = str(await session.fetchval("select max(id) from rotations"))
    changed = (await ada.form(f"{at}/rotation?id={number}", "/rotation")) | {"handover": "07:30"}
    taken = {"kind": "rotations", "id": number, "version": "1"}
    look = await ada.sends(f"{at}/removal", 200, **taken, act="look")
    sent = Filled(look.text).form("/removal") | {"act": "publish", "accept": "so it is"}
    await ada.sends(f"{at}/removal", **sent)
    assert (await ada.sends(f"{at}/removal", **sent)).headers["Location"] == f"{at}?said=already"
    for act in ("look", "publish"):
        lost = await ada.sends(f"{at}/rotation", 409, **changed, act=act)
        assert 'value="07:30"' in lost.text, act
        assert "id" not in Filled(lost.text).form("/rotation"), "sent again it is a new one"
    await ada.opens(f"{at}/rotation?id={number}", 404)


async def test_a_field_with_a_fault_and_a_form_of_the_directory_without_a_session_keep_their_words(
    world: World,
) -> None:
    ada, bea = await desk(world), await desk(world, "bea@fr.example.org", name="Bea", authority="Day desk")
    [channel, *_] = await channels(world, world.network["FR"].officers[0].id)
    path = f"/directory/channels-{channel}/change"
    await ada.sends(path, **(await ada.form(path)) | {"address": "+33639980198", "reason": "new telephone"})
    [one] = re.findall(r'action="(/directory/approvals/\d+)/refusal"', await bea.opens("/directory/approvals"))
    wrong = await bea.sends(f"{one}/refusal", 422, reason="too long " * 40)
    field = unescape(wrong.text).partition('id="f-reason"')[2].partition(">")[0]
    assert "too long too long" in field
    assert 'aria-describedby="f-reason-fault"' in field

    calendars = f"/rosters/{world.network['FR'].posts['first']}/calendars"
    await ada.sends(calendars, name="Duty", layer="2")
    calendar = (await ada.form(calendars, "/import"))["calendar"]
    fetched: dict[str, Any] = {"calendar": calendar, "address": "http://calendar.example.org/x"}
    assert (
        'value="http://calendar.example.org/x"' in (await ada.sends(f"{calendars}/subscription", 422, **fetched)).text
    )

    eve = await desk(world, "eve@example.org", role="secretariat", party=None)
    party = await eve.form("/directory/new/parties") | {"code": "ZZ", "name": "Invented <land>"}
    world.clock.at += timedelta(hours=13)
    held = await eve.sends("/directory/new/parties", 403, **party)
    assert _kept(held, "/directory/new/parties") == party, "the code of a Party is no secret"
    code = await eve.sends("/account/again", 303, code="123456", next="/board")
    assert code.headers["Location"].startswith("/signin"), "one of an authenticator is"
