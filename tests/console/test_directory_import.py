"""A file of the directory on a page: looked at first, told with every fault and its place, read in once."""

import asyncio
import csv
import io
import json
import re
import zipfile
from datetime import timedelta
from html import unescape
from typing import Any

import httpx
import pytest

from contactpoints.console import directory_import
from contactpoints.rules.alerts import moment
from contactpoints.web import application
from tests.console.browsers import Filled
from tests.console.test_directory_pages import Desk, desk
from tests.far_ends import PUBLIC
from tests.world import World

_PATH = "/directory/import"


async def look(who: Desk, raw: bytes, name: str, /, heard: int = 200, **fields: str) -> httpx.Response:
    """Choose a file and press "Look first", as a browser without scripts does."""
    answer = await who.browser.asks("POST", _PATH, data=fields | {"act": "look"}, files={"file": (name, raw)})
    assert answer.status_code == heard, unescape(answer.text)[:6000]
    return answer


async def bring(who: Desk, page: httpx.Response, heard: int = 303, /, **fields: str) -> httpx.Response:
    """Press "Read this file in" on the page that told what the file would do."""
    filled = Filled(page.text).form(_PATH) | {"act": "bring"} | fields
    filled.pop("file", None)
    answer = await who.browser.asks("POST", _PATH, data=filled, files={"file": ("", b"")})
    assert answer.status_code == heard, unescape(answer.text)[:6000]
    return answer


def json_file(**kinds: Any) -> bytes:
    return json.dumps({"format": "contactpoints/1", **kinds}).encode()


async def _officers(world: World) -> dict[str, Any]:
    async with world.runtime.db.session() as session:
        rows = await session.fetch("select name, retired_at, version from officers order by id")
    return {row["name"]: row for row in rows}


async def test_a_file_is_looked_at_and_then_read_in_once_whoever_presses_how_often(world: World) -> None:
    ada, point = await desk(world), world.network["FR"].contact_point
    first = world.network["FR"].officers[0]
    new = {"key": "ana", "contact_point_id": point, "name": "Ana <b>", "function": "Duty officer"}
    kept = {"id": first.id, "version": 1, "name": "Camille Renamed"}
    raw = json_file(officers=[new, kept], channels=[{"officer_id": "ana", "kind": "sms", "address": "+33639980177"}])
    looked = await look(ada, raw, "ours.json")
    page = unescape(looked.text)
    row = page.partition('<th scope="row">Officers</th>')[2].partition("</tr>")[0]
    assert re.findall(r"</svg>(\d+)</span>", row) == ["1", "1"], "one is new, one changed"
    assert "Ana &lt;b&gt;" in looked.text
    assert "<del>Camille Frêne</del> → <ins>Camille Renamed</ins>" in page
    assert (await _officers(world)).keys().isdisjoint({"Ana <b>", "Camille Renamed"}), "it was only looked at"
    chosen = await ada.browser.asks(
        "POST", _PATH, data=Filled(looked.text).form(_PATH) | {"act": "bring"}, files={"file": ("x.json", json_file())}
    )
    assert "There is no entry in this file" in chosen.text, "another file is looked at first, whatever is pressed"
    done = await bring(ada, looked)
    assert "read in, all of it" in await ada.opens(done.headers["Location"])
    officers = await _officers(world)
    assert officers["Camille Renamed"]["version"] == 2
    assert "read in already" in (await bring(ada, looked, 409)).text
    only_new = await look(ada, json_file(officers=[new | {"name": "Bea"}]), "ours.json")
    await bring(ada, only_new)
    twice = await bring(ada, only_new, 409)
    assert "read in already" in twice.text
    async with world.runtime.db.session() as session:
        assert await session.fetchval("select count(*) from officers where name = 'Bea'") == 1
        rows = await session.fetch("select outcome, after from audit where operation = 'page /directory/import'")
    assert [row["outcome"] for row in rows].count("rehearsed") == 3
    assert "639980177" not in str([row["after"] for row in rows if row["outcome"] == "rehearsed"])


async def test_a_file_that_leaves_posts_uncovered_says_so_with_names_and_clocks_in_french_too(world: World) -> None:
    ada, officers = await desk(world), world.network["FR"].officers
    away = {
        "starts_at": moment(world.clock.at + timedelta(days=1)),
        "ends_at": moment(world.clock.at + timedelta(days=3)),
    }
    raw = json_file(absences=[{"officer_id": each.id, **away} for each in officers])
    page = unescape((await look(ada, raw, "ours.json", reason="all of them are away")).text)
    told = page.partition('class="note alarm"')[2].partition("</p>")[0]
    assert "without the cover that it needs" in told
    assert "whoever is planned is absent" in told
    assert any(each.name in told for each in officers), told
    assert 'class="utc"' in told
    assert f"officer {officers[0].id}" not in page
    async with world.runtime.db.session() as session:
        await session.execute("update accounts set language = 'fr'")
    french = unescape((await look(ada, raw, "ours.json", reason="all of them are away")).text)
    told = french.partition('class="note alarm"')[2].partition("</p>")[0]
    assert "sans la couverture dont il a besoin" in told
    assert 'lang="en"' not in french


async def test_tables_are_read_by_their_names_and_what_they_lack_ends_where_that_is_asked(world: World) -> None:
    ada = await desk(world)
    packed = (await ada.browser.asks("GET", "/v1/export?format=csv")).content
    with zipfile.ZipFile(io.BytesIO(packed)) as parts:
        officers = parts.read("officers.csv")
    assert "Nothing was read in" not in (await look(ada, packed, "all.zip")).text
    rows = list(csv.reader(io.StringIO(officers.decode("utf-8-sig"))))
    fewer = "\r\n".join(",".join(f'"{cell}"' for cell in row) for row in rows[:-1]).encode()
    unnamed = unescape((await look(ada, fewer, "table.csv", 422)).text)
    assert 'id="f-kind-fault"' in unnamed
    await look(ada, fewer, "table.csv", kind="officers")
    refused = unescape((await look(ada, fewer, "officers.csv", 422, missing="yes")).text)
    assert "Something else still refers to this" in refused, "who is on a roster leaves by a plan"


async def test_every_fault_of_a_file_is_told_with_line_and_column_in_french_too(world: World) -> None:
    ada, point = await desk(world), world.network["FR"].contact_point
    japan = world.network["JP"].contact_point
    table = (
        "key,contact_point_id,name,function,languages\r\n"
        f'a,{point},"",Duty officer,fr\r\n'
        f"b,{point},Bea,=1+1,fr\r\n"
        f"c,{japan},Cem,Duty officer,fr\r\n"
        f"d,999999,Dag,Duty officer,nonsense!\r\n"
    ).encode()
    columns = (await ada.opens(_PATH)).partition("officers.csv</span>")[2].partition("</tr>")[0]
    assert "contact_point_id, name, function" in columns.partition("May be left out")[0], "what a new one needs"
    assert "languages" in columns.partition("May be left out")[2]
    page = unescape((await look(ada, table, "officers.csv", 422)).text)
    for place in ("line 2, column C", "line 3, column D", "line 4, column B", "line 5, column B", "line 5, column E"):
        assert f"Officers, {place}" in page, place
    assert "Faults in the file: 5" in page
    wrong = {
        b"\xff\xfe\x00a": "officers.csv",
        b"name;nonsense\r\n": "officers.csv",
        b"no JSON": "ours.json",
        b"": "ours.json",
        b"PK\x03\x04 and no more": "ours.zip",
        b"x" * (16_777_216 + 1): "ours.json",
    }
    for raw, name in wrong.items():
        told = (await look(ada, raw, name, 422)).text
        assert "told bad" in told or 'class="faults"' in told, name
        assert 'value="bring"' not in told
    both = json_file(officers=[{"id": 1}, {"contact_point_id": "nobody", "name": 3}], nonsense=[])
    listed = unescape((await look(ada, both, "ours.json", 422)).text)
    assert "Officers, entry 1" in listed
    assert "Officers, entry 2" in listed
    async with world.runtime.db.session() as session:
        await session.execute("update accounts set language = 'fr'")
    french = unescape((await look(ada, table, "officers.csv", 422)).text)
    assert "ligne 2, colonne C" in french
    assert 'lang="en"' not in french.partition('id="faults"')[2].partition("</table>")[0], "said once, in one language"


async def test_others_read_nothing_in_and_a_file_is_kept_while_somebody_shows_who_they_are(world: World) -> None:
    asks = await desk(world, "asks@jp.example.org", role="requester", party="JP")
    await asks.opens(_PATH, 403)
    await look(asks, json_file(), "ours.json", 403)
    ada, point = await desk(world), world.network["FR"].contact_point
    assert "/directory/import" in await ada.opens("/directory")
    raw = json_file(officers=[{"contact_point_id": point, "name": "Held", "function": "Duty officer"}])
    looked = await look(ada, raw, "ours.json")
    world.clock.at += timedelta(minutes=11)
    assert (await ada.browser.asks("GET", _PATH)).headers["Location"].startswith("/account/again")
    kept = await bring(ada, looked, 403)
    form = Filled(kept.text).form(_PATH)
    assert form["act"] == "bring"
    assert "Held" not in await _officers(world)
    await ada.person.steps_up()
    ada.browser.cookies["__Host-session"] = ada.person.token
    session = ada.browser.cookies.pop("__Host-session")
    ended = await bring(ada, looked, 403)
    assert "Your session has ended" in ended.text
    assert Filled(ended.text).form(_PATH) == form, "what was looked at is kept"
    large = await ada.browser.asks("POST", _PATH, files={"file": ("x.json", b"x" * 1_100_000)})
    assert large.headers["Location"].startswith("/signin"), "of nobody no more is read than in any form"
    ada.browser.cookies["__Host-session"] = session
    sent = await ada.browser.asks("POST", _PATH, data=form)
    assert sent.status_code == 303, unescape(sent.text)[:3000]
    assert "Held" in await _officers(world)


async def test_a_file_waits_for_its_turn_and_is_kept_where_that_does_not_come(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = application(world.runtime)
    world.client = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=PUBLIC)
    ada, point = await desk(world), world.network["FR"].contact_point
    raw = json_file(officers=[{"contact_point_id": point, "name": "Waits", "function": "Duty officer"}])
    async with app.state.importing:
        waiting = asyncio.create_task(look(ada, raw, "ours.json"))
        await asyncio.sleep(0.2)
        assert not waiting.done()
    assert 'value="bring"' in (await waiting).text
    monkeypatch.setattr(directory_import, "_PATIENCE", 0.01)
    async with app.state.importing:
        busy = await look(ada, raw, "ours.json", 409, reason="typed <before>")
        assert "The file that you chose is kept here" in busy.text
        assert 'value="typed &lt;before&gt;"' in busy.text
        large = await look(ada, b"x" * 300_000, "ours.json", 409)
        assert "choose it again then" in large.text
    form = Filled(busy.text).form(_PATH) | {"act": "look"}
    looked = await ada.browser.asks("POST", _PATH, data=form)
    assert "Waits" in looked.text, "nothing had to be chosen again"

    otherwise = await bring(ada, looked, 409, party="FR")
    assert "you have chosen another way since you looked" in otherwise.text
    assert "Waits" not in await _officers(world)
    await bring(ada, looked, reason="why it is so")
    assert "Waits" in await _officers(world)


async def test_the_secretariat_restores_entries_with_the_versions_that_they_had(world: World) -> None:
    ada = await desk(world)
    assert "Restore" not in await ada.opens(_PATH)
    eve = await desk(world, "eve@example.org", role="secretariat", party=None)
    assert "another installation" in await eve.opens(_PATH)
    first = world.network["FR"].officers[0].id
    raw = json_file(officers=[{"id": first, "version": 7, "name": "As it was"}])
    assert "Somebody has changed this meanwhile" in unescape((await look(eve, raw, "all.json", 422)).text)
    await look(ada, raw, "all.json", 403, restore="yes")
    looked = await look(eve, raw, "all.json", restore="yes")
    assert 'name="restore" type="checkbox" value="yes" checked' in looked.text
    await bring(eve, looked)
    assert (await _officers(world))["As it was"]["version"] == 7


async def test_a_warning_about_a_file_is_told_in_the_language_of_whoever_reads_it(world: World) -> None:
    ada, first = await desk(world), world.network["FR"].officers[0]
    async with world.runtime.db.session() as session:
        await session.execute("update accounts set language = 'es'")
    raw = json_file(channels=[{"officer_id": first.id, "kind": "sms", "address": first.sms}])
    told = unescape((await look(ada, raw, "ours.json")).text)
    assert "El mismo oficial tiene esta dirección dos veces" in told


async def test_what_is_no_form_brings_no_file(world: World) -> None:
    ada = await desk(world)
    cookie = "; ".join(f"{name}={value}" for name, value in ada.browser.cookies.items())
    for media, body in (("", b"--x"), ("; boundary=x", b"\0nonsense")):
        headers = {"Cookie": cookie, "Sec-Fetch-Site": "same-origin", "Content-Type": f"multipart/form-data{media}"}
        answer = await world.client.post(_PATH, content=body, headers=headers)
        assert answer.status_code == 422
        assert '<a href="#f-file">' in answer.text, media
