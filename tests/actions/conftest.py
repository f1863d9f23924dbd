"""Actions are tested as the store is: on the newest PostgreSQL that is supported and on the oldest."""

from tests.store.conftest import server

__all__ = ["server"]
