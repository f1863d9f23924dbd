"""Alerts that may be the same as one that is about to be opened."""

from contactpoints.store.database import Row, Session

_MOST = 20


async def open_alerts(session: Session, *, party: str, authority: str, contact_point: int) -> list[Row]:
    """Return the newest alerts of an authority to a contact point that are neither withdrawn nor closed."""
    return await session.fetch(
        "select reference, state, kind, case_reference, opened_at from alerts"
        " where requesting_party = $1 and requesting_authority = $2 and contact_point_id = $3"
        " and state in ('alerting', 'exhausted', 'acknowledged') order by id desc limit $4",
        party,
        authority,
        contact_point,
        _MOST,
    )
