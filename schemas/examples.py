"""One complete example body per request kind, for the documentation, the demo, the benchmarks and the tests.

Persons, cases and numbers are invented: telephone numbers come from ranges kept for fiction (Ofcom, NANPA 555-01xx),
mail addresses from the `example` domains (RFC 2606).
"""

from collections.abc import Mapping
from copy import deepcopy
from types import MappingProxyType
from typing import Any

_SENDER = {
    "name": "Elena Fuentes",
    "function": "Prosecutor on duty, cybercrime unit",
    "phone": "+12025550143",
    "email": "elena.fuentes@prosecution.example",
}
_CALLBACK = {
    "name": "Tomas Rojas",
    "function": "Deputy head of the cybercrime unit",
    "phone": "+12025550178",
}
_AUTHORITY = "National Prosecution Service, cybercrime unit"
_COMMON: dict[str, Any] = {
    "sender_person": _SENDER,
    "callback_person": _CALLBACK,
    "issued_at": "2026-10-13T23:55:00Z",
    "language": "en",
}
_RANGE = {"begins_at": "2026-10-13T00:00:00Z", "ends_at": "2026-10-13T23:45:00Z"}

_EMERGENCY_DISCLOSURE = _COMMON | {
    "competent_authority": _AUTHORITY,
    "providers": [{"name": "Example Mail Ltd", "address": "1 Harbour Road, Port City"}],
    "offences": [{"provision": "Criminal Code, section 296: threats to life", "penalty": "up to five years"}],
    "emergency_facts": (
        "At 20:40 local time a school in the capital received a mail announcing a bomb at the morning assembly, 07:45. "
        "Several hundred children are expected there."
    ),
    "relation_to_data": "The mail was sent through the provider. Who holds the account and from where it was used last "
    "is the only lead to the sender.",
    "data_items": [
        {"identifier": "sender-4711@mail.example", "type": "mail account", "category": "subscriber"},
        {
            "identifier": "sender-4711@mail.example",
            "type": "log-in addresses",
            "category": "traffic",
            "time_range": _RANGE,
        },
    ],
    "deadline_of_danger": "2026-10-14T10:45:00Z",
    "confidentiality": "Please do not tell the account holder.",
    "instructions": "Please send the log-in addresses first.",
    "related": ["case 2026-1188"],
}

_EMERGENCY_MLA = _COMMON | {
    "competent_authority": _AUTHORITY,
    "governing_instrument": "ETS 185 Art. 27",
    "offences": [{"provision": "Criminal Code, section 141: kidnapping", "penalty": "ten to twenty years"}],
    "facts_summary": "A person was taken from a car park on Monday evening. A demand came by messenger.",
    "emergency_facts": "The demand threatens an injury at 23:00 unless it is met. A photograph of today proves life.",
    "assistance_sought": "Location of the device that sent the demand, and a search of the place where it is found.",
    "relation_to_assistance": "The device was last used in your territory by those who hold the person.",
    "advance_copy": True,
    "result_channel": "The 24/7 point of contact",
    "deadline_of_danger": "2026-10-14T02:00:00Z",
}

_PRESERVATION = _COMMON | {
    "requesting_authority": _AUTHORITY,
    "offences": [{"provision": "Criminal Code, section 468: fraud by computer"}],
    "facts_summary": "A forged invoice was paid in the belief that it came from a supplier.",
    "data_description": "Contents and log-ins of one mail account.",
    "relation_to_offence": "The forged invoice was sent from this account.",
    "identifiers": ["invoices@supplier.example"],
    "time_range": _RANGE,
    "custodian": "Example Mail Ltd",
    "necessity": "The provider deletes log-ins after 14 days.",
    "mla_intent": True,
}

_ASSISTANCE = _COMMON | {
    "competent_authority": _AUTHORITY,
    "sub_type": "technical_advice",
    "question": "Which of your providers announces the network 192.0.2.0/24, and whom do we ask there at night?",
    "purpose": "Criminal investigation of an attack on a hospital.",
    "deadline": "2026-10-14T06:00:00Z",
}


def _body(kind: str, instrument: str, request: dict[str, Any]) -> dict[str, Any]:
    return {
        "kind": kind,
        "requested_party": "RO",
        "instrument": instrument,
        "status": "actual",
        "urgency": "emergency",
        "case_reference": "2026-1204/CYB",
        "request": request,
        "notify": ["duty@prosecution.example", "+12025550143"],
    }


_BODIES = {
    "emergency_disclosure": _body("emergency_disclosure", "cets224", _EMERGENCY_DISCLOSURE),
    "emergency_mla": _body("emergency_mla", "ets185", _EMERGENCY_MLA),
    "preservation": _body("preservation", "ets185", _PRESERVATION),
    "assistance": _body("assistance", "ets185", _ASSISTANCE),
}

EXAMPLES: Mapping[str, dict[str, Any]] = MappingProxyType(_BODIES)
"""Complete bodies of `POST /v1/alerts`, by the code of the kind. To change one, take `example`."""


def example(kind: str) -> dict[str, Any]:
    """Return a deep copy of the example of a kind, to be changed freely. Raises `KeyError` for an unknown kind."""
    return deepcopy(_BODIES[kind])
