"""Passkeys with a real browser and a device that Chromium plays: what a person presses, from the invitation on."""

from datetime import timedelta

import pytest

from tests.api.people import invited
from tests.browser.conftest import Visits
from tests.browser.visitor import Visitor
from tests.world import World

pytestmark = pytest.mark.asyncio(loop_scope="session")
_DEVICE = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


async def takes_a_device(visitor: Visitor) -> str:
    """Give somebody a device that keeps passkeys; return its number."""
    await visitor.asks_browser("WebAuthn.enable")
    told = await visitor.asks_browser("WebAuthn.addVirtualAuthenticator", options=_DEVICE)
    return str(told["authenticatorId"])


async def _cookie(visitor: Visitor) -> str:
    (kept,) = [each for each in await visitor.page.context.cookies() if each.get("name") == "__Host-session"]
    told = (kept.get("httpOnly"), kept.get("secure"), kept.get("sameSite"))
    assert told == (True, True, "Lax"), "Chromium takes it from localhost, though it comes by http"
    return str(kept.get("value"))


async def test_a_person_accepts_signs_in_shows_again_and_keeps_passkeys_with_no_name_or_password_typed(
    world: World, visits: Visits
) -> None:
    ada = await visits()
    device = await takes_a_device(ada)
    await ada.opens(f"/invitation/{await invited(world, 'ada@fr.example.org')}")
    await ada.sees("ada@fr.example.org")
    await ada.presses("Make a passkey")
    await ada.sees("THE ACCOUNT IS YOURS")
    await ada.presses("Sign in")
    await ada.sees("An alert is acknowledged without signing in")
    await ada.presses("Sign in with a passkey")
    await ada.sees("Who answers now")
    first = await _cookie(ada)

    world.clock.at += timedelta(minutes=11)
    await ada.opens("/account")
    await ada.sees("Ada Example")
    await ada.sees("Last used")
    assert "Add a passkey" not in await ada.reads(), "who was seen a while ago changes nothing"
    await ada.presses("Change how you sign in")
    await ada.sees("Is it you?")
    await ada.presses("Show a passkey")
    await ada.sees("Add a passkey")
    assert await _cookie(ada) != first, "a copy of the token does not become fresh with it"

    await ada.presses("Add a passkey")
    await ada.sees("This device holds a passkey of this account already.")
    await ada.asks_browser("WebAuthn.removeVirtualAuthenticator", authenticatorId=device)
    await takes_a_device(ada)
    await ada.page.locator("#name").fill("Key on my ring")
    await ada.presses("Add a passkey")
    await ada.sees("Not used yet")
    await ada.presses("Rename or remove")
    await ada.presses("Remove this passkey")
    await ada.sees("Key on my ring")
    await ada.presses("Rename or remove")
    await ada.sees("This is the only way to sign in")
    await ada.presses("Sign out")
    await ada.sees("You are signed out.")
    await ada.presses("Sign in with a passkey")
    await ada.sees("Who answers now")
    await ada.opens("/account")
    await ada.sees("Key on my ring")
    async with world.runtime.db.session() as session:
        (row,) = await session.fetch("select * from passkeys")
        assert await session.fetchval("select count(*) from sessions") == 2
    assert (row["name"], row["sign_count"] > 0, row["used_at"]) == ("Key on my ring", True, world.clock.at)
