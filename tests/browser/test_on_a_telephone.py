"""The pages as an officer sees them at 03:00: a small window, with scripts and without."""

import asyncio
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from selenium.common.exceptions import WebDriverException
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.support.wait import WebDriverWait

from contactpoints.actions.mail_links import ask_pin
from contactpoints.actions.proofs import ask_mailbox
from contactpoints.rules.codes import mail_code
from tests.world import PIN, World

_SHOTS = os.environ.get("CONTACTPOINTS_SCREENSHOTS", "")
"""A folder for pictures of every page, for whoever wants to look."""


class Telephone:
    """What a thumb and two eyes do."""

    def __init__(self, driver: Chrome, address: str, name: str) -> None:
        self.driver, self.address, self.name, self.shots = driver, address, name, 0

    def opens(self, path: str) -> None:
        self.driver.get(self.address + path)
        self._looks()

    def types(self, **fields: str) -> None:
        """Fill in the fields and press the one button."""
        for name, text in fields.items():
            self.driver.find_element(By.NAME, name).send_keys(text)
        (button,) = self.driver.find_elements(By.TAG_NAME, "button")
        button.click()
        self._looks()

    def reads(self) -> str:
        return self.driver.find_element(By.TAG_NAME, "body").text

    def sees(self, words: str) -> None:
        """Wait for words, as long as a slow machine may take for a page."""
        WebDriverWait(self.driver, 20, ignored_exceptions=(WebDriverException,)).until(lambda _: words in self.reads())

    def _looks(self) -> None:
        """Nothing is wider than the window, and the browser has nothing to complain of."""
        wide = {"expression": "document.documentElement.scrollWidth", "returnByValue": True}
        assert self.driver.execute_cdp_cmd("Runtime.evaluate", wide)["result"]["value"] <= 320
        loud = [each["message"] for each in self.driver.get_log("browser")]  # type: ignore[no-untyped-call]  # selenium
        assert [each for each in loud if "422" not in each and "404" not in each] == []
        if _SHOTS:
            self.shots += 1
            self.driver.save_screenshot(str(Path(_SHOTS) / f"{self.name}-{self.shots:02}.png"))


async def on(telephone: Chrome, address: str, act: Callable[[Telephone], None], name: str) -> None:
    await asyncio.to_thread(act, Telephone(telephone, address, name))


async def page_of(world: World, reference: str) -> str:
    async with world.runtime.db.session() as session:
        token = await session.fetchval(
            "select page_token from reply_codes r join alerts a on a.id = r.alert_id where a.reference = $1", reference
        )
    return f"/a/{token}"


@pytest.mark.parametrize("status", ["actual", "exercise"])
async def test_the_pin_acknowledges_and_the_request_is_read(
    world: World, address: str, telephone: Chrome, status: str
) -> None:
    reference = (await world.opens_alert(status=status)).json()["reference"]
    await world.settles()
    path = await page_of(world, reference)

    def act(officer: Telephone) -> None:
        officer.opens(path)
        assert officer.reads().startswith("EXERCISE") is (status == "exercise")
        officer.sees(reference)
        button = officer.driver.find_element(By.TAG_NAME, "button")
        assert button.location["y"] + button.size["height"] < 640, "the button is seen without scrolling"
        officer.types(pin="")
        officer.sees("il manque votre PIN")
        officer.types(pin="111222")
        officer.sees("Essais restants : 2.")
        officer.types(pin=PIN)
        officer.sees("Votre réponse compte.")
        officer.driver.refresh()
        officer.sees("Votre réponse compte.")
        officer.types(pin=PIN)
        officer.sees("Conservation rapide de données informatiques stockées")
        assert "_" not in officer.reads()
        assert "Rappelé : personne n’a répondu." in officer.reads()  # noqa: RUF001 - French writes it so
        officer.driver.find_element(By.CSS_SELECTOR, "input[value=not_reached]").click()
        officer.types(pin=PIN)
        officer.sees("Avant d’agir")  # noqa: RUF001 - French writes it so
        assert len(officer.driver.find_elements(By.CSS_SELECTOR, "p.said")) == 1
        officer.driver.find_element(By.LINK_TEXT, "Fermer la demande").click()
        officer.sees("Votre réponse compte.")

    await on(telephone, address, act, f"answer-{status}")
    alert = (await world.get(f"/v1/alerts/{reference}")).json()
    assert (alert["state"], alert["acknowledgement"]["channel"]) == ("acknowledged", "link")
    items = (await world.get(f"/v1/acknowledgements?reference={reference}")).json()["items"]
    assert len(items) == 1


async def test_an_address_is_verified_and_a_pin_is_set(world: World, address: str, telephone: Chrome) -> None:
    officer = world.network["FR"].officers[0]
    db, now, tools = world.runtime.db, world.clock.at, world.runtime.tools
    async with db.session() as session:
        mailbox = await session.fetchval("select id from channels where kind = 'email' and officer_id = $1", officer.id)
    for ask, number, fields, done in (
        (ask_mailbox, mailbox, (), "VOTRE ADRESSE EST CONFIRMÉE"),
        (ask_pin, officer.id, ("pin", "again"), "VOTRE PIN EST DÉFINI"),
    ):
        await ask(db, number, actor=None, now=now, tools=tools)
        await world.settles()
        link = str((await world.hears(officer.email))[-1]["link"])
        path = link.removeprefix(tools.public_url)
        typed = {"code": mail_code(path.rpartition("/")[2])} | dict.fromkeys(fields, "739164")

        def act(reader: Telephone, path: str = path, typed: dict[str, str] = typed, done: str = done) -> None:
            reader.opens(path)
            reader.types(code="no")
            reader.sees("le code du courriel")
            reader.types(**typed)
            reader.sees(done)

        await on(telephone, address, act, path.split("/")[1])
    assert await world.runtime.check_pin(db, officer.id, "739164", now) == "right"


async def test_a_rehearsal_shows_what_was_sent_and_answers_as_a_telephone_would(
    world: World, address: str, telephone: Chrome
) -> None:
    reference = (await world.opens_alert()).json()["reference"]
    await world.settles()
    code = await world.code_of(world.network["FR"].officers[0])

    def act(reader: Telephone) -> None:
        reader.opens("/")
        assert reader.driver.current_url.endswith("/rehearsal")
        reader.sees(reference)
        reader.driver.find_element(By.CSS_SELECTOR, "a.button").click()
        reader.sees("Answer as this telephone")
        reader.types(text=f"{code} {PIN}")
        WebDriverWait(reader.driver, 20).until(lambda driver: driver.current_url.endswith("/rehearsal"))

    await on(telephone, address, act, "rehearsal")
    await world.settles()
    assert (await world.get(f"/v1/alerts/{reference}")).json()["state"] == "acknowledged"
