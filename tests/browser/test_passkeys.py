"""Passkeys with a real browser and a device that Chromium plays: what a person presses, from the invitation on."""

import asyncio
import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from selenium.common.exceptions import WebDriverException
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.support.wait import WebDriverWait

from tests.api.people import invited
from tests.world import World

_SHOTS = os.environ.get("CONTACTPOINTS_SCREENSHOTS", "")
_DEVICE = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


class Person:
    """Somebody in front of a browser, whose device keeps passkeys."""

    def __init__(self, driver: Chrome, home: str) -> None:
        self.driver, self.home, self.shots = driver, home, 0
        self.device = self.takes_a_device()

    def takes_a_device(self) -> str:
        told = self.driver.execute_cdp_cmd("WebAuthn.addVirtualAuthenticator", {"options": _DEVICE})
        return str(told["authenticatorId"])

    def takes_another_device(self) -> None:
        self.driver.execute_cdp_cmd("WebAuthn.removeVirtualAuthenticator", {"authenticatorId": self.device})
        self.device = self.takes_a_device()

    def opens(self, path: str) -> None:
        self.driver.get(self.home + path)

    def presses(self, words: str) -> None:
        """Press what says so, and is seen."""
        path = f"//*[self::button or self::a or self::summary][normalize-space()='{words}']"
        next(each for each in self.driver.find_elements(By.XPATH, path) if each.is_displayed()).click()

    def sees(self, words: str) -> None:
        """Wait for words, and that nothing is wider than the window."""
        WebDriverWait(self.driver, 20, ignored_exceptions=(WebDriverException,)).until(lambda _: words in self.reads())
        wide = {"expression": "document.documentElement.scrollWidth", "returnByValue": True}
        assert self.driver.execute_cdp_cmd("Runtime.evaluate", wide)["result"]["value"] <= 360
        if _SHOTS:
            self.shots += 1
            self.driver.save_screenshot(str(Path(_SHOTS) / f"passkeys-{self.shots:02}.png"))

    def reads(self) -> str:
        return self.driver.find_element(By.TAG_NAME, "body").text

    def cookie(self) -> str:
        kept = self.driver.get_cookie("__Host-session")
        assert kept is not None, "Chromium takes it from localhost, though it comes by http"
        assert (kept["httpOnly"], kept["secure"], kept["sameSite"]) == (True, True, "Lax")
        return str(kept["value"])


@pytest.fixture
def driver(chromium: Chrome) -> Iterator[Chrome]:
    """A window of 360 by 720, whose browser can hold passkeys."""
    size = {"width": 360, "height": 720, "deviceScaleFactor": 2, "mobile": True}
    chromium.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    chromium.execute_cdp_cmd("WebAuthn.enable", {})
    chromium.implicitly_wait(0)
    chromium.get_log("browser")  # type: ignore[no-untyped-call]  # selenium leaves it without types
    yield chromium
    chromium.execute_cdp_cmd("WebAuthn.disable", {})
    chromium.delete_all_cookies()
    chromium.implicitly_wait(10)
    chromium.get("about:blank")


async def test_a_person_accepts_signs_in_shows_again_and_keeps_passkeys_with_no_name_or_password_typed(
    world: World, home: str, driver: Chrome
) -> None:
    token = await invited(world, "ada@fr.example.org")

    def act() -> None:
        ada = Person(driver, home)
        ada.opens(f"/invitation/{token}")
        ada.sees("ada@fr.example.org")
        ada.presses("Make a passkey")
        ada.sees("THE ACCOUNT IS YOURS")
        ada.presses("Sign in")
        ada.sees("An alert is acknowledged without signing in")
        ada.presses("Sign in with a passkey")
        ada.sees("Who answers now")
        first = ada.cookie()

        world.clock.at += timedelta(minutes=11)
        ada.opens("/account")
        ada.sees("Ada Example")
        ada.sees("Last used")
        assert "Add a passkey" not in ada.reads(), "who was seen a while ago changes nothing"
        ada.presses("Change how you sign in")
        ada.sees("Is it you?")
        ada.presses("Show a passkey")
        ada.sees("Add a passkey")
        assert ada.cookie() != first, "a copy of the token does not become fresh with it"

        ada.presses("Add a passkey")
        ada.sees("This device holds a passkey of this account already.")
        ada.takes_another_device()
        name = driver.find_element(By.ID, "name")
        name.clear()
        name.send_keys("Key on my ring")
        ada.presses("Add a passkey")
        ada.sees("Not used yet")
        ada.presses("Rename or remove")
        ada.presses("Remove this passkey")
        ada.sees("Key on my ring")
        ada.presses("Rename or remove")
        ada.sees("This is the only way to sign in")
        ada.presses("Sign out")
        ada.sees("You are signed out.")
        ada.presses("Sign in with a passkey")
        ada.sees("Who answers now")
        ada.opens("/account")
        ada.sees("Key on my ring")
        loud = [each["message"] for each in driver.get_log("browser")]  # type: ignore[no-untyped-call]  # selenium
        assert loud == []

    await asyncio.to_thread(act)
    async with world.runtime.db.session() as session:
        (row,) = await session.fetch("select * from passkeys")
        assert await session.fetchval("select count(*) from sessions") == 2
    assert (row["name"], row["sign_count"] > 0, row["used_at"]) == ("Key on my ring", True, world.clock.at)
