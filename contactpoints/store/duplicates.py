"""Alerts that may be the same as one that is about to be opened."""

from contactpoints.store.alerts import home_zone
from contactpoints.store.database import Row, Session

_MOST = 20


_OPEN = f"""
select home.zone, home.two_persons, a.* from (
  select {home_zone("$1")} as zone, exists (select 1 from parties p where p.code = $1 and p.two_persons) as two_persons
) home left join lateral (
  select id, reference, state, kind, case_reference, opened_at from alerts
   where requesting_party = $1 and requesting_authority = $2 and contact_point_id = $3
     and state in ('alerting', 'exhausted', 'acknowledged') order by id desc limit $4) a on true order by a.id desc
"""


async def open_alerts(
    session: Session, *, party: str, authority: str, contact_point: int
) -> tuple[list[Row], str | None, bool]:
    """Return the newest alerts of an authority to a contact point that are neither withdrawn nor closed.

    And by which zone the clocks of its Party go, None where that is not known, and whether that asks for two persons.
    """
    rows = await session.fetch(_OPEN, party, authority, contact_point, _MOST)
    return [row for row in rows if row["id"] is not None], rows[0]["zone"], rows[0]["two_persons"]
