"""Very many open alerts, made by copying a few that the service has opened, with all that belongs to them."""

from collections.abc import Mapping, Sequence

import asyncpg

_CLONES = """
create temporary table clones on commit drop as
select first.id as old, nextval(pg_get_serial_sequence('alerts', 'id')) as new, n
  from generate_series(1, $2::int) n
  join (select id, row_number() over (order by id) - 1 as place, count(*) over () as many
          from alerts where reference = any($1::text[])) first on n % first.many = first.place
"""
# Reference, code and token are none that the service would draw: nobody ever answers these alerts.
_NAME = "'N' || lpad(to_hex(clones.n), 7, '0')"
_DIFFERENT: Mapping[str, Mapping[str, str]] = {
    "alerts": {
        "id": "clones.new",
        "reference": _NAME,
        "due_at": "now() + interval '2 hours' + clones.n * interval '100 milliseconds'",
        "news_at": "now() + interval '2 days'",
    },
    "requests": {"alert_id": "clones.new"},
    "idempotency_keys": {"alert_id": "clones.new", "key_hash": f"sha256(({_NAME})::bytea)"},
    "reply_codes": {"id": "", "alert_id": "clones.new", "code": _NAME, "page_token": _NAME},
    "messages": {"id": "", "alert_id": "clones.new", "reply_code_id": "null::bigint"},
    "timeline": {"alert_id": "clones.new"},
}
"""What differs from the original, by table and column; an empty text leaves the column to the database."""

_COLUMNS = "select column_name from information_schema.columns where table_name = $1 order by ordinal_position"


async def arm(connection: "asyncpg.Connection[asyncpg.Record]", references: Sequence[str], *, count: int) -> None:
    """Copy the alerts named by ``references``, in turn, until there are ``count`` more, due in two hours and later."""
    async with connection.transaction():
        await connection.execute(_CLONES, list(references), count)
        for table, different in _DIFFERENT.items():
            names = [row["column_name"] for row in await connection.fetch(_COLUMNS, table)]
            values = {name: different.get(name, f"{table}.{name}") for name in names}
            kept = {name: value for name, value in values.items() if value}
            key = "id" if table == "alerts" else "alert_id"
            await connection.execute(
                f"insert into {table} ({', '.join(kept)}) overriding system value"
                f" select {', '.join(kept.values())} from clones join {table} on {table}.{key} = clones.old"
            )
    for table in _DIFFERENT:
        await connection.execute(f"vacuum analyze {table}")
