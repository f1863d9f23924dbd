"""Scenario 3: a night that is split by hand at a time that the clocks show twice.

The tool that Party D had before took the first of the two for one shift and the second for the other: an hour with
nobody. Here it has to be said so twice over to come to that; it is flagged and told before, and an alert does not wait.
"""

import json
import secrets
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest

from contactpoints.actions.access import make_key
from contactpoints.actions.gaps import Lookout
from contactpoints.rules.access import Actor, Role
from contactpoints.rules.clock_changes import clock_changes
from tests.world import START, World

ADMIN = "admin@party.example"
DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)


class Party:
    """Party D in some zone: its administrator, its first line, and the change of clocks that lies ahead."""

    def __init__(self, world: World, key: str, zone: str) -> None:
        self.world, self.key, self.zone = world, key, zone
        self.made = world.network["FR"]
        # Morocco has paused its summer time for the month of Ramadan until 2026.
        since = START - 280 * DAY if zone == "Africa/Casablanca" else START
        changes = list(clock_changes(zone, since, until=since + 550 * DAY))
        self.back, self.less = next((at, -by) for at, by in changes if by < timedelta())
        self.forward, self.more = next((at, by) for at, by in changes if by > timedelta())

    def shown(self, at: datetime) -> str:
        return at.astimezone(ZoneInfo(self.zone)).replace(tzinfo=None).isoformat()

    async def sends(
        self, method: str, path: str, body: dict[str, Any] | None = None, *, version: int = 1
    ) -> httpx.Response:
        headers = {
            "Authorization": f"Bearer {self.key}",
            "Content-Type": "application/json",
            "If-Match": f'"{version}"',
        }
        content = json.dumps(body) if body is not None else None
        return await self.world.client.request(method, path, headers=headers, content=content)

    async def enters(self, officer: int, since: str, until: str, **which: str) -> httpx.Response:
        body = {"post_id": self.made.posts["first"], "action": "add", "officer_id": self.made.officers[officer].id}
        span = {"zone": self.zone, "starts_at": since, "ends_at": until, "reason": "by hand"}
        return await self.sends("POST", "/v1/overrides", {**body, **span, **which})

    def mark(self, subject: str) -> str:
        return "now" if " now - " in subject else subject.split(" days or less")[0].split()[-1]

    def faults(self, answer: httpx.Response) -> list[tuple[str, str]]:
        assert answer.status_code == 422, answer.text
        return [(each["pointer"], each["code"]) for each in answer.json()["errors"]]


@pytest.fixture(params=["Europe/Berlin", "America/Santiago", "Africa/Casablanca", "Australia/Lord_Howe"])
async def party(world: World, request: pytest.FixtureRequest) -> Party:
    admin = Actor(0, Role.ADMINISTRATOR, "FR", "Desk", notify=(ADMIN,))
    key = await make_key(world.runtime.db, admin, now=START, entropy=secrets.token_bytes)
    found = Party(world, key, request.param)
    world.clock.at = found.back - 12 * DAY
    async with world.runtime.db.session() as session:
        await session.execute("update contact_points set zone = $2 where id = $1", found.made.contact_point, found.zone)
        await session.execute("update channels set proven_at = $1", world.clock.at)
        await session.execute("update rotations set starts_on = '2025-01-06'")
    return found


async def test_the_whole_of_scenario_three(party: Party) -> None:
    world, now = party.world, party.world.clock.at
    (planned,) = (await world.get(f"/v1/rotations?post_id={party.made.posts['first']}", key=party.key)).json()["items"]
    gone = await party.sends("DELETE", f"/v1/rotations/{planned['id']}?reason=by%20hand", version=planned["version"])
    assert gone.status_code == 200, gone.text

    # A time in the middle of what the clocks show twice, and one in the middle of what they leave out.
    twice, never = party.shown(party.back + party.less / 2), _left_out(party)
    evening, end = party.shown(now + MINUTE), party.shown(party.back + 80 * DAY)
    assert ("/ends_at", "exists_twice") in party.faults(await party.enters(0, evening, twice))
    asked = await party.enters(0, never, party.shown(party.forward + 80 * DAY))
    assert ("/starts_at", "does_not_exist") in party.faults(asked)

    early = await party.enters(0, party.shown(now - MINUTE), twice, ends_which="first")
    late = await party.enters(1, twice, end, starts_which="second")
    assert (early.status_code, late.status_code) == (201, 201), (early.text, late.text)
    first, second = early.json()["ends_at"], late.json()["starts_at"]

    # The gap is exactly the time between the two, and stands in the cover of the next 90 days.
    items = (await world.get("/v1/cover", key=party.key)).json()["items"]
    (line,) = (each for each in items if each["line"] == "first")
    red = [each for each in line["stretches"] if each["level"] == "uncovered" and each["starts_at"] <= second]
    assert [(each["starts_at"], each["ends_at"], each["reasons"]) for each in red] == [(first, second, ["gap"])]
    began = datetime.fromisoformat(first)
    assert datetime.fromisoformat(second) - began == party.less

    # Nobody accepted that the team leader is away in that very hour.
    async with world.runtime.db.session() as session:
        await session.execute(
            "insert into absences (officer_id, starts_at, ends_at, created_at, changed_at) values ($1, $2, $3, $4, $4)",
            *(party.made.officers[2].id, began, began + party.less, now),
        )

    # The administrator hears of that before it is there: on the same day, as it was entered late, and again 7 and 2
    # days before and when it begins. Of the hour that was accepted, by hand and for a reason, once: 2 days before.
    lookout, told = Lookout(), []
    for at in (*(now + timedelta(hours=hours) for hours in (0, *range(12, 12 * 24, 24))), began + party.less / 2):
        world.clock.at = at
        await lookout.look(world.runtime.db, now=at, tools=world.runtime.tools)
        await world.settles()
        told += [each["subject"] for each in await world.hears(ADMIN)]
    alarms, reminders = ([each for each in told if word in each] for word in ("ALARM", "REMINDER"))
    assert [party.mark(each) for each in alarms] == ["14", "7", "2", "now"]
    assert [party.mark(each) for each in reminders] == ["2"]

    # While it is there, an alert goes straight to the next step, and who sent it is told.
    await world.unheard()
    opened = (await world.opens_alert()).json()
    await world.settles()
    assert "nobody_on_duty" in [each["code"] for each in opened["warnings"]]
    assert (await world.timeline(opened["reference"]))[:2] == ["opened", "step_skipped"]
    skipped = await world.facts(opened["reference"], "step_skipped", key=world.requester)
    assert (skipped[0]["lines"], skipped[0]["reason"]) == (["first"], "nobody_on_duty")
    heard = [len(await world.hears(each.sms)) for each in party.made.officers]
    assert sum(heard) >= 1, "somebody of the second line was called at once"


def _left_out(party: Party) -> str:
    """Return a local time that the clocks leave out when they are put forward."""
    last = party.forward.astimezone(ZoneInfo(party.zone)).replace(tzinfo=None)
    return (last - party.more / 2).isoformat()
