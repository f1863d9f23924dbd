"""A key and an account of one person, and two accounts of one, are one person where a number changes."""

import secrets
from datetime import timedelta
from typing import Any

import httpx

from contactpoints.actions.access import make_key
from contactpoints.rules.access import Actor, Role
from tests.api.people import person, sends
from tests.stories.test_two_persons import key_of, problem
from tests.world import World


async def test_a_key_and_an_account_of_one_person_change_no_number_together(world: World) -> None:
    mail, who = "max@fr.example.org", {"role": "administrator", "party": "FR", "authority": "Office"}
    held = await person(world, mail, name="Max Example", **who)
    twin = await person(world, "m@fr.example.org", name="max  EXAMPLE", **who | {"authority": "Another office"})
    holds = Actor(0, Role.ADMINISTRATOR, "FR", "Office", holder=held.account)
    key = await make_key(world.runtime.db, holds, now=world.clock.at, entropy=secrets.token_bytes)
    async with world.runtime.db.session() as session:
        old = world.network["FR"].officers[0].sms
        channel = await session.fetchval("select id from channels where address = $1", old)

    async def asks(token: str, path: str, body: dict[str, Any] | None = None) -> httpx.Response:
        headers = {"Authorization": f"Bearer {token}"}
        return await sends(world, "POST", f"/v1/address-changes{path}", body, headers)

    for place, (first, *others) in enumerate(((key, held.token, twin.token), (held.token, key, twin.token))):
        world.clock.at += timedelta(minutes=2)
        said = {"channel_id": channel, "address": f"+3363998055{place}"}
        proposed = await asks(first, "", said)
        assert proposed.status_code == 201, proposed.text
        assert "no_second_person" in [each["code"] for each in proposed.json()["warnings"]]
        for other in (first, *others):
            assert problem(await asks(other, f"/{proposed.json()['id']}/approve")) == (409, "second-person-needed")
        assert (await asks(first, f"/{proposed.json()['id']}/withdraw")).status_code == 200
    change = (await asks(key, "", {"channel_id": channel, "address": "+33639980559"})).json()["id"]
    secretariat = await key_of(world, "secretariat")
    assert (await asks(secretariat, f"/{change}/approve")).status_code == 200, "nobody else of the Party could"
