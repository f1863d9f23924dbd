"""An authority of a Party that asks for two persons, as stories play it."""

from typing import Any

import httpx
from pydantic import TypeAdapter

from schemas.proposals import ProposalOut
from tests.api.people import Person, person
from tests.api.test_signatures import Signer, pair_of_keys
from tests.world import World

DESK = {"role": "requester", "party": "US", "authority": "Invented Desk"}
SHAPE = TypeAdapter(ProposalOut)


class Desk:
    """An authority of a Party that asks for two persons: Ada, Bob and Eve have accounts, and Ada holds a key."""

    def __init__(self, world: World, administrator: Person, people: list[Person]) -> None:
        self.world, self.administrator = world, administrator
        self.ada, self.bob, self.eve = people
        self.key, self.number = "", 0

    async def makes_key(self, **more: Any) -> tuple[str, int]:
        body = {"party": "US", "authority": "Invented Desk", **more}
        made = await self.administrator.asks("POST", "/v1/keys", body)
        assert made.status_code == 201, made.text
        return made.json()["secret"], made.json()["id"]

    async def switches(self, required: bool) -> httpx.Response:
        return await self.administrator.asks("PUT", "/v1/parties/US/two-persons", {"required": required})

    async def proposes(self, key: str = "", **more: Any) -> Any:
        told = await self.world.opens_alert(key=key or self.ada.token, **more)
        assert told.status_code == 202, told.text
        return SHAPE.validate_python(told.json())

    async def heard(self, *people: Person) -> list[list[str]]:
        """Return the words of the mails that each has got since the last time."""
        await self.world.settles()
        return [[each["body"] for each in await self.world.hears(whose.email)] for whose in people]

    async def alerts(self) -> int:
        async with self.world.runtime.db.session() as session:
            return int(await session.fetchval("select count(*) from alerts"))


async def open_desk(world: World) -> Desk:
    """Return the desk, with its administrator, three persons and the key that one of them holds."""
    administrator = await person(world, "admin@us.example.org", name="Max Example", role="administrator", party="US")
    people = [
        await person(world, f"{name.lower()}@us.example.org", name=name, **DESK) for name in ("Ada", "Bob", "Eve")
    ]
    desk = Desk(world, administrator, people)
    desk.key, desk.number = await desk.makes_key(holder_id=desk.ada.account)
    await desk.heard(*people, administrator)
    return desk


async def tells_that_the_first_had_signed(desk: Desk) -> None:
    """Let Ada propose by a signed request and Bob release it: proposal and timeline tell."""
    private, public, _ = pair_of_keys()
    signing = {"required": True, "keys": [{"public_key": public}]}
    secret, _ = await desk.makes_key(holder_id=desk.ada.account, signing=signing)
    signer = Signer(desk.world, secret, private)
    waits = (await signer.sends(signer.made())).json()
    assert (waits["proposed_by"]["name"], waits["proposed_signed"]) == ("Ada", True)
    opened = (await desk.bob.asks("POST", f"{waits['links']['self']}/release")).json()
    (fact,) = await desk.world.facts(opened["reference"], "released", key=desk.ada.token)
    assert (opened["authenticated"], fact["signed"]) == ("two_persons", True)
