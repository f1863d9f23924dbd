"""The tables and the migrations end in the same place."""

import secrets

import asyncpg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import create_async_engine

from contactpoints.store import embedded, migrate, revisions
from contactpoints.store.database import Database
from contactpoints.store.tables import NEVER_DELETED, metadata

_CATALOGUE = """
select 'column', table_name, column_name, data_type || ' ' || udt_name || ' ' || is_nullable || ' ' || is_identity
  || ' ' || coalesce(column_default, '')
from information_schema.columns where table_schema = 'public' and table_name <> 'alembic_version'
union all
select 'constraint', conrelid::regclass::text, conname, pg_get_constraintdef(oid) from pg_constraint
where connamespace = 'public'::regnamespace and conrelid::regclass::text <> 'alembic_version'
union all
select 'index', tablename, indexname, indexdef from pg_indexes
where schemaname = 'public' and tablename <> 'alembic_version'
union all
select 'trigger', tgrelid::regclass::text, tgname, pg_get_triggerdef(oid) || pg_get_functiondef(tgfoid) from pg_trigger
where not tgisinternal
order by 1, 2, 3
"""


@pytest.fixture
async def url(server: embedded.Server) -> str:
    """The address of an empty database."""
    return await server.ensure_database(f"empty_{secrets.token_hex(6)}")


async def _catalogue(url: str) -> list[tuple[str, ...]]:
    connection = await asyncpg.connect(url)
    try:
        return [tuple(row) for row in await connection.fetch(_CATALOGUE)]
    finally:
        await connection.close()


def _differences(connection: Connection) -> list[object]:
    context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": False})
    return list(compare_metadata(context, metadata))


async def test_the_migrations_and_the_tables_make_the_same_database(server: embedded.Server) -> None:
    migrated, made = await server.ensure_database("migrated"), await server.ensure_database("made")
    await migrate.upgrade(migrated)
    engine = create_async_engine(made.replace("postgresql:", "postgresql+asyncpg:", 1))
    async with engine.begin() as connection:
        await connection.run_sync(metadata.create_all)
        assert await connection.run_sync(_differences) == []
    await engine.dispose()

    catalogue = await _catalogue(migrated)
    assert catalogue == await _catalogue(made)
    assert ("alerts", "due_at") in {(row[1], row[2]) for row in catalogue}


async def test_no_row_of_directory_or_evidence_is_ever_deleted(database_url: str) -> None:
    connection = await asyncpg.connect(database_url)
    try:
        for table in NEVER_DELETED:
            for statement in (f"delete from {table}", f"truncate {table} cascade"):
                with pytest.raises(asyncpg.RestrictViolationError):
                    await connection.execute(statement)
    finally:
        await connection.close()


async def _at(url: str) -> str | None:
    db = Database(url)
    await db.open()
    try:
        async with db.session() as session:
            return await revisions.current(session)
    finally:
        await db.close()


async def test_migrating_again_changes_nothing(url: str) -> None:
    assert await _at(url) is None
    await migrate.upgrade(url)
    before = await _catalogue(url)

    await migrate.upgrade(url)

    assert await _catalogue(url) == before
    assert await _at(url) == revisions.KNOWN[-1]


async def test_a_database_is_behind_until_it_is_migrated_and_not_when_it_is_ahead(url: str) -> None:
    db = Database(url)
    await db.open()
    try:
        async with db.session() as session:
            assert await revisions.is_behind(session)
        await migrate.upgrade(url)
        async with db.session() as session:
            assert not await revisions.is_behind(session)
            await session.execute("update alembic_version set version_num = '9999_pre_of_a_later_version'")
            assert not await revisions.is_behind(session), "old processes go on beside the new during a release"
            await session.execute("delete from alembic_version")
            assert await revisions.is_behind(session)
    finally:
        await db.close()
