"""No act on a page of the directory or of rosters without its rows in the audit log, and no row without its act."""

import re
from collections import Counter
from typing import Any

from tests.console.browsers import Filled
from tests.console.test_directory_import import bring, json_file, look
from tests.console.test_directory_pages import Desk, channels, desk
from tests.world import World

_ROWS: dict[str, Counter[str]] = {
    "/directory/new/{place}": Counter({"done officers version": 1, "done channels version": 1}),
    "/directory/{entry}/change": Counter(
        {"done officers version": 1, "done channels version": 1, "done address_changes": 1, "done proofs": 1}
    ),
    "/directory/approvals/{number}/withdrawal": Counter({"done address_changes": 1}),
    "/directory/{entry}/proof": Counter({"done proofs": 1}),
    "/directory/{entry}/confirmation": Counter({"refused channels": 1}),
    "/directory/{entry}/leaving": Counter(
        {"rehearsed -": 1, "done officers version": 1, "done channels version": 1, "done proofs": 1}
    ),
    "/directory/{entry}/retirement": Counter({"done officers version": 1}),
    "/directory/import": Counter({"rehearsed -": 1, "done officers version": 1}),
    "/directory/copy": Counter({"done -": 1}),
    "/rosters/{number}/feeds": Counter({"done feeds": 1}),
    "/rosters/{number}/feeds/end": Counter({"done feeds": 1}),
    "/rosters/{number}/calendars": Counter({"done calendars version": 1}),
    "/rosters/{number}/change": Counter({"done overrides version": 1}),
    "/rosters/{number}/removal": Counter({"done overrides version": 1}),
    "/rosters/{number}/rotation": Counter({"done rotations version": 1}),
    "/rosters/{number}/offer": Counter({"done swaps version": 1}),
    "/rosters/{number}/swap": Counter({"done swaps version": 2, "done overrides version": 1}),
}


class _Pages:
    """What somebody does on pages, and what of each act is in the audit log."""

    def __init__(self, world: World, who: Desk) -> None:
        self.world, self.who, self.last = world, who, 0
        self.rows: dict[str, Counter[str]] = {}

    async def new(self, page: str = "") -> None:
        """Take the rows that came since the last time: those of a page, and of one act."""
        async with self.world.runtime.db.session() as session:
            rows = await session.fetch("select * from audit where id > $1 order by id", self.last)
        self.last = max((row["id"] for row in rows), default=self.last)
        if page:
            told = {(row["operation"], row["name"]) for row in rows}
            assert told == {(f"page {page}", "Invented desk")}, [dict(row) for row in rows]
            assert len({row["act"] for row in rows}) == 1
            kinds = (f"{row['outcome']} {row['entry'] or '-'}{' version' * bool(row['version'])}" for row in rows)
            self.rows.setdefault(page, Counter()).update(kinds)

    async def does(self, page: str, path: str, heard: int = 303, /, **fields: str) -> Any:
        await self.new()
        answer = await self.who.sends(path, heard, **fields)
        await self.new(page)
        return answer


async def test_each_act_on_a_page_has_its_rows_and_no_others(world: World) -> None:
    ada, france = await desk(world), world.network["FR"]
    pages, point, post = _Pages(world, ada), france.contact_point, france.posts["first"]
    [channel, *_] = await channels(world, france.officers[0].id)
    new = await ada.form(f"/directory/new/officers-{point}") | {"name": "Ana", "function": "Duty officer"}
    made = await pages.does("/directory/new/{place}", f"/directory/new/officers-{point}", **new)
    officer = made.headers["Location"].partition("?")[0]
    way = f"/directory/new/channels-{officer.rpartition('-')[2]}"
    said = await ada.form(way) | {"kind": "sms", "address": "+33639980177"}
    sms = (await pages.does("/directory/new/{place}", way, **said)).headers["Location"].partition("?")[0]
    changed = await ada.form(f"{officer}/change") | {"name": "Ana B"}
    await pages.does("/directory/{entry}/change", f"{officer}/change", **changed)
    address = await ada.form(f"/directory/channels-{channel}/change") | {"address": "+33639980198"}
    await pages.does("/directory/{entry}/change", f"/directory/channels-{channel}/change", **address)
    [number] = re.findall(r"approvals/(\d+)/withdrawal", await ada.opens("/directory/approvals"))
    withdrawn = f"/directory/approvals/{number}/withdrawal"
    await pages.does("/directory/approvals/{number}/withdrawal", withdrawn)
    await pages.does("/directory/{entry}/proof", f"{sms}/proof")
    await pages.does("/directory/{entry}/confirmation", f"{sms}/confirmation", 422, code="AAAAAAA")
    plan = await ada.form(f"{officer}/leaving")
    await pages.does("/directory/{entry}/leaving", f"{officer}/leaving", 200, **plan | {"act": "look"})
    await pages.does("/directory/{entry}/leaving", f"{officer}/leaving", **plan | {"act": "leave"})
    await pages.new()
    raw = json_file(officers=[{"contact_point_id": point, "name": "Bea", "function": "Duty officer"}])
    looked = await look(ada, raw, "ours.json")
    await pages.new("/directory/import")
    await bring(ada, looked)
    await pages.new("/directory/import")
    async with world.runtime.db.session() as session:
        bea = await session.fetchval("select id from officers where name = 'Bea'")
    gone = await ada.form(f"/directory/officers-{bea}", "/retirement")
    await pages.does("/directory/{entry}/retirement", f"/directory/officers-{bea}/retirement", **gone)
    await pages.does("/directory/copy", "/directory/copy", 200, party="FR")
    feed = await pages.does("/rosters/{number}/feeds", f"/rosters/{post}/feeds", 200, officer="", once="a" * 32)
    ended = Filled(feed.text).form("/feeds/end")
    await pages.does("/rosters/{number}/feeds/end", f"/rosters/{post}/feeds/end", **ended)
    await pages.does("/rosters/{number}/calendars", f"/rosters/{post}/calendars", name="Duty", layer="2")
    await _plans(pages, post, [each.id for each in france.officers])
    assert pages.rows == _ROWS


async def _plans(pages: _Pages, post: int, officers: list[int]) -> None:
    """Change a roster in every way that pages have; what was only looked at has no row."""
    at, first, second = f"/rosters/{post}", str(officers[0]), str(officers[1])

    async def publishes(what: str, **fields: str) -> None:
        seen = Filled((await pages.who.sends(f"{at}/{what}", 200, **fields, act="look")).text).form(f"/{what}")
        sent = seen | {"act": "publish", "accept": "the others know"}
        await pages.does(f"/rosters/{{number}}/{what}", f"{at}/{what}", **sent)

    span = {"zone": "Europe/Paris", "starts_at": "2026-10-20T12:00", "ends_at": "2026-10-20T18:00"}
    await publishes("change", **span, action="add", officer_id=second)
    async with pages.world.runtime.db.session() as session:
        made = await session.fetchval("select max(id) from overrides")
    await publishes("removal", kind="overrides", id=str(made), version="1")
    turns = {"layer": "3", "period": "weekly", "zone": "Europe/Paris", "starts_on": "2026-11-02", "handover": "09:00"}
    await publishes("rotation", **turns, **{"members/0": first, "weekday0": "yes"})
    offer = {"officer_id": first, "starts_at": "2026-10-15T09:00", "ends_at": "2026-10-16T09:00"}
    offered = {f"offer/{name}": value for name, value in offer.items()} | {"zone": "Europe/Paris"}
    await pages.does("/rosters/{number}/offer", f"{at}/offer", **offered)
    swap = Filled(await pages.who.opens(at)).form("/swap")["swap"]
    await pages.does("/rosters/{number}/swap", f"{at}/swap", swap=swap, step="take", act="now", officer_id=second)
    await publishes("swap", swap=swap, step="approve", starts_at="2026-10-15")
