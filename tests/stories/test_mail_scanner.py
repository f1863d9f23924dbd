"""Scenario 6 of the domain brief: a mail gateway opens every link, runs scripts and presses every button."""

from pathlib import Path

import contactpoints.console
from contactpoints.actions.mail_links import ask_pin
from contactpoints.actions.proofs import ask_mailbox
from contactpoints.rules.answer_page import MOST_OPENINGS
from tests.api.people import invited
from tests.robot import DIGITS, JUNK, Robot
from tests.world import PIN, World

TEMPLATES = Path(contactpoints.console.__file__).parent / "templates"


async def messages(world: World) -> list[dict[str, object]]:
    items: list[dict[str, object]] = (await world.get("/rehearsal/messages")).json()["items"]
    return items


async def steps(world: World, reference: str) -> list[tuple[str, int]]:
    """Return when which step began."""
    items = (await world.get(f"/v1/alerts/{reference}/timeline")).json()["items"]
    return [(fact["at"], fact["data"]["step"]) for fact in items if fact["code"] == "step_started"]


async def untouched(world: World) -> None:
    """Nothing was acknowledged, no PIN was set or locked, and no address was verified."""
    async with world.runtime.db.session() as session:
        assert await session.fetchval("select count(*) from acknowledgements") == 0
        assert await session.fetchval("select count(*) from mail_links where used_at is not null") == 0
        assert await session.fetchval("select count(*) from channels where verified_at > created_at") == 0
        assert await session.fetchval("select count(*) from readings") == 0
    for officer in world.network["FR"].officers:
        assert await world.runtime.check_pin(world.runtime.db, officer.id, PIN, world.clock.at) == "right"


async def test_a_scanner_that_opens_and_presses_everything_leaves_the_alert_climbing_on_time(world: World) -> None:
    quiet = (await world.opens_alert()).json()["reference"]
    await world.passes(minutes=30)
    expected = [step for _, step in await steps(world, quiet)]
    await world.post(f"/v1/alerts/{quiet}/withdrawal", {"reason": "danger_over"})

    began = world.clock.at
    reference = (await world.opens_alert()).json()["reference"]
    robot = Robot(world.client)
    await world.settles()
    for _ in range(10):
        await robot.scans([each for each in await messages(world) if each["reference"] == reference])
        await world.passes(minutes=3)
    assert len(robot.seen) == 4  # both lines, the team leader and the secretariat
    assert robot.pressed > 4 * len(JUNK)
    assert [step for _, step in await steps(world, reference)] == expected
    offsets = [at for at, _ in await steps(world, reference)]
    assert offsets[0].startswith(f"{began:%Y-%m-%dT%H:%M:%S}")
    assert (await world.get(f"/v1/alerts/{reference}")).json()["state"] == "exhausted"
    noted = (await world.get(f"/v1/alerts/{reference}/timeline", key=world.contact_point)).json()["items"]
    opened = [fact["data"]["automated"] for fact in noted if fact["code"] == "link_opened"]
    assert None in opened
    assert True in opened
    assert len(opened) <= 4 * 2 * MOST_OPENINGS
    assert not {"pin_wrong", "code_locked"} & {fact["code"] for fact in noted}
    await untouched(world)


async def test_a_scanner_that_guesses_locks_the_code_and_the_next_step_is_called(world: World) -> None:
    reference = (await world.opens_alert()).json()["reference"]
    await world.settles()
    await Robot(world.client, (*JUNK, *DIGITS)).scans(await messages(world))
    await world.settles()
    assert len(await world.facts(reference, "code_locked")) == 1
    assert len(await steps(world, reference)) > 1
    assert (await world.get(f"/v1/alerts/{reference}")).json()["state"] == "alerting"
    async with world.runtime.db.session() as session:
        assert await session.fetchval("select confirmed_at from handovers") is None
    await untouched(world)


def _open_to_anybody() -> set[str]:
    """Return the templates of pages that need nobody signed in, and nothing typed before."""
    written = {path.name: path.read_text("utf-8") for path in TEMPLATES.iterdir()}
    extends = {name: words.split('"')[1] for name, words in written.items() if words.startswith("{% extends")}
    behind = {name for name, other in extends.items() if other == "desk.html"}
    typed = {"signin_code.html", "codes.html", "account.html", "again.html", "proposal.html", "held.html"}
    # What others extend is no page by itself.
    return extends.keys() - set(extends.values()) - behind - typed - {"desk.html", "demo.html"}


async def test_no_template_is_spared_and_none_can_be_pressed_into_anything(world: World) -> None:
    officer, other, third = world.network["FR"].officers
    reference = (await world.opens_alert()).json()["reference"]
    await world.passes(minutes=11)
    async with world.runtime.db.session() as session:
        for each in (officer, other, third):
            await session.execute(
                "update channels set verified_at = created_at where kind = 'email' and officer_id = $1", each.id
            )
        tokens = await session.fetch("select page_token from reply_codes order by officer_id")
        mailbox = await session.fetchval("select id from channels where kind = 'email' and officer_id = $1", officer.id)
        # The first line changes hands on Tuesday, 20 October, at 09:00 in Paris.
        await session.execute("update contact_points set handover_minutes = 60")
        await session.execute(
            "insert into handovers"
            " (post_id, officer_id, at, incoming, kind, address, channel_id, code, page_token, told_at)"
            " select $1, $2, '2026-10-20 07:00Z', true, kind, address, id, 'K7QPM3X', 'ScannedPage234567890ABC', $4"
            " from channels where address = $3",
            *(world.network["FR"].posts["first"], other.id, other.email, world.clock.at),
        )
    now, tools = world.clock.at, world.runtime.tools
    await ask_pin(world.runtime.db, officer.id, actor=None, now=now, tools=tools)
    await ask_mailbox(world.runtime.db, mailbox, actor=None, now=now, tools=tools)
    await world.settles()
    token = await invited(world, "new@fr.example.org")
    sent = await messages(world)
    sms = next(each["id"] for each in sent if each["kind"] == "sms")
    links = {str(each["link"]) for each in sent if each["purpose"] == "pin_link"}
    pages = {
        "answer_page.html": f"/a/{tokens[0]['page_token']}",
        "set_pin.html": next(link for link in links if "/pin/" in link),
        "confirm_address.html": next(link for link in links if "/address/" in link),
        "request.html": f"/a/{tokens[1]['page_token']}/request",
        "rehearsal.html": "/rehearsal",
        "rehearsed_answer.html": f"/rehearsal/{sms}",
        "nothing_here.html": "/a/none",
        "sorry.html": "/static/page.css/",
        "home.html": "/",
        "openid.html": "/signin/openid/none/return",
        "invitation.html": f"/invitation/{token}",
        "signin.html": "/signin",
        "handover.html": "/handover/ScannedPage234567890ABC",
    }
    assert set(pages) == _open_to_anybody()
    assert "<form" in (await world.client.get(pages["handover.html"])).text
    robot = Robot(world.client, (*JUNK, *DIGITS))
    for page in (*pages.values(), "/account", "/account/again"):
        await robot.visits(page)
    await world.settles()
    assert (await world.get(f"/v1/alerts/{reference}")).json()["state"] == "alerting"
    async with world.runtime.db.session() as session:
        assert await session.fetchval("select confirmed_at from handovers") is None
        assert await session.fetchval("select count(*) from invitations where used_at is null") == 1
    await untouched(world)
