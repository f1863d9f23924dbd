"""An organisation with a provider of its own, for tests: the world, its settings, and who was refused why."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from typing import Any

import httpx
import pytest

from contactpoints.settings import Settings
from schemas import openid as schema
from tests.console.browsers import Browser
from tests.fakes.openid import CLIENT, SECRET, Provider
from tests.far_ends import PUBLIC, Rehearsal
from tests.world import World, open_world

PATH = "/signin/openid/ministry"
OPERATION = "page /signin/openid/{name}/return"
GROUPS = {"desk-admins": "administrator", "desk": "contact_point"}
ADA = {"sub": "s-ada", "email": "Ada@fr.example.org", "email_verified": True, "groups": ["desk-admins", "x"]}
CONFIGURED = {"name": "ministry", "title": "Ministry", "client_id": CLIENT, "client_secret": SECRET, "party": "FR"}


@dataclass
class Organised(Rehearsal):
    """Settings with a provider, which may be configured in several ways at once."""

    provider: Provider
    ways: list[dict[str, Any]] = field(default_factory=list)

    def wire(self, settings: Settings) -> Settings:
        ways = [CONFIGURED | {"issuer": self.provider.url, "roles": GROUPS} | way for way in self.ways]
        read = [schema.Provider.model_validate(way) for way in ways]
        return replace(settings, openid={each.name: each for each in read})


@pytest.fixture
async def provider() -> AsyncIterator[Provider]:
    returns_to = tuple(f"{PUBLIC}/signin/openid/{name}/return" for name in ("ministry", "open", "network"))
    made = Provider(returns_to, {"ada": dict(ADA) | {"amr": ["pwd", "mfa"]}})
    await made.open()
    yield made
    await made.close()


@pytest.fixture
async def world(database_url: str, provider: Provider) -> AsyncIterator[World]:
    """The invented network with a provider for France, which goes by the same clock."""
    ways: list[dict[str, Any]] = [
        {},
        {"name": "open", "new_accounts": True, "authority": "Cyber desk"},
        {"name": "network", "party": None, "secretariat": True, "roles": {"desk-admins": "secretariat"}},
    ]
    async with open_world(database_url, far=Organised(provider, ways)) as opened:
        provider.now = lambda: opened.clock.at.timestamp()
        yield opened


@pytest.fixture
def browser(world: World) -> Browser:
    return Browser(world)


async def rows(world: World, statement: str) -> list[dict[str, Any]]:
    async with world.runtime.db.session() as session:
        return [dict(row) for row in await session.fetch(statement)]


async def refusals(world: World) -> list[str]:
    """Return why sign-ins were refused, as the audit log has it, oldest first."""
    found = await rows(
        world, f"select * from audit where operation = '{OPERATION}' and outcome = 'refused' order by id"
    )
    assert all(row["status"] == 401 and row["address"] for row in found)
    return [row["detail"] for row in found]


def is_refused(answer: httpx.Response) -> bool:
    assert answer.status_code == 403, answer.text
    assert "did not let you in here" in answer.text
    assert "no-store" in answer.headers["Cache-Control"]
    return "__Host-session" not in answer.headers.get("Set-Cookie", "")
