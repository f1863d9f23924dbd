"""Reading the directory in order to route by it: whole contact points with their posts, rosters and officers.

Nothing is kept between calls here; `store.atlas` keeps what was loaded for as long as `revision` stands.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from contactpoints.rules.directory import Channel, ContactPoint, Officer, Post
from contactpoints.rules.escalation import read_steps
from contactpoints.rules.holidays import HolidayCalendar, calendar_of
from contactpoints.rules.rosters import WorkingSpan
from contactpoints.rules.wording_news import Alternative
from contactpoints.store.database import Row, Session
from contactpoints.store.rosters import read_absence, read_imported, read_override, read_rotation

# domain.md 6.5, where a contact point has no policy of its own.
_RESTART_SECONDS = 900
_REMINDER_SECONDS = 3600
LOOKED_BACK = timedelta(days=50)
"""How long what has ended may matter yet: for somebody who is on duty for 1,000 hours on end, and to a late alert."""
_FOR_EVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Party:
    """A State or territory of the network, by its ISO 3166-1 alpha-2 code."""

    code: str
    name: str
    confidence: str


async def find_party(session: Session, code: str) -> Party | None:
    """Return the Party, or None where it is unknown or retired."""
    row = await session.fetchrow(
        "select code, name, confidence from parties where code = $1 and retired_at is null", code
    )
    return Party(row["code"], row["name"], row["confidence"]) if row else None


async def revision(session: Session) -> int:
    """Return the number that rises with every change of the directory, whoever makes it."""
    number: int = await session.fetchval("select number from directory_revision")
    return number


async def answering_for(session: Session, party: str, *, territory: str | None) -> int | None:
    """Return the contact point that answers for a territory of ``party`` (None: for the whole of it), None without."""
    found: int | None = await session.fetchval(
        "select id from contact_points"
        " where party = $1 and territory is not distinct from $2 and retired_at is null order by id limit 1",
        party,
        territory,
    )
    return found


async def places(session: Session) -> list[Row]:
    """Return every Party with its contact points, by name; one without any has an empty row. Few hundred at most.

    Of several that answer for the same place the first counts, as in `answering_for`.
    """
    return await session.fetch(
        """select * from (
             select distinct on (p.code, cp.territory) p.code, p.name, cp.territory, cp.zone, cp.name as point
               from parties p left join contact_points cp on cp.party = p.code and cp.retired_at is null
              where p.retired_at is null order by p.code, cp.territory, cp.id) each
            order by name, territory nulls first"""
    )


async def zone_of(session: Session, contact_point: int) -> str:
    """Return the time zone of a contact point, as it is now."""
    zone: str = await session.fetchval("select zone from contact_points where id = $1", contact_point)
    return zone


async def place_of(session: Session, contact_point: int) -> tuple[str | None, str | None]:
    """Return the territory and the Party of a contact point."""
    row = await session.fetchrow("select territory, party from contact_points where id = $1", contact_point)
    return (row["territory"], row["party"]) if row else (None, None)


async def calendars(session: Session) -> list[HolidayCalendar]:
    """Return the holidays of every contact point that answers now, each calendar once."""
    rows = await session.fetch(
        "select to_jsonb(h) as holidays, cp.territory, cp.party from contact_points cp"
        " left join holiday_calendars h on h.contact_point_id = cp.id and h.retired_at is null"
        " where cp.retired_at is null"
    )
    return list({calendar_of(r["holidays"], party=r["party"], territory=r["territory"]): None for r in rows})


async def secretariat(session: Session) -> int | None:
    """Return the id of the secretariat's contact point, None where there is none yet."""
    found: int | None = await session.fetchval("select id from contact_points where secretariat and retired_at is null")
    return found


async def behind(session: Session, contact_point: int) -> set[int]:
    """Return the back-up of a contact point, the back-up of that one, and so on."""
    rows = await session.fetch(_BEHIND, contact_point)
    return {row["id"] for row in rows}


# A union without "all" ends on a ring too.
_BEHIND = """
with recursive behind (id) as (
  select backup_id from contact_points where id = $1 and backup_id is not null
  union select next.backup_id from contact_points next join behind on next.id = behind.id
   where next.backup_id is not null)
select id from behind
"""


async def answering(session: Session, party: str | None = None, *, only: int | None = None) -> list[int]:
    """Return the contact points that answer now, by Party; those of one Party, or ``only`` one, where it is given."""
    rows = await session.fetch(
        "select id from contact_points where retired_at is null and ($1::text is null or party = $1)"
        " and ($2::bigint is null or id = $2)"
        " order by party nulls last, territory nulls first, id",
        party,
        only,
    )
    return [row["id"] for row in rows]


async def marks(session: Session) -> dict[int, int]:
    """Return for each contact point that answers now a number that is another one after any change of it or below it.

    PostgreSQL knows by which transaction each row was written: whoever wrote it, and whatever column, the sum of hashes
    is another one, and also when a row is taken away.
    """
    return {row["id"]: row["mark"] for row in await session.fetch(_MARKS)}


_MARKS = """
with written (id, by) as (
  select id, xmin from contact_points
  union all select contact_point_id, xmin from posts
  union all select contact_point_id, xmin from officers
  union all select contact_point_id, xmin from policies
  union all select contact_point_id, xmin from holiday_calendars
  union all select p.contact_point_id, r.xmin from posts p join rotations r on r.post_id = p.id
  union all select p.contact_point_id, v.xmin from posts p join overrides v on v.post_id = p.id
  union all select p.contact_point_id, l.xmin from posts p join calendars l on l.post_id = p.id
  union all select o.contact_point_id, s.xmin from officers o join shifts s on s.officer_id = o.id
  union all select o.contact_point_id, c.xmin from officers o join channels c on c.officer_id = o.id
  union all select o.contact_point_id, a.xmin from officers o join absences a on a.officer_id = o.id
  union all select o.contact_point_id, k.xmin from officers o join pins k on k.officer_id = o.id)
select w.id, (sum(hashtextextended(w.by::text, 0)) % 4611686018427387904)::bigint as mark
  from written w join contact_points cp on cp.id = w.id and cp.retired_at is null
 group by w.id
"""


async def told_outside(session: Session, ids: Iterable[int]) -> dict[int, dict[str, Any]]:
    """Return what contact points tell outsiders besides what alerts are routed by, by columns; see `PublicKey`."""
    rows = await session.fetch(
        "select id, name_in_english, function_in_english, also_member_of, public_keys"
        " from contact_points where id = any($1::bigint[])",
        list(ids),
    )
    return {row["id"]: dict(row) for row in rows}


async def hold(session: Session, contact_points: Iterable[int]) -> None:
    """Hold contact points until the transaction ends, in the order of their numbers, before anything below them."""
    await session.execute(
        "select 1 from contact_points where id = any($1::bigint[]) order by id for no key update", list(contact_points)
    )


async def load(
    session: Session, ids: Iterable[int], *, urgency: str = "emergency", since: datetime | None = None
) -> dict[int, ContactPoint]:
    """Return whole contact points, in one round trip; ids that are unknown or retired are missing.

    Retired posts, officers, channels, rotations, overrides and absences are left out, and of the last two those that
    ended so long before ``since`` that nothing about then or later depends on them. The policy is the one for
    ``urgency``, else None.
    """
    rows = await session.fetch(_LOAD, list(ids), urgency, since and since - LOOKED_BACK)
    return {row["id"]: _contact_point(dict(row)) for row in rows}


_LOAD = """
with wanted as (
  select id, party, territory, name, function, zone, languages, english_in_emergencies, capabilities, working_hours,
         pin_required, secretariat, revision, backup_id, handover_minutes, swaps_need_approval
    from contact_points where id = any($1::bigint[]) and retired_at is null)
select wanted.*,
  (select coalesce(jsonb_agg(jsonb_build_object(
      'id', p.id, 'line', p.line, 'function', p.function,
      'minimum', p.minimum, 'languages', p.languages, 'longest_hours', p.longest_hours,
      'rotations', (select coalesce(jsonb_agg(to_jsonb(r) order by r.layer, r.id), '[]') from rotations r
                    where r.post_id = p.id and r.retired_at is null),
      'overrides', (select coalesce(jsonb_agg(jsonb_build_object(
                        'id', v.id, 'action', v.action, 'officer_id', v.officer_id, 'starts_at', v.starts_at,
                        'ends_at', v.ends_at) order by v.starts_at, v.id), '[]') from overrides v
                    where v.post_id = p.id and v.retired_at is null and ($3::timestamptz is null or v.ends_at > $3)),
      'calendars', (select coalesce(jsonb_agg(jsonb_build_object('id', l.id, 'layer', l.layer, 'shifts', (
          select coalesce(jsonb_agg(jsonb_build_array(
              s.officer_id, extract(epoch from s.starts_at), extract(epoch from s.ends_at)
            ) order by s.starts_at, s.id), '[]')
            from shifts s where s.calendar_id = l.id and s.retired_at is null and s.ends_at > l.read_at)
        ) order by l.layer, l.id), '[]') from calendars l where l.post_id = p.id and l.retired_at is null)
    ) order by p.id), '[]') from posts p where p.contact_point_id = wanted.id and p.retired_at is null) as posts,
  (select coalesce(jsonb_agg(jsonb_build_object(
      'id', o.id, 'name', o.name, 'function', o.function, 'language', o.language, 'languages', o.languages,
      'notices_by', o.notices_by, 'notices_minutes', o.notices_minutes,
      'pin', (select jsonb_build_object('expires_at', k.expires_at) from pins k
              where k.officer_id = o.id and k.locked_at is null),
      'channels', (select coalesce(jsonb_agg(jsonb_build_object(
                       'id', c.id, 'officer_id', c.officer_id, 'kind', c.kind, 'address', c.address, 'place', c.place,
                       'proven_at', c.proven_at, 'quarantined_at', c.quarantined_at, 'renewed_at', c.renewed_at,
                       'unapproved', c.unapproved_since is not null)
                     order by c.place, c.id), '[]') from channels c
                   where c.officer_id = o.id and c.retired_at is null)
    ) order by o.id), '[]') from officers o where o.contact_point_id = wanted.id and o.retired_at is null) as officers,
  (select coalesce(jsonb_agg(jsonb_build_object(
      'officer_id', a.officer_id, 'starts_at', a.starts_at, 'ends_at', a.ends_at) order by a.starts_at, a.id), '[]')
    from absences a join officers o on o.id = a.officer_id
    where o.contact_point_id = wanted.id and o.retired_at is null and a.retired_at is null
      and ($3::timestamptz is null or a.ends_at > $3)) as absences,
  (select to_jsonb(y) from policies y
    where y.contact_point_id = wanted.id and y.retired_at is null and y.urgency = $2
    limit 1) as policy,
  (select to_jsonb(h) from holiday_calendars h
    where h.contact_point_id = wanted.id and h.retired_at is null) as holidays,
  (select coalesce(jsonb_agg(to_jsonb(n) order by n.place, n.id), '[]') from (
    select c.id, c.name, c.public_address, c.function, c.place from (
      select other.*, case when secretariat then 'secretariat' when central then 'central_authority' end as function,
             case when secretariat then 3 when central then 1 else 2 end as place
        from (select o.id, o.name, o.public_address, o.secretariat, exists (select 1 from posts p
                where p.contact_point_id = o.id and p.line = 'central_authority' and p.retired_at is null) as central
                from contact_points o where o.retired_at is null and o.public_address is not null
                 and (o.party = wanted.party or o.secretariat)) other
       where other.id <> wanted.id or central) c
     order by c.place, c.id limit 5) n) as alternatives
from wanted
"""


def _contact_point(row: Mapping[str, Any]) -> ContactPoint:
    policy = row["policy"]
    holidays = calendar_of(row["holidays"], party=row["party"], territory=row["territory"])
    return ContactPoint(
        id=row["id"],
        party=row["party"],
        name=row["name"],
        function=row["function"],
        zone=row["zone"],
        languages=tuple(row["languages"]),
        capabilities=row["capabilities"],
        working_hours=tuple(WorkingSpan(s["weekday"], s["start"], s["end"]) for s in row["working_hours"]),
        pin_required=row["pin_required"],
        secretariat=row["secretariat"],
        revision=row["revision"],
        posts=tuple(_post(post, row["id"], holidays=holidays) for post in row["posts"]),
        officers={officer["id"]: _officer(officer, row["id"]) for officer in row["officers"]},
        absences=tuple(read_absence(absence) for absence in row["absences"]),
        policy=read_steps(policy["steps"]) if policy else None,
        restart_seconds=policy["restart_seconds"] if policy else _RESTART_SECONDS,
        reminder_seconds=policy["reminder_seconds"] if policy else _REMINDER_SECONDS,
        alternatives=tuple(Alternative(a["name"], a["public_address"], a["function"]) for a in row["alternatives"]),
        territory=row["territory"],
        english_in_emergencies=row["english_in_emergencies"],
        backup_id=row["backup_id"],
        handover_minutes=row["handover_minutes"],
        swaps_need_approval=row["swaps_need_approval"],
        holidays=holidays,
    )


def _post(value: Mapping[str, Any], contact_point: int, *, holidays: HolidayCalendar) -> Post:
    return Post(
        id=value["id"],
        contact_point_id=contact_point,
        line=value["line"],
        function=value["function"],
        rotations=tuple(read_rotation(rotation, holidays) for rotation in value["rotations"]),
        overrides=tuple(read_override(override) for override in value["overrides"]),
        minimum=value["minimum"],
        languages=tuple(value["languages"]),
        longest_hours=value["longest_hours"],
        calendars=tuple(read_imported(calendar) for calendar in value["calendars"]),
    )


def _officer(value: Mapping[str, Any], contact_point: int) -> Officer:
    pin = value["pin"]
    return Officer(
        id=value["id"],
        contact_point_id=contact_point,
        name=value["name"],
        function=value["function"],
        language=value["language"],
        channels=tuple(_channel(channel) for channel in value["channels"]),
        pin_until=None if pin is None else _instant(pin["expires_at"]) or _FOR_EVER,
        languages=tuple(value["languages"]),
        notices_by=value["notices_by"],
        notices_minutes=value["notices_minutes"],
    )


def _channel(value: Mapping[str, Any]) -> Channel:
    return Channel(
        id=value["id"],
        officer_id=value["officer_id"],
        kind=value["kind"],
        address=value["address"],
        place=value["place"],
        proven_at=_instant(value["proven_at"]),
        quarantined_at=_instant(value["quarantined_at"]),
        renewed_at=_instant(value["renewed_at"]),
        unapproved=value["unapproved"],
    )


def _instant(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
