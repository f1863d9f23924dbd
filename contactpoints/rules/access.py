"""Who may do what. Another Party's alerts, officers, numbers and rosters are not refused: they do not exist."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Literal

from contactpoints.rules.calling_back import NOBODY, Confirming
from contactpoints.rules.key_limits import UNLIMITED, Limits
from contactpoints.rules.refusals import Forbidden, NotFound
from contactpoints.rules.signing import UNSIGNED, Signing


class Role(StrEnum):
    """What an API key is for. The secretariat and an auditor belong to no Party."""

    REQUESTER = "requester"
    CONTACT_POINT = "contact_point"
    ADMINISTRATOR = "administrator"
    SECRETARIAT = "secretariat"
    AUDITOR = "auditor"


@dataclass(frozen=True, slots=True)
class Actor:
    """Whoever acts, by an API key or an account: its number, role, Party and authority, and where its news go.

    Keys and accounts share one row of numbers (`actors`), so ``number`` is that of either. An account acts in a
    ``session``, in which a second factor was last shown at ``proven_at`` (aware, UTC). ``signed``: this request bears a
    signature by one of the keys in ``signing``, which was checked. ``holder``: the account of the person who holds a
    key, where it says so. ``confirming``: who can confirm what a key asks.
    """

    number: int
    role: Role
    party: str | None
    authority: str
    contact_point: int | None = None
    notify: tuple[str, ...] = ()
    language: str = "en"
    kind: Literal["key", "account"] = "key"
    session: int | None = None
    proven_at: datetime | None = None
    limits: Limits = UNLIMITED
    version: int = 1
    signing: Signing = UNSIGNED
    signed: bool = False
    holder: int | None = None
    confirming: Confirming = NOBODY

    @property
    def person(self) -> int | None:
        """The account of the person who acts: the own, or that of whoever holds the key; None where nobody says."""
        return self.number if self.kind == "account" else self.holder

    @property
    def who(self) -> str:
        """By what histories name whoever acts: ``key:12``."""
        return f"{self.kind}:{self.number}"


def must_trigger(actor: Actor) -> str:
    """Return the requesting Party; raise `Forbidden` unless the actor is a requester."""
    if actor.role is not Role.REQUESTER or actor.party is None:
        raise Forbidden("Only a requesting authority may open an alert.")
    return actor.party


def sees_network(actor: Actor) -> bool:
    """Say whether the actor looks at every Party: the secretariat, which runs the service, and auditors."""
    return actor.role in (Role.SECRETARIAT, Role.AUDITOR)


def keeps_entries_of(actor: Actor, party: str | None) -> bool:
    """Say whether the actor may change entries of ``party`` (None: the secretariat's own)."""
    if actor.role is Role.SECRETARIAT:
        return True
    return actor.role is Role.ADMINISTRATOR and party is not None and actor.party == party


def reads_entries_of(actor: Actor, party: str | None) -> bool:
    """Say whether officers, numbers and rosters of ``party`` exist for the actor at all."""
    if sees_network(actor):
        return True
    inside = actor.role in (Role.ADMINISTRATOR, Role.CONTACT_POINT)
    return inside and party is not None and actor.party == party


def house_that_is_read(actor: Actor, party: str | None, *, what: str) -> str | None:
    """Return of which Party alone ``what`` is read, None for all; ``party`` narrows it.

    Raises `Forbidden` for whoever reads nothing of any, `NotFound` for a Party of which nothing exists for the actor.
    """
    if not sees_network(actor) and not reads_entries_of(actor, actor.party):
        raise Forbidden(f"{what} are read by a Party's own people, the secretariat and auditors.")
    must_read_of(actor, party)
    return party if sees_network(actor) else actor.party


def numbers_that_are_read(actor: Actor, party: str | None, *, network: str) -> str | None:
    """Return of whom numbers are read: a Party, None for each of them, or ``network`` for all as one.

    The last is for every member, and all there is for a requester. Raises `NotFound` for a Party of which nothing
    exists for the actor.
    """
    if party == network or (party is None and not reads_entries_of(actor, actor.party) and not sees_network(actor)):
        return network
    must_read_of(actor, party)
    return party if sees_network(actor) else actor.party


def must_read_of(actor: Actor, party: str | None) -> None:
    """Raise `NotFound` for a Party of which nothing exists for the actor."""
    if party is not None and not reads_entries_of(actor, party):
        raise NotFound(f"There is nothing of Party {party} to read for you.")


def must_read_history(actor: Actor) -> None:
    """Raise `Forbidden` for a requester, who reads what is open as it stands."""
    if actor.role is Role.REQUESTER:
        raise Forbidden("A requester reads no history: that is for those who keep the directory.")


def must_offer_shifts(actor: Actor) -> None:
    """Raise `Forbidden` unless the actor is of a house that has shifts, or keeps all."""
    if not reads_entries_of(actor, actor.party):
        raise Forbidden("Shifts are offered by a contact point and its administrators.")


def restores(actor: Actor) -> bool:
    """Say whether the actor may bring entries back with the numbers of another installation."""
    return actor.role is Role.SECRETARIAT


def must_restore(actor: Actor) -> None:
    """Raise `Forbidden` for whoever restores nothing."""
    if not restores(actor):
        raise Forbidden("Only the secretariat restores entries with the numbers of another installation.")


def must_keep_some(actor: Actor) -> None:
    """Raise `Forbidden` for whoever changes no entry of anybody, whatever is asked."""
    if not keeps_entries_of(actor, actor.party):
        raise Forbidden("Entries are changed by a Party's administrators and the secretariat.")


def must_keep_what_is_open(actor: Actor) -> None:
    """Raise `Forbidden` unless the actor keeps what everybody reads, as Parties and what binds them."""
    if not keeps_entries_of(actor, None):
        raise Forbidden("What everybody reads is kept by the secretariat alone.")


def must_keep_entries_of(actor: Actor, party: str | None) -> None:
    """Raise `NotFound` where the entry does not exist for the actor, `Forbidden` where it may only be read."""
    if keeps_entries_of(actor, party):
        return
    if not reads_entries_of(actor, party):
        raise NotFound("There is no such entry.")
    raise Forbidden("Entries of the own Party may be read here, but not changed.")


def house_whose_audit_is_read(actor: Actor) -> str | None:
    """Return of which Party alone the audit log may be read, None for all. Raises `Forbidden`."""
    if sees_network(actor):
        return None
    if actor.role is not Role.ADMINISTRATOR or actor.party is None:
        raise Forbidden("The audit log is for administrators, of their Party, the secretariat and auditors.")
    return actor.party


def must_speak_for_officers_of(actor: Actor, party: str | None, *, contact_point: int) -> None:
    """Raise `NotFound` or `Forbidden` unless the actor is of the house of some officers, and may name one who acts."""
    inside = actor.role is Role.CONTACT_POINT and actor.contact_point in (None, contact_point)
    if not (inside and reads_entries_of(actor, party)):
        must_keep_entries_of(actor, party)


def _has_keys(actor: Actor, *, role: str, party: str | None) -> bool:
    """Say whether a key is one of the actor's own house to keep: of a requesting authority of its Party."""
    return actor.role is Role.ADMINISTRATOR and role == Role.REQUESTER and party == actor.party


def sees_key(actor: Actor, number: int, *, role: str, party: str | None) -> bool:
    """Say whether a key exists for the actor; its secret is told nobody. Its own does for everybody."""
    mine = actor.kind == "key" and number == actor.number
    return mine or sees_network(actor) or _has_keys(actor, role=role, party=party)


def must_make_keys_of(actor: Actor, party: str) -> None:
    """Raise `Forbidden` unless the actor makes and changes the keys of the requesting authorities of a Party.

    Only the Party's administrators do. Whoever makes a key could read with it what the authority asks, and the
    secretariat must not (`reads_request`); keys of administrators count as persons, and are made by the operator.
    """
    if not _has_keys(actor, role=Role.REQUESTER, party=party):
        raise Forbidden("Keys of requesting authorities are made and changed by the administrators of their Party.")


def may_keep_key(actor: Actor, *, role: str, party: str | None) -> bool:
    """Say whether the actor changes and rotates a key, see `must_make_keys_of`."""
    return _has_keys(actor, role=role, party=party)


def may_end_key(actor: Actor, *, role: str, party: str | None) -> bool:
    """Say whether the actor may revoke a key that it sees: the secretariat too ends what was stolen."""
    stops = actor.role is Role.SECRETARIAT and role == Role.REQUESTER
    return stops or _has_keys(actor, role=role, party=party)


def must_end_key(actor: Actor, *, role: str, party: str | None) -> None:
    """Raise `Forbidden` unless the actor may revoke a key, see `may_end_key`."""
    if not may_end_key(actor, role=role, party=party):
        raise Forbidden("Keys of authorities are ended by the administrators of their Party and the secretariat.")


@dataclass(frozen=True, slots=True)
class Sides:
    """The two sides of one alert, as far as rights go."""

    requesting_party: str
    requesting_authority: str
    requested_party: str
    contact_point: int


def is_requester(actor: Actor, sides: Sides) -> bool:
    """Say whether the actor speaks for the authority that opened the alert."""
    return (
        actor.role is Role.REQUESTER
        and actor.party == sides.requesting_party
        and actor.authority == sides.requesting_authority
    )


def is_requested(actor: Actor, sides: Sides) -> bool:
    """Say whether the actor is the contact point that was alerted, with the right to read what was sent to it."""
    if actor.role is not Role.CONTACT_POINT or actor.party != sides.requested_party:
        return False
    return actor.contact_point in (None, sides.contact_point)


def sees_alert(actor: Actor, sides: Sides) -> bool:
    """Say whether the alert exists for the actor; its particulars are another matter, see `reads_request`."""
    if sees_network(actor) or is_requester(actor, sides) or is_requested(actor, sides):
        return True
    return actor.role is Role.ADMINISTRATOR and actor.party == sides.requested_party


def reads_request(actor: Actor, sides: Sides) -> bool:
    """Say whether the actor may read the particulars: the two sides may, the secretariat and auditors may not.

    The secretariat sees routing data, not case contents (domain.md section 5, entry 23).
    """
    return is_requester(actor, sides) or is_requested(actor, sides)


def sees_readings(actor: Actor, sides: Sides) -> bool:
    """Say whether the actor is told who has read the particulars: who may read them is, and auditors."""
    return reads_request(actor, sides) or actor.role is Role.AUDITOR


def is_of_side(actor: Actor, sides: Sides, *, side: str) -> bool:
    """Say whether the actor knows the people of a side of an alert: those of its own, and an auditor of both."""
    mine = is_requester(actor, sides) if side == "requester" else is_requested(actor, sides)
    return mine or actor.role is Role.AUDITOR


def side_that_keeps(actor: Actor, sides: Sides, *, misdirected: bool) -> Literal["requester", "contact_point"] | None:
    """Return for which side the actor decides how long the particulars are kept, if for any.

    The wrong Party keeps nothing of what is ``misdirected``: it may not read it any more, nor have it kept.
    """
    if is_requester(actor, sides):
        return "requester"
    if misdirected:
        return None
    house = actor.role is Role.ADMINISTRATOR and actor.party == sides.requested_party
    return "contact_point" if house or is_requested(actor, sides) else None


def sees_proposal(actor: Actor, *, party: str, authority: str) -> bool:
    """Say whether an alert that waits for a second person exists for the actor: it is its own authority's."""
    return sees_network(actor) or proposes_for(actor, party=party, authority=authority)


def proposes_for(actor: Actor, *, party: str, authority: str) -> bool:
    """Say whether the actor is of the authority that proposed an alert, and so reads its particulars."""
    return actor.role is Role.REQUESTER and actor.party == party and actor.authority == authority


def sees_readings_of_proposal(actor: Actor, *, party: str, authority: str) -> bool:
    """Say whether the actor is told who read what a proposal asks: who may read it is, and auditors."""
    return proposes_for(actor, party=party, authority=authority) or actor.role is Role.AUDITOR


def keeps_two_persons_of(actor: Actor, party: str) -> bool:
    """Say whether the actor decides if the alerts of a Party take two persons: that is for its administrators."""
    return actor.role is Role.ADMINISTRATOR and actor.party == party


def knows_officers(actor: Actor, sides: Sides) -> bool:
    """Say whether officer ids on the timeline are shown: never to the requester."""
    return reads_entries_of(actor, sides.requested_party)
