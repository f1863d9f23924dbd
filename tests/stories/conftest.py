"""What stories have in common."""

import pytest

from tests.desks import Desk, open_desk
from tests.world import World


@pytest.fixture
async def desk(world: World) -> Desk:
    """An authority of a Party that asks for two persons."""
    return await open_desk(world)
