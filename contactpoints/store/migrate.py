"""Bringing a database to the tables of this version, by Alembic. The only caller of what is in `migrations`."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

from contactpoints.rules.refusals import Unavailable
from contactpoints.store.database import plain_url, tls_of

# Any number that no other user of the database takes; two processes that migrate at once queue up behind it.
_LOCK = 185_224


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).with_name("migrations")))
    return config


def _engine(url: str) -> AsyncEngine:
    asyncpg_url = plain_url(url).replace("postgresql:", "postgresql+asyncpg:", 1)
    return create_async_engine(asyncpg_url, poolclass=NullPool, connect_args={"ssl": tls_of(url)})


def _upgrade(connection: Connection) -> None:
    connection.execute(text("select pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


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
