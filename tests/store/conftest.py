"""What touches SQL is tested on the newest PostgreSQL that is supported and on the oldest."""

import pytest

from contactpoints.store import embedded
from tests.conftest import NEWEST, OLDEST, Servers


@pytest.fixture(params=[NEWEST, OLDEST])
def server(servers: Servers, request: pytest.FixtureRequest) -> embedded.Server:
    """A running PostgreSQL, each test once with either version."""
    return servers(request.param)
