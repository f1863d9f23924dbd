"""Marks of contact points: whatever is written below one, its mark is another, and that of its neighbours is not."""

import re

from contactpoints.store import directory
from tests.world import World

# What belongs to no contact point, and opens no gap in a roster.
_OF_NOBODY = {"parties", "memberships", "declarations", "providers"}
_RAISING = (
    "select relname from pg_trigger t join pg_class c on c.oid = t.tgrelid"
    " where tgname like '%_raises_directory_revision'"
)
_TOUCHED = {
    "contact_points": "update contact_points set name = name where id = $1",
    "posts": "update posts set line = line where contact_point_id = $1",
    "officers": "update officers set name = name where contact_point_id = $1",
    "policies": "insert into policies (contact_point_id, steps, created_at, changed_at)"
    " values ($1, '[]', now(), now())",
    "channels": "update channels set proven_at = now() where id = (select max(c.id) from channels c"
    " join officers o on o.id = c.officer_id where o.contact_point_id = $1)",
    "rotations": "update rotations set handover = handover where post_id in"
    " (select id from posts where contact_point_id = $1)",
    "overrides": "insert into overrides (post_id, action, officer_id, starts_at, ends_at, created_at, changed_at)"
    " select p.id, 'add', o.id, now(), now() + interval '1 hour', now(), now() from posts p join officers o"
    " using (contact_point_id) where contact_point_id = $1 limit 1",
    "absences": "insert into absences (officer_id, starts_at, ends_at, created_at, changed_at)"
    " select id, now(), now() + interval '1 hour', now(), now() from officers where contact_point_id = $1 limit 1",
    "pins": "update pins set locked_at = now() where officer_id in"
    " (select id from officers where contact_point_id = $1)",
    "holiday_calendars": "insert into holiday_calendars (contact_point_id, created_at, changed_at)"
    " values ($1, now(), now())",
    "calendars": "insert into calendars (post_id, name, created_at, changed_at)"
    " select min(id), 'Invented', now(), now() from posts where contact_point_id = $1",
    "shifts": "",
}


async def test_whatever_is_written_below_a_contact_point_changes_its_mark_alone(world: World) -> None:
    france = world.network["FR"].contact_point
    for table, statement in ((table, statement) for table, statement in _TOUCHED.items() if statement):
        async with world.runtime.db.session() as session:
            before = await directory.marks(session)
            await session.execute(statement, france)
            after = await directory.marks(session)
        assert {number for number, mark in after.items() if mark != before[number]} == {france}, table


async def test_no_table_below_a_contact_point_is_left_out(world: World) -> None:
    async with world.runtime.db.session() as session:
        raising = {row["relname"] for row in await session.fetch(_RAISING)}
    asked = set(re.findall(r"(?:from|join) ([a-z_]+)", directory._MARKS)) - {"written"}
    assert raising - _OF_NOBODY == asked == _TOUCHED.keys()
