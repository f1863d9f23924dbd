"""What scripts add to pages, by mouse, keys and finger; and that nothing is lost or sent twice when a network is."""

import re

import pytest
from playwright.async_api import Locator, Page, Route, expect

from contactpoints.actions.demo_people import enter, load_people
from tests.api.people import Person
from tests.browser.conftest import Visits
from tests.browser.test_on_a_telephone import page_of
from tests.browser.visitor import Visitor
from tests.console.test_trigger_pages import WRITTEN, Asker
from tests.world import PIN, START, World

pytestmark = pytest.mark.asyncio(loop_scope="session")
_DESK = {"width": 1280, "height": 900}
_SHEET = 718
"""What of A4 is left between the margins of a browser, in pixels."""
_SPAN = """() => [...document.querySelectorAll("form[data-takes-span]")].map((form) => [
    ...["[data-starts_at]", "[data-ends_at]", "select[data-officer]"].map((each) => form.querySelector(each).value)])"""
_ENDS = "update sessions set ended_at = $1, ended_why = $2 where id in (select max(id) from sessions)"


async def _known(world: World, who: str) -> str:
    """Return the session of one of the invented people, who are made where there are none yet."""
    async with world.runtime.db.session() as session:
        made = await session.fetchval("select count(*) from accounts where email like 'desk@%'")
    if not made:
        await load_people(world.runtime.db, world.network["FR"], asks="US", now=START)
    begun = await enter(
        world.runtime.db,
        who,
        language="en",
        address=None,
        device="Desk 4",
        now=world.clock.at,
        tools=world.runtime.tools,
    )
    assert begun.token
    return begun.token


async def _middle(cell: Locator) -> tuple[float, float]:
    box = await cell.bounding_box()
    assert box is not None
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


async def test_hours_of_a_roster_are_chosen_by_mouse_keys_and_finger_and_change_what_the_form_changes(
    world: World, visits: Visits
) -> None:
    made, token = world.network["FR"], await _known(world, "administrator")
    post, second = made.posts["first"], str(made.officers[1].id)
    desk = await visits(**_DESK)
    await desk.is_known_by(token)
    page, month = desk.page, f"/rosters/{post}?on=2026-10-14"
    await desk.opens(month)
    cells = page.locator(".choosing .cell")
    await cells.first.scroll_into_view_if_needed()
    for here, there in ((20, 22), (22, 20)):
        await page.mouse.move(*await _middle(cells.nth(here - 1)))
        await page.mouse.down()
        await page.mouse.move(*await _middle(cells.nth(there - 1)), steps=4)
        await page.mouse.up()
        assert await page.evaluate(_SPAN) == [["2026-10-20T00:00", "2026-10-23T00:00", ""]] * 2
        await expect(page.locator("#taken [role=status]")).to_have_text("2026-10-20 00:00 - 2026-10-23 00:00")
        await cells.nth(0).click()
    for way, form in (("Offer it", "offering"), ("Change it", "for-a-while")):
        await page.locator("#taken").get_by_text(way).click()
        await expect(page.locator(f"#{form} select").first).to_be_focused()
    await cells.nth(8).focus()
    for key in ("ArrowDown", "ArrowLeft", "Shift+ArrowRight", "Shift+ArrowRight", "Shift+ArrowLeft", "Enter"):
        await page.keyboard.press(key)
    assert await page.evaluate(_SPAN) == [["2026-10-15T00:00", "2026-10-17T00:00", ""]] * 2
    await expect(page.locator("#for-a-while select").first).to_be_focused()
    shift = page.locator(".lane.duty [data-officer][data-starts^='2026-10-2']").first
    about = [await shift.get_attribute(f"data-{name}") for name in ("starts", "ends", "officer")]
    await page.locator("#for-a-while [name=action]").select_option("away")
    await page.locator("#for-a-while [name=officer_id]").select_option(about[2])
    await shift.locator("rect").click()
    assert await page.evaluate(_SPAN) == [[*about[:2], ""], about], "whoever is there is relieved, or offers it"
    await expect(page.locator("#for-a-while [name=action]")).to_have_value("replace")
    await expect(page.locator("#for-a-while [name=officer_id]")).to_be_focused()
    await page.locator("#for-a-while [name=officer_id]").select_option(second)
    await desk.presses("Look first")
    await desk.sees("Look first: nothing counts yet")
    await desk.presses("Publish")
    await desk.sees("Published: it counts from now on.")
    async with world.runtime.db.session() as session:
        kept = await session.fetch(
            "select officer_id::text, to_char(starts_at at time zone 'Europe/Paris', 'YYYY-MM-DD\"T\"HH24:MI') since,"
            " to_char(ends_at at time zone 'Europe/Paris', 'YYYY-MM-DD\"T\"HH24:MI') until from overrides"
        )
    assert [list(each.values()) for each in kept] == [[second, about[0], about[1]]]
    await _prints(page)
    await _moves_turns(desk, f"/rosters/{post}/rotation")
    await _draws_by_finger(await visits(has_touch=True), token, month)


async def _prints(page: Page) -> None:
    """A roster on a sheet of paper is whole, and has nothing to be pressed."""
    await page.emulate_media(media="print")
    await page.set_viewport_size({"width": _SHEET, "height": 1000})
    ends = "each => Math.max(...each.map((one) => one.getBoundingClientRect().right))"
    assert await page.locator("svg.picture, table, main").evaluate_all(ends) <= _SHEET
    await expect(
        page.locator("main").locator("button, input, select, a.button, .doing").filter(visible=True)
    ).to_have_count(0)
    await expect(page.locator("#made-of")).to_be_visible()


async def _moves_turns(desk: Visitor, path: str) -> None:
    """Put the first of a rotation last by hand, and the second first by keys, without asking the server."""
    await desk.page.emulate_media(media="screen")
    await desk.opens(path)
    turns = desk.page.locator(".turn select")
    names = await turns.first.evaluate("each => [...each.options].slice(1, 4).map((one) => one.value)")
    for place, name in enumerate(names):
        await turns.nth(place).select_option(name)
    first, *_, last = names
    grips = desk.page.locator(".turn .grip")
    await grips.first.scroll_into_view_if_needed()
    await desk.page.mouse.move(*await _middle(grips.first))
    await desk.page.mouse.down()
    await desk.page.mouse.move(*await _middle(grips.nth(2)), steps=6)
    await desk.page.mouse.up()
    assert await turns.evaluate_all("all => all.slice(0, 3).map((one) => one.value)") == [names[1], last, first]
    await desk.page.locator("button[value='up:1']").press("Enter")
    assert await turns.evaluate_all("all => all.slice(0, 3).map((one) => one.value)") == [last, names[1], first]


async def _draws_by_finger(telephone: Visitor, token: str, month: str) -> None:
    await telephone.is_known_by(token)
    await telephone.opens(month)
    cells = telephone.page.locator(".choosing .cell")
    await cells.first.scroll_into_view_if_needed()
    (x, y), (further, _) = await _middle(cells.nth(0)), await _middle(cells.nth(2))
    for kind, at in (("Start", x), ("Move", (x + further) / 2), ("Move", further), ("End", None)):
        points = [] if at is None else [{"x": at, "y": y}]
        await telephone.asks_browser("Input.dispatchTouchEvent", type=f"touch{kind}", touchPoints=points)
    assert await telephone.page.evaluate(_SPAN) == [["2026-10-01T00:00", "2026-10-04T00:00", ""]] * 2


async def test_what_is_looked_for_is_found_while_it_is_typed(world: World, visits: Visits) -> None:
    desk = await visits(**_DESK)
    await desk.is_known_by(await _known(world, "administrator"))
    for path in ("/directory?q=japan", "/rosters?q=nobody"):
        await desk.opens(path)
    for path, typed, first in (
        ("/board", "JAPÁN", "JP"),
        ("/directory", "japan", "JP"),
        ("/rosters?q=fr", "leader", "FR"),
    ):
        await desk.opens(path)
        rows = desk.page.locator("[data-find]")
        all_of_them = await rows.count()
        await desk.page.locator("#q").fill("")
        await desk.page.locator("#q").press_sequentially(typed)
        found = await rows.filter(visible=True).all_inner_texts()
        assert 0 < len(found) < all_of_them, path
        assert all(first in each for each in found), path
        await expect(desk.page.locator("#count")).to_have_text(str(len(found)))
        await desk.page.locator("#q").fill("no such word")
        await expect(rows.filter(visible=True)).to_have_count(0)
        await expect(desk.page.locator("#count")).to_have_text("0")
        await desk.page.locator("#q").fill("")
        await expect(rows.filter(visible=True)).to_have_count(all_of_them)


async def _types(page: Page, words: str) -> None:
    """Type into a draft, and wait as long as the page does before it keeps that."""
    await page.locator("[name='request/facts_summary']").fill(words)
    await page.clock.run_for(3000)


async def _without_answer(token: str, route: Route) -> int:
    """Send what a page sends, and lose the answer; return its status."""
    told = {"Cookie": f"__Host-session={token}", "Sec-Fetch-Site": "same-origin"}
    taken = await route.fetch(headers=route.request.headers | told, max_redirects=0)
    await route.abort()
    return taken.status


async def _loses_an_answer(page: Page, draft: str, *, token: str) -> None:
    """Have a draft kept without the page hearing of it: it goes on, and takes nobody else for having changed it."""
    kept = page.locator("#kept")
    await page.route(f"**{draft}", lambda route: _without_answer(token, route))
    await _types(page, "its answer is lost")
    await expect(kept).to_contain_text("Not kept just now")
    await page.unroute_all(behavior="wait")
    await _types(page, "more words")
    await expect(kept).to_contain_text("Kept as a sealed draft at")
    await page.clock.run_for(100)
    await expect(page.locator("[name=version]")).to_have_value("4")


async def _types_too_much(desk: Visitor) -> None:
    """Type more than the service takes: it stays, and the page says where and by how much it is too long."""
    kept, facts = desk.page.locator("#kept"), desk.page.locator("[name='request/facts_summary']")
    # A field holds far less than what the service takes; many of them together hold more.
    most = 9_000
    await desk.page.locator("#request").evaluate("(form, most) => { form.dataset.most = most; }", most)
    await facts.fill("x" * (most + 1))
    await desk.presses("Look at it once more before sending")
    await expect(kept).to_contain_text("Not kept: this is more than a request may hold.")
    await expect(kept).to_contain_text(re.compile(r"At least \d+ characters are too many, most of them in: \w"))
    await expect(facts).to_be_focused()
    assert await facts.evaluate("field => field.value.length") == most + 1, "what was typed stays"


async def test_what_is_typed_is_kept_without_a_network_on_a_second_page_and_after_the_session(
    world: World, visits: Visits
) -> None:
    token = await _known(world, "requester")
    draft = await Asker(world, Person(world, "", "", 0, [], token=token)).begins()
    desk = await visits(**_DESK)
    await desk.is_known_by(token)
    page, context = desk.page, desk.page.context
    await page.clock.install()
    await desk.opens(draft)
    kept, facts = page.locator("#kept"), page.locator("[name='request/facts_summary']")
    await _types(page, "one")
    await expect(page.locator("[name=version]")).to_have_value("2")
    await expect(kept).to_contain_text("UTC")
    await _loses_an_answer(page, draft, token=token)
    await context.set_offline(True)
    await _types(page, "one two")
    await expect(kept).to_contain_text("Not kept just now")
    await desk.presses("Look at it once more before sending")
    await expect(page.locator("#offline")).to_be_visible()
    await expect(facts).to_have_value("one two")
    await context.set_offline(False)
    desk.loud.clear()
    await expect(page.locator("#offline")).to_be_hidden()
    await page.clock.run_for(16000)
    await expect(page.locator("[name=version]")).to_have_value("5")

    await _types_too_much(desk)
    await facts.fill("one two")

    other = await context.new_page()
    await other.goto(desk.home + draft)
    assert await other.locator("[name='request/facts_summary']").input_value() == "one two"
    await other.locator("[name='request/facts_summary']").fill("said on the second page")
    await other.get_by_role("button", name="Keep it for later").click()
    await other.close()
    await _types(page, "said on the first page")
    await expect(kept).to_contain_text("Not kept: the draft was changed on another page.")
    await desk.presses("Look at it once more before sending")
    await desk.sees("What you typed here stands below, and is not kept yet.")
    await expect(page.locator("#changed")).to_contain_text("said on the second page")
    await expect(facts).to_have_value("said on the first page")

    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if request.method == "POST" else None)
    async with world.runtime.db.session() as session:
        await session.execute(_ENDS, world.clock.at, "signed_out")
    await _types(page, "typed after the end")
    await expect(kept).to_contain_text("Not kept: your session has ended.")
    await page.clock.run_for(60000)
    assert len(asked) == 1, "nothing is asked for again"
    await expect(facts).to_have_value("typed after the end")
    async with world.runtime.db.session() as session:
        await session.execute(_ENDS, None, None)
    await page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    await page.clock.run_for(100)
    await expect(kept).to_contain_text("Kept as a sealed draft at")
    await desk.opens(draft)
    await expect(facts).to_have_value("typed after the end")


async def test_a_second_press_a_lost_answer_a_second_page_and_the_way_back_send_nothing_twice(
    world: World, visits: Visits
) -> None:
    token = await _known(world, "requester")
    asker = Asker(world, Person(world, "", "", 0, [], token=token))
    draft = await asker.begins()
    look = (await asker.writes(draft, **WRITTEN)).headers["Location"]
    desk = await visits(**_DESK)
    await desk.is_known_by(token)
    page, sent = desk.page, list[str]()
    other = await page.context.new_page()
    for each in (page, other):
        await each.goto(desk.home + look)

    async def lost(route: Route) -> None:
        sent.append(route.request.url)
        assert await _without_answer(token, route) == 303

    await page.route("**/send", lost)
    async with page.expect_event("requestfailed"):
        await page.locator("#send button").dblclick(no_wait_after=True)
    await page.unroute_all(behavior="wait")
    assert len(sent) == 1
    desk.loud.clear()
    await desk.opens(look)
    assert desk.path.startswith("/alerts/"), "it was taken, though its answer was lost"
    await other.locator("#send button").click()
    await other.wait_for_url("**/alerts/*")
    await other.go_back()
    await other.wait_for_url("**/alerts/*")
    assert other.url == page.url
    async with world.runtime.db.session() as session:
        assert await session.fetchval("select count(*) from alerts") == 1


async def test_the_page_behind_the_link_acknowledges_once_whatever_is_pressed_twice_or_without_a_network(
    world: World, visits: Visits
) -> None:
    for lost in (False, True):
        reference = (await world.opens_alert()).json()["reference"]
        await world.settles()
        officer = await visits()
        page = officer.page
        await officer.opens(await page_of(world, reference))
        await page.locator("#pin").fill(PIN)
        await page.context.set_offline(lost)
        if lost:
            async with page.expect_event("requestfailed"):
                await page.locator("button:visible").click()
            await page.wait_for_load_state()
            await page.context.set_offline(False)
            officer.loud.clear()
            await officer.opens(await page_of(world, reference))
            await page.locator("#pin").fill(PIN)
        await page.locator("button:visible").dblclick()
        await officer.sees("Votre réponse compte.")
        assert (await world.timeline(reference)).count("acknowledged") == 1
        assert len((await world.get(f"/v1/acknowledgements?reference={reference}")).json()["items"]) == 1
