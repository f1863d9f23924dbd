"""In the demo anybody comes in as an invented person, with one press; anywhere else there is no such door."""

import secrets
from dataclasses import replace

import httpx
import pytest

from contactpoints.actions.demo_people import PEOPLE, load_people
from contactpoints.settings import BadSetting, read_settings
from contactpoints.web import application
from tests.console.test_account_pages import Browser
from tests.far_ends import PUBLIC
from tests.world import World


async def test_each_role_comes_in_with_one_press_and_can_be_another_one(world: World) -> None:
    await load_people(world.runtime.db, world.network["FR"], asks="US", now=world.clock.at)
    runtime = replace(world.runtime, settings=replace(world.runtime.settings, demo=True, time_scale=60.0))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(application(runtime)), base_url=PUBLIC) as client:
        browser = Browser(replace(world, client=client), "fr")
        shown = await browser.opens("/demo?next=/account")
        assert "personnes inventées" in shown.text
        assert shown.text.count("<form") == len(PEOPLE) == 6
        assert "/demo" in (await browser.opens("/signin")).text
        for who, each in PEOPLE.items():
            came = await browser.sends("/demo", who=who, next="/account")
            assert (came.status_code, came.headers["Location"]) == (303, "/account")
            account = await browser.opens("/account")
            assert each.name in account.text
            assert account.headers["Content-Language"] == "fr", "in the language of whoever looks"
            assert "changer de personne" in account.text
            assert "60 fois plus vite" in account.text, "calls are, and nothing else"
        assert (await browser.sends("/demo", who="nobody")).status_code == 404
        site = {"Sec-Fetch-Site": "cross-site"}
        assert (await client.post("/demo", data={"who": "auditor"}, headers=site)).status_code == 403
        assert "/demo?next=" in (await browser.opens("/account/again?next=/account")).text


async def test_nowhere_else_is_there_such_a_door(world: World, real_world: World) -> None:
    await load_people(world.runtime.db, world.network["FR"], asks="US", now=world.clock.at)
    for there in (world, real_world):
        browser = Browser(there)
        assert (await browser.opens("/demo")).status_code == 404
        assert (await browser.sends("/demo", who="secretariat")).status_code == 404
        assert browser.cookies == {}
        assert "/demo" not in (await browser.opens("/signin")).text
    with pytest.raises(ValueError, match="is none"):
        replace(real_world.runtime.settings, demo=True)
    with pytest.raises(BadSetting, match="DEMO is no setting"):
        read_settings({"CONTACTPOINTS_DEMO": "1", "CONTACTPOINTS_REHEARSAL": "1"}, entropy=secrets.token_bytes)
