"""Scenario 6 with a real browser: a gateway that renders every link, runs scripts and presses every button."""

import asyncio
from contextlib import suppress

from selenium.common.exceptions import JavascriptException
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By

from contactpoints.actions.proofs import ask_mailbox
from tests.robot import links_of
from tests.world import World

_SCRIPTS = (
    "document.querySelectorAll('button').forEach(each => each.click())",
    "document.querySelectorAll('form').forEach(each => each.submit())",
    "document.querySelectorAll('form').forEach(each => each.requestSubmit())",
    "return fetch(document.forms[0].action, {method: 'POST', body: new URLSearchParams({pin: 'yes', code: 'yes'})})",
    "navigator.sendBeacon(document.forms[0].action, new URLSearchParams({pin: ''}))",
    "document.head.append(Object.assign(document.createElement('script'), {src: '/static/page.css'}))",
)


def _renders(driver: Chrome, link: str) -> None:
    driver.get(link)
    for button in range(len(driver.find_elements(By.TAG_NAME, "button"))):
        driver.get(link)
        driver.find_elements(By.TAG_NAME, "button")[button].click()
        driver.get(link)
        for each in driver.find_elements(By.CSS_SELECTOR, "input:not([type=hidden])"):
            each.send_keys("scanner")
        driver.find_elements(By.TAG_NAME, "button")[button].click()
    for script in _SCRIPTS:
        driver.get(link)
        with suppress(JavascriptException):  # the page's policy lets no script reach anything
            driver.execute_script(script)


async def test_rendering_running_and_pressing_changes_nothing(world: World, address: str, chromium: Chrome) -> None:
    reference = (await world.opens_alert()).json()["reference"]
    officer = world.network["FR"].officers[0]
    async with world.runtime.db.session() as session:
        mailbox = await session.fetchval("select id from channels where kind = 'email' and officer_id = $1", officer.id)
    await ask_mailbox(world.runtime.db, mailbox, actor=None, now=world.clock.at, tools=world.runtime.tools)
    await world.settles()
    links = {link for message in await world.hears(officer.email) for link in links_of(message)}
    assert len(links) == 2
    for link in links:
        await asyncio.to_thread(_renders, chromium, link.replace(world.runtime.tools.public_url, address))
    await world.passes(minutes=5)
    assert (await world.get(f"/v1/alerts/{reference}")).json()["state"] == "alerting"
    timeline = await world.timeline(reference)
    assert timeline.count("step_started") > 1
    assert not {"acknowledged", "acknowledged_late"} & set(timeline)
    assert await world.facts(reference, "code_locked") == []
    async with world.runtime.db.session() as session:
        assert await session.fetchval("select verified_at from channels where id = $1", mailbox) is None
