"""What tests of the doors share: a key for every role, and a sound body for every kind of entry."""

import secrets
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import pytest

from contactpoints.actions.access import make_key
from contactpoints.rules.access import Actor, Role
from schemas.examples import ENTRY_EXAMPLES
from schemas.openapi import Operation
from tests.world import START, World

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
