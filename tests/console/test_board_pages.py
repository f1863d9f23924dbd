"""The board as pages: who sees what of whom, what comes first, what is asked for, and how it is sent."""

import re
from datetime import timedelta
from functools import partial

import pytest

from contactpoints.actions import board
from contactpoints.console import board_rows
from contactpoints.console.board_rows import Rows
from contactpoints.rules.access import Actor, Role
from contactpoints.rules.board_page import Wanted
from contactpoints.web import application, prepare
from tests.api.people import Person, person
from tests.console.browsers import Browser, instants
from tests.world import PIN, World

_NOT_YET = ("being reckoned", "en cours de calcul")


async def reader(world: World, email: str, *, language: str = "en", **fields: object) -> Browser:
    """Return the browser of somebody who has signed in."""
    somebody: Person = await person(world, email, **fields)
    async with world.runtime.db.session() as session:
        await session.execute("update accounts set language = $1 where id = $2", language, somebody.account)
    return Browser(world, {"__Host-session": somebody.token})


async def shown(browser: Browser, path: str = "/board") -> str:
    for _ in range(50):
        answer = await browser.asks("GET", path)
        assert answer.status_code == 200, answer.text
        if not any(each in answer.text for each in _NOT_YET):
            return answer.text
    raise AssertionError("the cover is never reckoned")


async def _reads_what_bars_an_answer(world: World, who: Browser, *, officer: int) -> None:
    assert 'class="doubts"' not in await shown(who)
    async with world.runtime.db.session() as session:
        await session.execute("delete from pins where officer_id = $1", officer)
    page = await shown(who)
    mine = page[page.index('id="own"') : page.index('id="open"')]
    assert 'told bad"><svg aria-hidden="true"><use href="#bad"/></svg>Vous êtes de permanence' in mine
    assert "Vous ne pouvez pas répondre" in mine
    assert 'href="/account#pin"' in mine
    async with world.runtime.db.session() as session:
        await session.execute(
            "update channels set quarantined_at = now(), quarantined_why = 'stop' where officer_id = $1", officer
        )
        await session.execute("update contact_points set pin_required = false where party = 'FR'")
    mine = (await shown(who)).partition('id="own"')[2].partition('id="open"')[0]
    assert "Personne ne peut vous appeler : tous vos canaux sont en quarantaine." in mine
    assert "PIN" not in mine, "none is asked for there"


async def test_an_officer_sees_the_own_shift_and_alerts_first_and_names_and_cover_of_the_own_party_alone(
    world: World,
) -> None:
    reference, first, code = await world.wakes_the_first()
    second = world.network["FR"].officers[1]
    ana = await reader(world, "a@fr.example.org", language="fr", role="contact_point", officer_id=first.id)
    ana.cookies["zone"] = "Europe/Brussels"
    page = await shown(ana)
    own, alerts, table = (page.index(each) for each in ('id="own"', 'id="open"', 'id="points"'))
    assert own < alerts < table
    assert "Vous êtes de permanence" in page[own:alerts]
    async with world.runtime.db.session() as session:
        rows = await session.fetch("select id, name from officers")
    names = {row["id"]: row["name"] for row in rows}
    assert names[second.id] in page[own:alerts], "who follows"
    assert f'href="/alerts/{reference}"' in page[alerts:table]
    assert "Vous avez été appelé" in page[alerts:table]
    opened, due = instants(page[alerts:table])
    assert opened == "02:00 Brussels, Paris · 2026-10-13 20:00 New York · 2026-10-14 00:00 UTC"
    assert due == "02:03 Brussels, Paris · 2026-10-13 20:03 New York · 2026-10-14 00:03 UTC"
    inside, outside = page[table:].split('id="outside"')
    assert names[first.id] in inside
    assert 'class="strip"' in inside
    more = re.search(r'href="(/directory/contact-points-\d+)"', inside)
    assert more, "more of the own contact point"
    assert (await ana.asks("GET", more[1])).status_code == 200
    theirs = {officer.id for party, made in world.network.items() if party != "FR" for officer in made.officers}
    assert not [names[each] for each in theirs if names[each] in page], "names of other Parties"
    assert 'class="strip"' not in outside
    assert "1 alerte ouverte" in inside

    no_officer = await reader(world, "r@us.example.org", role="requester", party="US", authority="Another desk")
    other = await shown(no_officer)
    assert reference not in other, "the alert of another authority"
    assert 'id="own"' not in other
    assert 'class="strip"' not in other
    assert "open alert<" not in other
    everybody = await shown(await reader(world, "s@x.example.org", role="secretariat", party=None))
    assert names[first.id] in everybody
    assert everybody.count('class="strip"') == sum(len(made.posts) for made in world.network.values())
    assert reference in everybody

    await world.answers(first, f"{code} ok, {PIN}")
    other = (await world.opens_alert()).json()["reference"]
    async with world.runtime.db.session() as session:
        await session.execute(
            "update reply_codes set officer_id = $1 where alert_id = (select max(id) from alerts)", second.id
        )
    page = await shown(ana)
    taken, waits = (page.index(f'href="/alerts/{each}"') for each in (reference, other))
    assert taken < waits, "an own alert is before one that nobody has taken and that is not their own"
    await _reads_what_bars_an_answer(world, ana, officer=first.id)


async def test_each_officer_of_a_house_reads_who_has_an_alert_and_reads_first_what_waits_for_an_answer(
    world: World,
) -> None:
    reference, first, code = await world.wakes_the_first()
    second = world.network["FR"].officers[1]
    ana, ben = [
        await reader(world, f"{each.id}@fr.example.org", role="contact_point", party="FR", officer_id=each.id)
        for each in (first, second)
    ]

    async def reads(who: Browser) -> list[str]:
        found = []
        for page in (await shown(who), (await who.asks("GET", "/alerts")).text):
            row = page.partition(f'href="/alerts/{reference}"')
            told = re.findall("You were called|You are asked to take it over|You have it|Somebody else has it", page)
            assert row[1], "it is in the list"
            found += told
        return found

    assert [await reads(each) for each in (ana, ben)] == [["You were called"] * 2, []]
    await world.answers(first, f"{code} ok, {PIN}")
    assert [await reads(each) for each in (ana, ben)] == [["You have it"] * 2, []]
    named = {"successor": str(second.id), "once": "a"}
    assert (await ana.asks("POST", f"/alerts/{reference}/handover", data=named)).status_code == 303
    assert [await reads(each) for each in (ana, ben)] == [["You have it"] * 2, ["You are asked to take it over"] * 2]
    async with world.runtime.db.session() as session:
        asked = await session.fetchval("select code from reply_codes where officer_id = $1", second.id)
    await world.answers(second, f"{asked} ok, {PIN}")
    assert [await reads(each) for each in (ana, ben)] == [["Somebody else has it"] * 2, ["You have it"] * 2]
    other = (await world.opens_alert(once="another")).json()["reference"]
    page = await shown(ana)
    there, taken = (page.index(f'href="/alerts/{each}"') for each in (other, reference))
    assert there < taken, "what another has is after what waits"


async def test_it_is_asked_for_by_words_answers_night_and_region_and_sent_short(world: World) -> None:
    auditor = await reader(world, "s@x.example.org", role="auditor", party=None)
    async with world.runtime.db.session() as session:
        await session.execute(
            "update officers set retired_at = now() where contact_point_id ="
            " (select id from contact_points where party = 'FR')"
        )
        names = [
            row["name"]
            for row in await session.fetch("select name from parties where code in ('FR', 'JP') order by code")
        ]
    france, japan = (f"<b>{name} " for name in names)
    world.clock.at += timedelta(minutes=1)
    whole = await shown(auditor)
    assert france in whole
    assert japan in whole
    assert "1 contact point with a post that nobody answers" in whole
    for path, there, away in (
        ("/board?answered=no", france, japan),
        ("/board?answered=yes", japan, france),
        ("/board?region=Asia", japan, france),
        ("/board?q=JAPÀN", japan, france),
        ("/board?night=yes", france, japan),
    ):
        page = await shown(auditor, path)
        assert there in page, path
        assert away not in page, path
    wrong = await auditor.asks("GET", "/board?answered=x&night=x&region=Atlantis")
    assert (wrong.status_code, re.findall(r'href="#(f-\w+)"', wrong.text)) == (
        422,
        ["f-answered", "f-night", "f-region"],
    )
    assert france in wrong.text
    nothing = await shown(auditor, "/board?q=%3Cb%3Exyz")
    assert "No contact point is like that" in nothing
    assert "&lt;b&gt;xyz" in nothing

    cookie = "; ".join(f"{name}={value}" for name, value in auditor.cookies.items())
    packed, typed = [
        await world.client.get(path, headers={"Cookie": cookie, "Accept-Encoding": "gzip"})
        for path in ("/board", "/board?q=a")
    ]
    assert packed.headers["Content-Encoding"] == "gzip"
    assert int(packed.headers["Content-Length"]) < len(packed.text) / 4
    assert "Content-Encoding" not in typed.headers, "what is typed does not meet what is secret under one compression"


async def test_cover_that_takes_long_is_told_as_such_and_is_there_when_somebody_looks_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    auditor = await reader(world, "s@x.example.org", role="auditor", party=None)
    tools = world.runtime.tools
    account = Actor(0, Role.AUDITOR, None, "", kind="account")
    told = await board.read(world.runtime.db, actor=account, now=world.clock.at, tools=tools, patience=0)
    assert told.unreckoned == len(told.found)
    await board.reckon(world.runtime.db, actor=account, now=world.clock.at, tools=tools)
    told = await board.read(world.runtime.db, actor=account, now=world.clock.at, tools=tools, patience=0)
    assert not told.unreckoned
    tools.atlas.strips.clear()
    await prepare(application(world.runtime))
    assert len(tools.atlas.strips) == len(told.found), "a process has it ready before anybody looks"
    ready, languages = await board.prepare(world.runtime.db, now=world.clock.at, tools=tools)
    rows = Rows(tools.words)
    await rows.prepare(ready, languages=languages, now=world.clock.at)
    with monkeypatch.context() as patched:
        patched.delattr(board_rows, "fragment")
        looks = partial(rows.of, ready, actor=account, wanted=Wanted(), now=world.clock.at)
        tokyo, paris = await looks(zone="Asia/Tokyo"), await looks(zone="Europe/Paris")
    assert tokyo.inside.count("Tokyo") > paris.inside.count("Tokyo")
    assert tokyo.mark != paris.mark
    before = await shown(auditor)
    kept = dict(tools.atlas.strips)
    async with world.runtime.db.session() as session:
        await session.execute("update rotations set members = members[2:] || members[1]")
    after = await shown(auditor)
    again, stood = tools.atlas.strips, dict(tools.atlas.standing)
    assert after != before
    assert {number for number in kept if again[number].of is kept[number].of} == set(), "no stale cover"
    async with world.runtime.db.session() as session:
        changed = await session.fetchval("update contact_points set name = 'Quai 7' where party = 'FR' returning id")
    assert "Quai 7" in await shown(auditor)
    made = {number for number, each in tools.atlas.standing.items() if each is not stood[number]}
    assert made == {changed}, "what changed elsewhere makes nothing anew"
    assert set(tools.atlas.unknown(stood)) == stood.keys() - {changed}, "nor is it read"
    for _ in range(2):
        world.clock.at += timedelta(minutes=50)
        await shown(auditor)
    assert world.clock.at in {each.at for each in again.values()}, "what is old is reckoned anew when there is time"


_MARK, _WAITS = r'id="points" data-part data-holds="(\w+)"', r'id="waits-(\d+)" data-part>(?!</span>)'


async def _renews(world: World, browser: Browser, *, mark: str, path: str = "/board", zone: str = "UTC") -> str:
    """Return the page as it comes to one that is open and has the rows of a mark."""
    cookie = "; ".join(f"{name}={value}" for name, value in {**browser.cookies, "zone": zone}.items())
    headers = {"Cookie": cookie, "Page-Renewal": "1", "Page-Holds": f"sum=x, points={mark}"}
    answer = await world.client.get(path, headers=headers)
    assert answer.status_code == 200, answer.text
    return answer.text


async def test_a_page_that_has_the_rows_is_told_open_alerts_alone_until_anything_is_told_otherwise(
    world: World,
) -> None:
    _, first, code = await world.wakes_the_first()
    ana = await reader(world, "a@fr.example.org", role="contact_point", officer_id=first.id)
    outsider = await reader(world, "r@us.example.org", role="requester", party="US", authority="Another desk")
    page = await shown(ana)
    (mark,), theirs = re.findall(_MARK, page), re.findall(_MARK, await shown(outsider))
    renewed = await _renews(world, ana, mark=mark)
    assert "data-same" in renewed
    assert "<tbody id=" not in renewed
    assert re.findall(_WAITS, renewed) == re.findall(_WAITS, page) == [str(world.network["FR"].contact_point)]
    assert "1 open alert<" in renewed[renewed.index('id="points"') :]
    unheard = await _renews(world, outsider, mark=theirs[0])
    assert "data-same" in unheard
    assert not re.findall(_WAITS, unheard), "alerts that do not exist for them"
    await world.answers(first, f"{code} ok, {PIN}")
    assert not re.findall(_WAITS, await _renews(world, ana, mark=mark)), "none waits any more"

    again = await reader(world, "b@fr.example.org", language="fr", role="contact_point", party="FR")
    elsewhere = world.network["JP"].contact_point
    for path, zone, who in (
        ("/board", "Asia/Tokyo", ana),
        ("/board?region=Asia", "UTC", ana),
        ("/board", "UTC", outsider),
        ("/board", "UTC", again),
    ):
        assert "data-same" not in await _renews(world, who, mark=mark, path=path, zone=zone), (path, zone)
    assert "<tbody id=" in await shown(ana), "who opens the page has all of it"
    async with world.runtime.db.session() as session:
        await session.execute("update officers set name = name || ' II' where contact_point_id = $1", elsewhere)
    assert "data-same" in await _renews(world, outsider, mark=theirs[0]), "names elsewhere are told to nobody outside"
    async with world.runtime.db.session() as session:
        await session.execute("update contact_points set name = 'Quai 7' where id = $1", elsewhere)
    for each, had in ((ana, mark), (outsider, theirs[0])):
        changed = await _renews(world, each, mark=had)
        assert "Quai 7" in changed
        assert "data-same" not in changed
        assert re.findall(_MARK, changed) != [had]


async def test_whoever_signs_in_or_comes_to_the_front_door_is_led_to_the_board(world: World) -> None:
    assert (await Browser(world).asks("GET", "/")).headers["Location"] == "/rehearsal"
    assert (await Browser(world).asks("GET", "/board")).headers["Location"] == "/signin?next=/board"
    ada = await reader(world, "a@fr.example.org")
    assert (await ada.asks("GET", "/")).headers["Location"] == "/board"
    assert (await ada.asks("GET", "/signin")).headers["Location"] == "/board"
