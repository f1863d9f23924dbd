"""What leaves the directory with an officer: what is looked at before, and what ends together with the officer."""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

from contactpoints.rules.leaving import Around, Policy, Told
from contactpoints.store.database import Row, Session
from contactpoints.store.handing import IN_CHARGE, OPEN


async def around(session: Session, contact_point: int, *, officer: int, now: datetime) -> Around:
    """Return what is known beside the contact point of an officer, as the caller's transaction sees it."""
    policies = await session.fetch(_POLICIES, contact_point)
    keys = await session.fetch(_KEYS, officer)
    calendars: dict[int, dict[int, int]] = {}
    for row in await session.fetch(_CALENDARS, contact_point, officer, now):
        calendars.setdefault(row["post_id"], {})[row["id"]] = row["version"]
    return Around(
        calendars=calendars,
        rotations=await _versions(session, "rotations", contact_point=contact_point),
        overrides=await _versions(session, "overrides", contact_point=contact_point),
        policies=tuple(_policy(row) for row in policies),
        keys=tuple(Told(row["id"], row["authority"], tuple(row["addresses"])) for row in keys),
    )


# The policies that call a post of the contact point, whoever has them.
_POLICIES = """
select y.id, y.version, y.urgency, y.steps from policies y
 where y.retired_at is null and exists (
   select 1 from jsonb_array_elements(y.steps) step, jsonb_array_elements(step->'posts') ref
    where (ref->>'contact_point')::bigint = $1)
 order by y.id
"""

_CALENDARS = """
select l.id, l.version, l.post_id from calendars l join posts p on p.id = l.post_id
 where p.contact_point_id = $1 and l.retired_at is null and (
   l.officers @> jsonb_build_array(jsonb_build_object('officer_id', $2::bigint)) or exists (
     select 1 from shifts s where s.calendar_id = l.id and s.officer_id = $2 and s.retired_at is null
        and s.ends_at > $3))
 order by l.id
"""

_KEYS = """
select k.id, k.authority, array_agg(distinct c.address order by c.address) as addresses
  from officers o join contact_points p on p.id = o.contact_point_id
  join channels c on c.officer_id = o.id and c.retired_at is null
  join api_keys k on k.party is not distinct from p.party and k.revoked_at is null and c.address = any(k.notify)
 where o.id = $1 group by k.id, k.authority order by k.id
"""


async def _versions(session: Session, table: str, *, contact_point: int) -> dict[int, int]:
    rows = await session.fetch(
        f"select e.id, e.version from {table} e join posts p on p.id = e.post_id"
        " where p.contact_point_id = $1 and e.retired_at is null",
        contact_point,
    )
    return {row["id"]: row["version"] for row in rows}


def _policy(row: Row) -> Policy:
    steps = (tuple((ref["contact_point"], ref["post"]) for ref in step["posts"]) for step in row["steps"])
    return Policy(row["id"], row["version"], row["urgency"], tuple(steps))


async def called_for(session: Session, officer: int) -> list[Row]:
    """Return the alerts that are an officer's, by number: open and called for, or in charge of the officer.

    And those that the officer is asked to take over, and has not yet. ``has``: the officer has it, at the ``line`` of
    the contact point ``house``; ``whose``: its name where it is not the alert's own.
    """
    return await session.fetch(
        f"""select a.id, a.reference, a.state, coalesce(c.officer_id = $1, false) as has,
                  c.line, c.whose, c.house, c.officer_name
              from reply_codes r join alerts a on a.id = r.alert_id
              left join lateral ({IN_CHARGE.format(alert="a.id")}) c on a.state = 'acknowledged'
             where r.officer_id = $1 and (a.state in ('alerting', 'exhausted') or a.state = 'acknowledged' and (
                   c.officer_id = $1
                   or exists (select 1 from alert_handovers h
                               where h.alert_id = a.id and h.officer_id = $1 and {OPEN})))
             order by a.id""",
        officer,
    )


async def keys_told(session: Session, officer: int) -> list[int]:
    """Return the keys whose news go to addresses of an officer."""
    return [row["id"] for row in await session.fetch(_KEYS, officer)]


async def told_of(session: Session, keys: Collection[int]) -> list[int]:
    """Return the open alerts whose news go to the addresses of some keys."""
    rows = await session.fetch(
        "select id from alerts where actor_id = any($1::bigint[]) and due_at is not null", list(keys)
    )
    return [row["id"] for row in rows]


async def belonging(session: Session, officer: int, *, now: datetime) -> dict[str, list[int]]:
    """Return the numbers of the unretired entries that are the officer's own and not over: kind -> numbers."""
    rows = await session.fetch(
        """select 'channels' as kind, id from channels where officer_id = $1 and retired_at is null
           union all select 'absences', id from absences where officer_id = $1 and retired_at is null and ends_at > $2
           union all select 'overrides', id from overrides
            where officer_id = $1 and retired_at is null and ends_at > $2 and action = 'remove'
           order by kind, id""",
        officer,
        now,
    )
    return {kind: [row["id"] for row in rows if row["kind"] == kind] for kind in ("channels", "absences", "overrides")}


async def counted(session: Session, officer: int, *, now: datetime) -> dict[str, Any]:
    """Return of what is no entry how much would end with an officer; of the PIN whether there is one."""
    row = await session.fetchrow(
        f"""select exists (select 1 from pins where officer_id = $1) as pin,
                  (select count(*) from mail_links where {_OPEN_LINKS}) as mail_links,
                  (select count(*) from address_changes where {_OPEN_CHANGES}) as address_changes,
                  (select count(*) from swaps where {_OPEN_SWAPS}) as swaps,
                  (select count(*) from feeds where {_OPEN_FEEDS}) as feeds,
                  array(select id from accounts where {_OPEN_ACCOUNTS} order by id) as accounts,
                  array(select id from api_keys where {_HELD_KEYS} order by id) as keys""",
        officer,
        now,
    )
    return dict(row or {})


_OPEN_LINKS = "officer_id = $1 and used_at is null and expires_at > $2"
_OPEN_CHANGES = "state = 'pending' and channel_id in (select id from channels where officer_id = $1)"
_OPEN_FEEDS = "officer_id = $1 and revoked_at is null"
_OPEN_ACCOUNTS = "officer_id = $1 and disabled_at is null"
_GOOD_KEYS = "revoked_at is null and (expires_at is null or expires_at > $2)"
_HELD_KEYS = f"holder_id in (select id from accounts where officer_id = $1 and disabled_at is null) and {_GOOD_KEYS}"
_MADE_KEYS = (
    f"made_by in (select id from accounts where officer_id = $1) and {_GOOD_KEYS}"
    " and not exists (select 1 from accounts where id = holder_id and officer_id = $1)"
)
_OPEN_SWAPS = "$1 in (officer_id, to_officer_id, taker_id) and state in ('offered', 'taken') and retired_at is null"


async def version_of(session: Session, table: str, *, key: int) -> int:
    """Return the version that an entry is at."""
    version: int = await session.fetchval(f"select version from {table} where id = $1", key)
    return version


async def end_codes(session: Session, officer: int, *, alerts: Iterable[int], now: datetime) -> list[Row]:
    """Lock the reply codes of an officer for some locked alerts, and cancel what has not surely left to the officer.

    Return alert, line and step of each code that was locked now.
    """
    numbers = list(alerts)
    locked = await session.fetch(
        """update reply_codes r set locked_at = $3 from posts p
            where r.officer_id = $1 and r.alert_id = any($2::bigint[]) and r.locked_at is null and p.id = r.post_id
           returning r.alert_id, p.line, r.step""",
        officer,
        numbers,
        now,
    )
    await session.execute(
        """with silenced as (
               select id from messages where alert_id = any($2::bigint[]) and officer_id = $1
                  and state in ('queued', 'unsure') and purpose = 'alert' order by id for update)
           update messages m set state = 'cancelled', send_at = null, trace_at = null, unsure_since = null
             from silenced where m.id = silenced.id""",
        officer,
        numbers,
    )
    return locked


async def end_pin(session: Session, officer: int) -> bool:
    """Forget the PIN of an officer; False where there was none."""
    return await session.fetchval("delete from pins where officer_id = $1 returning true", officer) or False


async def end_links(session: Session, officer: int, *, now: datetime) -> int:
    """End the one-time links that an officer was mailed and has not used; return how many."""
    return await _count(
        session,
        f"update mail_links set expires_at = $2 where {_OPEN_LINKS}",
        officer,
        now,
    )


async def end_address_changes(session: Session, officer: int, *, by: int, now: datetime) -> int:
    """Withdraw the addresses that wait to take the place of an officer's; return how many. Codes sent end with them."""
    await session.execute(
        """update proofs set expires_at = $2 where proven_at is null and expires_at > $2
              and channel_id in (select id from channels where officer_id = $1)""",
        officer,
        now,
    )
    return await _count(
        session,
        "update address_changes set state = 'withdrawn', settled_at = $2, settled_by = $3, settled_why = 'left'"
        f" where {_OPEN_CHANGES}",
        officer,
        now,
        by or None,  # nobody's key: the command line
    )


async def open_swaps(session: Session, officer: int) -> list[Row]:
    """Return the open swaps of shifts that an officer offers, was offered or would take."""
    return await session.fetch(f"select * from swaps where {_OPEN_SWAPS} order by id", officer)


async def give_shifts(session: Session, calendar: int, *, old: int, new: int | None, now: datetime) -> None:
    """Give the shifts to come that a calendar has for an officer to another one, who has none of the same event yet.

    What nobody takes is retired. Shifts of events are no entries: the calendar itself has the history.
    """
    await session.execute(
        """with leaving as (
               update shifts set retired_at = $4
                where calendar_id = $1 and officer_id = $2 and retired_at is null and ends_at > $4 returning *)
           insert into shifts (calendar_id, uid, recurrence, officer_id, starts_at, ends_at, zone, starts_local,
                               ends_local, created_at)
           select calendar_id, uid, recurrence, $3, starts_at, ends_at, zone, starts_local, ends_local, $4
             from leaving where $3::bigint is not null
           on conflict (calendar_id, uid, recurrence, officer_id) where retired_at is null do nothing""",
        calendar,
        old,
        new,
        now,
    )


async def calendar_officers(session: Session, calendar: int) -> list[dict[str, Any]]:
    """Return whom a calendar names: text and officer."""
    named: list[dict[str, Any]] = await session.fetchval("select officers from calendars where id = $1", calendar)
    return named


async def end_feeds(session: Session, officer: int, *, now: datetime) -> int:
    """Revoke the secret addresses at which the officer's shifts are read as a calendar; return how many."""
    return await _count(session, f"update feeds set revoked_at = $2 where {_OPEN_FEEDS}", officer, now)


async def post_feeds(session: Session, officer: int) -> dict[int, int]:
    """Return the feeds of posts of the officer's contact point that can be read, by number: of which post."""
    rows = await session.fetch(
        """select f.id, f.post_id from feeds f join posts p on p.id = f.post_id
             join officers o on o.contact_point_id = p.contact_point_id
            where o.id = $1 and f.revoked_at is null and p.retired_at is null order by f.post_id, f.id""",
        officer,
    )
    return {row["id"]: row["post_id"] for row in rows}


async def keys_made(session: Session, officer: int, *, now: datetime, at: datetime) -> dict[int, datetime]:
    """Return the keys that an officer's account made and holds not, by number: when each ends, at ``at`` or before."""
    rows = await session.fetch(
        f"select id, least(expires_at, $3) as ends_at from api_keys where {_MADE_KEYS} order by id", officer, now, at
    )
    return {row["id"]: row["ends_at"] for row in rows}


async def end_made(session: Session, officer: int, *, now: datetime, at: datetime) -> dict[int, datetime]:
    """Let the keys that an officer's account made and holds not end at an instant, if they do not earlier."""
    await session.execute(
        f"""update api_keys set expires_at = $3, version = version + 1
             where {_MADE_KEYS} and (expires_at is null or expires_at > $3)""",
        officer,
        now,
        at,
    )
    return await keys_made(session, officer, now=now, at=at)


async def call_off_handovers(session: Session, officer: int, *, now: datetime) -> None:
    """Expect the officer at no handover any more."""
    await session.execute(
        "update handovers set called_off_at = $2 where officer_id = $1 and called_off_at is null and at > $2",
        officer,
        now,
    )


async def tell_elsewhere(session: Session, key: int, *, old: str, new: str | None) -> None:
    """Let the news of a key and of its open alerts, locked by now, go to ``new`` instead of ``old``."""
    for table, which in (("api_keys", "id = $1"), ("alerts", "actor_id = $1 and due_at is not null")):
        await session.execute(
            f"""update {table} set notify = (
                   select coalesce(array_agg(each order by place), '{{}}') from (
                       select each, min(place) as place from (
                           select case when each = $2 then $3::text else each end as each, place
                             from unnest(notify) with ordinality told (each, place)) told
                        where each is not null group by each) kept)
                where {which} and $2 = any(notify)""",
            key,
            old,
            new,
        )


async def _count(session: Session, statement: str, *arguments: object) -> int:
    return int(str(await session.execute(statement, *arguments)).rpartition(" ")[2])
