"""What touches SQL is tested on the newest PostgreSQL that is supported and on the oldest."""

from collections.abc import AsyncIterator

import pytest

from contactpoints.store.database import Database
from tests.conftest import NEWEST, OLDEST, Cluster, Clusters


@pytest.fixture(params=[NEWEST, OLDEST])
def cluster(clusters: Clusters, request: pytest.FixtureRequest) -> Cluster:
    """A running PostgreSQL, each test once with either version."""
    return clusters(request.param)


@pytest.fixture
async def db(database_url: str) -> AsyncIterator[Database]:
    """A database of this test's own, open."""
    opened = Database(database_url)
    await opened.open()
    yield opened
    await opened.close()
