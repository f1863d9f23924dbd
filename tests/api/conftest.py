"""What tests of the doors share: a key for every role, a sound body for every door that takes one."""

import json
import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import httpx
import pytest

from contactpoints.actions.access import make_key
from contactpoints.api.directory import SHELVES
from contactpoints.api.operations import OPERATIONS
from contactpoints.rules.access import Actor, Role
from schemas.examples import ENTRY_EXAMPLES, example
from schemas.openapi import Operation
from tests.world import PIN, START, World

JSON = "application/json"
DAY = timedelta(days=1)
KeyOf = Callable[..., Awaitable[str]]
Bodies = dict[str, dict[str, Any]]


@pytest.fixture
def key_of(world: World) -> KeyOf:
    """Make a key: ``await key_of("administrator", "FR")``."""

    async def made(role: str, party: str | None = None, authority: str = "Desk", point: int | None = None) -> str:
        actor = Actor(0, Role(role), party, authority, point)
        return await make_key(world.runtime.db, actor, now=START, entropy=secrets.token_bytes)

    return made


def placed(body: Mapping[str, Any], world: World) -> dict[str, Any]:
    """Return an example with the numbers of real entries of France where it refers to others."""
    france = world.network["FR"]
    first, second = (officer.id for officer in france.officers[:2])
    numbers: dict[str, Any] = {
        **dict.fromkeys(("post_id", "post"), france.posts["first"]),
        **dict.fromkeys(("contact_point_id", "backup_id"), france.contact_point),
        "officer_id": first,
    }

    def put(name: str, value: Any) -> Any:
        match value:
            case dict():
                return {field: put(field, each) for field, each in value.items()}
            case [int(), *_] if name == "members":
                return [first, second][: len(value)]
            case list():
                return [put(name, each) for each in value]
        return numbers.get(name, value)

    return {field: put(field, value) for field, value in body.items()}


@pytest.fixture
def bodies(world: World) -> Bodies:
    """A body by which an entry of each kind can be created, for the contact point of France."""
    return {name: placed(next(iter(examples.values())), world) for name, examples in ENTRY_EXAMPLES.items()}


def example_of(operation: Operation) -> str:
    """Return the path of an operation with what it asks for behind the question mark, as its own examples have it."""
    asked = operation.parameters if any(each.required for each in operation.parameters) else ()
    values = {
        each.name: each.schema.get("examples", each.schema.get("enum")) for each in asked if each.place == "query"
    }
    given = [f"{name}={several[0]}" for name, several in values.items() if several]
    return operation.path + (f"?{'&'.join(given)}" if given else "")


@dataclass
class Doors:
    """Every door that takes a body, with an address that exists, a key that may, and a body that would be taken."""

    world: World
    key: str
    bodies: Bodies
    places: dict[str, tuple[str, str]]
    reference: str
    swap: str

    def sound(self, operation: Operation) -> dict[str, Any]:
        if operation in OF_ACTS or operation.path.endswith(_ON_ALERTS):
            return placed(next(iter(operation.examples.values())), self.world)
        if "/v1/alerts" not in operation.path:
            return self.bodies[self.shelf(operation)]
        last = operation.path.rsplit("/", 1)[1]
        machine = {"officer": 1, "reply_code": "ABCD-1234", "pin": PIN}
        opened = example("preservation") | {"requested_party": "FR"}
        return {
            "alerts": opened,
            "preview": opened,
            "withdrawal": {"reason": "other"},
            "closure": {"reason": "other"},
            "acknowledgements": machine,
            "declines": machine,
        }[last]

    def sounds(self, operation: Operation) -> list[dict[str, Any]]:
        """Return that body, and beside it those of the operation's examples that are entered by a wall clock."""
        by_the_clock = (each for each in operation.examples.values() if {"zone", "starts_at"} <= each.keys())
        return [self.sound(operation), *(placed(each, self.world) for each in by_the_clock)]

    def shelf(self, operation: Operation) -> str:
        return next(shelf.name for shelf in SHELVES if operation.path in (shelf.path, shelf.one))

    def owner(self, operation: Operation) -> str:
        """Return the number of what an act is done to; where there is nothing, the body is looked at all the same."""
        if operation.name == "take_swap":
            return self.swap
        of = operation.path.split("/")[2].replace("-", "_")
        return self.places[of][0].rsplit("/", 1)[1] if of in self.places else "4711"

    async def send(self, operation: Operation, raw: bytes, media: str = JSON) -> httpx.Response:
        alerts = "/v1/alerts" in operation.path
        answers = operation.path.endswith(("/acknowledgements", "/declines", "/handovers", "/call-backs"))
        theirs = self.world.contact_point if answers else self.world.requester
        headers = {"Authorization": f"Bearer {theirs if alerts else self.key}"}
        headers |= {"Content-Type": media} if media else {}
        headers |= {"Idempotency-Key": secrets.token_hex(4)} if alerts else {}
        path = operation.path.replace("{reference}", self.reference)
        if operation in OF_ACTS:
            path, headers["If-Match"] = path.replace("{id}", self.owner(operation)), '"1"'
        elif operation.method == "put":
            path, headers["If-Match"] = self.places[self.shelf(operation)]
        return await self.world.client.request(operation.method, path, content=raw, headers=headers)

    async def written(self) -> dict[str, Any]:
        """Return how many rows there are of each kind, and the sum of all versions."""
        async with self.world.runtime.db.session() as session:
            names = [row[0] for row in await session.fetch("select tablename from pg_tables where schemaname='public'")]
            # Refusals are written down, how much is asked, and now and then when a key was last used.
            names = [name for name in names if not name.startswith(("audit", "throttles", "key_uses"))]
            counts = {name: await session.fetchval(f'select count(*) from "{name}"') for name in names}
            for shelf in SHELVES:
                counts[f"{shelf.name} changed"] = await session.fetchval(f"select sum(version) from {shelf.name}")
        return counts


_ON_ALERTS = ("/resending", "/retention", "/call-backs", "/notes", "/handovers")
# Files have their own nonsense, see test_files_that_are_none.
WITH_BODIES = [each for each in OPERATIONS if each.request is not None and each.tag != "files"]
OF_ENTRIES = {path for shelf in SHELVES for path in (shelf.path, shelf.one)}
OF_ACTS = [each for each in WITH_BODIES if each.path not in OF_ENTRIES and "/v1/alerts" not in each.path]


@pytest.fixture
async def doors(world: World, key_of: KeyOf, bodies: Bodies) -> Doors:
    key = await key_of("secretariat")
    places: dict[str, tuple[str, str]] = {}
    span = {"starts_at": f"{START + DAY:%Y-%m-%dT%H:%M:%SZ}", "ends_at": f"{START + 2 * DAY:%Y-%m-%dT%H:%M:%SZ}"}
    offered = await world.post("/v1/swaps", placed({"post_id": 1, "officer_id": 1, **span}, world), key=key)
    assert offered.status_code == 201, offered.text
    for shelf in SHELVES:
        headers = {"Authorization": f"Bearer {key}", "Content-Type": JSON}
        content = json.dumps(bodies[shelf.name])
        made = await world.client.post(shelf.path, content=content, headers=headers)
        assert made.status_code == 201, made.text
        places[shelf.name] = (made.headers["Location"], made.headers["ETag"])
    reference = (await world.opens_alert()).json()["reference"]
    return Doors(world, key, bodies, places, reference, str(offered.json()["id"]))
