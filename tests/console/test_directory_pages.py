"""The directory on pages: found, read by who may, added, changed and retired by forms that follow from the shapes."""

import json
import re
from dataclasses import dataclass
from datetime import timedelta
from html import unescape
from typing import Any

import httpx

from contactpoints.rules.folding import by_name
from contactpoints.rules.history_text import FIELDS
from contactpoints.rules.wording_directory import KINDS
from contactpoints.store.entries import OPEN
from schemas.entry_forms import FormField, compacted, fields_of_shape, said_in, typed_of
from schemas.examples import ENTRY_EXAMPLES
from schemas.exchange import SHAPES
from schemas.writing import write_json
from tests.api.people import Person, person
from tests.console.browsers import Browser, Filled, instants
from tests.world import World


@dataclass
class Desk:
    """Somebody who has signed in, before a browser."""

    browser: Browser
    person: Person

    async def opens(self, path: str, status: int = 200) -> str:
        answer = await self.browser.asks("GET", path)
        assert answer.status_code == status, (path, answer.status_code, answer.text[:3000])
        return unescape(answer.text)

    async def sends(self, path: str, heard: int = 303, /, **fields: str) -> httpx.Response:
        answer = await self.browser.asks("POST", path, data=fields)
        assert answer.status_code == heard, (path, answer.status_code, unescape(answer.text)[:6000])
        return answer

    async def form(self, path: str, ending: str = "") -> dict[str, str]:
        """Return the fields of the form on a page whose action has an ending, as they are filled in."""
        page = await self.browser.asks("GET", path)
        assert page.status_code == 200, (path, page.status_code, page.text[:3000])
        return Filled(page.text).form(ending or path)


async def desk(world: World, email: str = "ada@fr.example.org", **fields: Any) -> Desk:
    """Return somebody of a role before a browser that has signed in."""
    somebody = await person(world, email, **fields)
    return Desk(Browser(world, {"__Host-session": somebody.token}), somebody)


def every(fields: tuple[FormField, ...]) -> list[FormField]:
    return [each for field in fields for each in (field, *every(field.inside))]


def test_every_field_of_every_form_has_a_name_and_every_entry_comes_back_as_it_went_in() -> None:
    for kind in KINDS:
        assert {each.name for each in every(fields_of_shape(SHAPES[kind]))} <= set(FIELDS), kind
        for example in ENTRY_EXAMPLES[kind].values():
            meant = SHAPES[kind].model_validate_json(write_json(example))
            typed = typed_of(SHAPES[kind], meant.model_dump(mode="json"))
            assert SHAPES[kind].model_validate_json(write_json(said_in(SHAPES[kind], typed))) == meant, kind
            assert compacted(SHAPES[kind], typed) == typed
    assert set(KINDS) > OPEN


def test_rows_that_are_empty_or_shall_go_are_none() -> None:
    typed = {
        **{"steps/0/patience_seconds": "", "steps/0/only_if_undelivered": "yes", "steps/2/posts/1/post": "7"},
        **{"steps/2/patience_seconds": "60", "steps/3/patience_seconds": "90", "steps/3/drop": "yes"},
    }
    kept = compacted(SHAPES["policies"], typed)
    assert kept == {"steps/0/posts/0/post": "7", "steps/0/patience_seconds": "60"}
    assert said_in(SHAPES["policies"], kept)["steps"] == [
        {
            **{"posts": [{"post": 7, "contact_point": None}], "channels": [], "patience_seconds": 60},
            "only_if_undelivered": False,
        }
    ]


async def test_who_looks_finds_what_exists_for_them_and_a_page_offers_what_they_may_do(world: World) -> None:
    ada = await desk(world)
    asks = await desk(world, "asks@jp.example.org", role="requester", party="JP")
    france, officer = world.network["FR"], world.network["FR"].officers[0]
    point, japan = f"/directory/contact-points-{france.contact_point}", world.network["JP"]
    async with world.runtime.db.session() as session:
        await session.execute("update parties set name = 'Écosse (invented)' where code = 'AL'")
    for who in (ada, asks):
        page = await who.opens("/directory")
        names = re.findall(r'<span class="mono">[A-Z]{2}</span> ([^<]*)</a></th>', page)
        assert names == sorted(names, key=by_name), "by name, whatever its code and accents"
        assert "Écosse (invented)" in names[1:-1]
        assert 'href="/directory/parties-FR"' in page
        assert f'href="{point}"' in page
        assert point in await who.opens("/directory?q=france")
        assert "Nothing answers" in await who.opens("/directory?q=xyzzy")
        await who.opens("/directory/parties-FR")
    page = await ada.opens(point)
    assert officer.sms[-8:] in page.replace(" ", "")
    assert f"/directory/new/officers-{france.contact_point}" in page
    assert f"{point}/change" in page
    outside = await asks.opens(point)
    assert officer.sms[-8:] not in outside.replace(" ", "")
    assert officer.name not in outside
    for there in ("/change", "/directory/new", "/history", "Retire", "Minutes before"):
        assert there not in outside, there
    theirs = (f"officers-{officer.id}", f"channels-{(await channels(world, officer.id))[0]}", "policies-1")
    for path in (*theirs, f"{point[11:]}/change", f"new/officers-{france.contact_point}", "parties-FR/change"):
        await asks.opens(f"/directory/{path}", 404)
    for path in (
        f"officers-{japan.officers[0].id}",
        f"new/posts-{japan.contact_point}",
        "parties-FR/change",
        "new/parties",
    ):
        await ada.opens(f"/directory/{path}", 404)
    for path in ("officers", "officers-x", "parties-ZZ", "nothing-1", "new/nothing-1", "new/parties-FR", "posts-9999"):
        await ada.opens(f"/directory/{path}", 404)


async def channels(world: World, officer: int) -> list[int]:
    async with world.runtime.db.session() as session:
        rows = await session.fetch("select id from channels where officer_id = $1 order by place, id", officer)
    return [row["id"] for row in rows]


async def test_an_officer_is_added_once_however_often_it_is_sent_and_all_faults_stand_beside_their_fields(
    world: World,
) -> None:
    ada, point = await desk(world), world.network["FR"].contact_point
    new = f"/directory/new/officers-{point}"
    blank = await ada.form(new)
    refused = await ada.sends(new, 422, **blank | {"name": " ", "languages": "fr, English", "reason": "x" * 201})
    page = unescape(refused.text)
    assert "English" in page, "what was typed stays"
    for name in ("name", "function", "languages", "reason"):
        assert f'id="f-{name}-fault"' in page, name
    said = blank | {"name": "Émile <b>", "function": "Duty officer", "languages": "de, it", "reason": "new here"}
    first, second = [(await ada.sends(new, **said)).headers["Location"] for _ in range(2)]
    assert first == second
    page = await ada.opens(first)
    assert "Émile <b>" in page
    assert "de, it" in page
    number = first.partition("?")[0].rpartition("-")[2]
    way = f"/directory/new/channels-{number}"
    world.clock.at += timedelta(minutes=11)
    assert (await ada.browser.asks("GET", way)).headers["Location"].startswith("/account/again?next=/directory/new/")
    kept = await ada.sends(way, 403, kind="sms", address="+33199001234")
    assert 'value="+33199001234"' in kept.text, "what was typed is kept"
    await ada.person.steps_up()
    ada.browser.cookies["__Host-session"] = ada.person.token
    wrong = unescape((await ada.sends(way, 422, kind="sms", address="boat@fr.example.org", place="0")).text)
    assert 'id="f-address-fault"' in wrong
    assert 'id="f-place-fault"' in wrong
    made = (await ada.sends(way, kind="sms", address="+33639980123", place="1")).headers["Location"]
    assert "Never proven" in await ada.opens(made)
    twice = (await ada.sends(way, kind="sms", address="+33639980123", place="2")).headers["Location"]
    assert "every alert would go there twice" in await ada.opens(twice), "of what is kept a keeper is warned"
    made, ada.browser.cookies["zone"] = made.partition("?")[0], "Asia/Tokyo"
    for each in (twice.partition("?")[0], made):
        gone = (await ada.sends(f"{each}/retirement", **await ada.form(each, "/retirement"))).headers["Location"]
    assert "no other telephone" in await ada.opens(gone)
    assert "2026-10-14 02:12:00 Paris · 09:12:00 Tokyo · 00:12:00 UTC" in instants(await ada.opens(f"{made}/history"))


async def test_whoever_is_overtaken_sees_both_and_history_tells_who_changed_what(world: World) -> None:
    ada, point = await desk(world), world.network["FR"].contact_point
    path = f"/directory/contact-points-{point}"
    first = await ada.form(f"{path}/change")
    second = await ada.form(f"{path}/change")
    assert first["version"]
    more = unescape((await ada.sends(f"{path}/change", 200, **first | {"more": "working_hours"})).text)
    assert more.count("Leave this out") == 6
    row = {"working_hours/5/weekday": "5", "working_hours/5/start": "09:00", "working_hours/5/end": "08:00"}
    refused = unescape((await ada.sends(f"{path}/change", 422, **first | row)).text)
    assert 'id="f-working_hours-5-end-fault"' in refused
    assert "Working hours 6, Until" in refused
    row["working_hours/5/end"] = "17:00"
    moved = first | row | {"name": "Harbour desk", "reason": "moved"}
    for _ in range(2):
        sent = await ada.sends(f"{path}/change", **moved)
        assert "said=kept" in sent.headers["Location"], "pressed twice, and told the same"
    bea = await desk(world, "bea@fr.example.org", name="Bea", authority="Day desk")
    await bea.sends(f"{path}/change", 412, **moved)
    stale = await ada.sends(f"{path}/change", 412, **second | {"name": "Lighthouse desk"})
    page = unescape(stale.text)
    assert "Harbour desk" in page
    assert 'value="Lighthouse desk"' in page
    form = Filled(stale.text).form("/change")
    assert form["version"] != second["version"]
    await ada.sends(f"{path}/change", **form)
    told = await ada.opens(f"{path}/history")
    assert "Lighthouse desk" in told
    assert "moved" in told
    assert "Saturday" in told
    assert "Version 4" not in told
    for each in ("Version 1", "Before", "After", "Invented desk"):
        assert each in told, each
    async with world.runtime.db.session() as session:
        found = await session.fetchval("select count(*) from audit where operation = 'page /directory/{entry}/change'")
    assert found >= 3


async def test_what_something_relies_on_is_not_retired_and_says_so(world: World) -> None:
    ada, post = await desk(world), world.network["FR"].posts["first"]
    path = f"/directory/posts-{post}"
    form = await ada.form(path, "/retirement")
    refused = unescape((await ada.sends(f"{path}/retirement", 422, **form | {"reason": "x" * 201})).text)
    assert 'id="f-reason-fault"' in refused
    relied = unescape((await ada.sends(f"{path}/retirement", 409, **form | {"reason": "no need"})).text)
    assert "still relies on it. Change or retire that first. Rotations" in relied
    await ada.sends(f"{path}/retirement", 412, **form | {"version": "99", "reason": "no need"})
    await ada.opens(path)


async def test_a_step_of_a_policy_asks_for_posts_alone_wherever_they_are(world: World) -> None:
    ada, france, watch = await desk(world), world.network["FR"], world.network[None]
    path = f"/directory/new/policies-{france.contact_point}"
    page = await ada.opens(path)
    assert f'href="/directory/contact-points-{france.contact_point}"' in page
    assert 'name="steps/0/posts/0/contact_point"' not in page
    step = {"steps/0/channels/sms": "yes", "steps/0/patience_seconds": "300"}
    called = {"steps/0/posts/0/post": str(france.posts["first"]), "steps/0/posts/1/post": str(watch.posts["first"])}
    made = (await ada.sends(path, **(await ada.form(path)) | step | called)).headers["Location"].partition("?")[0]
    async with world.runtime.db.session() as session:
        steps = await session.fetchval("select steps from policies where id = $1", int(made.rpartition("-")[2]))
    told = steps if isinstance(steps, list) else json.loads(steps)
    assert told[0]["posts"] == [
        {"post": france.posts["first"], "contact_point": france.contact_point},
        {"post": watch.posts["first"], "contact_point": watch.contact_point},
    ]
    again = await ada.form(f"{made}/change")
    await ada.sends(f"{made}/change", **again | {"reminder_seconds": "1800"})
    assert "Première ligne" in await ada.opens(made)
    japan = {"steps/0/posts/0/post": str(world.network["JP"].posts["first"])}
    refused = await ada.sends(f"{made}/change", 422, **(await ada.form(f"{made}/change")) | japan)
    assert 'id="f-steps-0-posts-0-post-fault"' in refused.text


async def test_the_secretariat_keeps_parties_and_what_binds_them_in_french_too(world: World) -> None:
    sec = await desk(world, "sec@example.org", role="secretariat", party=None)
    async with world.runtime.db.session() as session:
        await session.execute("update accounts set language = 'fr'")
    new = await sec.form("/directory/new/memberships-FR")
    wrong = await sec.sends("/directory/new/memberships-FR", 422, **new | {"status": "signed", "since": "2026-02-30"})
    assert "Annuaire" in wrong.text
    assert re.search(r'id="f-since-fault">[^<]*date', wrong.text)
    said = new | {"instrument": "uncc", "status": "signed", "since": "2025-10-25"}
    made = (await sec.sends("/directory/new/memberships-FR", **said)).headers["Location"].partition("?")[0]
    form = await sec.form(f"{made}/change")
    assert form["since"] == "2025-10-25"
    await sec.sends(
        "/directory/new/parties", **(await sec.form("/directory/new/parties")) | {"code": "AQ", "name": "Testland"}
    )
    again = await sec.sends("/directory/new/parties", 409, code="AQ", name="Testland 2")
    assert 'value="Testland 2"' in again.text
    assert "Testland" in await sec.opens("/directory")
    await sec.form("/directory/new/contact-points-AQ")
    for kind in ("declarations", "providers"):
        assert "f-" in await sec.opens(f"/directory/new/{kind}-AQ")
    for kind in ("policies", "holiday-calendars", "posts"):
        await sec.opens(f"/directory/new/{kind}-{world.network['FR'].contact_point}")
