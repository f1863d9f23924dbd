"""The register of request kinds: legal basis, what each must tell, which instruments it may cite, and its clocks.

A new kind is one entry here: the check of the API, the OpenAPI document, forms and wording read it. `register`
refuses duplicates and unknown instruments when this module is imported, so a mistake cannot start.

No treaty fixes an answer time for emergencies: CETS 224 Art. 9 and 10 say "on a rapidly expedited basis". The clocks
are this network's policy (domain.md 6.1, 10.3) and must be shown as policy, not as law.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Annotated, Literal

from schemas.fields import OneOf
from schemas.instruments import INSTRUMENTS, Instrument
from schemas.particulars import Assistance, EmergencyDisclosure, EmergencyMutualAssistance, Particulars, Preservation
from schemas.retention import RETENTION_CLASSES, RetentionCode
from schemas.words import msgid

MINUTE = 60
HOUR = 3600
DAY = 86400

Urgency = Literal["emergency", "normal"]


@dataclass(frozen=True, slots=True)
class Clocks:
    """How long each answer may take, in seconds from the opening of the alert; None where the policy sets no limit.

    For urgency ``normal`` they run from the first working hour of the contact point, and a day means a working day.
    """

    acknowledge_seconds: int
    first_status_seconds: int | None = None
    determination_target_seconds: int | None = None
    determination_breach_seconds: int | None = None
    authority: Literal["policy"] = "policy"


@dataclass(frozen=True, slots=True)
class RequestKind:
    """A kind of request: what it is called and the articles it rests on, in English, and what belongs to it.

    ``retention`` is the class in which it is kept where it was no emergency.
    """

    code: str
    title: str
    legal_basis: str
    may_cite: tuple[str, ...]
    clocks: Mapping[Urgency, Clocks]
    retention: RetentionCode
    particulars: type[Particulars]


def register(*kinds: RequestKind, instruments: Mapping[str, Instrument] = INSTRUMENTS) -> Mapping[str, RequestKind]:
    """Return the kinds by their codes.

    Raises `ValueError` for a code or a shape of particulars used twice, for a kind that cites nothing or an unknown
    instrument, for one without clocks for both urgencies, and for one without a class of retention.
    """
    entries: dict[str, RequestKind] = {}
    for kind in kinds:
        if kind.code in entries:
            raise ValueError(f"two request kinds have the code {kind.code}")
        if any(kind.particulars is other.particulars for other in entries.values()):
            raise ValueError(f"{kind.code} has the particulars of another kind")
        if not kind.may_cite or not set(kind.may_cite) <= set(instruments):
            raise ValueError(f"{kind.code} must cite instruments of the register")
        if set(kind.clocks) != {"emergency", "normal"}:
            raise ValueError(f"{kind.code} must have clocks for both urgencies")
        if kind.retention not in RETENTION_CLASSES:
            raise ValueError(f"{kind.code} must be kept in a class of the register")
        entries[kind.code] = kind
    return MappingProxyType(entries)


_DISCLOSURE = Clocks(30 * MINUTE, 1 * HOUR, 4 * HOUR, 8 * HOUR)
_MUTUAL_ASSISTANCE = Clocks(30 * MINUTE, 1 * HOUR, 8 * HOUR, 24 * HOUR)

REQUEST_KINDS = register(
    RequestKind(
        code="emergency_disclosure",
        title=msgid("Expedited disclosure of stored computer data in an emergency"),
        legal_basis=msgid("CETS 224 Art. 9"),
        may_cite=("cets224", "uncc", "bilateral", "other"),
        clocks={"emergency": _DISCLOSURE, "normal": _DISCLOSURE},
        retention="disclosure",
        particulars=EmergencyDisclosure,
    ),
    RequestKind(
        code="emergency_mla",
        title=msgid("Emergency mutual assistance"),
        legal_basis=msgid("CETS 224 Art. 10, with the governing treaty or ETS 185 Art. 27"),
        may_cite=("cets224", "ets185", "uncc", "bilateral", "other"),
        clocks={"emergency": _MUTUAL_ASSISTANCE, "normal": _MUTUAL_ASSISTANCE},
        retention="disclosure",
        particulars=EmergencyMutualAssistance,
    ),
    RequestKind(
        code="preservation",
        title=msgid("Expedited preservation of stored computer data"),
        legal_basis=msgid("ETS 185 Art. 29 and 35.1 b"),
        may_cite=("ets185", "uncc", "bilateral", "other"),
        clocks={
            "emergency": Clocks(30 * MINUTE, None, 4 * HOUR, None),
            "normal": Clocks(4 * HOUR, None, 24 * HOUR, None),
        },
        retention="preservation",
        particulars=Preservation,
    ),
    RequestKind(
        code="assistance",
        title=msgid("Immediate assistance by the point of contact"),
        legal_basis=msgid("ETS 185 Art. 35.1 a and c"),
        may_cite=("ets185", "cets224", "uncc", "bilateral", "other"),
        clocks={"emergency": Clocks(30 * MINUTE), "normal": Clocks(1 * DAY)},
        retention="assistance",
        particulars=Assistance,
    ),
)

KindCode = Annotated[str, OneOf(REQUEST_KINDS)]
InstrumentCode = Annotated[str, OneOf(INSTRUMENTS)]
