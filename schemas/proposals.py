"""Alerts that wait for a second person, as they cross the wall, and the switch by which a Party asks for one."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Literal

from typing_extensions import TypedDict

from schemas.alerts import Status, WarningOut
from schemas.fields import Moment, Shape
from schemas.requests import Urgency

ProposalState = Literal["open", "released", "refused", "withdrawn", "expired"]
RefusalReason = Literal["not_needed", "not_authorised", "incomplete", "duplicate", "not_proposed_by_them", "other"]


class Refusal(Shape):
    """Why a second person refuses. A code: words about the case belong into no mail."""

    reason: RefusalReason


class PersonOut(TypedDict):
    """A person of the authority, by the account."""

    account_id: int
    name: str | None


class ProposalLinks(TypedDict):
    self: str
    request: str
    readings: str
    alert: str | None


class ProposalOut(TypedDict):
    """An alert that waits for a second person, without its particulars, which are read at `/request`.

    Nobody is called while it waits. `can_release`: how many other persons of the authority could release it now.
    `proposed_signed`: by a request that bore a signature of that key. `expires_at`: until when; then it is over, and
    the request has to be proposed anew. `settled_by`: who released or refused it, `reason` why it was refused.
    """

    id: int
    state: ProposalState
    party: str
    authority: str
    requested_party: str
    territory: str | None
    kind: str
    instrument: str
    status: Status
    urgency: Urgency
    case_reference: str
    resent_from: str | None
    proposed_by: PersonOut
    proposed_with_key: int | None
    proposed_signed: bool
    proposed_at: Moment
    expires_at: Moment
    seconds_left: int
    can_release: int
    settled_at: Moment | None
    settled_by: PersonOut | None
    reason: RefusalReason | None
    alert: str | None
    warnings: list[WarningOut]
    links: ProposalLinks


class ProposalPage(TypedDict):
    """Proposals, the newest first."""

    items: list[ProposalOut]
    next_cursor: str | None


class ProposedRequestOut(TypedDict):
    """What is asked, as it will be sent. Each reading is recorded, and stands in the alert if it is released."""

    id: int
    kind: str
    legal_basis: str
    particulars: dict[str, object]


class TwoPersons(Shape):
    """Whether the alerts of a Party take two persons: one who proposes, another who releases."""

    required: bool


class AuthorityPersonsOut(TypedDict):
    """How many persons could propose and release for an authority, and its keys that name nobody, which cannot."""

    authority: str
    persons: int
    keys_without_holder: list[int]


class TwoPersonsOut(TypedDict):
    """Whether the alerts of a Party take two persons, and who there are.

    The warning `keys_without_holder` says how keys that name nobody come to a holder.
    """

    party: str
    required: bool
    authorities: list[AuthorityPersonsOut]
    warnings: list[WarningOut]


RELEASING: Mapping[str, Mapping[str, dict[str, Any]]] = MappingProxyType(
    {
        "refuse": {"what the second person knows nothing of": {"reason": "not_proposed_by_them"}},
        "two_persons": {"two from now on": {"required": True}, "one again": {"required": False}},
    }
)
"""Bodies about proposals, for the documentation and its test."""
