"""The pages as an officer sees them at 03:00: a small window, with scripts and without."""

import pytest
import pytest_asyncio
from playwright.async_api import expect

from contactpoints.actions.mail_links import ask_pin
from contactpoints.actions.proofs import ask_mailbox
from contactpoints.rules.codes import mail_code
from tests.browser.conftest import Visits
from tests.browser.visitor import Visitor
from tests.world import PIN, World

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest_asyncio.fixture(params=[True, False], ids=["scripts run", "scripts are off"], loop_scope="session")
async def officer(visits: Visits, request: pytest.FixtureRequest) -> Visitor:
    """Somebody with a window of 320 by 640, the smallest telephone; with scripts and without."""
    return await visits(width=320, scripts=request.param)


async def page_of(world: World, reference: str) -> str:
    """Return the path of the page behind the first link of an alert."""
    async with world.runtime.db.session() as session:
        token = await session.fetchval(
            "select page_token from reply_codes r join alerts a on a.id = r.alert_id where a.reference = $1", reference
        )
    return f"/a/{token}"


async def test_the_pin_acknowledges_and_the_request_is_read(
    world: World, officer: Visitor, request: pytest.FixtureRequest
) -> None:
    status = "actual" if "scripts run" in request.node.name else "exercise"
    reference = (await world.opens_alert(status=status)).json()["reference"]
    await world.settles()
    await officer.opens(await page_of(world, reference))
    assert (await officer.reads()).startswith("EXERCISE") is (status == "exercise")
    await officer.sees(reference)
    box = await officer.page.locator("button:visible").bounding_box()
    assert box is not None
    assert box["y"] + box["height"] < 640, "the button is seen without scrolling"
    await officer.sends(pin="")
    await officer.sees("il manque votre PIN")
    await officer.sends(pin="111222")
    await officer.sees("Essais restants : 2.")
    await officer.sends(pin=PIN)
    await officer.sees("Votre réponse compte.")
    await officer.page.reload()
    await officer.sees("Votre réponse compte.")
    await officer.sends(pin=PIN)
    await officer.sees("Conservation rapide de données informatiques stockées")
    assert "_" not in await officer.reads()
    assert "Rappelé : personne n’a répondu." in await officer.reads()  # noqa: RUF001 - French writes it so
    await officer.page.locator("input[value=not_reached]").click()
    await officer.sends(pin=PIN)
    await officer.sees("Avant d’agir")  # noqa: RUF001 - French writes it so
    await expect(officer.page.locator("p.said")).to_have_count(1)
    await officer.presses("Fermer la demande")
    await officer.sees("Votre réponse compte.")
    alert = (await world.get(f"/v1/alerts/{reference}")).json()
    assert (alert["state"], alert["acknowledgement"]["channel"]) == ("acknowledged", "link")
    items = (await world.get(f"/v1/acknowledgements?reference={reference}")).json()["items"]
    assert len(items) == 1


async def test_an_address_is_verified_and_a_pin_is_set(world: World, officer: Visitor) -> None:
    first = world.network["FR"].officers[0]
    db, now, tools = world.runtime.db, world.clock.at, world.runtime.tools
    async with db.session() as session:
        mailbox = await session.fetchval("select id from channels where kind = 'email' and officer_id = $1", first.id)
    for ask, number, fields, done in (
        (ask_mailbox, mailbox, (), "VOTRE ADRESSE EST CONFIRMÉE"),
        (ask_pin, first.id, ("pin", "again"), "VOTRE PIN EST DÉFINI"),
    ):
        await ask(db, number, actor=None, now=now, tools=tools)
        await world.settles()
        path = str((await world.hears(first.email))[-1]["link"]).removeprefix(tools.public_url)
        await officer.opens(path)
        await officer.sends(code="no")
        await officer.sees("le code du courriel")
        await officer.sends(code=mail_code(path.rpartition("/")[2]), **dict.fromkeys(fields, "739164"))
        await officer.sees(done)
    assert await world.runtime.check_pin(db, first.id, "739164", now) == "right"


async def test_a_rehearsal_shows_what_was_sent_and_answers_as_a_telephone_would(world: World, officer: Visitor) -> None:
    reference = (await world.opens_alert()).json()["reference"]
    await world.settles()
    code = await world.code_of(world.network["FR"].officers[0])
    await officer.opens("/")
    assert officer.path == "/rehearsal"
    await officer.sees(reference)
    await officer.page.locator("a.button").first.click()
    await officer.sees("Answer as this telephone")
    await officer.sends(text=f"{code} {PIN}")
    await officer.page.wait_for_url("**/rehearsal")
    await world.settles()
    assert (await world.get(f"/v1/alerts/{reference}")).json()["state"] == "acknowledged"
