"""The alarm of a channel that is out of use names the shifts in which its officer cannot be called by it."""

import pytest

from contactpoints.actions.access import make_key
from contactpoints.rules.access import Actor, Role
from tests.far_ends import Gateways
from tests.world import START, World

SAID = {
    "en": ("Shifts in which this officer cannot be called by it:", " to ", "more in the next 90 days."),
    "fr": ("Services pendant lesquels cet officier ne peut plus être appelé", " à ", "90 prochains jours."),
    "es": ("Turnos en los que este oficial ya no puede ser llamado", " a ", "próximos 90 días."),
}


async def keepers(world: World) -> dict[str, str]:
    """Make a key of an administrator of France for each language; return its address by language."""
    addresses = {language: f"keeper-{language}@fr.example.org" for language in SAID}
    for language, address in addresses.items():
        keeper = Actor(0, Role.ADMINISTRATOR, "FR", "Keeper", None, (address,), language)
        await make_key(world.runtime.db, keeper, now=START, entropy=world.runtime.tools.entropy)
    return addresses


async def told(world: World) -> dict[str, str]:
    return {each["address"]: each["body"] for each in await world._new()}


@pytest.mark.parametrize("text", ["STOP", "mauvais numéro"])
async def test_the_shifts_are_named_by_function_and_local_time_in_every_language(world: World, text: str) -> None:
    addresses = await keepers(world)
    first = world.network["FR"].officers[0]
    await world.far.reply(world.client, first.sms, text)
    await world.settles()
    mails = await told(world)
    for language, (head, to, more) in SAID.items():
        body = mails[addresses[language]]
        assert head in body
        lines = [line for line in body.splitlines() if line.startswith("- ")]
        assert len(lines) == 3
        assert lines[0].startswith(("- Première ligne", "- Deuxième ligne"))
        # A shift that has begun counts from now on, by the clocks of the place: 00:00 UTC is 02:00 in Paris.
        assert f"2026-10-14 02:00+02:00{to}2026-10-" in lines[0]
        assert lines[0].endswith(" Europe/Paris")
        assert more in body
        assert first.name not in body
        assert first.sms not in body


async def test_a_number_that_the_provider_refuses_for_good_names_them_too(
    real_night: World, gateways: Gateways
) -> None:
    night = real_night
    addresses, first = await keepers(night), night.network["FR"].officers[0]
    gateways.first.answers(400, 21211, to=first.sms)
    await night.opens_alert()
    await night.settles()
    assert SAID["en"][0] in (await told(night))[addresses["en"]]
    await night.unheard()


async def test_an_officer_without_shifts_endangers_none(world: World) -> None:
    addresses = await keepers(world)
    async with world.runtime.db.session() as session:
        await session.execute("update rotations set retired_at = $1", START)
    await world.far.reply(world.client, world.network["FR"].officers[0].sms, "STOP")
    await world.settles()
    assert "- " not in (await told(world))[addresses["en"]]
