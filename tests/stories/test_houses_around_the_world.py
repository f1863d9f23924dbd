"""Several contact points whose clocks change on different nights, and new year: each handover is told once, to the
right two, before it is there; no other is told."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from contactpoints.actions import handovers
from tests.world import World

ZONES = {"FR": "Europe/Paris", "GB": "Europe/London", "US": "America/New_York", "NZ": "Pacific/Auckland"}
BEGINS = date(2026, 10, 14)
DAY = timedelta(days=1)
# Europe's clocks go back, America's, a new year, Europe's go forward over 02:30, New Zealand's go back over it.
NIGHTS = (date(2026, 10, 25), date(2026, 11, 1), date(2027, 1, 1), date(2027, 3, 28), date(2027, 4, 4))


def handed_over(zone: str, day: date) -> datetime:
    """Return 02:30 of a day: the first of two, and where it does not exist as late after midnight as on other days."""
    return datetime.combine(day, time(2, 30, fold=0), ZoneInfo(zone)).astimezone(UTC)


async def test_each_handover_of_several_houses_is_told_once_across_changes_of_clocks_and_new_year(world: World) -> None:
    db, tools = world.runtime.db, world.runtime.tools
    houses = {party: world.network[party] for party in ZONES}
    async with db.session() as session:
        await session.execute(
            "update contact_points set handover_minutes = case when party = any($1::text[]) then 1440 end", [*ZONES]
        )
        await session.execute("update posts set retired_at = created_at where line <> 'first'")
        await session.execute("update rotations set period = 'daily', handover = '02:30', starts_on = $1", BEGINS)
        rows = await session.fetch("select post_id, members from rotations")
    members = {row["post_id"]: row["members"] for row in rows}
    wanted = set()
    for night in NIGHTS:
        looks = [datetime.combine(night - 2 * DAY, time(12), UTC) + number * DAY / 2 for number in range(6)]
        for at in looks:
            world.clock.at = at
            for house in houses.values():
                await handovers.tell(db, house.contact_point, now=at, tools=tools)
        for party, house in houses.items():
            post = house.posts["first"]
            turns = members[post]
            for number in range(-3, 5):
                day = night + number * DAY
                at = handed_over(ZONES[party], day)
                if looks[0] < at <= looks[-1] + DAY:
                    turn = (day - BEGINS).days
                    wanted |= {
                        (post, turns[turn % len(turns)], at, True),
                        (post, turns[(turn - 1) % len(turns)], at, False),
                    }
    async with db.session() as session:
        told = await session.fetch("select post_id, officer_id, at, incoming, told_at, called_off_at from handovers")
    assert {(row["post_id"], row["officer_id"], row["at"], row["incoming"]) for row in told} == wanted
    assert len(told) == len(wanted) > 5 * 4 * 6
    assert all(row["told_at"] < row["at"] and row["called_off_at"] is None for row in told)
