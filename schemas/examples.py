"""Complete example bodies: one per request kind, for the documentation, the demo, the benchmarks and the tests; and
one or more of everything else that is written here, for the documentation and its test.

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


def _body(kind: str, instrument: str, *, request: dict[str, Any]) -> dict[str, Any]:
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
    "emergency_disclosure": _body("emergency_disclosure", "cets224", request=_EMERGENCY_DISCLOSURE),
    "emergency_mla": _body("emergency_mla", "ets185", request=_EMERGENCY_MLA),
    "preservation": _body("preservation", "ets185", request=_PRESERVATION),
    "assistance": _body("assistance", "ets185", request=_ASSISTANCE),
}

EXAMPLES: Mapping[str, dict[str, Any]] = MappingProxyType(_BODIES)
"""Complete bodies of `POST /v1/alerts`, by the code of the kind. To change one, take `example`."""


PREVIEWS: Mapping[str, dict[str, Any]] = MappingProxyType(
    {
        "before there are particulars": {
            name: value for name, value in _BODIES["preservation"].items() if name not in ("case_reference", "request")
        },
        "a whole alert": _BODIES["emergency_disclosure"],
    }
)
"""Bodies of `POST /v1/alerts/preview`."""


def example(kind: str) -> dict[str, Any]:
    """Return a deep copy of the example of a kind, to be changed freely. Raises `KeyError` for an unknown kind."""
    return deepcopy(_BODIES[kind])


ACTS: Mapping[str, Mapping[str, dict[str, Any]]] = MappingProxyType(
    {
        "note_call_back": {"the person confirmed it": {"outcome": "confirmed"}},
        "withdraw_alert": {"the danger is over": {"reason": "danger_over"}},
        "close_alert": {"it was dealt with": {"reason": "handled"}},
        "resend_alert": {
            "to the Party of the provider's seat": {
                "requested_party": "JP",
                "consent_to_transfer": True,
                "issued_under_instrument": True,
                "issued_at": "2026-10-14T00:10:00Z",
            }
        },
        "hand_over_alert": {"to the second officer": {"officer": 13}},
        "add_note": {"what both should know": {"text": "The provider answers from 09:00 its time; we go on then."}},
        "decline_alert": {"an officer who cannot": {"officer": 12, "reply_code": "K7QPM3X", "pin": "482913"}},
        "acknowledge_alert": {"an officer's answer": {"officer": 12, "reply_code": "K7QPM3X", "pin": "482913"}},
    }
)
"""What is done to an alert, by the name of the operation."""

_POINT, _POST, _OFFICER, _SECOND = 5, 7, 12, 13
_SPAN = {"starts_at": "2026-10-20T08:00:00Z", "ends_at": "2026-10-21T08:00:00Z"}
# The clocks of Paris are set back on 25 October 2026: they show 02:30 twice.
_BY_THE_CLOCK = {
    "zone": "Europe/Paris",
    "starts_at": "2026-10-24T10:00:00",
    "ends_at": "2026-10-25T02:30:00",
    "ends_which": "second",
}

SWAPS: Mapping[str, Mapping[str, dict[str, Any]]] = MappingProxyType(
    {
        "offer": {
            "to whoever takes it": {"post_id": _POST, "officer_id": _OFFICER, **_SPAN, "reason": "a wedding"},
            "by the clocks of a zone": {"post_id": _POST, "officer_id": _OFFICER, **_BY_THE_CLOCK},
            "a day for a day": {
                "post_id": _POST,
                "officer_id": _OFFICER,
                "to_officer_id": _SECOND,
                **_SPAN,
                "in_return": {"starts_at": "2026-10-27T08:00:00Z", "ends_at": "2026-10-28T08:00:00Z"},
            },
        },
        "take": {"a colleague takes it": {"officer_id": _SECOND}},
        "approve": {"as it is": {}, "although it leaves a gap": {"reason": "the second line knows"}},
        "refuse": {"with a reason": {"reason": "too many nights in a row"}},
        "withdraw": {"not needed any more": {}},
    }
)
"""Swaps of shifts, by act."""

LEAVING_EXAMPLES: Mapping[str, dict[str, Any]] = MappingProxyType(
    {
        "a rotation goes to somebody else, a language to nobody": {
            "plan": [
                {"ref": "rotation:5", "version": 3, "action": "replace", "officer_id": 12},
                {"ref": "language:fr", "action": "leave_out", "reason": "A French speaker starts in March."},
            ],
            "reason": "Moves to another authority.",
            "dry_run": True,
        }
    }
)

ENTRY_EXAMPLES: Mapping[str, Mapping[str, dict[str, Any]]] = MappingProxyType(
    {
        "parties": {"a Party": {"code": "ZZ", "name": "Zedland"}},
        "memberships": {
            "bound by the Convention": {
                "party": "FR",
                "instrument": "ets185",
                "status": "party",
                "since": "2006-05-01",
                "confidence": "medium",
            }
        },
        "declarations": {
            "a reservation": {
                "party": "FR",
                "instrument": "ets185",
                "article": "29.4",
                "kind": "reservation",
                "text": "Invented: refuses preservation where dual criminality is not fulfilled.",
                "since": "2006-05-01",
                "confidence": "low",
            },
            "a declaration": {
                "party": "FR",
                "instrument": "cets224",
                "article": "9.1.b",
                "kind": "declaration",
                "text": "Invented: does not execute requests that seek subscriber information alone.",
                "since": "2026-01-01",
                "until": "2027-01-01",
            },
            "a suspension of transfers, for a territory": {
                "party": "FR",
                "territory": "FR-NC",
                "instrument": "cets224",
                "article": "14.15",
                "kind": "suspension",
                "towards": "US",
                "text": "Invented: suspends transfers after consultation.",
                "since": "2026-01-01",
                "until": "2027-01-01",
            },
        },
        "providers": {
            "a mail company": {
                "name": "Invented Mail Company",
                "other_names": ["Inventmail", "Invented Mail, Ltd."],
                "party": "FR",
                "source": "Invented: its terms of service, as of March.",
                "since": "2020-01-01",
                "confidence": "high",
            }
        },
        "contact_points": {
            "an institution": {
                "party": "FR",
                "name": "Deuxième bureau",
                "function": "Permanence de nuit",
                "zone": "Europe/Paris",
                "languages": ["fr", "en"],
                "working_hours": [{"weekday": 0, "start": "09:00", "end": "17:30"}],
                "capabilities": {"preservation": "executes", "emergency_mla": "forwards"},
                "name_in_english": "Second office",
                "function_in_english": "Night desk",
                "backup_id": _POINT,
                "also_member_of": ["G7", "INTERPOL"],
                "public_keys": [
                    {"kind": "openpgp", "key": None, "fingerprint": "AF05DF212A4E14EB3E38B60A9DADC5E0EC9C96F6"}
                ],
            },
            "the secretariat": {
                "secretariat": True,
                "name": "Secretariat of the network",
                "function": "Secretariat duty desk",
                "zone": "Europe/Paris",
                "languages": ["en", "fr"],
            },
        },
        "posts": {
            "who decides": {"contact_point_id": _POINT, "line": "decision_maker", "function": "Decision maker on call"},
            "two at a time who speak English and Spanish, for no more than a day": {
                "contact_point_id": _POINT,
                "line": "mutual_assistance",
                "function": "Mutual assistance on call",
                "minimum": 2,
                "languages": ["en", "es"],
                "longest_hours": 24,
            },
        },
        "officers": {
            "an officer": {
                "contact_point_id": _POINT,
                "name": "Zoë Exemple",
                "function": "Night officer",
                "language": "fr",
                "languages": ["en", "pt-BR"],
            }
        },
        "channels": {
            "a mobile telephone": {"officer_id": _OFFICER, "kind": "sms", "address": "+33639980199", "place": 5},
            "a mailbox": {"officer_id": _OFFICER, "kind": "email", "address": "night@contactpoint.example", "place": 6},
        },
        "rotations": {
            "weeks in turn, from Monday to Monday": {
                "post_id": _POST,
                "layer": 2,
                "period": "weekly",
                "zone": "Europe/Paris",
                "starts_on": "2026-11-02",
                "handover": "08:00",
                "members": [_OFFICER, _SECOND],
            },
            "the same officer every day": {
                "post_id": _POST,
                "layer": 3,
                "period": "daily",
                "zone": "Europe/Paris",
                "starts_on": "2026-11-01",
                "ends_on": "2026-12-01",
                "handover": "08:00",
                "members": [_OFFICER],
            },
            "nights of working days, four turns each": {
                "post_id": _POST,
                "layer": 4,
                "period": "custom",
                "turn_days": 4,
                "zone": "Europe/Paris",
                "starts_on": "2026-11-02",
                "handover": "20:00",
                "members": [_OFFICER, _SECOND],
                "weekdays": [0, 1, 2, 3, 4],
                "hours_from": "20:00",
                "hours_until": "08:00",
            },
            "one officer over the holidays, instead of all others": {
                "post_id": _POST,
                "period": "monthly",
                "zone": "Europe/Paris",
                "starts_on": "2026-12-24",
                "ends_on": "2027-01-04",
                "handover": "08:00",
                "members": [_SECOND],
                "temporary": True,
            },
        },
        "overrides": {
            "a day swapped": {"post_id": _POST, "action": "replace", "officer_id": _SECOND, **_SPAN, "reason": "swap"},
            "by the clocks of a zone": {"post_id": _POST, "action": "add", "officer_id": _SECOND, **_BY_THE_CLOCK},
        },
        "calendars": {
            "shifts planned in a calendar program": {
                "post_id": _POST,
                "name": "Weekends, planned in Outlook",
                "layer": 5,
                "zone": "Europe/Paris",
                "day_starts": "08:00",
                "officers": [{"text": "Weekend A", "officer_id": _OFFICER}],
            }
        },
        "absences": {
            "a day off": {"officer_id": _OFFICER, **_SPAN, "reason": "ill"},
            "by the clocks of a zone": {"officer_id": _OFFICER, **_BY_THE_CLOCK, "reason": "ill"},
        },
        "holiday_calendars": {
            "the holidays of Alsace, and two of its own": {
                "contact_point_id": _POINT,
                "country": "FR",
                "subdivision": "6AE",
                "own_days": [
                    {"first_day": "2026-12-24", "last_day": "2026-12-31", "name": "Year-end closing", "counts": True},
                    {"first_day": "2027-05-17", "last_day": "2027-05-17", "name": "Solidarity day", "counts": False},
                ],
            }
        },
        "policies": {
            "two steps": {
                "contact_point_id": _POINT,
                "urgency": "emergency",
                "steps": [
                    {"posts": [{"post": _POST}], "channels": ["sms", "email"], "patience_seconds": 180},
                    {
                        "posts": [{"post": _POST}],
                        "channels": ["sms"],
                        "patience_seconds": 300,
                        "only_if_undelivered": True,
                    },
                ],
                "restart_seconds": 900,
                "reminder_seconds": 3600,
            }
        },
    }
)
"""Entries of the directory, by the name of their shelf. The numbers of others that they refer to are invented."""
