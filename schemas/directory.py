"""The directory as it crosses the wall: Parties, memberships, contact points, duty posts, officers, channels.

A shape without "Out" is a whole entry as it is created or changed; a change replaces all its fields. The shapes with
"Out" add what the service knows about it. Their fields have the names of the columns. Whether a zone or a number
exists and whether the entries referred to are one's own is asked elsewhere. For one's own house only: outsiders see
`PublicContactPoint`, a function and no person.
"""

from datetime import date, time
from typing import Annotated, Literal

from pydantic import Field, StringConstraints, ValidationInfo, field_validator

from schemas.alerts import ChannelKind, Line, VouchedOut, WarningOut
from schemas.faults import form, wrong
from schemas.fields import (
    A_NUMBER,
    AN_ADDRESS,
    Address,
    ArticleNumber,
    Day,
    Id,
    Instant,
    Language,
    LanguageTag,
    Moment,
    PartyCode,
    Shape,
    ShortLine,
    TerritoryCode,
    Text,
    WallTime,
    ZoneName,
)
from schemas.fields import Line as Sentence
from schemas.public_keys import PublicKey
from schemas.requests import InstrumentCode, KindCode

Capability = Literal["executes", "forwards", "cannot"]
_NETWORK = form("^[A-Z][A-Z0-9-]{1,30}$", "must be the code of a network, as in G7, INTERPOL or UN")
NetworkCode = Annotated[str, StringConstraints(pattern=_NETWORK)]
Confidence = Literal["unconfirmed", "low", "medium", "high", "confirmed"]


class Entry(Shape):
    """What the service knows about every entry. `version` is also its ETag, in quotation marks."""

    version: int
    created_at: Instant
    changed_at: Instant
    retired_at: Instant | None = None
    warnings: tuple[WarningOut, ...] = ()


class Party(Shape):
    """A State or territory that takes part in the network, by its ISO 3166-1 alpha-2 code."""

    code: PartyCode
    name: ShortLine
    confidence: Confidence = "unconfirmed"


class PartyOut(Party, Entry):
    """A Party as it is kept. `two_persons`: its authorities open alerts by two, one proposes and another releases."""

    two_persons: bool = False


class _Dated(Shape):
    """What counts from the day `since` (null: always) and no more from the day `until` on (null: it has no end)."""

    since: Day | None = None
    until: Day | None = None
    confidence: Confidence = "unconfirmed"

    @field_validator("until")
    @classmethod
    def _runs_forward(cls, until: date | None, info: ValidationInfo) -> date | None:
        since = info.data.get("since")
        if until is not None and since is not None and until <= since:
            raise wrong("not_after", "must be later than since")
        return until


class Membership(_Dated):
    """How far a Party has come with an instrument, from the day `since` until before the day `until`.

    Only a `party` is bound, from the day on which the instrument entered into force for it. `signed` and `ratified`
    count from the day of signature and of deposit, and bind nobody yet (CETS 224 Art. 16, ETS 185 Art. 36). With a
    `territory` it is about that territory alone (ETS 185 Art. 38), which is then bound by what it has of its own.
    """

    party: PartyCode
    instrument: InstrumentCode
    status: Literal["party", "ratified", "signed"]
    territory: TerritoryCode | None = None


class MembershipOut(Membership, Entry):
    """A membership as it is kept."""

    id: Id


class Declaration(_Dated):
    """A declaration or reservation that a Party made under an article of an instrument, in its own words.

    What follows from it is in the legal basis (`GET /v1/legal-basis`), where the article is one that matters there.
    With a `territory` it is about that territory alone. A `suspension` of transfers (CETS 224 Art. 14.15) is made
    `towards` one Party, the others are for all.
    """

    party: PartyCode
    instrument: InstrumentCode
    article: ArticleNumber
    kind: Literal["declaration", "reservation", "suspension"]
    text: Text
    territory: TerritoryCode | None = None
    towards: PartyCode | None = Field(default=None, validate_default=True)

    @field_validator("towards")
    @classmethod
    def _is_meant_for_one(cls, towards: str | None, info: ValidationInfo) -> str | None:
        kind = info.data.get("kind")
        if kind is not None and (kind == "suspension") != (towards is not None):
            raise wrong("missing" if towards is None else "not_allowed", "names the Party that a suspension is towards")
        if towards is not None and towards == info.data.get("party"):
            raise wrong("same_party", "must be another Party")
        return towards


class DeclarationOut(Declaration, Entry):
    """A declaration or reservation as it is kept."""

    id: Id


class ProviderSeat(_Dated):
    """A service provider, under all its names, and the Party in which it has its seat (CETS 224 Art. 9.3 c).

    One with seats in several Parties has an entry for each; one that moves gets an end and a new entry. Whoever asks
    another Party for its data is warned. `source` says from where that is known.
    """

    name: Sentence
    other_names: Annotated[tuple[Sentence, ...], Field(max_length=50)] = ()
    party: PartyCode
    source: Text | None = None


class ProviderSeatOut(ProviderSeat, Entry):
    """The seat of a provider as it is kept."""

    id: Id


class WorkingSpan(Shape):
    """Working hours of one weekday (0 is Monday), local wall-clock time, half-open, within one day."""

    weekday: Annotated[int, Field(ge=0, le=6)]
    start: WallTime
    end: WallTime

    @field_validator("end")
    @classmethod
    def _runs_forward(cls, end: time, info: ValidationInfo) -> time:
        start = info.data.get("start")
        if start is not None and end <= start:
            raise wrong("not_after", "must be later than start, on the same day")
        return end


class ContactPoint(Shape):
    """An institution that is reachable day and night (ETS 185 Art. 35). The secretariat is one too, without a Party.

    `name` and `function` are in its own language. `central_authority_id` and `backup_id` are contact points of the same
    Party, or the secretariat; following the back-ups never leads back. `also_member_of` names other networks.

    `handover_minutes` before a shift the officers who come and go are told (null: never). A swap of shifts counts once
    an administrator has approved it, or as soon as it is taken where `swaps_need_approval` is false.
    """

    party: PartyCode | None = None
    territory: TerritoryCode | None = None
    name: ShortLine
    function: ShortLine
    zone: ZoneName
    languages: Annotated[tuple[LanguageTag, ...], Field(min_length=1, max_length=20)]
    english_in_emergencies: bool = True
    capabilities: dict[KindCode, Capability] = Field(default_factory=dict)
    working_hours: Annotated[tuple[WorkingSpan, ...], Field(max_length=28)] = ()
    pin_required: bool = True
    public_address: Sentence | None = None
    secretariat: bool = Field(default=False, validate_default=True)
    name_in_english: ShortLine | None = None
    function_in_english: ShortLine | None = None
    central_authority_id: Id | None = None
    backup_id: Id | None = None
    public_keys: Annotated[tuple[PublicKey, ...], Field(max_length=10)] = ()
    also_member_of: Annotated[tuple[NetworkCode, ...], Field(max_length=20)] = ()
    handover_minutes: Annotated[int | None, Field(ge=5, le=1440)] = 60
    swaps_need_approval: bool = True

    @field_validator("secretariat")
    @classmethod
    def _has_a_party_or_is_the_secretariat(cls, secretariat: bool, info: ValidationInfo) -> bool:
        party = info.data.get("party", "unreadable")
        if secretariat and party is not None:
            raise wrong("not_allowed", "may be true only without a party: the secretariat belongs to none")
        if not secretariat and party is None:
            raise wrong("missing", "must be true where no party is given")
        return secretariat


class ContactPointOut(ContactPoint, Entry):
    """A contact point as it is kept."""

    id: Id
    revision: int | None


class DutyPost(Shape):
    """A function that has to be covered at a contact point, at its place in the chain. Outsiders hear this function.

    What cover means here (`GET /v1/cover`): at least `minimum` officers who can be reached, each of the `languages`
    spoken by one of them, and nobody on duty for more than `longest_hours` on end. A change that leaves a minute of the
    next 90 days without it, or of the 90 days from where it is felt later, needs a `reason`, as that of a roster does.
    """

    contact_point_id: Id
    line: Line
    function: ShortLine
    minimum: Annotated[int, Field(ge=1, le=20)] = 1
    languages: Annotated[tuple[LanguageTag, ...], Field(max_length=20)] = ()
    longest_hours: Annotated[int | None, Field(ge=1, le=1000)] = None
    reason: ShortLine | None = None


class DutyPostOut(DutyPost, Entry):
    """A duty post as it is kept."""

    id: Id


NoticeWay = Literal["sms", "email"]
NoticeMinutes = Annotated[int | None, Field(ge=5, le=1440)]


class Officer(Shape):
    """A person who takes duty at a contact point. The name never leaves the house; the function does.

    The service writes to the officer in `language`; `languages` are spoken besides.
    """

    contact_point_id: Id
    name: ShortLine
    function: ShortLine
    language: Language = "en"
    languages: Annotated[tuple[LanguageTag, ...], Field(max_length=20)] = ()


class OfficerOut(Officer, Entry):
    """An officer as kept. Of the PIN only whether there is one, whether it is locked and when it ends.

    Looking back, these are null: a PIN has no history. By which way notices come, and how many minutes before a shift,
    officers say themselves (`PUT /v1/me/officer`); null: an SMS first, and as the contact point has it.
    """

    id: Id
    notices_by: NoticeWay | None
    notices_minutes: NoticeMinutes
    has_pin: bool | None
    pin_locked: bool | None
    pin_expires_at: Instant | None = None


class Channel(Shape):
    """A way to reach an officer. `place` is the order of use: 1 first."""

    officer_id: Id
    kind: ChannelKind
    address: Address
    place: Annotated[int, Field(ge=1, le=50)] = 1

    @field_validator("address")
    @classmethod
    def _fits_its_kind(cls, address: str, info: ValidationInfo) -> str:
        kind = info.data.get("kind")
        if kind is not None and ("@" in address) != (kind == "email"):
            raise wrong("wrong_form", f"must be {AN_ADDRESS if kind == 'email' else A_NUMBER}")
        return address


class ChannelOut(Channel, Entry):
    """A channel with its proofs of life: when a human last proved its address, and when it was last given another one.

    Quarantined channels are not used. `unapproved_since`: entered for an officer who has or had others, and nobody else
    stands behind it yet (`/v1/address-changes`); it is used, and counts as unproven, only where no other telephone,
    or no other mailbox, of the officer is left.
    """

    id: Id
    verified_at: Instant | None = None
    proven_at: Instant | None = None
    last_delivered_at: Instant | None = None
    last_failed_at: Instant | None = None
    quarantined_at: Instant | None = None
    quarantined_why: Sentence | None = None
    renewed_at: Instant | None = None
    unapproved_since: Instant | None = None


class PublicContactPoint(VouchedOut):
    """Who answers now, as outsiders may know it: function, languages, local time; never a name or a number.

    `holiday` is what the day there is called, where it is a holiday.
    """

    party: str | None
    territory: str | None
    contact_point: str
    function: str
    line: Line | None
    covered: bool
    languages: list[str]
    local_time: Moment
    holiday: str | None
    zone: str
    utc_offset: str
    capabilities: dict[str, str]
