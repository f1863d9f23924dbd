"""Actions are tested as the store is: on the newest PostgreSQL that is supported and on the oldest."""

from tests.store.conftest import db, server

__all__ = ["db", "server"]
