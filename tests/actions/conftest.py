"""Actions are tested as the store is: on the newest PostgreSQL that is supported and on the oldest."""

from tests.store.conftest import cluster, db

__all__ = ["cluster", "db"]
