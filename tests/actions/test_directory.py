"""Keeping the directory, on a real PostgreSQL, with the invented network loaded."""

import secrets
from collections.abc import Mapping
from datetime import timedelta

import pytest

from contactpoints.actions import demo_network, directory, seed
from contactpoints.actions.access import check_pin
from contactpoints.actions.demo_network import Made
from contactpoints.actions.directory import Kept
from contactpoints.actions.duty import duty
from contactpoints.actions.tools import Tools
from contactpoints.api.directory import SHELVES
from contactpoints.rules.access import Actor, Role
from contactpoints.rules.board import clock_of, duty_out
from contactpoints.rules.promptness import NOTHING
from contactpoints.rules.refusals import Conflict, Forbidden, Invalid, NotFound, Stale, StillReferredTo
from contactpoints.rules.rosters import on_duty
from contactpoints.store import directory as stored
from contactpoints.store import entries
from contactpoints.store.database import Database
from contactpoints.store.sealing import Keyring
from schemas.fields import Shape
from schemas.reading import validate
from tests.world import START

NOW = START + timedelta(hours=21)
SECRETARIAT = Actor(1, Role.SECRETARIAT, None, "Secretariat")
FRANCE = Actor(2, Role.ADMINISTRATOR, "FR", "Permanence")
FRENCH_DESK = Actor(3, Role.CONTACT_POINT, "FR", "Permanence")
JAPAN = Actor(4, Role.ADMINISTRATOR, "JP", "Desk")
SHAPES = {shelf.name: shelf.shape for shelf in SHELVES}


@pytest.fixture
def tools() -> Tools:
    return Tools(
        keyring=Keyring({"test": bytes(32)}, secrets.token_bytes),
        pepper=b"pepper",
        entropy=secrets.token_bytes,
        gateways={"sms": ("rehearsal_sms",), "email": ("rehearsal_email",)},
        words={},
    )


@pytest.fixture
def france(network: Mapping[str | None, Made]) -> Made:
    return network["FR"]


def _shape(name: str, values: Mapping[str, object]) -> Shape:
    return validate(SHAPES[name], values)


async def _create(db: Database, tools: Tools, name: str, /, *, actor: Actor = FRANCE, **values: object) -> Kept:
    return await directory.create(db, name, actor=actor, body=_shape(name, values), now=NOW, tools=tools)


async def test_somebody_is_on_duty_at_every_post_of_the_invented_network(db: Database, france: Made) -> None:
    async with db.session() as session:
        points = await stored.load(session, await stored.answering(session))
    assert len({point.zone for point in points.values()}) >= 12
    for point in points.values():
        for post in point.posts:
            assert on_duty(post.rotations, post.overrides, absences=point.absences, at=NOW), (point.name, post.line)


async def test_loading_the_seed_again_makes_nothing(db: Database, france: Made) -> None:
    assert await seed.load_parties(db, NOW) == 0
    assert await demo_network.load_demo(db, NOW) == []


async def test_every_invented_officer_has_the_pin_that_is_given(db: Database, tools: Tools) -> None:
    await seed.load_parties(db, NOW)
    network = await demo_network.load_demo(db, NOW)
    await demo_network.give_pins(db, network, pin="482913", now=NOW, tools=tools)
    async with db.session() as session:
        left = "select count(*) from officers where id not in (select officer_id from pins)"
        assert await session.fetchval(left) == 0
    assert network[0].party is None, "the secretariat's too"
    assert await check_pin(db, network[0].officers[0].id, pin="482913", now=NOW, tools=tools) == "right"


async def test_outsiders_hear_a_function_and_neither_name_nor_number(db: Database, france: Made, tools: Tools) -> None:
    [now], medians = await duty(db, now=NOW, tools=tools, party="FR")
    told = duty_out(now, clock_of(now.point.zone, NOW), promptness=NOTHING)
    assert medians == {now.point.id: {}}
    assert told["function"] == "Première ligne"
    assert told["local_time"] == "2026-10-14T23:00:00+02:00"
    for officer in france.officers:
        assert officer.name not in str(told)
        assert officer.sms not in str(told)


async def test_a_change_below_a_contact_point_raises_its_revision(db: Database, france: Made, tools: Tools) -> None:
    before = await directory.read(db, "contact_points", actor=FRANCE, key=france.contact_point)
    await _create(db, tools, "posts", contact_point_id=france.contact_point, line="decision_maker", function="Decides")
    after = await directory.read(db, "contact_points", actor=FRANCE, key=france.contact_point)
    assert after.entry["revision"] == before.entry["revision"] + 1
    assert after.entry["version"] == before.entry["version"]


async def test_a_change_of_an_older_version_is_stale(db: Database, france: Made, tools: Tools) -> None:
    values = {"contact_point_id": france.contact_point, "line": "first", "function": "Front desk"}
    body, key = _shape("posts", values), france.posts["first"]
    changed = await directory.change(db, "posts", actor=FRANCE, key=key, version=1, body=body, now=NOW, tools=tools)
    assert (changed.entry["version"], changed.entry["function"]) == (2, "Front desk")
    with pytest.raises(Stale):
        await directory.change(db, "posts", actor=FRANCE, key=key, version=1, body=body, now=NOW, tools=tools)


async def test_the_officers_of_another_party_do_not_exist(db: Database, france: Made, tools: Tools) -> None:
    with pytest.raises(NotFound):
        await directory.read(db, "officers", actor=JAPAN, key=france.officers[0].id)
    with pytest.raises(Invalid):
        await _create(
            db, tools, "channels", actor=JAPAN, officer_id=france.officers[0].id, kind="sms", address="+33639980042"
        )
    listed = await directory.listing(db, "officers", actor=JAPAN)
    assert {entry["id"] for entry in listed}.isdisjoint({officer.id for officer in france.officers})


async def test_a_contact_point_reads_its_roster_but_may_not_change_it(db: Database, france: Made, tools: Tools) -> None:
    await directory.read(db, "officers", actor=FRENCH_DESK, key=france.officers[0].id)
    with pytest.raises(Forbidden):
        await _create(
            db, tools, "posts", actor=FRENCH_DESK, contact_point_id=france.contact_point, line="first", function="x"
        )


async def test_a_channel_that_moves_to_another_place_stays_in_quarantine(
    db: Database, france: Made, tools: Tools
) -> None:
    officer = france.officers[0]
    async with db.transaction() as session:
        await entries.quarantine(session, address=officer.sms, why="stop", now=NOW)
        [row] = await session.fetch(
            "update channels set proven_at = $2 where address = $1 returning id", officer.sms, NOW
        )
    kept = await directory.read(db, "channels", actor=FRANCE, key=row["id"])
    assert kept.entry["quarantined_why"] == "stop"
    body = {"officer_id": officer.id, "kind": "sms", "address": officer.sms, "place": 2}
    version = kept.entry["version"]
    kept = await directory.change(
        *(db, "channels"),
        actor=FRANCE,
        key=row["id"],
        version=version,
        body=_shape("channels", body),
        now=NOW,
        tools=tools,
    )
    assert (kept.entry["place"], kept.entry["quarantined_why"], bool(kept.entry["proven_at"])) == (2, "stop", True)


async def test_an_impossible_number_is_refused(db: Database, france: Made, tools: Tools) -> None:
    with pytest.raises(Invalid) as caught:
        await _create(db, tools, "channels", officer_id=france.officers[0].id, kind="sms", address="+1202555012")
    assert [fault.pointer for fault in caught.value.faults] == ["/address"]


async def test_a_policy_names_every_post_and_channel_that_does_not_exist(
    db: Database, france: Made, tools: Tools
) -> None:
    step = {
        "posts": [{"post": france.posts["first"]}, {"post": 1}],
        "channels": ["sms", "voice"],
        "patience_seconds": 60,
    }
    with pytest.raises(Invalid) as caught:
        await _create(db, tools, "policies", contact_point_id=france.contact_point, urgency="normal", steps=[step])
    assert [(fault.pointer, fault.code) for fault in caught.value.faults] == [
        ("/steps/0/posts/1/post", "unknown"),
        ("/steps/0/channels/1", "no_gateway"),
    ]


async def test_a_second_policy_for_the_same_urgency_is_a_conflict(db: Database, france: Made, tools: Tools) -> None:
    step = {"posts": [{"post": france.posts["first"]}], "channels": ["sms"], "patience_seconds": 60}
    await _create(db, tools, "policies", contact_point_id=france.contact_point, urgency="normal", steps=[step])
    with pytest.raises(Conflict):
        await _create(db, tools, "policies", contact_point_id=france.contact_point, urgency="normal", steps=[step])


async def test_what_others_rely_on_is_not_retired(db: Database, france: Made, tools: Tools) -> None:
    for name, key in (("officers", france.officers[0].id), ("posts", france.posts["first"])):
        with pytest.raises(StillReferredTo):
            await directory.retire(db, name, actor=FRANCE, key=key, version=1, now=NOW, tools=tools)
        assert (await directory.read(db, name, actor=FRANCE, key=key)).entry["retired_at"] is None


async def test_a_retired_entry_is_kept_and_its_history_told(db: Database, france: Made, tools: Tools) -> None:
    made = await _create(
        db, tools, "posts", contact_point_id=france.contact_point, line="decision_maker", function="Decides"
    )
    key = made.entry["id"]
    await directory.retire(db, "posts", actor=FRANCE, key=key, version=1, now=NOW, tools=tools)
    assert (await directory.read(db, "posts", actor=FRANCE, key=key)).entry["retired_at"] == "2026-10-14T21:00:00Z"
    assert key not in {entry["id"] for entry in await directory.listing(db, "posts", actor=FRANCE)}
    async with db.session() as session:
        rows = await session.fetch(
            "select act, actor from history where entry = 'posts' and entry_key = $1 order by version", str(key)
        )
    assert [tuple(row) for row in rows] == [("created", "key:2"), ("retired", "key:2")]
