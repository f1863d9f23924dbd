"""The invented network: 1,000 contact points, each with posts, rotations, officers and channels, and 1,000 keys.

Made by a handful of statements, for a thousand of anything through the API would take longer than the measurement.
Nobody in it exists: telephone numbers are +1 XXX 555-01XX, which is kept for fiction, mailboxes lie under `example`
domains (RFC 2606). Contact points whose number is odd have an escalation policy of their own, the others the default.
"""

import itertools
import secrets
import string
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

import asyncpg

from contactpoints.actions.access import set_pin
from contactpoints.actions.tools import Tools
from contactpoints.store.database import Database
from contactpoints.store.sealing import Keyring, secret_hash

POINTS = 1000
KEYS = 1000
PIN = "482913"
REQUESTERS = ("+12025550143", "desk@requester.example")
_OFFICERS_EACH = 3
_PARTIES = tuple("".join(pair) for pair in itertools.product(string.ascii_uppercase, repeat=2))
_ZONES = ["Europe/Bucharest", "America/Santiago", "Asia/Tokyo", "Africa/Accra", "Europe/Paris", "America/Panama"]
_LANGUAGES = ["en", "fr", "es"]
# Area code and line of the officer with a number from 0 on: 220 555-0100, 220 555-0101, ...
_NUMBER = "'+1' || (220 + ({n}) / 100) || '55501' || lpad((({n}) % 100)::text, 2, '0')"


def _texts(values: Sequence[str]) -> str:
    return "array['" + "', '".join(values) + "']"


_SETUP = f"""
insert into parties (code, name, confidence, created_at, changed_at)
select code, 'Party ' || code, 'unconfirmed', now(), now() from unnest({{codes}}) code;

insert into memberships (party, instrument, status, created_at, changed_at)
select code, instrument, 'party', now(), now() from parties, unnest(array['ets185', 'cets224']) instrument;

insert into contact_points (id, party, territory, name, function, zone, languages, capabilities, working_hours,
                            secretariat, handover_minutes, created_at, changed_at)
overriding system value
select n, case when n <= {{points}} then ({{codes}})[(n - 1) % {{many}} + 1] end,
       case when n > {{many}} and n <= {{points}} then 'T-' || n end,
       'Invented contact point ' || n, '24/7 point of contact', ({_texts(_ZONES)})[n % {len(_ZONES)} + 1],
       array[({_texts(_LANGUAGES)})[n % 3 + 1]],
       jsonb_build_object('emergency_disclosure', 'executes', 'emergency_mla', 'executes',
                          'preservation', 'executes', 'assistance', 'executes'),
       (select jsonb_agg(jsonb_build_object('weekday', day, 'start', '09:00', 'end', '17:00'))
          from generate_series(0, 4) day),
       n > {{points}}, null, now(), now()
  from generate_series(1, {{points}} + 1) n;

insert into officers (id, contact_point_id, name, function, language, created_at, changed_at)
overriding system value
select (n - 1) * {_OFFICERS_EACH} + place, n, 'Invented officer ' || n || '.' || place, 'Duty officer',
       ({_texts(_LANGUAGES)})[n % 3 + 1], now(), now()
  from generate_series(1, {{points}} + 1) n, generate_series(1, {_OFFICERS_EACH}) place;

insert into channels (officer_id, kind, address, place, verified_at, proven_at, created_at, changed_at)
select id, 'sms', {_NUMBER.format(n="id - 1")}, 1, now(), now(), now(), now() from officers;

insert into channels (officer_id, kind, address, place, verified_at, proven_at, created_at, changed_at)
select o.id, 'email', 'officer-' || o.id || '@' || lower(coalesce(p.party, 'secretariat')) || '.example.org', 2, now(),
       now(), now(), now()
  from officers o join contact_points p on p.id = o.contact_point_id where p.id % 4 in (1, 2);

insert into posts (id, contact_point_id, line, function, created_at, changed_at)
overriding system value
select (n - 1) * 3 + place, n, (array['first', 'second', 'team_leader'])[place],
       (array['First line', 'Second line', 'Team leader'])[place], now(), now()
  from generate_series(1, {{points}} + 1) n, generate_series(1, 3) place;

insert into rotations (post_id, period, zone, starts_on, handover, members, created_at, changed_at)
select s.id, 'weekly', p.zone, current_date - 29, '09:00',
       case s.line when 'first' then array[o.id, o.id + 1] when 'second' then array[o.id + 1, o.id]
                   else array[o.id + 2] end, now(), now()
  from posts s join contact_points p on p.id = s.contact_point_id
  join officers o on o.id = (p.id - 1) * {_OFFICERS_EACH} + 1;

insert into absences (officer_id, starts_at, ends_at, created_at, changed_at)
select id, now() - interval '20 days', now() - interval '12 days', now(), now() from officers where id % 5 = 0;

insert into policies (contact_point_id, steps, created_at, changed_at)
select s.contact_point_id,
       jsonb_agg(jsonb_build_object('posts', jsonb_build_array(jsonb_build_object('contact_point', s.contact_point_id,
                                                                                  'post', s.id)),
                                    'channels', jsonb_build_array('sms', 'email'), 'patience_seconds', 300,
                                    'only_if_undelivered', false) order by s.id), now(), now()
  from posts s where s.contact_point_id % 2 = 1 and s.contact_point_id <= {{points}} group by s.contact_point_id;
"""
_KEYS = f"""
with made as (insert into actors (kind) select 'key' from unnest($1::bytea[]) returning id),
     numbered as (select id, row_number() over (order by id) as n from made)
insert into api_keys (id, secret_hash, role, party, authority, notify, created_at)
select id, hash, 'requester', ({{codes}})[n % {{many}} + 1], 'Invented desk ' || n,
       array['{REQUESTERS[1]}'], now()
  from numbered join unnest($1::bytea[]) with ordinality as key (hash, n) using (n)
"""
_SERIES = ("contact_points", "officers", "posts")


@dataclass(frozen=True, slots=True)
class Network:
    """Keys of requesters, Parties by what their officers can be reached by, and every address in it."""

    keys: tuple[str, ...] = field(repr=False)
    texted: tuple[str, ...]
    texted_own: tuple[str, ...]
    mailed: tuple[str, ...]
    officers: frozenset[str] = field(repr=False)


async def make(url: str, *, keyring: Keyring, pepper: bytes, points: int = POINTS) -> Network:
    """Fill an empty, migrated database, with so many contact points besides the secretariat."""
    keys = tuple(f"cp_{secrets.token_urlsafe(32)}" for _ in range(KEYS))
    codes = _PARTIES[:points]
    told = {"codes": _texts(codes), "many": len(codes), "points": points}
    connection = await asyncpg.connect(url)
    try:
        async with connection.transaction():
            await connection.execute(_SETUP.format(**told))
            await connection.execute(_KEYS.format(**told), [secret_hash(key) for key in keys])
            for table in _SERIES:
                await connection.execute(
                    f"select setval(pg_get_serial_sequence('{table}', 'id'), max(id)) from {table}"
                )
        await _set_pins(connection, url, keyring=keyring, pepper=pepper)
        await connection.execute("analyze")
        addresses = await connection.fetch("select address from channels")
    finally:
        await connection.close()
    national = range(1, len(codes) + 1)
    return Network(
        keys,
        texted=tuple(_PARTIES[n - 1] for n in national if n % 4 in (0, 3)),
        texted_own=tuple(_PARTIES[n - 1] for n in national if n % 4 == 3),
        mailed=tuple(_PARTIES[n - 1] for n in national if n % 4 in (1, 2)),
        officers=frozenset(row["address"] for row in addresses),
    )


async def _set_pins(
    connection: "asyncpg.Connection[asyncpg.Record]", url: str, *, keyring: Keyring, pepper: bytes
) -> None:
    """Give every officer the same PIN: the hash of one is made by the service, and copied."""
    database = Database(url, most=1)
    await database.open()
    tools = Tools(keyring, pepper, secrets.token_bytes, gateways={}, words={})
    await set_pin(database, 1, pin=PIN, now=datetime.now(UTC), tools=tools)
    await database.close()
    await connection.execute(
        "insert into pins (officer_id, hash, set_at) select id, hash, set_at from officers, pins on conflict do nothing"
    )
