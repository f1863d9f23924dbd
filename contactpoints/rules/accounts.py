"""Who makes, changes and ends accounts of persons. A Party's administrators keep their own; the secretariat, all.

But the secretariat makes nobody a requester or a contact point: with such an account it could read particulars itself.
"""

from datetime import datetime

from contactpoints.rules.access import Actor, Role, sees_network
from contactpoints.rules.refusals import Conflict, Forbidden, NotFound, StepUpNeeded
from contactpoints.rules.sessions import is_fresh

FRESH_ENTRIES = frozenset({"channels", "contact_points"})
"""The kinds of entries that are changed only with a fresh second factor: by what somebody is called, and whether an
acknowledgement takes a PIN."""
_READERS = (Role.REQUESTER, Role.CONTACT_POINT)
_WHO_KEEPS = "Accounts are made and changed by a Party's administrators and the secretariat."


def sees_account(actor: Actor, number: int, *, party: str | None) -> bool:
    """Say whether an account exists for the actor: its own does, and those of whom it keeps or audits."""
    if sees_network(actor) or actor.number == number:
        return True
    return actor.role is Role.ADMINISTRATOR and actor.party == party


def _keeps(actor: Actor, party: str | None) -> bool:
    return actor.role is Role.SECRETARIAT or (
        actor.role is Role.ADMINISTRATOR and party is not None and actor.party == party
    )


def must_make_account(actor: Actor, role: str | None, *, party: str | None) -> None:
    """Raise `Forbidden` unless the actor may give somebody this role in this Party, or without one (None).

    ``role`` is None where it could not be read.
    """
    if actor.role is Role.SECRETARIAT and role in _READERS:
        told = "Requesters and contact points get their accounts from the administrators of their Party, as they read"
        raise Forbidden(f"{told} particulars: make an account for an administrator there first.")
    if not _keeps(actor, party):
        raise Forbidden(_WHO_KEEPS if actor.role is not Role.ADMINISTRATOR else "That is another Party's to decide.")


def may_be_given(actor: Actor, role: str, *, party: str | None) -> bool:
    """Say whether the actor may give somebody a role in a Party, or without one (None), see `must_make_account`."""
    try:
        must_make_account(actor, role, party=party)
    except Forbidden:
        return False
    return True


def must_keep_account(actor: Actor, number: int, *, party: str | None) -> None:
    """Raise `NotFound`, `Forbidden`, or `Conflict` for the own account, unless the actor may change or end one."""
    if not sees_account(actor, number, party=party):
        raise NotFound("There is no such account.")
    if not _keeps(actor, party):
        raise Forbidden(_WHO_KEEPS)
    must_be_anothers(actor, number)


def must_be_anothers(actor: Actor, number: int) -> None:
    """Raise `Conflict` for the own account, also where it ends together with an officer."""
    if actor.number == number:
        raise Conflict("Nobody changes the own role or ends the own account: that is for another administrator.")


def must_be_person(actor: Actor) -> int:
    """Return the session in which somebody acts. Raises `Forbidden` for a key."""
    if actor.session is None:
        raise Forbidden("That is for somebody who has signed in: a key has no sessions, and no password.")
    return actor.session


def must_be_officer(officer: int | None) -> int:
    """Return which officer's an account is. Raises `Forbidden` for somebody who is none."""
    if officer is None:
        raise Forbidden("This account is no officer's: an administrator says whose it is.")
    return officer


def must_hold_mailbox(officer: int, *, mailbox: int | None) -> None:
    """Raise `Forbidden` where an account's address is no mailbox to which a link to set the officer's PIN may go.

    Whose an account is, says whoever made it; to an officer's PIN an officer's own mailbox must say it too.
    """
    if mailbox is None:
        raise Forbidden(
            "This account's address is no mailbox of the officer that is proven and does not stand by one person's"
            f" word alone. Have a link to set the PIN mailed to one that is, at /v1/officers/{officer}/pin-link; or"
            " have this address entered as the officer's, approved and proven."
        )


def must_be_fresh(actor: Actor, now: datetime) -> None:
    """Raise `StepUpNeeded` where somebody acts in a session whose second factor is not fresh; a key has none."""
    if actor.proven_at is not None and not is_fresh(actor.proven_at, now):
        raise StepUpNeeded("Show a second factor again, at /v1/sessions/step-up: the last one was a while ago.")
