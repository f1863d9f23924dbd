"""One process per worker that forks the services which are killed."""

from collections.abc import Iterator

import pytest

from tests.chaos import lives


@pytest.fixture(scope="session")
def victims() -> Iterator[lives.Victims]:
    """Whoever forks services."""
    with lives.victims() as forks:
        yield forks
