"""Handovers: both officers hear of it before the shift, the one who comes reads back, and silence is told."""

import asyncio
import re
import secrets
from datetime import datetime, timedelta
from typing import Any

import pytest

from contactpoints.actions import handovers
from contactpoints.actions.access import make_key
from contactpoints.actions.gaps import Lookout
from contactpoints.rules.access import Actor, Role
from contactpoints.rules.codes import is_reply_code
from tests.world import PIN, START, World

ADMIN = "admin@party.example"
# The first line of France changes hands on Tuesday, 20 October, at 09:00 in Paris.
AT = datetime.fromisoformat("2026-10-20T07:00:00+00:00")
MINUTE = timedelta(minutes=1)


class Desk:
    """The contact point of France with its engines."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.first, self.second, self.third = world.network["FR"].officers
        self.lookouts = [Lookout(), Lookout()]
        self.seen: set[Any] = set()

    async def looks(self, at: datetime) -> dict[str, str]:
        """Move the clock; return what each address heard of handovers, by both engines."""
        self.world.clock.at = at
        runtime = self.world.runtime
        by = {"now": at, "tools": runtime.tools}
        await asyncio.gather(*(each.look(runtime.db, **by) for each in self.lookouts))  # type: ignore[arg-type]
        await asyncio.gather(*(each.hand_over(runtime.db, **by) for each in self.lookouts))  # type: ignore[arg-type]
        await asyncio.gather(*(handovers.tell_missed(runtime.db, **by) for _ in self.lookouts))  # type: ignore[arg-type]
        await self.world.settles()
        items = (await self.world.get("/rehearsal/messages")).json()["items"]
        new = [each for each in items if each["id"] not in self.seen and each["purpose"] in ("roster", "alarm")]
        self.seen |= {each["id"] for each in new}
        heard = {each["address"]: each["body"] + f" {each.get('link') or ''}" for each in new}
        assert len(heard) == len(new), "nobody hears the same twice"
        return {
            address: body
            for address, body in heard.items()
            if "RELÈVE" in body or "relève" in body or "service" in body
        }

    async def replace(self, officer: Any, since: datetime, until: datetime) -> None:
        async with self.world.runtime.db.session() as session:
            await session.execute(
                "insert into overrides (post_id, action, officer_id, starts_at, ends_at, created_at, changed_at)"
                " values ($1, 'replace', $2, $3, $4, $5, $5)",
                *(self.world.network["FR"].posts["first"], officer.id, since, until, START),
            )

    async def row(self, officer: Any) -> Any:
        async with self.world.runtime.db.session() as session:
            return await session.fetchrow(
                "select * from handovers where officer_id = $1 and post_id = $2 order by id desc limit 1",
                *(officer.id, self.world.network["FR"].posts["first"]),
            )


@pytest.fixture
async def desk(world: World) -> Desk:
    admin = Actor(0, Role.ADMINISTRATOR, "FR", "Desk", notify=(ADMIN,), language="fr")
    await make_key(world.runtime.db, admin, now=START, entropy=secrets.token_bytes)
    async with world.runtime.db.session() as session:
        france = world.network["FR"]
        await session.execute("update contact_points set handover_minutes = 60 where id = $1", france.contact_point)
        # The second line changes hands at the same time: one post is enough here.
        await session.execute("update posts set retired_at = $2 where id = $1", france.posts["second"], START)
        await session.execute("update channels set proven_at = null")
    return Desk(world)


def code_in(body: str) -> str:
    return next(word for word in re.split(r"\W+", body) if is_reply_code(word))


async def test_both_are_told_once_an_hour_before_and_the_one_who_comes_reads_back(desk: Desk) -> None:
    assert await desk.looks(AT - 61 * MINUTE) == {}
    opened = (await desk.world.opens_alert()).json()["reference"]
    await desk.world.settles()
    heard = await desk.looks(AT - 60 * MINUTE)
    assert set(heard) == {desk.first.sms, desk.second.sms}
    assert all(opened in body for body in heard.values()), "the open alerts are listed"
    assert "09:00" in heard[desk.second.sms]
    assert desk.second.name in heard[desk.first.sms]
    assert await desk.looks(AT - 30 * MINUTE) == {}
    desk.lookouts = [Lookout()]
    assert await desk.looks(AT - 29 * MINUTE) == {}, "a new engine knows what was told"
    answer = await desk.world.answers(desk.second, code_in(heard[desk.second.sms]).lower())
    assert answer.startswith("RELEVE CONFIRM")
    assert "acknowledged" not in await desk.world.timeline(opened), "a read-back acknowledges nothing"
    async with desk.world.runtime.db.session() as session:
        proven = await session.fetchval("select proven_at from channels where address = $1", desk.second.sms)
    assert proven == desk.world.clock.at, "it proves the number"
    assert await desk.looks(AT + MINUTE) == {}


async def test_without_a_read_back_the_one_who_leaves_and_the_administrator_are_told_once(desk: Desk) -> None:
    await desk.looks(AT - 60 * MINUTE)
    assert await desk.looks(AT - MINUTE) == {}
    heard = await desk.looks(AT)
    assert set(heard) == {desk.first.sms, ADMIN}
    assert all(desk.second.name in body and "confirm" in body for body in heard.values())
    assert await desk.looks(AT + MINUTE) == {}


async def test_an_acknowledgement_is_no_read_back_and_a_strangers_code_is_none(desk: Desk) -> None:
    heard = await desk.looks(AT - 60 * MINUTE)
    code = code_in(heard[desk.second.sms])
    reference = (await desk.world.opens_alert()).json()["reference"]
    await desk.world.settles()
    await desk.world.answers(desk.first, f"{await desk.world.code_of(desk.first)} {PIN}")
    assert "acknowledged" in await desk.world.timeline(reference)
    stranger = await desk.world.answers(desk.first, code, sender="+33639980155")
    assert "RELEVE" not in stranger
    assert (await desk.row(desk.second))["confirmed_at"] is None
    assert set(await desk.looks(AT)) == {desk.first.sms, ADMIN}


async def test_whoever_comes_instead_within_the_hour_is_told_and_whoever_does_not_is_too(desk: Desk) -> None:
    before = await desk.looks(AT - 60 * MINUTE)
    await desk.replace(desk.third, AT, AT + timedelta(days=1))
    heard = await desk.looks(AT - 30 * MINUTE)
    assert set(heard) == {desk.second.sms, desk.third.sms}
    assert "ne vous concerne plus" in heard[desk.second.sms].replace("\n", " ")
    late = await desk.world.answers(desk.second, code_in(before[desk.second.sms]))
    assert "ne vous concerne plus" in late
    async with desk.world.runtime.db.session() as session:
        await session.execute("update overrides set retired_at = $1", START)
    assert set(await desk.looks(AT - 20 * MINUTE)) == {desk.second.sms, desk.third.sms}, "and back again"
    assert set(await desk.looks(AT)) == {desk.first.sms, ADMIN}


async def test_by_mail_it_is_confirmed_on_a_page_that_no_machine_confirms(desk: Desk) -> None:
    async with desk.world.runtime.db.session() as session:
        await session.execute("update contact_points set handover_minutes = 600 where handover_minutes is not null")
    heard = await desk.looks(AT - timedelta(hours=9))
    assert set(heard) == {desk.first.email, desk.second.email}, "nobody is woken at midnight"
    body = heard[desk.second.email]
    path = re.search(r"/handover/\w+", body)
    code = re.search(r"ici : (\w{5})", body)
    assert path, body
    assert code, body
    client = desk.world.client
    assert (await client.get(path[0])).status_code == 200
    assert (await client.head(path[0])).status_code == 200
    for wrong in ({}, {"code": "AAAAA"}, {"code": ""}):
        assert (await client.post(path[0], data=wrong)).status_code == 422
    assert (await desk.row(desk.second))["confirmed_at"] is None
    assert (await client.post(path[0], data={"code": code[1].lower()})).status_code == 303
    assert (await desk.row(desk.second))["confirmed_at"] == desk.world.clock.at
    assert "CONFIRM" in (await client.get(path[0])).text
    async with desk.world.runtime.db.session() as session:
        proven = await session.fetchval("select proven_at from channels where address = $1", desk.second.email)
    assert proven == desk.world.clock.at
    assert (await client.get("/handover/AAAAAAAAAAAAAAAA")).status_code == 404


async def test_it_can_be_switched_off(desk: Desk) -> None:
    async with desk.world.runtime.db.session() as session:
        await session.execute("update contact_points set handover_minutes = null")
    assert await desk.looks(AT - 30 * MINUTE) == {}
    assert await desk.looks(AT) == {}
