"""What is sealed, found by the key that sealed it, so that a new key can take over."""

from collections.abc import Sequence
from dataclasses import dataclass

from contactpoints.store.database import Row, Session
from contactpoints.store.sealing import SEALED, key_place, link_place, subscription_place, totp_place


@dataclass(frozen=True, slots=True)
class Sealed:
    """Sealed bytes of one row, and the place they are sealed for."""

    number: int
    place: str
    sealed: bytes


_OLD = {
    # A table, or what it is about -> the rows that another key has sealed.
    "accounts": """select id as number, totp_sealed as sealed from accounts
                    where id > $1 and substring(totp_sealed for octet_length($2::bytea)) <> $2
                    order by id limit $3 for update""",
    # Those that are open: of an account there is one at most.
    "invitations": """select account_id as number, totp_sealed as sealed from invitations
                       where account_id > $1 and substring(totp_sealed for octet_length($2::bytea)) <> $2
                       order by account_id limit $3 for update""",
    "subscriptions": """select calendar_id as number, sealed from subscriptions
                         where calendar_id > $1 and substring(sealed for octet_length($2::bytea)) <> $2
                         order by calendar_id limit $3 for update""",
    # Small rows: what a data key sealed stays as it is.
    **{
        f"{owner} keys": f"""select number, fingerprint, wrapped as sealed from data_keys
                              where owner = '{owner}' and number > $1 and wrapped is not null
                                and substring(wrapped for octet_length($2::bytea)) <> $2
                              order by number limit $3 for update"""
        for owner in ("alert", "arrival", "proposal", "draft")
    },
    # Links that are still to leave; the others are used up or worthless.
    "messages": f"""select * from (
                        select id as number, address, decode(substr(link, {len(SEALED) + 1}), 'base64') as sealed
                          from messages where id > $1 and link like '{SEALED}%'
                           and state in ('queued', 'sending', 'unsure') order by id for update) links
                     where substring(sealed for octet_length($2::bytea)) <> $2 order by number limit $3""",
}
_WRITE = {
    "accounts": "update accounts t set totp_sealed = n.sealed"
    " from unnest($1::bigint[], $2::bytea[]) as n (number, sealed) where t.id = n.number",
    "invitations": "update invitations t set totp_sealed = n.sealed"
    " from unnest($1::bigint[], $2::bytea[]) as n (number, sealed) where t.account_id = n.number and used_at is null",
    "subscriptions": "update subscriptions t set sealed = n.sealed"
    " from unnest($1::bigint[], $2::bytea[]) as n (number, sealed) where t.calendar_id = n.number",
    **{
        f"{owner} keys": "update data_keys t set wrapped = n.sealed"
        " from unnest($1::bigint[], $2::bytea[]) as n (number, sealed)"
        f" where t.owner = '{owner}' and t.number = n.number"
        for owner in ("alert", "arrival", "proposal", "draft")
    },
    "messages": f"update messages t set link = '{SEALED}' || translate(encode(n.sealed, 'base64'), E'\\n', '')"
    " from unnest($1::bigint[], $2::bytea[]) as n (number, sealed) where t.id = n.number",
}
TABLES = tuple(_OLD)
_ENDS = """
(select * from data_keys where owner = $1 and wrapped is not null order by number limit 4)
union (select * from data_keys where owner = $1 and wrapped is not null order by number desc limit 4)"""
_NAME = "convert_from(substring({column} from 2 for get_byte({column}, 0)), 'UTF8')"
_USED = " union all ".join(
    f"select {_NAME.format(column=column)} as name, count(*) as rows from {table} where {condition} group by 1"
    for table, column, condition in (
        ("accounts", "totp_sealed", "totp_sealed is not null"),
        ("invitations", "totp_sealed", "totp_sealed is not null"),
        ("subscriptions", "sealed", "true"),
        ("data_keys", "wrapped", "wrapped is not null"),
        (
            f"(select decode(substr(link, {len(SEALED) + 1}), 'base64') as sealed from messages"
            f" where link like '{SEALED}%' and state in ('queued', 'sending', 'unsure')) links",
            *("sealed", "true"),
        ),
    )
)


async def sealed_by_others(session: Session, table: str, *, mark: bytes, after: int, most: int) -> list[Sealed]:
    """Lock and return rows after number ``after`` whose bytes do not begin with ``mark``, by their numbers."""
    rows = await session.fetch(_OLD[table], after, mark, most)
    return [Sealed(row["number"], _place(table, row), row["sealed"]) for row in rows]


def _place(table: str, row: Row) -> str:
    if table in ("accounts", "invitations"):
        return totp_place(row["number"])
    if table == "subscriptions":
        return subscription_place(row["number"])
    return link_place(row["address"]) if table == "messages" else key_place(row["fingerprint"])


async def samples(session: Session) -> list[Sealed]:
    """Return the oldest and the newest data keys of alerts, and of arrivals, a few of each as far as there are any."""
    found = []
    for owner in ("alert", "arrival"):
        rows = await session.fetch(_ENDS, owner)
        found += [Sealed(row["number"], key_place(row["fingerprint"]), row["wrapped"]) for row in rows]
    return found


async def depending(session: Session) -> dict[str, int]:
    """Return how many rows can only be opened by which key, by the keys' names."""
    rows = await session.fetch(
        f"select name, sum(rows)::bigint as rows from ({_USED}) used group by name order by name"
    )
    return {row["name"]: row["rows"] for row in rows}


async def write(session: Session, table: str, *, rows: Sequence[Sealed]) -> None:
    """Put new bytes in the place of the old."""
    await session.execute(_WRITE[table], [row.number for row in rows], [row.sealed for row in rows])
