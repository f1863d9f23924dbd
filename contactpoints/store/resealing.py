"""What is sealed, found by the key that sealed it, so that a new key can take over."""

from collections.abc import Sequence
from dataclasses import dataclass

from contactpoints.store.database import Row, Session
from contactpoints.store.sealing import (
    SEALED,
    inbound_place,
    link_place,
    note_place,
    request_place,
    subscription_place,
    totp_place,
)


@dataclass(frozen=True, slots=True)
class Sealed:
    """Sealed bytes of one row, and the place they are sealed for."""

    number: int
    place: str
    sealed: bytes


_OLD = {
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
    "requests": """select r.alert_id as number, a.reference, r.sealed from requests r join alerts a on a.id = r.alert_id
                    where r.alert_id > $1 and substring(r.sealed for octet_length($2::bytea)) <> $2
                    order by r.alert_id limit $3 for update of r""",
    "closing_notes": """select r.alert_id as number, a.reference, r.sealed
                          from closing_notes r join alerts a on a.id = r.alert_id
                         where r.alert_id > $1 and substring(r.sealed for octet_length($2::bytea)) <> $2
                         order by r.alert_id limit $3 for update of r""",
    "inbound": """select id as number, source, kind, sealed from inbound
                   where id > $1 and substring(sealed for octet_length($2::bytea)) <> $2
                   order by id limit $3 for update""",
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
    "requests": "update requests t set sealed = n.sealed from unnest($1::bigint[], $2::bytea[]) as n (number, sealed) "
    "where t.alert_id = n.number",
    "closing_notes": "update closing_notes t set sealed = n.sealed"
    " from unnest($1::bigint[], $2::bytea[]) as n (number, sealed) where t.alert_id = n.number",
    "inbound": "update inbound t set sealed = n.sealed from unnest($1::bigint[], $2::bytea[]) as n (number, sealed) "
    "where t.id = n.number",
    "messages": f"update messages t set link = '{SEALED}' || translate(encode(n.sealed, 'base64'), E'\\n', '')"
    " from unnest($1::bigint[], $2::bytea[]) as n (number, sealed) where t.id = n.number",
}
TABLES = tuple(_OLD)
_ENDS = {
    "requests": """select r.alert_id as number, a.reference, r.sealed from requests r join alerts a on a.id = r.alert_id
                    where r.alert_id in ((select min(alert_id) from requests), (select max(alert_id) from requests))""",
    "inbound": """select id as number, source, kind, sealed from inbound
                   where id in ((select min(id) from inbound), (select max(id) from inbound))""",
}


async def sealed_by_others(session: Session, table: str, *, mark: bytes, after: int, most: int) -> list[Sealed]:
    """Lock and return rows after number ``after`` whose bytes do not begin with ``mark``, by their numbers."""
    rows = await session.fetch(_OLD[table], after, mark, most)
    return [Sealed(row["number"], _place(table, row), row["sealed"]) for row in rows]


def _place(table: str, row: Row) -> str:
    if table in ("accounts", "invitations"):
        return totp_place(row["number"])
    if table == "subscriptions":
        return subscription_place(row["number"])
    if table == "closing_notes":
        return note_place(row["reference"])
    if table == "requests":
        return request_place(row["reference"])
    return link_place(row["address"]) if table == "messages" else inbound_place(row["source"], row["kind"])


async def samples(session: Session) -> list[Sealed]:
    """Return the oldest and the newest request, and the oldest and the newest arrival, as far as there are any."""
    found = []
    for table in ("requests", "inbound"):
        rows = await session.fetch(_ENDS[table])
        found += [Sealed(row["number"], _place(table, row), row["sealed"]) for row in rows]
    return found


async def write(session: Session, table: str, *, rows: Sequence[Sealed]) -> None:
    """Put new bytes in the place of the old."""
    await session.execute(_WRITE[table], [row.number for row in rows], [row.sealed for row in rows])
