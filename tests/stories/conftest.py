"""What stories share: nights over the rehearsal's gateways and over real ones, in which nobody is woken for nothing.

At the end of a night every message that reached anybody must have been asked for: `World.hears`, `World.unheard`.
"""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import pytest

from tests.far_ends import FarEnd, Gateways, Rehearsal, open_gateways
from tests.world import HandClock, World, open_world


@pytest.fixture
def clock() -> HandClock:
    """The clock of a night."""
    return HandClock()


@pytest.fixture
async def gateways(clock: HandClock) -> AsyncIterator[Gateways]:
    """Two fake Twilios and a mail server."""
    async with open_gateways(clock) as opened:
        yield opened


@asynccontextmanager
async def _strict(database_url: str, far: FarEnd, clock: HandClock) -> AsyncIterator[World]:
    async with open_world(database_url, far=far, clock=clock) as opened:
        yield opened
        assert await opened.unheard() == {}, "somebody got a message that nobody asked for"


@pytest.fixture(params=["rehearsal", "gateways"])
async def night(request: pytest.FixtureRequest, database_url: str, clock: HandClock) -> AsyncIterator[World]:
    """A night that must go the same way over the rehearsal's gateways and over real ones."""
    async with AsyncExitStack() as stack:
        rehearsed = request.param == "rehearsal"
        far = Rehearsal() if rehearsed else await stack.enter_async_context(open_gateways(clock))
        yield await stack.enter_async_context(_strict(database_url, far, clock))


@pytest.fixture
async def real_night(database_url: str, gateways: Gateways, clock: HandClock) -> AsyncIterator[World]:
    """A night over real gateways, which a story makes behave."""
    async with _strict(database_url, gateways, clock) as opened:
        yield opened
