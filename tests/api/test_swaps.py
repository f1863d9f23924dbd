"""Swaps: a shift goes from one officer to another only as both, the roster and the administrator allow."""

import asyncio
from datetime import timedelta
from typing import Any

import httpx
import pytest

from contactpoints.actions import swaps
from contactpoints.actions.demo_network import MadeOfficer
from contactpoints.rules.rosters import on_duty
from contactpoints.store import directory
from tests.api.conftest import KeyOf
from tests.world import START, World

# In the invented network the first two officers of France take turns by the week; the first one's ends after six days.
DAY = timedelta(days=1)


def at(days: float) -> str:
    return f"{START + timedelta(days=days):%Y-%m-%dT%H:%M:%SZ}"


class Desk:
    """The contact point of France at work with its swaps."""

    def __init__(self, world: World, admin: str, desk: str) -> None:
        self.world, self.admin, self.desk = world, admin, desk
        self.first, self.second, self.third = world.network["FR"].officers
        self.post = world.network["FR"].posts["first"]

    async def offers(self, officer: MadeOfficer, since: float, until: float, **more: Any) -> httpx.Response:
        body = {"post_id": self.post, "officer_id": officer.id, "starts_at": at(since), "ends_at": at(until), **more}
        return await self.world.post("/v1/swaps", body, key=self.desk)

    async def takes(self, swap: int, officer: MadeOfficer, **more: Any) -> httpx.Response:
        return await self.world.post(f"/v1/swaps/{swap}/take", {"officer_id": officer.id, **more}, key=self.desk)

    async def decides(self, swap: int, act: str, *, key: str | None = None, **more: Any) -> httpx.Response:
        return await self.world.post(f"/v1/swaps/{swap}/{act}", more, key=key or self.admin)

    async def on_duty(self, days: float) -> set[int]:
        """Return who is on duty at the first line, as an alert would find it."""
        async with self.world.runtime.db.session() as session:
            points = await directory.load(session, [self.world.network["FR"].contact_point])
        point = points[self.world.network["FR"].contact_point]
        (post,) = (each for each in point.posts if each.id == self.post)
        return set(on_duty(post.rotations, post.overrides, absences=point.absences, at=START + timedelta(days=days)))

    async def heard(self) -> dict[str, str]:
        """Return what each officer heard of swaps since the last time, by address."""
        await self.world.settles()
        items = (await self.world.get("/rehearsal/messages")).json()["items"]
        new = [each for each in items if each["purpose"] == "roster" and each["id"] not in self.world.heard]
        self.world.heard |= {each["id"] for each in new}
        return {each["address"]: each["body"] for each in new}


@pytest.fixture
async def desk(world: World, key_of: KeyOf) -> Desk:
    admin = await key_of("administrator", "FR")
    async with world.runtime.db.session() as session:
        await session.execute(
            "update api_keys set notify = '{admin@party.example}' where role = 'administrator' and party = 'FR'"
        )
    return Desk(world, admin, world.contact_point)


def told(answer: httpx.Response) -> list[tuple[str, str]]:
    assert answer.status_code == 422, answer.text
    return [(fault["pointer"], fault["code"]) for fault in answer.json()["errors"]]


async def test_a_shift_that_is_offered_taken_and_approved_changes_the_roster_and_all_concerned_are_told(
    desk: Desk,
) -> None:
    made = await desk.offers(desk.first, 2, 3, reason="a wedding")
    assert made.status_code == 201, made.text
    swap = made.json()
    assert (swap["state"], made.headers["Location"]) == ("offered", f"/v1/swaps/{swap['id']}")
    assert set(await desk.heard()) == {desk.second.email}, "offered to all of the post"
    early = await desk.decides(swap["id"], "approve")
    assert (early.status_code, early.json()["state"]) == (409, "offered")
    assert early.json()["detail"] == "Nobody has taken this shift yet: there is nothing to approve."
    taken = (await desk.takes(swap["id"], desk.third)).json()
    assert (taken["state"], taken["taker_id"], taken["version"]) == ("taken", desk.third.id, 2)
    assert await desk.on_duty(2.5) == {desk.first.id}, "nothing changes before it is approved"
    heard = await desk.heard()
    assert set(heard) == {desk.first.email, desk.third.email, "admin@party.example"}
    assert "approve or refuse" in heard["admin@party.example"]
    assert f"{desk.third.name} (entered by " in heard["admin@party.example"], "a key of the Party, not the officer"
    approved = (await desk.decides(swap["id"], "approve")).json()
    assert (approved["state"], len(approved["overrides"])) == ("approved", 1)
    assert [await desk.on_duty(day) for day in (1.9, 2, 2.99, 3)] == [
        {desk.first.id},
        {desk.third.id},
        {desk.third.id},
        {desk.first.id},
    ]
    assert set(await desk.heard()) == {desk.first.email, desk.third.email}
    (override,) = (await desk.world.get(f"/v1/overrides?post_id={desk.post}", key=desk.admin)).json()["items"]
    assert (override["action"], override["reason"], override["version"]) == ("replace", f"swap {swap['id']}", 1)
    assert (override["zone"], override["starts_local"]) == ("Europe/Paris", "2026-10-16T02:00:00+02:00")
    async with desk.world.runtime.db.session() as session:
        acts = await session.fetch("select body->>'state' as state from history where entry = 'swaps' order by version")
    assert [row["state"] for row in acts] == ["offered", "taken", "approved"]


async def test_a_shift_for_a_shift_goes_both_ways(desk: Desk) -> None:
    back = {"starts_at": at(8), "ends_at": at(9)}
    swap = (await desk.offers(desk.first, 2, 3, to_officer_id=desk.second.id, in_return=back)).json()
    assert told(await desk.takes(swap["id"], desk.third)) == [("/officer_id", "not_offered")]
    await desk.takes(swap["id"], desk.second)
    assert (await desk.decides(swap["id"], "approve")).json()["state"] == "approved"
    assert [await desk.on_duty(day) for day in (2, 8, 9)] == [{desk.second.id}, {desk.first.id}, {desk.second.id}]


async def test_beside_others_only_the_one_who_gives_the_shift_leaves(desk: Desk) -> None:
    span = {"starts_at": at(2), "ends_at": at(3)}
    beside = {"post_id": desk.post, "action": "add", "officer_id": desk.second.id, **span}
    assert (await desk.world.post("/v1/overrides", beside, key=desk.admin)).status_code == 201
    swap = (await desk.offers(desk.first, 2, 3)).json()
    assert told(await desk.takes(swap["id"], desk.second)) == [("/officer_id", "on_duty_already")]
    await desk.takes(swap["id"], desk.third)
    assert len((await desk.decides(swap["id"], "approve")).json()["overrides"]) == 2
    assert await desk.on_duty(2.5) == {desk.second.id, desk.third.id}


async def test_where_no_approval_is_needed_the_roster_changes_when_the_shift_is_taken(desk: Desk) -> None:
    async with desk.world.runtime.db.session() as session:
        await session.execute("update contact_points set swaps_need_approval = false")
    swap = (await desk.offers(desk.first, 2, 3)).json()
    assert (await desk.takes(swap["id"], desk.third)).json()["state"] == "approved"
    assert await desk.on_duty(2.5) == {desk.third.id}


async def test_of_two_who_take_the_same_shift_at_once_one_hears_that_it_is_taken(desk: Desk) -> None:
    swap = (await desk.offers(desk.first, 2, 3)).json()
    answers = await asyncio.gather(*(desk.takes(swap["id"], each) for each in (desk.second, desk.third)))
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    (refused,) = (answer.json() for answer in answers if answer.status_code == 409)
    assert (refused["type"], refused["state"]) == ("/problems/conflict", "taken")


async def test_what_cannot_be_offered_is_refused_with_its_place(desk: Desk) -> None:
    nobody = type(desk.first)(4711, "", "", "")
    back = {"in_return": {"starts_at": at(8), "ends_at": at(9)}}
    cases = {
        "begun": (await desk.offers(desk.first, -1, 1), [("/starts_at", "begun")]),
        "too far": (await desk.offers(desk.first, 400, 401), [("/starts_at", "too_far")]),
        "too long": (await desk.offers(desk.first, 2, 40), [("/ends_at", "too_long")]),
        "reversed": (await desk.offers(desk.first, 3, 2), [("/ends_at", "not_after")]),
        "not on duty": (await desk.offers(desk.third, 2, 3), [("/officer_id", "not_on_duty")]),
        "not to the end": (await desk.offers(desk.first, 2, 7), [("/officer_id", "not_on_duty")]),
        "to nobody": (await desk.offers(desk.first, 2, 3, to_officer_id=4711), [("/to_officer_id", "unknown")]),
        "of nobody": (await desk.offers(nobody, 2, 3), [("/officer_id", "unknown")]),
        "to oneself": (
            await desk.offers(desk.first, 2, 3, to_officer_id=desk.first.id),
            [("/to_officer_id", "itself")],
        ),
        "in return of nobody": (await desk.offers(desk.first, 2, 3, **back), [("/in_return", "not_allowed")]),
        "what the other has not": (
            await desk.offers(desk.first, 2, 3, to_officer_id=desk.third.id, **back),
            [("/in_return", "not_on_duty")],
        ),
        "another post": (await desk.offers(desk.first, 2, 3, post_id=4711), [("/post_id", "unknown")]),
    }
    assert {name: told(answer) for name, (answer, _) in cases.items()} == {
        name: faults for name, (_, faults) in cases.items()
    }
    items = (await desk.world.get("/v1/swaps", key=desk.admin)).json()["items"]
    assert items == [], "nothing is half-saved"
    assert await desk.heard() == {}


async def test_an_offer_is_entered_by_the_clocks_as_an_absence_is(desk: Desk) -> None:
    # On 25 October 2026 the clocks in Paris show 02:30 twice.
    local = {"zone": "Europe/Paris", "starts_at": "2026-10-16T10:00:00", "ends_at": "2026-10-17T10:00:00"}
    back = {"zone": "Europe/Paris", "starts_at": "2026-10-25T02:30:00", "ends_at": "2026-10-25T12:00:00"}
    body = {"post_id": desk.post, "officer_id": desk.first.id, "to_officer_id": desk.second.id, **local}
    asked = await desk.world.post("/v1/swaps", body | {"in_return": back}, key=desk.desk)
    assert told(asked) == [("/in_return/starts_at", "exists_twice")]
    made = await desk.world.post("/v1/swaps", body | {"in_return": back | {"starts_which": "second"}}, key=desk.desk)
    assert made.status_code == 201, made.text
    swap = made.json()
    assert (swap["starts_at"], swap["ends_at"]) == ("2026-10-16T08:00:00Z", "2026-10-17T08:00:00Z")
    assert swap["in_return"] == {"starts_at": "2026-10-25T01:30:00Z", "ends_at": "2026-10-25T11:00:00Z"}


async def test_no_fault_of_an_offer_hides_another_one(desk: Desk) -> None:
    wrong = {"post_id": 4711, "to_officer_id": desk.first.id, "zone": "Mars/Base", "reason": 1}
    back = {"starts_at": at(-1), "ends_at": at(9), "ends_which": "first"}
    assert sorted(told(await desk.offers(desk.first, 3, 2, **wrong, in_return=back))) == [
        ("/ends_at", "not_after"),
        ("/in_return/ends_which", "not_allowed"),
        ("/in_return/starts_at", "begun"),
        ("/post_id", "unknown"),
        ("/reason", "wrong_type"),
        ("/to_officer_id", "itself"),
        ("/zone", "unknown_zone"),
    ]
    swap = (await desk.offers(desk.first, 2, 3)).json()["id"]
    assert told(await desk.takes(swap, desk.first, reason=1)) == [("/reason", "wrong_type"), ("/officer_id", "itself")]


async def test_a_shift_is_in_one_swap_at_a_time_and_no_ring_closes(desk: Desk) -> None:
    back = {"starts_at": at(8), "ends_at": at(9)}
    first = (await desk.offers(desk.first, 2, 3, to_officer_id=desk.second.id, in_return=back)).json()
    assert told(await desk.offers(desk.first, 2.5, 4)) == [("/starts_at", "offered_twice")]
    assert told(await desk.offers(desk.second, 8, 8.5)) == [("/starts_at", "offered_twice")], "it is asked for"
    ring = {"to_officer_id": desk.first.id, "in_return": {"starts_at": at(2), "ends_at": at(2.5)}}
    assert told(await desk.offers(desk.second, 9, 10, **ring)) == [("/in_return/starts_at", "ring")]
    assert told(await desk.offers(desk.second, 8, 9, **ring)) == [
        ("/starts_at", "offered_twice"),
        ("/in_return/starts_at", "ring"),
    ]
    assert (await desk.decides(first["id"], "withdraw", key=desk.desk)).json()["state"] == "withdrawn"
    assert (await desk.offers(desk.first, 2.5, 4)).status_code == 201, "then it is free again"


async def test_a_swap_that_leaves_a_gap_needs_a_reason_and_says_what_it_strains(desk: Desk) -> None:
    async with desk.world.runtime.db.session() as session:
        await session.execute("update pins set expires_at = $2 where officer_id = $1", desk.third.id, START + DAY)
    swap = (await desk.offers(desk.first, 2, 3)).json()
    await desk.takes(swap["id"], desk.third)
    assert told(await desk.decides(swap["id"], "approve")) == [("/reason", "leaves_uncovered")]
    assert await desk.on_duty(2.5) == {desk.first.id}, "nothing is half-saved"
    approved = (await desk.decides(swap["id"], "approve", reason="the PIN is on its way")).json()
    assert [each["code"] for each in approved["warnings"]] == ["leaves_uncovered"]
    both = (await desk.offers(desk.first, 4, 5)).json()
    await desk.takes(both["id"], desk.second)
    strained = (await desk.decides(both["id"], "approve")).json()
    assert [each["code"] for each in strained["warnings"]] == ["strains"], "the same officer at both lines"


async def test_whoever_is_absent_takes_no_shift_and_may_give_one_away(desk: Desk) -> None:
    swap = (await desk.offers(desk.first, 2, 3)).json()
    for officer in (desk.first, desk.third):
        span = {"officer_id": officer.id, "starts_at": at(2), "ends_at": at(2.5), "reason": "ill"}
        assert (await desk.world.post("/v1/absences", span, key=desk.admin)).status_code == 201
    assert told(await desk.takes(swap["id"], desk.third)) == [("/officer_id", "absent")]
    assert (await desk.takes(swap["id"], desk.second)).status_code == 200


async def test_a_roster_that_changed_meanwhile_stops_the_swap(desk: Desk) -> None:
    swap = (await desk.offers(desk.first, 2, 3)).json()
    await desk.takes(swap["id"], desk.third)
    span = {"post_id": desk.post, "action": "replace", "officer_id": desk.second.id}
    await desk.world.post("/v1/overrides", {**span, "starts_at": at(2.5), "ends_at": at(4)}, key=desk.admin)
    stopped = await desk.decides(swap["id"], "approve")
    assert (stopped.status_code, stopped.json()["type"]) == (409, "/problems/conflict")
    assert (await desk.decides(swap["id"], "refuse")).json()["state"] == "refused"
    assert (await desk.decides(swap["id"], "refuse")).status_code == 409


async def test_an_offer_expires_when_its_first_shift_begins_and_that_is_told(desk: Desk) -> None:
    swap = (await desk.offers(desk.first, 2, 3)).json()
    await desk.takes(swap["id"], desk.third)
    await desk.heard()
    desk.world.clock.at = START + 2 * DAY
    late = await desk.decides(swap["id"], "approve")
    assert (late.status_code, late.json()["state"]) == (409, "expired")
    runtime = desk.world.runtime
    counts = [await swaps.expire(runtime.db, now=runtime.now(), tools=runtime.tools) for _ in range(2)]
    assert counts == [1, 0]
    assert (await desk.world.get(f"/v1/swaps/{swap['id']}", key=desk.admin)).json()["state"] == "expired"
    assert set(await desk.heard()) == {desk.first.email, desk.third.email}


async def test_a_swap_that_breaks_keeps_no_other_from_expiring(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    broken, other = [(await desk.offers(desk.first, day, day + 1)).json()["id"] for day in (2, 3)]
    runtime = desk.world.runtime
    desk.world.clock.at = START + 4 * DAY
    async with runtime.db.session() as session:
        await session.execute(
            f"""create function break_it() returns trigger language plpgsql as
                $f$ begin if new.id = {broken} then raise exception 'broken'; end if; return new; end $f$"""
        )
        await session.execute("create trigger break_it before update on swaps for each row execute function break_it()")
    try:
        counts = [await swaps.expire(runtime.db, now=runtime.now(), tools=runtime.tools) for _ in range(2)]
    finally:
        async with runtime.db.session() as session:
            await session.execute("drop function break_it cascade")
    assert counts == [1, 0]
    states = [(await desk.world.get(f"/v1/swaps/{each}", key=desk.admin)).json()["state"] for each in (broken, other)]
    assert states == ["offered", "expired"]
    assert sum("cannot be watched" in each.message for each in caplog.records) == 2
    assert await swaps.expire(runtime.db, now=runtime.now(), tools=runtime.tools) == 1


async def test_who_may_do_what_with_a_swap(world: World, desk: Desk, key_of: KeyOf) -> None:
    swap = (await desk.offers(desk.first, 2, 3)).json()["id"]
    async with world.runtime.db.session() as session:
        other = await session.fetchval(
            """insert into contact_points (party, name, function, zone, languages, created_at, changed_at)
               values ('FR', 'Other', 'Other', 'Europe/Paris', '{fr}', $1, $1) returning id""",
            START,
        )
    keys = {
        "the desk": (world.contact_point, 200, 403),
        "the administrator": (desk.admin, 200, 409),
        "the secretariat": (await key_of("secretariat"), 200, 409),
        "an auditor": (await key_of("auditor"), 200, 403),
        "another house of the Party": (await key_of("contact_point", "FR", point=other), 200, 403),
        "another Party": (await key_of("administrator", "US"), 404, 404),
        "a requester": (world.requester, 404, 404),
    }
    for who, (key, reads, approves) in keys.items():
        assert (await world.get(f"/v1/swaps/{swap}", key=key)).status_code == reads, who
        listed = (await world.get("/v1/swaps?state=offered", key=key)).json()["items"]
        assert [each["id"] for each in listed] == ([swap] if reads == 200 else []), who
        assert (await desk.decides(swap, "approve", key=key)).status_code == approves, who
        taken = await world.post(f"/v1/swaps/{swap}/take", {"officer_id": 4711}, key=key)
        may = who in ("the desk", "the administrator", "the secretariat")
        assert taken.status_code == (422 if may else 403 if reads == 200 else 404), who


@pytest.mark.parametrize(
    ("clock", "shift", "leaves"),
    [
        pytest.param(1.5, 3, 1.5, id="by day at once"),
        pytest.param(1, 3, 1 + 7 / 24, id="at night it waits for nine o'clock in Paris"),
        pytest.param(1, 1 + 9 / 24, 1, id="at night for a shift that begins in the morning it does not"),
    ],
)
async def test_whoever_has_no_mail_hears_by_text_and_by_day(
    desk: Desk, clock: float, shift: float, leaves: float
) -> None:
    world = desk.world
    async with world.runtime.db.session() as session:
        await session.execute(
            "update channels set retired_at = created_at where kind = 'email' and officer_id = $1", desk.second.id
        )
    world.clock.at = START + clock * DAY
    assert (await desk.offers(desk.first, shift, shift + 0.5, to_officer_id=desk.second.id)).status_code == 201
    heard = await desk.heard()
    if leaves > clock:
        assert heard == {}
        world.clock.at = START + leaves * DAY
        heard = await desk.heard()
    assert set(heard) == {desk.second.sms}
    assert "pas d'alerte" in heard[desk.second.sms]
    assert len(heard[desk.second.sms]) <= 160


async def test_whoever_can_only_be_called_is_named_to_the_administrator_and_in_the_answer(desk: Desk) -> None:
    async with desk.world.runtime.db.session() as session:
        await session.execute(
            """with gone as (update channels set retired_at = created_at where officer_id = $1)
               insert into channels (officer_id, kind, address, place, created_at, changed_at)
               values ($1, 'voice', '+33199000071', 1, $2, $2)""",
            *(desk.third.id, START),
        )
    made = (await desk.offers(desk.first, 2, 3, to_officer_id=desk.third.id)).json()
    assert [each["code"] for each in made["warnings"]] == ["not_told"]
    assert str(desk.third.id) in made["warnings"][0]["detail"]
    heard = await desk.heard()
    assert set(heard) == {"admin@party.example"}
    assert "cannot be told of this swap" in heard["admin@party.example"]
    await desk.takes(made["id"], desk.third)
    asked = (await desk.heard())["admin@party.example"]
    assert "cannot be told of this swap" in asked
    assert "approve or refuse" in asked
    told = (await desk.decides(made["id"], "approve", reason="Nobody else can.")).json()
    assert "not_told" in [each["code"] for each in told["warnings"]]
