"""One process per worker that forks the services which are killed."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.chaos import lives

FOLDER = Path(__file__).parent


@pytest.fixture(scope="session")
def victims() -> Iterator[lives.Victims]:
    """Whoever forks services."""
    with lives.victims() as forks:
        yield forks


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Spread these tests among all others: each worker begins with a piece of the list, and these take a minute."""
    here = [each for each in items if FOLDER in each.path.parents]
    items[:] = [each for each in items if FOLDER not in each.path.parents]
    for number, each in enumerate(here):
        items.insert(number * len(items) // len(here), each)
