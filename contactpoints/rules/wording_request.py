"""What stands on the page where an officer reads a request: plain words for its fields, kinds and codes.

The particulars themselves are shown as they were written, in the requester's language.
"""

from datetime import datetime

from contactpoints.rules.phrasing import Catalogue, msgid, say, times

_KINDS = {
    "emergency_disclosure": msgid("Expedited disclosure of stored computer data in an emergency"),
    "emergency_mla": msgid("Emergency mutual assistance"),
    "preservation": msgid("Expedited preservation of stored computer data"),
    "assistance": msgid("Immediate assistance by the point of contact"),
}

_LABELS = {
    "sender_person": msgid("Who asks"),
    "callback_person": msgid("Whom to call back to confirm"),
    "issued_at": msgid("Issued"),
    "language": msgid("Language of the request"),
    "deadline_of_danger": msgid("The danger becomes real at"),
    "confidentiality": msgid("Confidentiality"),
    "related": msgid("Related cases"),
    "competent_authority": msgid("Competent authority"),
    "requesting_authority": msgid("Requesting authority"),
    "governing_instrument": msgid("Governing instrument"),
    "providers": msgid("Service providers"),
    "offences": msgid("Offences"),
    "provision": msgid("Provision"),
    "penalty": msgid("Penalty"),
    "emergency_facts": msgid("Why it is an emergency"),
    "facts_summary": msgid("Summary of the facts"),
    "relation_to_data": msgid("How the data help"),
    "relation_to_offence": msgid("How the data relate to the offence"),
    "relation_to_assistance": msgid("How the assistance helps"),
    "assistance_sought": msgid("Assistance sought"),
    "data_items": msgid("Data sought"),
    "data_description": msgid("Data to be preserved"),
    "identifier": msgid("Identifier"),
    "identifiers": msgid("Identifiers"),
    "type": msgid("Kind"),
    "category": msgid("Category"),
    "time_range": msgid("Period"),
    "begins_at": msgid("From"),
    "ends_at": msgid("Until"),
    "custodian": msgid("Who holds the data"),
    "system_location": msgid("Where the system is"),
    "provider_contact": msgid("Contact at the provider"),
    "necessity": msgid("Why preservation is needed"),
    "mla_intent": msgid("A mutual-assistance request will follow"),
    "advance_copy": msgid("Advance copy wanted"),
    "result_channel": msgid("Where to send the result"),
    "instructions": msgid("Special instructions"),
    "other_information": msgid("Other information"),
    "sub_type": msgid("Assistance wanted"),
    "question": msgid("The question"),
    "purpose": msgid("Purpose"),
    "deadline": msgid("Answer wanted by"),
    "name": msgid("Name"),
    "function": msgid("Function"),
    "phone": msgid("Telephone"),
    "email": msgid("E-mail"),
    "address": msgid("Address"),
}

_CODES = {
    "subscriber": msgid("subscriber data"),
    "traffic": msgid("traffic data"),
    "content": msgid("content data"),
    "technical_advice": msgid("technical advice"),
    "legal_information": msgid("legal information"),
    "locate_suspect": msgid("locating a suspect"),
    "evidence_collection": msgid("collecting evidence"),
}
_INSTANTS = frozenset({"issued_at", "begins_at", "ends_at", "deadline", "deadline_of_danger"})
_CODED = frozenset({"category", "sub_type"})


def kind_of(words: Catalogue, kind: str) -> str:
    """Return the title of a request kind."""
    return say(words, _KINDS[kind])


def label_of(words: Catalogue, field: str) -> str:
    """Return what a field of the particulars is called. Raises `KeyError` for one that no kind of request has."""
    return say(words, _LABELS[field])


def value_of(words: Catalogue, field: str, *, value: str, zone: str, now: datetime) -> str:
    """Return the text of a field as an officer in ``zone`` reads it: instants on the clock there, codes in words."""
    if field in _INSTANTS:
        return say(words, msgid("{local} your time ({utc} UTC)"), **times(datetime.fromisoformat(value), zone, now))
    return say(words, _CODES[value]) if field in _CODED else value
