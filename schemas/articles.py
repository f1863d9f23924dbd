"""Which article asks for which particular of which kind: what a form shows beside each field.

``cets224`` and ``ets185`` are instruments; ``template`` are the sections of the T-CY templates of 2018, ``policy`` is
that of this network, which no treaty asks for. What is not given for a kind is as for every kind.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

Source = Literal["cets224", "ets185", "template", "policy"]


@dataclass(frozen=True, slots=True)
class Citation:
    """Where something is asked for; ``place`` as it is cited: ``9.3 a``, of policy nothing."""

    source: Source
    place: str = ""


_POLICY = Citation("policy")
EVERY: Mapping[str, Citation] = MappingProxyType(
    {
        "sender_person": Citation("template", "5"),
        "callback_person": Citation("template", "6"),
        "issued_at": Citation("template", "1"),
        "case_reference": Citation("template", "2"),
        "language": _POLICY,
        "deadline_of_danger": _POLICY,
        "confidentiality": Citation("ets185", "27.8"),
        "legal_reason": _POLICY,
        "related": _POLICY,
    }
)
OF_KIND: Mapping[str, Mapping[str, Citation]] = MappingProxyType(
    {
        "emergency_disclosure": {
            "competent_authority": Citation("cets224", "9.3 a"),
            "issued_at": Citation("cets224", "9.3 a"),
            "deadline_of_danger": Citation("cets224", "3.2 c"),
            "providers": Citation("cets224", "9.3 c"),
            "offences": Citation("cets224", "9.3 d"),
            "emergency_facts": Citation("cets224", "9.3 e"),
            "relation_to_data": Citation("cets224", "9.3 e"),
            "data_items": Citation("cets224", "9.3 f"),
            "instructions": Citation("cets224", "9.3 g"),
            "other_information": Citation("cets224", "9.3 h"),
        },
        "emergency_mla": {
            "competent_authority": Citation("cets224", "10.1"),
            "governing_instrument": Citation("cets224", "10.7"),
            "deadline_of_danger": Citation("cets224", "3.2 c"),
            "offences": Citation("cets224", "10.1"),
            "facts_summary": Citation("cets224", "10.1"),
            "emergency_facts": Citation("cets224", "10.1"),
            "assistance_sought": Citation("cets224", "10.1"),
            "relation_to_assistance": Citation("cets224", "10.1"),
            "advance_copy": Citation("cets224", "10.6"),
            "result_channel": Citation("cets224", "10.6"),
            "instructions": Citation("ets185", "27.3"),
        },
        "preservation": {
            "requesting_authority": Citation("ets185", "29.2 a"),
            "offences": Citation("ets185", "29.2 b"),
            "facts_summary": Citation("ets185", "29.2 b"),
            "data_description": Citation("ets185", "29.2 c"),
            "relation_to_offence": Citation("ets185", "29.2 c"),
            "identifiers": Citation("ets185", "29.2 c"),
            "time_range": Citation("ets185", "29.2 c"),
            "custodian": Citation("ets185", "29.2 d"),
            "system_location": Citation("ets185", "29.2 d"),
            "necessity": Citation("ets185", "29.2 e"),
            "mla_intent": Citation("ets185", "29.2 f"),
            "provider_contact": Citation("ets185", "29.2 d"),
        },
        "assistance": {
            "competent_authority": Citation("ets185", "35.1"),
            "sub_type": Citation("ets185", "35.1"),
            "question": Citation("ets185", "35.1"),
            "purpose": Citation("ets185", "35.1"),
            "deadline": _POLICY,
        },
    }
)
"""Kind -> field -> where it is asked for (domain.md 1.2, 2.2, 2.3 and 3.2)."""


def asked_by(kind: str, field: str) -> Citation:
    """Return where a particular of a kind is asked for. Raises `KeyError` for a field of which nothing says so."""
    own = OF_KIND[kind]
    return own[field] if field in own else EVERY[field]
