"""The legal basis between two Parties, as it is told to those who ask before they send."""

from typing import Annotated, Literal

from pydantic import Field, ValidationInfo, WithJsonSchema, field_validator
from typing_extensions import TypedDict

from schemas.directory import Confidence
from schemas.faults import wrong
from schemas.fields import Day, PartyCode, Shape, TerritoryCode
from schemas.requests import InstrumentCode, KindCode

DayOut = Annotated[str, WithJsonSchema({"type": "string", "format": "date"})]


class LegalBasisQuery(Shape):
    """Who asks whom for what; `on` is the day, today (UTC) where it is left out.

    `territory`: a territory of the requested Party, for which other memberships and declarations may count.
    """

    asking: PartyCode = Field(alias="from")
    asked: PartyCode = Field(alias="to")
    kind: KindCode
    on: Day | None = None
    territory: TerritoryCode | None = None

    @field_validator("asked")
    @classmethod
    def _is_another(cls, asked: str, info: ValidationInfo) -> str:
        if asked == info.data.get("asking"):
            raise wrong("same_party", "must be another Party than the one that asks")
        return asked


class ReasonOut(TypedDict):
    """Why an instrument cannot be used; `party` is the one whose standing is the reason."""

    code: Literal["not_a_party", "signed", "not_in_force", "ended", "no_provision", "not_known", "transfers_suspended"]
    instrument: InstrumentCode
    party: str | None
    detail: str


class ConditionOut(TypedDict):
    """What follows from a declaration or reservation of `party`, or from none (`declaration` is null).

    `excludes`: requests that are not executed; `conditions`: what is asked besides, or may be a ground for refusal;
    `opens`: a further way to send the request. Its own words are in `/v1/declarations/{declaration}`.
    """

    effect: Literal["excludes", "conditions", "opens"]
    article: str
    party: str
    declaration: int | None
    detail: str


class BasisOut(TypedDict):
    """One instrument that the kind may cite. `not_known`: whether such a treaty is in force, the request has to say.

    `confidence` is that of the weaker membership on which this rests.
    """

    instrument: InstrumentCode
    citation: str
    articles: list[str]
    allows: str | None
    usable: Literal["yes", "no", "not_known"]
    reasons: list[ReasonOut]
    conditions: list[ConditionOut]
    confidence: Confidence | None


class OfferOut(TypedDict):
    """What can be asked instead; `kind` is null where it is no kind of alert of this network."""

    kind: KindCode | None
    instrument: InstrumentCode
    articles: list[str]
    detail: str


class LegalBasisOut(TypedDict):
    """On what a request may rest on a day. A warning and not legal advice: nothing is refused because of it.

    `instead` is there where no basis is known to be usable; then the request has to say on what it rests, in its
    `legal_reason` (`reason_required`).
    """

    requesting_party: str
    requested_party: str
    territory: str | None
    kind: KindCode
    on: DayOut
    bases: list[BasisOut]
    instead: list[OfferOut]
    reason_required: bool
