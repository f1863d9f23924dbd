"""Gaps ahead of the rosters: whoever keeps them hears of each before an alert meets it, whatever opened it."""

import asyncio
import secrets
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest

from contactpoints.actions.access import make_key
from contactpoints.actions.gaps import Lookout
from contactpoints.rules.access import Actor, Role
from contactpoints.rules.gaps import Found
from tests.world import START, World

DAY = timedelta(days=1)
ADMIN = "admin@party.example"


@pytest.fixture
async def watched(world: World) -> World:
    admin = Actor(0, Role.ADMINISTRATOR, "FR", "Desk", notify=(ADMIN, "+33639980177"), language="fr")
    await make_key(world.runtime.db, admin, now=START, entropy=secrets.token_bytes)
    return world


@pytest.fixture
async def key(world: World) -> str:
    """Return the key of somebody of France who keeps rosters and hears of nothing."""
    admin = Actor(0, Role.ADMINISTRATOR, "FR", "Keeper")
    return await make_key(world.runtime.db, admin, now=START, entropy=secrets.token_bytes)


class Watcher:
    """Engines that look for gaps, each with a memory of its own."""

    def __init__(self, world: World, engines: int = 1) -> None:
        self.world, self.lookouts, self.seen = world, [Lookout() for _ in range(engines)], set[str]()

    async def looks(self, at: datetime) -> list[str]:
        """Move the clock and look; return the subjects of the mails that the administrator got."""
        self.world.clock.at = at
        runtime = self.world.runtime
        await asyncio.gather(*(each.look(runtime.db, now=at, tools=runtime.tools) for each in self.lookouts))
        return [each["subject"] for each in await self.mails() if each["kind"] == "email"]

    async def mails(self) -> list[dict[str, str]]:
        await self.world.settles()
        items = (await self.world.get("/rehearsal/messages")).json()["items"]
        new = [each for each in items if each["purpose"] == "alarm" and each["id"] not in self.seen]
        self.seen |= {each["id"] for each in new}
        return [each for each in new if each["address"] in (ADMIN, "+33639980177")]


async def away(world: World, starts: datetime, ends: datetime, *, number: int = 0) -> None:
    """Have an officer of France be absent."""
    async with world.runtime.db.session() as session:
        await session.execute(
            "insert into absences (officer_id, starts_at, ends_at, created_at, changed_at) values ($1, $2, $3, $4, $4)",
            *(world.network["FR"].officers[number].id, starts, ends, START),
        )


def marks(subjects: list[str]) -> list[str]:
    return [next((word for word in subject.split() if word.isdecimal()), "0") for subject in subjects]


async def test_a_gap_is_told_at_its_marks_once_by_two_engines_and_a_new_one_when_it_opens_again(watched: World) -> None:
    # The third officer alone leads the team.
    starts = START + 20 * DAY
    await away(watched, starts, starts + DAY, number=2)
    two = Watcher(watched, engines=2)
    told = {
        day: marks(await two.looks(START + timedelta(days=day))) for day in (0, 6, 6.4, 6.5, 13.4, 14, 18.4, 19.9, 20)
    }
    assert told == {0: [], 6: [], 6.4: ["14"], 6.5: [], 13.4: ["7"], 14: [], 18.4: ["2"], 19.9: [], 20: ["0"]}
    restarted = Watcher(watched)
    restarted.seen = two.seen
    assert await restarted.looks(START + timedelta(days=20.1)) == [], "what was told is in the database"
    async with watched.runtime.db.session() as session:
        await session.execute("update absences set retired_at = $1", watched.clock.at)
    assert await two.looks(START + timedelta(days=20.2)) == []
    async with watched.runtime.db.session() as session:
        assert await session.fetchval("select count(*) from gaps") == 0
        await session.execute("update absences set retired_at = null")
    assert marks(await two.looks(START + timedelta(days=20.3))) == ["0"]


async def test_the_mail_names_post_time_and_reason_and_says_what_to_do_in_the_language_of_the_key(
    watched: World,
) -> None:
    await away(watched, START + 20 * DAY, START + 21 * DAY, number=2)
    watcher = Watcher(watched)
    for at in (START + 6 * DAY, START + 6.4 * DAY):
        assert await watcher.mails() == [], "nobody is woken at one in the night"
        watched.clock.at = at
        await watcher.lookouts[0].look(watched.runtime.db, now=at, tools=watched.runtime.tools)
    sms, mail = sorted(await watcher.mails(), key=lambda each: each["kind"] == "email")
    assert "Dans 14 jours ou moins" in mail["body"]
    assert "2026-11-03 01:00 - 2026-11-04 01:00 Europe/Paris (2026-11-03 00:00 - 2026-11-04 00:00 UTC)" in mail["body"]
    assert "la personne prévue est absente" in mail["body"]
    assert len(sms["body"]) <= 160


@pytest.mark.parametrize(
    "opened_by",
    [
        "update pins set locked_at = $2 where officer_id = $1 and $3::bigint > 0",
        "update channels set quarantined_at = $2, quarantined_why = 'stop' where officer_id = $1 and $3::bigint > 0",
        "update posts set minimum = 2 where id = $3 and $1::bigint > 0 and $2::timestamptz is not null",
        "update rotations set retired_at = $2 where post_id = $3 and $1::bigint > 0",
        "update officers set retired_at = $2 where id = $1 and $3::bigint > 0",
    ],
)
async def test_whatever_opens_a_gap_is_found(watched: World, opened_by: str) -> None:
    watcher = Watcher(watched)
    assert await watcher.looks(START) == []
    made = watched.network["FR"]
    async with watched.runtime.db.session() as session:
        await session.execute(opened_by, made.officers[2].id, START, made.posts["team_leader"])
    assert marks(await watcher.looks(START + timedelta(minutes=1))) == ["0"], "at once"
    assert await watcher.looks(START + timedelta(minutes=2)) == []


async def test_hundreds_of_gaps_are_one_message_that_names_the_nearest(watched: World) -> None:
    for number in range(100):
        starts = START + 2.5 * DAY + number * timedelta(hours=1)
        await away(watched, starts, starts + timedelta(minutes=30), number=2)
    watcher = Watcher(watched)
    await watcher.looks(START + timedelta(hours=9))
    async with watched.runtime.db.session() as session:
        bodies = await session.fetch("select body from messages where address = $1 order by id", ADMIN)
    (body,) = (row["body"] for row in bodies)
    assert body.count("\n- ") + body.startswith("- ") == 5
    assert "95" in body
    assert "2026-10-16 14:00" in body


async def test_what_grows_and_what_becomes_graver_is_told_anew(watched: World) -> None:
    watcher, day = Watcher(watched), timedelta(days=1)
    async with watched.runtime.db.session() as session:
        leaders = watched.network["FR"].posts["team_leader"]
        await session.execute("update posts set minimum = 2 where id = $1", leaders)
    assert marks(await watcher.looks(START)) == ["0"], "too few"
    await away(watched, START + 10.4 * DAY, START + 11 * DAY, number=2)
    assert marks(await watcher.looks(START + timedelta(hours=9))) == ["14"], "and then nobody"
    await away(watched, START + 11 * DAY, START + 12 * DAY, number=2)
    assert marks(await watcher.looks(START + timedelta(hours=12))) == [], "once a day"
    assert marks(await watcher.looks(START + timedelta(hours=33))) == ["14"], "and then for longer"
    assert await watcher.looks(START + 2.4 * day) == []


async def test_what_ended_long_ago_is_not_read_and_rosters_are_not_kept_in_memory(watched: World) -> None:
    watcher, made = Watcher(watched), watched.network["FR"]
    async with watched.runtime.db.session() as session:
        await session.execute(
            "insert into overrides (post_id, action, officer_id, starts_at, ends_at, created_at, changed_at)"
            " values ($1, 'replace', $2, '-infinity', $3, $3, $3)",
            *(made.posts["team_leader"], made.officers[2].id, START - 100 * DAY),
        )
        await session.execute("update posts set minimum = 2 where id = $1", made.posts["team_leader"])
    assert marks(await watcher.looks(START)) == ["0"]
    kept = watcher.lookouts[0].reckoned[made.contact_point].found
    assert kept
    assert not any(each.cover.stretches or each.cover.post.layers or each.cover.point.officers for each in kept)


class _Judged(list[Found]):
    """Gaps that tell when they are looked at."""

    def __init__(self, found: list[Found], seen: list[int], turns: list[int]) -> None:
        super().__init__(found)
        self.seen, self.turns = seen, turns

    def __iter__(self) -> Iterator[Found]:
        self.seen.append(len(self.turns))
        return super().__iter__()


async def test_others_have_their_turn_between_the_gaps_of_two_contact_points(watched: World) -> None:
    watcher, db = Watcher(watched), watched.runtime.db
    async with db.session() as session:
        await session.execute("update posts set minimum = 9")
    await watcher.looks(START)
    (lookout,), seen, turns = watcher.lookouts, list[int](), list[int]()
    for known in lookout.reckoned.values():
        known.found = _Judged(known.found, seen, turns)
    assert len(lookout.reckoned) > 2

    async def others() -> None:
        while True:
            turns.append(0)
            await asyncio.sleep(0)

    task = asyncio.create_task(others())
    later = START + timedelta(hours=1)
    await lookout.look(db, now=later, tools=watched.runtime.tools)
    task.cancel()
    looked_at = seen[: len(lookout.reckoned)]
    assert len(set(looked_at)) == len(looked_at), looked_at


@pytest.mark.parametrize(("how", "begins"), [("", ["0"]), ("?reason=nobody+else", [])])
async def test_that_somebody_is_ill_accepts_no_gap_and_who_accepts_it_is_reminded(
    watched: World, key: str, how: str, begins: list[str]
) -> None:
    leader = watched.network["FR"].officers[2].id
    starts = START + 3 * DAY
    ill = {"officer_id": leader, "reason": "ill", "starts_at": f"{starts:%FT%TZ}", "ends_at": f"{starts + DAY:%FT%TZ}"}
    made = await watched.post(f"/v1/absences{how}", ill, key=key)
    assert (made.status_code, made.json()["reason"]) == (201, "ill")
    assert "leaves_uncovered" in [each["code"] for each in made.json()["warnings"]]
    watcher = Watcher(watched)
    soon = [await watcher.looks(START + timedelta(hours=hours)) for hours in (9, 33)]
    assert ["RAPPEL" in subject for some in soon for subject in some] == ([True] if how else [False, False])
    assert marks(await watcher.looks(starts)) == begins


async def test_tonights_only_officer_is_ill_and_the_administrator_hears_of_it_at_once_also_from_a_file(
    watched: World, key: str
) -> None:
    leader = watched.network["FR"].officers[2].id
    watcher = Watcher(watched)
    for number, starts in enumerate((START + 12 * timedelta(hours=1), START + 2 * DAY)):
        ill = {"officer_id": leader, "reason": "ill", "starts_at": f"{starts:%FT%TZ}"}
        ill |= {"ends_at": f"{starts + timedelta(hours=8):%FT%TZ}", "zone": "UTC"}
        file = {"format": "contactpoints/1", "absences": [ill]}
        made = await watched.post(*(("/v1/import?dry_run=false", file) if number else ("/v1/absences", ill)), key=key)
        assert made.status_code in (200, 201), made.text
        assert marks(await watcher.looks(starts - timedelta(hours=13 if number else 11))) == ["2"]
        assert marks(await watcher.looks(starts)) == ["0"]


async def test_a_reason_on_a_change_of_the_post_accepts_what_was_told_of_it(watched: World, key: str) -> None:
    post = watched.network["FR"].posts["team_leader"]
    await away(watched, START + 10 * DAY, START + 11 * DAY, number=2)
    watcher = Watcher(watched)
    assert marks(await watcher.looks(START + 9 * DAY / 24)) == ["14"]
    (kept,) = (await watched.get(f"/v1/rotations?post_id={post}", key=key)).json()["items"]
    body = {name: kept[name] for name in kept if name not in _KEPT_BY_THE_SERVICE}
    headers = {"Authorization": f"Bearer {key}", "If-Match": f'"{kept["version"]}"'}
    path = f"/v1/rotations/{kept['id']}?reason=nobody+leads+on+that+day"
    changed = await watched.client.put(path, headers=headers, json=body)
    assert changed.status_code == 200, changed.text
    told = [await watcher.looks(START + day * DAY) for day in (3.5, 8.5, 10.1)]
    assert [["RAPPEL" in subject for subject in some] for some in told] == [[], [True], []]


_KEPT_BY_THE_SERVICE = ("id", "version", "created_at", "changed_at", "retired_at", "warnings")
