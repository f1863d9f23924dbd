"""Lists of alerts: each asks for what it is to have and nothing else, so that an index serves it among very many."""

from contactpoints.rules.access import Actor, Role, sees_network
from contactpoints.store.alerts import VIEW
from contactpoints.store.database import Row, Session


async def views(
    session: Session,
    *,
    actor: Actor,
    after: int | None,
    most: int,
    state: str | None,
    status: str | None,
    kind: str | None = None,
    party: str | None = None,
    ended: bool | None = None,
) -> list[Row]:
    """Return alerts that exist for the actor, newest first, from before number ``after``.

    ``party`` is on either side; ``ended``: whether they are withdrawn or closed.
    """
    wanted = [
        *_existing(actor),
        ("a.id < {}", after),
        ("a.state = {}", state),
        ("a.status = {}", status),
        ("a.kind = {}", kind),
        ("(a.requesting_party = {0} or a.requested_party = {0})", party),
    ]
    # Only what is asked for stands in the statement: one that asks for anything, or all, no index serves.
    asked = [(condition, value) for condition, value in wanted if value is not None]
    conditions = [condition.format(f"${place}") for place, (condition, _) in enumerate(asked, start=2)]
    if ended is not None:
        conditions.append(_ENDED if ended else _OPEN)
    where = f" where {' and '.join(conditions)}" if conditions else ""
    return await session.fetch(f"{VIEW}{where} order by a.id desc limit $1", most, *(value for _, value in asked))


_OPEN = "a.state in ('alerting', 'exhausted', 'acknowledged')"
_ENDED = "a.state in ('withdrawn', 'closed')"


def _existing(actor: Actor) -> list[tuple[str, object]]:
    """Return under which conditions an alert ``a`` exists for somebody, as `there_for` has it."""
    if sees_network(actor):
        return []
    if actor.role is Role.REQUESTER:
        return [("a.requesting_party = {}", actor.party or ""), ("a.requesting_authority = {}", actor.authority)]
    point = actor.contact_point if actor.role is Role.CONTACT_POINT else None
    return [("a.requested_party = {}", actor.party or ""), ("a.contact_point_id = {}", point)]
