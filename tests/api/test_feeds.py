"""Feeds through the doors: an address told once, read without a key, and gone with whoever it is of."""

import logging
from datetime import timedelta

import pytest
from icalendar import Calendar

from contactpoints.store import feeds
from tests.api.conftest import KeyOf
from tests.far_ends import PUBLIC
from tests.world import World


async def test_an_officer_reads_the_shifts_at_a_secret_address_until_it_is_revoked(
    world: World, key_of: KeyOf, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    key, officer = await key_of("administrator", "FR"), world.network["FR"].officers[0]
    made = await world.post(f"/v1/officers/{officer.id}/feeds", {}, key=key)
    assert made.status_code == 201, made.text
    path = made.json()["address"].removeprefix("https://alerts.example.org")
    token = path.removeprefix("/feeds/").removesuffix(".ics")
    assert len(token) >= 40

    read = await world.client.get(path)
    assert (read.status_code, read.headers["Content-Type"].partition(";")[0]) == (200, "text/calendar")
    events = Calendar.from_ical(read.content).events
    assert len(events) > 10
    async with world.runtime.db.session() as session:
        people = await session.fetch("select name from officers")
        kept = await session.fetchval("select to_jsonb(feeds)::text from feeds")
    assert not [each["name"] for each in people if each["name"] in read.text]
    assert token not in kept
    again = await world.client.get(path, headers={"If-None-Match": read.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert (await world.client.get(path, headers={"If-None-Match": '"other"'})).status_code == 200

    listed = (await world.get(f"/v1/officers/{officer.id}/feeds", key=key)).json()["items"]
    assert [(each["id"], "address" in each) for each in listed] == [(made.json()["id"], False)]
    assert listed[0]["read_at"] is not None
    revoked = await world.client.delete(f"/v1/feeds/{made.json()['id']}", headers={"Authorization": f"Bearer {key}"})
    assert revoked.status_code == 204
    assert (await world.client.get(path)).status_code == 404
    assert token not in caplog.text.replace(f"{PUBLIC}{path}", ""), "the client of the test logs it"


async def test_a_feed_ends_with_its_officer_and_its_post(world: World, key_of: KeyOf) -> None:
    key, france = await key_of("administrator", "FR"), world.network["FR"]
    paths = []
    for where in (f"officers/{france.officers[0].id}", f"posts/{france.posts['first']}"):
        made = (await world.post(f"/v1/{where}/feeds", {}, key=key)).json()
        paths.append(made["address"].removeprefix("https://alerts.example.org"))
    assert [(await world.client.get(path)).status_code for path in paths] == [200, 200]
    async with world.runtime.db.session() as session:
        await session.execute(
            "update officers set retired_at = $1 where id = $2", world.clock.at, france.officers[0].id
        )
    assert [(await world.client.get(path)).status_code for path in paths] == [404, 200]
    async with world.runtime.db.session() as session:
        assert await feeds.rewritten(session, france.contact_point) == {}
    entered_late = {"post_id": france.posts["second"], "layer": 2, "period": "daily", "zone": "Europe/Paris"}
    entered_late |= {"starts_on": "2026-09-01", "handover": "09:00", "members": [france.officers[1].id]}
    assert (await world.post("/v1/rotations", entered_late, key=key)).status_code == 201
    async with world.runtime.db.session() as session:
        assert await feeds.rewritten(session, france.contact_point) == {france.posts["second"]: world.clock.at}
        await session.execute("update rotations set version = 2, changed_at = $1", world.clock.at)
        assert await feeds.rewritten(session, france.contact_point) == dict.fromkeys(
            france.posts.values(), world.clock.at
        )
        taken_back, post = world.clock.at + timedelta(days=9999), france.posts["second"]
        await session.execute("update rotations set retired_at = $1 where post_id = $2", taken_back, post)
        assert (await feeds.rewritten(session, france.contact_point))[post] == taken_back
        entered = world.clock.at + timedelta(minutes=1)
        for before, since in ((timedelta(hours=1), world.clock.at), (timedelta(minutes=61), entered)):
            await session.execute(
                "insert into absences (officer_id, starts_at, ends_at, created_at, changed_at)"
                " values ($1, $2, $3, $3, $3)",
                *(france.officers[1].id, entered - before, entered),
            )
            assert (await feeds.rewritten(session, france.contact_point))[france.posts["first"]] == since
    after = Calendar.from_ical((await world.client.get(paths[1])).content).events
    assert min(each.decoded("DTSTART") for each in after) >= world.clock.at, "who is there now is not told for the past"
    async with world.runtime.db.session() as session:
        await session.execute("update contact_points set retired_at = $1 where party = 'FR'", world.clock.at)
    assert [(await world.client.get(path)).status_code for path in paths] == [404, 404]
    assert (await world.client.get("/feeds/" + "x" * 43 + ".ics")).status_code == 404


async def test_only_keepers_make_feeds_and_only_for_their_own(world: World, key_of: KeyOf) -> None:
    officer = world.network["FR"].officers[0].id
    for key, status in (
        (await key_of("administrator", "US"), 404),
        (world.contact_point, 403),
        (world.requester, 404),
        ("cp_nobody", 401),
        (await key_of("secretariat"), 201),
    ):
        made = await world.post(f"/v1/officers/{officer}/feeds", {}, key=key)
        assert made.status_code == status
    revoked = await world.client.delete(
        f"/v1/feeds/{made.json()['id']}", headers={"Authorization": f"Bearer {await key_of('administrator', 'US')}"}
    )
    assert revoked.status_code == 404
