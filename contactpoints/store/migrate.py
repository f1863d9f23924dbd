"""Bringing a database to the tables of this version, by Alembic. The only caller of what is in `migrations`."""

from functools import cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

from contactpoints.rules.refusals import Unavailable
from contactpoints.store.database import Session, plain_url

# Any number that no other user of the database takes; two processes that migrate at once queue up behind it.
_LOCK = 185_224


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).with_name("migrations")))
    return config


def _engine(url: str) -> AsyncEngine:
    return create_async_engine(plain_url(url).replace("postgresql:", "postgresql+asyncpg:", 1), poolclass=NullPool)


@cache
def head() -> str | None:
    """Return the revision that this version of the programme wants."""
    return ScriptDirectory.from_config(_config()).get_current_head()


def _upgrade(connection: Connection) -> None:
    connection.execute(text("select pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _current(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


async def upgrade(url: str) -> None:
    """Apply what is missing, all of it in one transaction; nothing happens where nothing is missing.

    Raises `Unavailable` when PostgreSQL does not answer.
    """
    engine = _engine(url)
    try:
        async with engine.begin() as connection:
            await connection.run_sync(_upgrade)
    except OSError as failure:
        raise Unavailable(f"PostgreSQL does not answer: {type(failure).__name__}.") from None
    finally:
        await engine.dispose()


async def current(url: str) -> str | None:
    """Return the revision that the database is at, None before the first migration."""
    engine = _engine(url)
    try:
        async with engine.connect() as connection:
            return await connection.run_sync(_current)
    finally:
        await engine.dispose()


@cache
def _known() -> frozenset[str]:
    return frozenset(revision.revision for revision in ScriptDirectory.from_config(_config()).walk_revisions())


async def is_behind(session: Session) -> bool:
    """Say whether the database lacks a migration that this version wants.

    A revision that this version does not know is a later one: old processes go on beside the new during a release.
    """
    if await session.fetchval("select to_regclass('alembic_version')") is None:
        return True
    at: str | None = await session.fetchval("select version_num from alembic_version")
    return at is None or (at != head() and at in _known())
