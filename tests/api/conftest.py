"""What tests of the doors share: a key for every role, and a sound body for every kind of entry."""

import secrets
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from contactpoints.actions.access import make_key
from contactpoints.rules.access import Actor, Role
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


@pytest.fixture
def bodies(world: World) -> Bodies:
    """A body by which an entry of each kind can be created, for the contact point of France."""
    france = world.network["FR"]
    officer, post = france.officers[0].id, france.posts["first"]
    span = {"starts_at": "2026-10-20T08:00:00Z", "ends_at": "2026-10-21T08:00:00Z"}
    return {
        "parties": {"code": "ZZ", "name": "Zedland"},
        "memberships": {"party": "FR", "instrument": "ets185", "status": "party", "since": "2006-05-01"},
        "contact_points": {
            "party": "FR",
            "name": "Second office",
            "function": "Night desk",
            "zone": "Europe/Paris",
            "languages": ["fr"],
            "working_hours": [{"weekday": 0, "start": "09:00", "end": "17:30"}],
            "capabilities": {"preservation": "executes"},
        },
        "posts": {"contact_point_id": france.contact_point, "line": "decision_maker", "function": "Who decides"},
        "officers": {"contact_point_id": france.contact_point, "name": "Zoë Exemple", "function": "Night officer"},
        "channels": {"officer_id": officer, "kind": "sms", "address": "+33199001234", "place": 5},
        "rotations": {
            "post_id": post,
            "layer": 2,
            "period": "daily",
            "zone": "Europe/Paris",
            "starts_on": "2026-11-01",
            "handover": "08:00",
            "members": [officer],
        },
        "overrides": {"post_id": post, "action": "add", "officer_id": officer, **span},
        "absences": {"officer_id": officer, **span},
        "policies": {
            "contact_point_id": france.contact_point,
            "steps": [{"posts": [{"post": post}], "channels": ["sms", "email"], "patience_seconds": 180}],
        },
    }
