"""What people come to the console for, each from where they begin to where they are done, in a real browser."""

import pytest
from playwright.async_api import expect

from contactpoints.actions.demo_people import load_people
from tests.api.people import invited
from tests.browser.conftest import Visits
from tests.browser.test_on_a_telephone import page_of
from tests.browser.test_passkeys import takes_a_device
from tests.browser.visitor import PATIENCE, Visitor
from tests.console.test_trigger_pages import WRITTEN
from tests.world import PIN, START, World

pytestmark = pytest.mark.asyncio(loop_scope="session")
_ACKNOWLEDGED, _WAITS = "Acknowledged", "Calling, nobody has answered yet"


@pytest.fixture
def demo() -> bool:
    """The demo: its people come in by one press."""
    return True


async def test_a_new_administrator_comes_from_the_invitation_to_a_published_roster(
    world: World, visits: Visits
) -> None:
    post, officers = world.network["FR"].posts["first"], world.network["FR"].officers
    ada = await visits(width=1280, height=900)
    await takes_a_device(ada)
    await ada.opens(f"/invitation/{await invited(world, 'ada@fr.example.org')}")
    await ada.presses("Make a passkey")
    await ada.presses("Sign in")
    await ada.presses("Sign in with a passkey")
    await ada.sees("Who answers now")
    await ada.presses("Rosters")
    await ada.page.locator(f"a[href='/rosters/{post}']").first.click()
    await ada.presses("New rotation")
    await ada.types(starts_on="2026-11-02", handover="", layer="2")
    for place, each in enumerate(officers[:2]):
        await ada.page.locator(f"[name='members/{place}']").select_option(str(each.id))
    await ada.presses("Look first")
    await ada.sees("please look at this again")
    await expect(ada.page.locator("[name=starts_on]")).to_have_value("2026-11-02")
    await ada.types(handover="09:00")
    await ada.presses("Look first")
    await ada.sees("Look first: nothing counts yet")
    await ada.sees("in doubt from now on")
    await ada.presses("Publish")
    await ada.sees("Published: it counts from now on.")
    await ada.sees("Rotation, layer 2")
    async with world.runtime.db.session() as session:
        assert await session.fetchval("select count(*) from rotations where post_id = $1 and layer = 2", post) == 1


async def _triggers(desk: Visitor) -> str:
    """Go the whole way from choosing to sending, and return the reference."""
    await desk.presses("Trigger")
    await desk.page.locator("input[name=place][value=FR]").check()
    for name, value in (("kind", "preservation"), ("urgency", "emergency"), ("status", "actual")):
        await desk.page.locator(f"input[name={name}][value={value}]").check()
    await desk.page.locator("#choose button").click()
    await desk.sees("Nothing has happened yet, and nobody was called.")
    await desk.presses("Write the request")
    for name, told in WRITTEN.items():
        field = desk.page.locator(f"#request [name='{name}']").first
        if await field.get_attribute("type") in ("radio", "checkbox"):
            await field.check()
        elif await field.evaluate("each => each.tagName") == "SELECT":
            await field.select_option(told)
        else:
            await field.fill(told)
    await desk.presses("Look at it once more before sending")
    await desk.sees("This is everything as it will be sent.")
    await desk.presses("Send it now")
    await desk.page.wait_for_url("**/alerts/*")
    return desk.path.rpartition("/")[2]


async def _acknowledges(world: World, visits: Visits, *, reference: str) -> None:
    """Answer on a telephone of 360 by 640: one field of digits, one button, both seen without scrolling."""
    officer = await visits()
    await officer.opens(await page_of(world, reference))
    (pad,) = await officer.page.locator("input:visible").all()
    assert await pad.get_attribute("inputmode") == "numeric"
    for each in (pad, officer.page.locator("button:visible")):
        box = await each.bounding_box()
        assert box is not None
        assert (box["y"] + box["height"] < 640, box["height"] >= 44) == (True, True)
    await officer.sends(pin=PIN)
    await officer.sees("Votre réponse compte.")


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts run", "scripts are off"])
async def test_a_requester_triggers_and_watches_until_an_officer_acknowledges_and_no_other_party_sees_it(
    world: World, visits: Visits, scripts: bool
) -> None:
    await load_people(world.runtime.db, world.network["FR"], asks="US", now=START)
    desk = await visits(width=1280, height=900, scripts=scripts)
    await desk.comes_in("requester")
    reference = await _triggers(desk)
    await world.settles()
    await (desk.sees(_WAITS) if scripts else desk.opens(f"/alerts/{reference}"))
    await desk.sees(_WAITS)
    await world.passes(minutes=2)
    await _acknowledges(world, visits, reference=reference)
    if not scripts:
        await desk.page.reload()
    await expect(desk.page.locator("#course, .standing").first).to_contain_text(_ACKNOWLEDGED, timeout=PATIENCE)
    assert desk.path == f"/alerts/{reference}", "the page that is open tells it"
    async with world.runtime.db.session() as session:
        await session.execute("update accounts set party = 'JP', contact_point_id = null where role = 'administrator'")
    stranger = await visits(scripts=scripts)
    await stranger.comes_in("administrator")
    assert await stranger.opens(f"/alerts/{reference}") == 404
    assert reference not in await stranger.reads()


async def test_who_declines_has_the_next_one_called_at_once(world: World, visits: Visits) -> None:
    reference = (await world.opens_alert()).json()["reference"]
    await world.settles()
    officer = await visits(language="fr")
    await officer.opens(await page_of(world, reference))
    before = (await world.timeline(reference)).count("step_started")
    await officer.page.locator("#decline summary").click()
    await officer.page.locator("#decline-pin").fill(PIN)
    await officer.page.locator("#decline button").click()
    await expect(officer.page.locator("h1.state.idle")).to_be_visible()
    await officer.looks()
    await world.settles()
    assert (await world.timeline(reference)).count("step_started") == before + 1, "nobody waits for the timer"
    assert (await world.get(f"/v1/alerts/{reference}")).json()["state"] == "alerting"


async def test_whoever_signs_out_everywhere_is_out_on_every_device(world: World, visits: Visits) -> None:
    await load_people(world.runtime.db, world.network["FR"], asks="US", now=START)
    desk, telephone = await visits(width=1280, height=900), await visits()
    for each in (desk, telephone):
        await each.comes_in("administrator")
    await desk.opens("/account")
    await desk.presses("Sign out everywhere")
    await desk.sees("You are signed out")
    await telephone.opens("/rosters")
    assert telephone.path == "/signin"
    async with world.runtime.db.session() as session:
        assert await session.fetchval("select count(*) from sessions where ended_at is null") == 0
