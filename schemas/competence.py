"""Whom to turn to at a Party for a request of some kind: what is asked, and what is told."""

from typing import Literal

from typing_extensions import TypedDict

from schemas.alerts import Line
from schemas.directory import PublicContactPoint
from schemas.fields import Instant, LanguageTag, Moment, PartyCode, Shape, TerritoryCode
from schemas.requests import KindCode, Urgency

CompetenceReason = Literal[
    "own_territory",
    "whole_party",
    "other_territory",
    "secretariat",
    "executes",
    "forwards",
    "not_known",
    "cannot",
    "answers_now",
    "nobody_answers_now",
    "outside_working_hours",
    "spoken_now",
    "spoken",
    "english_in_emergencies",
    "english_spoken",
    "not_spoken",
    "back_up",
    "reached_by_a_trigger",
]


class CompetenceQuery(Shape):
    """For a request of this kind and urgency at a Party, or a territory of it; `at` is now where it is left out."""

    party: PartyCode
    kind: KindCode
    territory: TerritoryCode | None = None
    language: LanguageTag | None = None
    urgency: Urgency = "emergency"
    at: Instant | None = None


class WhyCompetentOut(TypedDict):
    """A reason why a contact point stands where it stands, as a code and in words."""

    code: CompetenceReason
    detail: str


class PublicKeyOut(TypedDict):
    """A key to seal words to a contact point with; of an OpenPGP key there may be the fingerprint alone."""

    kind: Literal["openpgp", "smime"]
    key: str | None
    fingerprint: str


class CompetentOut(PublicContactPoint):
    """A contact point at its rank. `reached_by_a_trigger`: an alert would be addressed to this one, and no other."""

    contact_point_id: int
    contact_point_in_english: str | None
    function_in_english: str | None
    english_in_emergencies: bool
    also_member_of: list[str]
    public_keys: list[PublicKeyOut]
    reached_by_a_trigger: bool
    reasons: list[WhyCompetentOut]


class CalledFirst(TypedDict):
    """A duty post that an alert would call first."""

    contact_point_id: int
    line: Line
    function: str


class CompetenceOut(TypedDict):
    """The contact points of a Party and those behind them, the best first; whom an alert would call first, if anybody.

    `called_at` is when: what is no emergency waits for working hours; null where nobody would be. The order is advice.
    An alert is addressed by Party and territory alone, to the one that is marked.
    """

    party: str
    territory: str | None
    kind: str
    language: str | None
    urgency: Urgency
    at: Moment
    items: list[CompetentOut]
    called_at: Moment | None
    called_first: list[CalledFirst]
