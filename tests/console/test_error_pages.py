"""What goes wrong is told on a page, in the reader's language, with what to do and a reference that the log has too."""

import logging
import re

import pytest

from tests.api.people import person
from tests.console.test_account_pages import Browser
from tests.world import World


def _reference(text: str) -> str:
    found = re.search(r'class="mono">([0-9a-f]{8})<', text)
    assert found is not None, text
    return found[1]


async def test_a_failure_is_told_at_the_desk_in_the_language_of_the_account_with_a_reference(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    ada, browser = await person(world), Browser(world, "es")
    stranger = await browser.opens("/a/none")
    assert "Aquí no hay nada" in stranger.text
    assert "<header" not in stranger.text
    await browser.signs_in(ada)
    async with world.runtime.db.session() as session:
        await session.execute("update accounts set language = 'fr'")
        await session.execute("alter table recovery_codes add constraint broken check (false) not valid")
    missing = await browser.sends("/account/sessions/999999/end")
    assert missing.status_code == 404
    assert "Aller au tableau" in missing.text
    assert "<header" in missing.text, "at the desk of whoever has signed in"
    broken = await browser.sends("/account/recovery-codes")
    assert (broken.status_code, broken.headers["Content-Language"]) == (500, "fr")
    assert "répondez au SMS" in broken.text
    assert _reference(broken.text) in caplog.text
    foreign = await world.client.post("/signin", data={"email": ""}, headers={"Sec-Fetch-Site": "cross-site"})
    assert foreign.status_code == 403
    assert "Open the service itself" in foreign.text
    assert _reference(foreign.text) in caplog.text
