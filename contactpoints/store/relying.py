"""What of the directory and of open alerts still relies on an entry, so that it cannot be retired yet."""

from collections.abc import Mapping
from datetime import datetime

from contactpoints.store.database import Session
from contactpoints.store.entries import Key

_LOCK = 0x1A9088  # any number that nothing else locks


async def hold_links(session: Session) -> None:
    """Let whoever else links two houses, or asks what relies on an entry, wait until the transaction ends.

    Of two who link and retire, or who close a ring, at the same time the second sees what the first wrote. The houses
    themselves are held before.
    """
    await session.execute("select pg_advisory_xact_lock($1)", _LOCK)


async def relying_on(session: Session, name: str, *, key: Key, now: datetime) -> list[str]:
    """Return the kinds of entries that still rely on entry ``key`` of the kind ``name``, and `alerts` still open.

    Until the transaction ends nothing more comes to rely on it; see `hold_links`.
    """
    await hold_links(session)
    found: list[str] = []
    for kind, question in _RELYING.get(name, {}).items():
        arguments = (key, now) if "$2" in question else (key,)
        if await session.fetchval(f"select exists ({question})", *arguments):
            found.append(kind)
    return found


# A contact point, a post or a kind of channel that an escalation step in force calls.
_STEPS = (
    "select 1 from policies y, jsonb_array_elements(y.steps) step, jsonb_array_elements(step->'posts') ref"
    " where y.retired_at is null"
)

_RELYING: Mapping[str, Mapping[str, str]] = {
    "parties": {
        "contact_points": "select 1 from contact_points where party = $1 and retired_at is null",
        "memberships": "select 1 from memberships where party = $1 and retired_at is null",
        "declarations": "select 1 from declarations where $1 in (party, towards) and retired_at is null",
        "providers": "select 1 from providers where party = $1 and retired_at is null",
    },
    "contact_points": {
        "posts": "select 1 from posts where contact_point_id = $1 and retired_at is null",
        "officers": "select 1 from officers where contact_point_id = $1 and retired_at is null",
        "contact_points": "select 1 from contact_points"
        " where $1 in (central_authority_id, backup_id) and retired_at is null",
        "policies": f"select 1 from policies where contact_point_id = $1 and retired_at is null union all {_STEPS}"
        " and (ref->>'contact_point')::bigint = $1",
        "alerts": "select 1 from alerts where contact_point_id = $1 and state in ('alerting', 'exhausted')",
    },
    "posts": {
        "rotations": "select 1 from rotations where post_id = $1 and retired_at is null",
        "calendars": "select 1 from calendars where post_id = $1 and retired_at is null",
        "overrides": "select 1 from overrides where post_id = $1 and retired_at is null and ends_at > $2",
        "policies": f"{_STEPS} and (ref->>'post')::bigint = $1",
    },
    "officers": {
        "rotations": "select 1 from rotations where $1 = any(members) and retired_at is null",
        "calendars": "select 1 from shifts s join calendars l on l.id = s.calendar_id where s.officer_id = $1"
        " and l.retired_at is null and s.retired_at is null and s.ends_at > $2",
        "overrides": "select 1 from overrides where officer_id = $1 and retired_at is null and ends_at > $2",
        "absences": "select 1 from absences where officer_id = $1 and retired_at is null and ends_at > $2",
        "channels": "select 1 from channels where officer_id = $1 and retired_at is null",
    },
    "channels": {
        "policies": "select 1 from channels me join officers mine on mine.id = me.officer_id"
        f" where me.id = $1 and exists ({_STEPS} and (ref->>'contact_point')::bigint = mine.contact_point_id"
        " and step->'channels' ? me.kind) and not exists (select 1 from channels c join officers o"
        " on o.id = c.officer_id where c.id <> me.id and c.kind = me.kind and c.retired_at is null"
        " and o.retired_at is null and o.contact_point_id = mine.contact_point_id)",
    },
}
