"""Scenario 6 with a real browser: a gateway that renders every link, runs scripts and presses every button."""

import asyncio
from contextlib import suppress

import pytest
from playwright.async_api import Error, Page

from contactpoints.actions.proofs import ask_mailbox
from tests.browser.conftest import Visits
from tests.robot import links_of
from tests.world import World

pytestmark = pytest.mark.asyncio(loop_scope="session")
_SCRIPTS = (
    "document.querySelectorAll('button').forEach(each => each.click())",
    "document.querySelectorAll('form').forEach(each => each.submit())",
    "document.querySelectorAll('form').forEach(each => each.requestSubmit())",
    "fetch(document.forms[0].action, {method: 'POST', body: new URLSearchParams({pin: 'yes', code: 'yes'})})",
    "navigator.sendBeacon(document.forms[0].action, new URLSearchParams({pin: ''}))",
    "document.head.append(Object.assign(document.createElement('script'), {src: '/static/page.css'}))",
)


async def _goes(page: Page, link: str) -> None:
    for left in reversed(range(60)):
        try:
            await page.goto(link)
            break
        except Error:  # what was sent a moment ago may still lead elsewhere
            if not left:
                raise
            await asyncio.sleep(0.3)
    await page.evaluate("document.querySelectorAll('details').forEach(each => { each.open = true; })")


async def _presses(page: Page, button: int) -> None:
    await page.locator("button").nth(button).click()
    await page.wait_for_load_state()


async def _renders(page: Page, link: str) -> None:
    await _goes(page, link)
    for button in range(await page.locator("button").count()):
        await _goes(page, link)
        await _presses(page, button)
        await _goes(page, link)
        for each in await page.locator("input:not([type=hidden]):not([type=radio])").all():
            await each.fill("scanner")
        await _presses(page, button)
    for script in _SCRIPTS:
        await _goes(page, link)
        with suppress(Error):  # the page's policy lets no script reach anything
            await page.evaluate(script)
            await page.wait_for_load_state()


async def test_rendering_running_and_pressing_changes_nothing(world: World, visits: Visits) -> None:
    reference = (await world.opens_alert()).json()["reference"]
    officer = world.network["FR"].officers[0]
    async with world.runtime.db.session() as session:
        mailbox = await session.fetchval("select id from channels where kind = 'email' and officer_id = $1", officer.id)
    await ask_mailbox(world.runtime.db, mailbox, actor=None, now=world.clock.at, tools=world.runtime.tools)
    await world.settles()
    links = {link for message in await world.hears(officer.email) for link in links_of(message)}
    assert len(links) == 2
    gateway = await visits()
    for link in links:
        await _renders(gateway.page, link.replace(world.runtime.tools.public_url, gateway.home))
    await world.passes(minutes=5)
    assert (await world.get(f"/v1/alerts/{reference}")).json()["state"] == "alerting"
    timeline = await world.timeline(reference)
    assert timeline.count("step_started") > 1
    assert not {"acknowledged", "acknowledged_late"} & set(timeline)
    assert await world.facts(reference, "code_locked") == []
    async with world.runtime.db.session() as session:
        assert await session.fetchval("select verified_at from channels where id = $1", mailbox) is None
