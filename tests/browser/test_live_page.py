"""A page that is open tells what happens, and takes nothing from whoever is at work on it: word, place or fold."""

import re
from urllib.parse import quote

import pytest
from playwright.async_api import Locator, Page, expect

from contactpoints.actions.board import reckon
from contactpoints.actions.demo_people import enter, load_people
from contactpoints.rules.access import Actor, Role
from tests.browser.conftest import Visits
from tests.browser.visitor import PATIENCE, Visitor
from tests.world import PIN, START, World

pytestmark = pytest.mark.asyncio(loop_scope="session")
_HERE = "(each) => each === document.activeElement"
_NOTE = "What was typed. " * 150
_SEEN = """(seen) => {
  Object.defineProperty(document, "hidden", { value: !seen, configurable: true });
  document.dispatchEvent(new Event("visibilitychange"));
}"""
_NOWHERE = """() => document.body.insertAdjacentHTML(
  "beforeend", '<p data-clock><b data-zone="Nowhere/New">12:34</b></p>')"""
_DEAD, _COLOUR = re.compile("^NOT UP TO DATE - "), "(each) => getComputedStyle(each).filter"
_UNDERLINED = """(all) => all.map(
  (each) => [each.getAttribute("aria-current"), getComputedStyle(each).borderBottomColor])"""
_ROWS = "#timeline tbody tr"


async def _known(world: World) -> str:
    """Return the session of a desk that is no officer's own, and may act for each that was called."""
    db, tools = world.runtime.db, world.runtime.tools
    await load_people(db, world.network["FR"], asks="US", now=START)
    async with db.session() as session:
        await session.execute("update accounts set officer_id = null")
    begun = await enter(db, "officer", language="en", address=None, device="Desk 4", now=world.clock.at, tools=tools)
    assert begun.token
    return begun.token


async def _hears(world: World, page: Page, **duration: float) -> None:
    """Let time pass until an open page of an alert has told more than before."""
    rows = await page.locator(_ROWS).count()
    await world.passes(**duration)
    await page.wait_for_function(f"document.querySelectorAll('{_ROWS}').length > {rows}", timeout=PATIENCE)


async def _finds_france(world: World, board: Visitor) -> Locator:
    """Look for one contact point among all, and return where its open alerts are told; its row is known again."""
    await board.page.locator("#q").press_sequentially("france")
    row = board.page.locator("#points tbody:not([hidden])")
    await expect(row).to_have_count(1)
    await row.evaluate("(one) => { one.mine = true; }")
    waits = board.page.locator(f"#waits-{world.network['FR'].contact_point}")
    await expect(waits).to_have_text("1 open alert")
    return waits


async def _tells_where_it_is(page: Page) -> None:
    """One section alone is marked as that which is open, also where the system chooses all colours."""
    await page.emulate_media(forced_colors="active", reduced_motion="reduce")
    ground = await page.locator("body").evaluate("(each) => getComputedStyle(each).backgroundColor")
    marks = await page.locator(".bar nav a").evaluate_all(_UNDERLINED)
    assert [current for current, colour in marks if colour != ground] == ["page"], (ground, marks)
    await page.emulate_media(forced_colors="none", reduced_motion="no-preference")


async def _board(world: World, board: Visitor) -> Visitor:
    """Open the board once the cover that its rows tell is reckoned: one that lacked it is sent again with it."""
    anybody = Actor(0, Role.AUDITOR, None, "", kind="account")
    await reckon(world.runtime.db, actor=anybody, now=world.clock.at, tools=world.runtime.tools)
    await board.page.clock.install()
    await board.opens("/board")
    await _tells_where_it_is(board.page)
    return board


async def _looks_dead(page: Page, said: Locator) -> None:
    """A page that is no longer true looks so wherever it is scrolled to, and says of when it is."""
    await expect(said).to_be_visible(timeout=PATIENCE)
    await page.evaluate("scrollTo(0, document.body.scrollHeight)")
    await expect(said).to_be_in_viewport(ratio=1)
    await expect(said).to_contain_text(re.compile(r"Last brought up to date: \d{4}-\d\d-\d\d \d\d:\d\d"))
    await expect(page).to_have_title(_DEAD)
    assert await page.locator("[data-part]").first.evaluate(_COLOUR) == "grayscale(1)"


async def _is_left(page: Page) -> None:
    """Somebody goes to another tab: the page lets its line go."""
    async with page.expect_event("requestfailed", lambda request: "/stream" in request.url):
        await page.evaluate(_SEEN, arg=False)


async def _is_seen_again(page: Page, *, told: str) -> None:
    """A page that nobody sees has told by its title what came, a minute later, before somebody comes back to it."""
    await page.clock.fast_forward(61_000)
    await expect(page).to_have_title(told, timeout=PATIENCE)
    async with page.expect_request("**/stream?*"):
        await page.evaluate(_SEEN, arg=True)


async def _comes_back(world: World, board: Visitor, *, waits: Locator) -> None:
    """Let an alert open while the service is away: a board that comes back tells it, and was sent no row again."""
    away = board.page.locator("#away")
    await board.page.route("**/board", lambda route: route.fulfill(status=503))
    new = (await world.opens_alert()).json()["reference"]
    await _looks_dead(board.page, away)
    await expect(board.page.locator("[data-clock] b").first).not_to_have_text("\N{EN DASH}")
    await board.page.unroute_all(behavior="wait")
    board.loud.clear()
    await board.page.clock.fast_forward(11000)
    await expect(away).to_be_hidden()
    await expect(board.page.locator("#open tbody tr")).to_have_count(2)
    await expect(board.page.locator("#arrived")).to_have_text(f"New open alert: {new}")
    await expect(board.page).to_have_title("(2) Board - 24/7 network")
    await expect(waits).to_have_text("1 open alert")
    row = board.page.locator("#points tbody:not([hidden])")
    assert await row.evaluate_all("(all) => all.map((one) => one.mine)") == [True]


async def _say_that_it_ended(world: World, pages: dict[str, Visitor]) -> None:
    """End every session: each open page says so, and leads to where somebody signs in and comes back."""
    async with world.runtime.db.session() as session:
        await session.execute("update sessions set ended_at = $1, ended_why = 'signed_out'", world.clock.at)
    world.runtime.bell.ring("*")
    for where, each in pages.items():
        await _looks_dead(each.page, each.page.locator("#ended"))
        for told in await each.page.locator("[data-clock] [data-zone], [data-until]").all_inner_texts():
            assert told == "\N{EN DASH}"
        await expect(each.page.locator("#away")).to_be_hidden()
        link = await each.page.locator("#ended a").get_attribute("href")
        assert (link or "").endswith(f"/signin?next={quote(where, safe='')}")


async def test_an_open_page_takes_nothing_from_whoever_is_at_work_and_says_when_the_session_has_ended(
    world: World, visits: Visits
) -> None:
    reference, _first, _code = await world.wakes_the_first()
    token = await _known(world)
    desk = await visits(width=1280, height=900)
    await desk.is_known_by(token)
    page, alert = desk.page, f"/alerts/{reference}"

    await desk.opens("/directory?q=duty")
    await page.locator("#q").press_sequentially("ab")

    await desk.opens(alert)
    await page.evaluate(_NOWHERE)
    fold, called = page.locator("#act-decline summary"), page.locator("[name=declining_officer] option")
    await fold.press("Enter")
    before = await called.count()
    await _hears(world, page, minutes=6)
    assert await called.count() == before + 1, "the part was made anew"
    await expect(page.locator("#act-decline button")).to_be_visible()
    assert await fold.evaluate(_HERE)
    await expect(page.locator("[data-zone='Nowhere/New']")).to_have_text("12:34")

    await page.locator("#act-note summary").click()
    await page.locator("[name=words]").evaluate("(each) => each.removeAttribute('maxlength')")
    await desk.types(words=_NOTE)
    await desk.presses("Keep the note")
    await desk.sees("please look at this again")
    course, read = page.locator("#course .scroll"), Visitor(await page.context.new_page(), desk.home)
    await course.focus()
    await read.opens(alert)
    await read.presses("Read what is asked")
    await expect(read.page.locator("#request .particulars")).to_be_visible()
    listed = Visitor(await page.context.new_page(), desk.home)
    await listed.opens("/alerts")
    board = await _board(world, Visitor(await page.context.new_page(), desk.home))
    opened = board.page.locator(f"#open a[href='{alert}']")
    waits = await _finds_france(world, board)
    await opened.focus()
    await _is_left(read.page)

    second = world.network["FR"].officers[1]
    await world.answers(second, f"{await world.code_of(second)} ok, {PIN}")
    await expect(board.page.locator("#open")).to_contain_text("acknowledged", timeout=PATIENCE)
    await expect(waits).to_be_empty(timeout=PATIENCE)
    await expect(board.page.locator("#arrived")).to_be_empty()
    await expect(board.page).to_have_title("(1) Board - 24/7 network")
    assert await opened.evaluate(_HERE)
    await expect(listed.page.locator("#list-open")).to_contain_text("Acknowledged", timeout=PATIENCE)
    await _is_seen_again(read.page, told=f"Acknowledged - {reference} - 24/7 network")
    for each in (desk, read):
        await expect(each.page.locator("#standing")).to_contain_text("Acknowledged", timeout=PATIENCE)
        await expect(each.page.locator("#act-read")).to_be_visible(visible=each is desk)
    assert await course.evaluate(_HERE)
    await expect(page.locator("[name=words]")).to_have_value(_NOTE)

    await _comes_back(world, board, waits=waits)
    await _say_that_it_ended(world, {"/board": board, alert: desk})
    await expect(page.locator("[name=words]")).to_have_value(_NOTE)
