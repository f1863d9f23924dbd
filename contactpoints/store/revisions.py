"""Which migrations this version has, and whether a database lacks one. Without Alembic, which only they need."""

from pathlib import Path

from contactpoints.store.database import Session

KNOWN = tuple(
    sorted(each.stem.partition("_")[0] for each in Path(__file__).with_name("migrations").glob("versions/[0-9]*.py"))
)
"""The revisions of the migrations, in their order: a file's name begins with its own."""


async def current(session: Session) -> str | None:
    """Return the revision that the database is at, None before the first migration."""
    if await session.fetchval("select to_regclass('alembic_version')") is None:
        return None
    at: str | None = await session.fetchval("select version_num from alembic_version")
    return at


async def is_behind(session: Session) -> bool:
    """Say whether the database lacks a migration that this version wants.

    A revision that this version does not know is a later one: old processes go on beside the new during a release.
    """
    at = await current(session)
    return at is None or at in KNOWN[:-1]
