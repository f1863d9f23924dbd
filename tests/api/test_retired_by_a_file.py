"""A file that retires many channels: everybody hears it once, by day, and no alert waits behind that."""

from collections import Counter
from typing import Any

from contactpoints.rules.proof import A_MINUTE, is_daytime
from tests.api.conftest import KeyOf
from tests.world import World


async def _retires_all(world: World, key: str) -> None:
    """Retire all channels of France's first officer by a file that lacks them."""
    kept, officer = (await world.get("/v1/export?format=json", key=key)).json(), world.network["FR"].officers[0]
    kept["channels"] = [each for each in kept["channels"] if each["officer_id"] != officer.id]
    answer = await world.post("/v1/import?dry_run=false&missing=retire&reason=a%20file", kept, key=key)
    assert answer.status_code == 200, answer.text


async def _notices(world: World) -> list[Any]:
    async with world.runtime.db.session() as session:
        return await session.fetch("select address, kind, send_at from messages where purpose = 'proof'")


async def test_many_hear_it_by_day_few_in_any_minute_and_each_address_once(world: World, key_of: KeyOf) -> None:
    key, officer = await key_of("administrator", "FR"), world.network["FR"].officers[0]
    async with world.runtime.db.session() as session:
        await session.execute(
            """insert into channels (officer_id, kind, address, place, created_at, changed_at)
               select $1, kind, '+33199' || to_char(number, 'FM000000'), number, $2, $2
                 from generate_series(1, 30) number, unnest(array['voice', 'sms']) kind""",
            *(officer.id, world.clock.at),
        )
    await _retires_all(world, key)
    told = await _notices(world)
    assert len(told) == len({each["address"] for each in told}) == 32, "two addresses were there before"
    assert {each["kind"] for each in told} == {"sms", "email"}
    assert all(is_daytime(each["send_at"], "Europe/Paris") for each in told)
    assert max(Counter(each["send_at"] for each in told).values()) == A_MINUTE


async def test_a_few_hear_it_at_once(world: World, key_of: KeyOf) -> None:
    await _retires_all(world, await key_of("administrator", "FR"))
    told = await _notices(world)
    assert {each["send_at"] for each in told} == {world.clock.at}
    assert not is_daytime(world.clock.at, "Europe/Paris")
