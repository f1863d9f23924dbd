"""Handovers: both officers hear of it before the shift, the one who comes reads back, and silence is told."""

import asyncio
import re
import secrets
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from contactpoints.actions import handovers
from contactpoints.actions.access import make_key
from contactpoints.actions.gaps import Lookout
from contactpoints.rules.access import Actor, Role
from contactpoints.rules.codes import is_reply_code
from contactpoints.store import directory
from tests.world import PIN, START, World

ADMIN = "admin@party.example"
# The first line of France changes hands on Tuesday, 20 October, at 09:00 in Paris.
AT = datetime.fromisoformat("2026-10-20T07:00:00+00:00")
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


class Desk:
    """The contact point of France with its engines."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.first, self.second, self.third = world.network["FR"].officers
        self.lookouts = [Lookout(), Lookout()]
        self.seen: set[Any] = set()
        self.tools = world.runtime.tools

    async def looks(self, at: datetime) -> dict[str, str]:
        """Move the clock; return what each address heard of handovers, by both engines."""
        self.world.clock.at = at
        runtime = self.world.runtime
        by = {"now": at, "tools": self.tools}
        await asyncio.gather(*(each.look(runtime.db, **by) for each in self.lookouts))  # type: ignore[arg-type]
        await asyncio.gather(*(each.hand_over(runtime.db, **by) for each in self.lookouts))  # type: ignore[arg-type]
        await asyncio.gather(*(handovers.tell_missed(runtime.db, **by) for _ in self.lookouts))  # type: ignore[arg-type]
        await self.world.settles()
        items = (await self.world.get("/rehearsal/messages")).json()["items"]
        new = [each for each in items if each["id"] not in self.seen and each["purpose"] in ("roster", "alarm")]
        self.seen |= {each["id"] for each in new}
        new = [each for each in new if "couverture" not in each["body"]]
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

    async def does(self, statement: str, *values: Any) -> None:
        """Change what the directory says, as others do."""
        async with self.world.runtime.db.session() as session:
            await session.execute(statement, *values)

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


async def test_each_is_told_as_early_and_by_the_way_that_they_chose(desk: Desk) -> None:
    await desk.does("update officers set notices_by = 'email', notices_minutes = 240 where id = $1", desk.first.id)
    await desk.does("update officers set notices_minutes = 15 where id = $1", desk.second.id)
    assert await desk.looks(AT - 241 * MINUTE) == {}
    assert set(await desk.looks(AT - 240 * MINUTE)) == {desk.first.email}
    assert await desk.looks(AT - 60 * MINUTE) == {}
    assert await desk.looks(AT - 16 * MINUTE) == {}
    assert set(await desk.looks(AT - 15 * MINUTE)) == {desk.second.sms}
    assert await desk.looks(AT - 14 * MINUTE) == {}


async def test_it_can_be_switched_off(desk: Desk) -> None:
    async with desk.world.runtime.db.session() as session:
        await session.execute("update contact_points set handover_minutes = null")
    assert await desk.looks(AT - 30 * MINUTE) == {}
    assert await desk.looks(AT) == {}


RETIRED = "update {} set retired_at = told_at from handovers where {}.id = {} and incoming"


@pytest.mark.parametrize(
    "reason",
    [
        "update contact_points set handover_minutes = null",
        RETIRED.format("posts", "posts", "post_id"),
        RETIRED.format("officers", "officers", "officer_id"),
        "update contact_points c set retired_at = told_at from handovers where c.handover_minutes is not null",
        # Somebody else has taken the shift, and the engine was down in between.
        "insert into overrides (post_id, action, officer_id, starts_at, ends_at, created_at, changed_at) select"
        " h.post_id, 'replace', o.officer_id, h.at, h.at + interval '1 day', h.told_at, h.told_at"
        " from handovers h join handovers o on not o.incoming and h.incoming",
    ],
)
async def test_a_notice_that_has_outlived_its_reason_accuses_nobody(desk: Desk, reason: str) -> None:
    heard = await desk.looks(AT - 60 * MINUTE)
    token = (await desk.row(desk.second))["page_token"]
    await desk.does(reason)
    desk.world.clock.at = AT + MINUTE
    runtime = desk.world.runtime
    await handovers.tell_missed(runtime.db, now=AT + MINUTE, tools=desk.tools)
    await desk.world.settles()
    assert (await desk.world.hears(ADMIN), len(await desk.world.hears(desk.first.sms))) == ([], 1), "his own notice"
    page = await desk.world.client.get(f"/handover/{token}")
    if "officers" in reason:
        assert page.status_code == 404
        return
    assert "RELÈVE" in page.text
    assert "<form" not in page.text
    answer = await desk.world.answers(desk.second, code_in(heard[desk.second.sms]))
    assert "ne vous concerne plus" in answer
    assert (await desk.row(desk.second))["confirmed_at"] is None


async def test_it_is_confirmed_until_the_shift_ends_and_no_longer(desk: Desk) -> None:
    code = code_in((await desk.looks(AT - 60 * MINUTE))[desk.second.sms])
    path = f"/handover/{(await desk.row(desk.second))['page_token']}"
    client, ends = desk.world.client, AT + timedelta(days=7, hours=1)
    desk.world.clock.at = ends - MINUTE
    assert "<form" in (await client.get(path)).text, "a week from nine to nine, and the clocks went back"
    desk.world.clock.at = ends
    shown = await client.get(path)
    assert "TERMIN" in shown.text
    assert "<form" not in shown.text
    assert (await desk.world.answers(desk.second, code)).startswith("Ce service est termin")
    assert (await desk.row(desk.second))["confirmed_at"] is None
    assert await handovers.tell_missed(desk.world.runtime.db, now=ends, tools=desk.tools) == 1
    await desk.world.settles()
    assert await desk.world.hears(ADMIN) == [], "an engine that was down all week has nobody to tell"


async def test_who_leaves_hears_by_another_way_where_the_first_went_into_quarantine(desk: Desk) -> None:
    await desk.looks(AT - 60 * MINUTE)
    await desk.does(
        "update channels set quarantined_at = $2, quarantined_why = 'stop' where address = $1", desk.first.sms, AT
    )
    assert set(await desk.looks(AT)) == {desk.first.email, ADMIN}


async def test_of_an_officer_without_sms_and_mail_the_administrator_hears_once_a_week(desk: Desk) -> None:
    await desk.does(
        "update channels set retired_at = $2 where kind <> 'voice' and officer_id = $1", desk.second.id, START
    )
    heard = await desk.looks(AT - 60 * MINUTE)
    assert set(heard) == {desk.first.sms, ADMIN}
    assert f"{desk.second.name} ne peut pas" in heard[ADMIN]
    desk.lookouts = [Lookout()]
    assert await desk.looks(AT - 30 * MINUTE) == {}
    assert await desk.looks(AT) == {}
    later = await desk.looks(AT + 14 * DAY)
    assert f"{desk.second.name} ne peut pas" in later[ADMIN]


@pytest.mark.parametrize("has_a_number", [True, False])
async def test_without_a_public_address_a_mail_names_another_way(desk: Desk, has_a_number: bool) -> None:
    desk.tools = replace(desk.tools, public_url="")
    await desk.does("update contact_points set handover_minutes = 600 where handover_minutes is not null")
    if not has_a_number:
        await desk.does(
            "update channels set retired_at = $2 where kind = 'sms' and officer_id = $1", desk.second.id, START
        )
    body = (await desk.looks(AT - timedelta(hours=9)))[desk.second.email]
    if not has_a_number:
        assert "ne peut pas être confirmé par courriel" in body
        return
    assert "par SMS" in body
    stranger = await desk.world.answers(desk.second, code_in(body), sender="+33639980155")
    assert "RELEVE" not in stranger
    assert (await desk.world.answers(desk.second, code_in(body))).startswith("RELEVE CONFIRM")
    assert (await desk.row(desk.second))["confirmed_at"] == desk.world.clock.at


async def test_nobody_is_accused_while_there_are_replies_that_nobody_has_dealt_with(desk: Desk) -> None:
    await desk.looks(AT - 60 * MINUTE)
    db, came = desk.world.runtime.db, AT - 5 * MINUTE
    await desk.does(
        "insert into inbound (source, kind, received_at, sealed) values ('rehearsal', 'reply', $1, 'x')", came
    )
    assert await handovers.tell_missed(db, now=AT, tools=desk.tools) == 0, "nobody has looked, perhaps nobody could"
    for taken, minutes in ((AT + MINUTE, 1), (AT - MINUTE, 1.9)):
        await desk.does("update inbound set lease_until = $1, received_at = $2", taken, AT - minutes * MINUTE)
        assert await handovers.tell_missed(db, now=AT, tools=desk.tools) == 0, "in hand, or tried again"
    await desk.does("update inbound set received_at = $1", AT - 2 * MINUTE)
    assert await handovers.tell_missed(db, now=AT, tools=desk.tools) == 1, "one that cannot be read blocks nobody"


async def test_who_sleeps_is_told_in_the_morning_and_nobody_looks_before(desk: Desk) -> None:
    await desk.does("update contact_points set handover_minutes = 600 where handover_minutes is not null")
    await desk.does(
        "update channels set retired_at = $2 where kind = 'email' and officer_id = $1", desk.second.id, START
    )
    assert set(await desk.looks(AT - timedelta(hours=9))) == {desk.first.email}, "at midnight in Paris"
    db, house = desk.world.runtime.db, desk.world.network["FR"].contact_point
    async with db.transaction() as session, asyncio.timeout(30):
        await directory.hold(session, [house])
        for each in desk.lookouts:
            await asyncio.create_task(each.hand_over(db, now=AT - timedelta(hours=8), tools=desk.tools))
    assert await desk.looks(AT - 121 * MINUTE) == {}
    assert set(await desk.looks(AT - 120 * MINUTE)) == {desk.second.sms}, "at seven"


async def test_what_ended_long_ago_is_read_by_nobody_who_tells_of_handovers(desk: Desk) -> None:
    post, ended = desk.world.network["FR"].posts["first"], START - 100 * DAY
    await desk.does(
        "insert into overrides (post_id, action, officer_id, starts_at, ends_at, created_at, changed_at)"
        " values ($1, 'replace', $2, '-infinity', $3, $3, $3)",
        *(post, desk.third.id, ended),
    )
    heard = await desk.looks(AT - 60 * MINUTE)
    assert set(heard) == {desk.first.sms, desk.second.sms}
    page = f"/handover/{(await desk.row(desk.second))['page_token']}"
    assert "<form" in (await desk.world.client.get(page)).text
    assert (await desk.world.answers(desk.second, code_in(heard[desk.second.sms]))).startswith("RELEVE CONFIRM")
    await desk.does("update handovers set confirmed_at = null")
    assert set(await desk.looks(AT)) == {desk.first.sms, ADMIN}


@pytest.mark.long
async def test_a_year_of_handovers_proves_every_number_and_tells_of_the_one_that_was_left_at_its_next_shift(
    desk: Desk,
) -> None:
    db, house, gone = desk.world.runtime.db, desk.world.network["FR"].contact_point, 20
    told: dict[int, int] = {}
    for week in range(52):
        # At nine in Paris, whatever the season.
        at = (datetime(2026, 10, 20, 9, tzinfo=ZoneInfo("Europe/Paris")) + week * 7 * DAY).astimezone(UTC)
        await handovers.tell(db, house, now=at - 60 * MINUTE, tools=desk.tools)
        async with db.session() as session:
            (row,) = await session.fetch("select * from handovers where incoming and at = $1", at)
        silent = week >= gone and row["officer_id"] == desk.second.id
        if not silent:
            codes, sender = [row["code"]], row["address"]
            heard = await handovers.read_back(db, codes, sender=sender, at=at - 30 * MINUTE)
            assert heard == "handover_confirmed"
        told[week] = await handovers.tell_missed(db, now=at, tools=desk.tools)
        async with db.session() as session:
            proven = await session.fetchval("select proven_at from channels where id = $1", row["channel_id"])
        assert (proven == at - 30 * MINUTE) != silent
    assert [week for week in told if told[week]] == [week for week in range(gone, 52) if week % 2 == 0]
    async with db.session() as session:
        alarms = await session.fetchval("select count(*) from messages where address = $1 and purpose = 'alarm'", ADMIN)
    assert alarms == sum(told.values()) == 16
