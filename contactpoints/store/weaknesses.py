"""What the database tells of how well the service is kept: its role's rights, keys, accounts and PINs."""

from datetime import datetime, timedelta
from typing import Any

from contactpoints.store.database import Session

_PRIVILEGES = ("rolsuper", "rolcreatedb", "rolcreaterole", "rolreplication", "rolbypassrls")
_ROLE = f"""
select {", ".join(_PRIVILEGES)}, (select count(*) from pg_database d where d.datdba = r.oid
       and d.datname <> current_database() and not d.datistemplate) as databases
  from pg_roles r where rolname = current_user
"""
_KEYS = """
select coalesce(array_agg(k.id order by k.id) filter (where k.expires_at is null), '{}') as for_ever,
       coalesce(array_agg(k.id order by k.id)
                filter (where greatest(u.used_at, k.created_at) <= $1::timestamptz - $2::interval), '{}') as unused
  from api_keys k left join key_uses u on u.api_key_id = k.id
 where k.revoked_at is null and (k.expires_at is null or k.expires_at > $1)
"""
_PEOPLE = """
select coalesce(array_agg(a.id order by a.id)
                filter (where not exists (select 1 from passkeys p where p.account_id = a.id)), '{}') as bare,
       count(*) filter (where a.role = 'secretariat') as secretariats
  from accounts a where a.accepted_at is not null and a.disabled_at is null
"""
_PINS = """
select coalesce(array_agg(o.id order by o.id), '{}')
  from officers o left join pins p on p.officer_id = o.id
 where o.retired_at is null and (p.officer_id is null or p.locked_at is not null or p.expires_at <= $1)
   and exists (select 1 from channels c where c.officer_id = o.id and c.retired_at is null)
"""


async def role(session: Session) -> tuple[list[str], int]:
    """Return the rights of our role that the service has no need of, and how many other databases it owns."""
    row = await session.fetchrow(_ROLE)
    assert row is not None
    return [name.removeprefix("rol") for name in _PRIVILEGES if row[name]], row["databases"]


async def kept(session: Session, *, now: datetime, unused: timedelta) -> dict[str, Any]:
    """Return the numbers of keys that never expire or were not used for so long, of accounts and PINs that lack."""
    keys, people = await session.fetchrow(_KEYS, now, unused), await session.fetchrow(_PEOPLE)
    assert keys is not None
    assert people is not None
    return {
        "keys_for_ever": keys["for_ever"],
        "keys_unused": keys["unused"],
        "without_passkey": people["bare"],
        "secretariats": people["secretariats"],
        "without_pin": await session.fetchval(_PINS, now),
    }
