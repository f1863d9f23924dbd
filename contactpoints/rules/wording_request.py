"""What stands on the page where an officer reads a request: plain words for its fields and codes.

The particulars themselves are shown as they were written, in the requester's language.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from contactpoints.rules.answer_page import AnswerPage
from contactpoints.rules.console import in_sentence
from contactpoints.rules.phrasing import Catalogue, line_of, say
from schemas.requests import REQUEST_KINDS
from schemas.words import msgid

_LABELS = {
    "deadline_of_danger": msgid("The danger becomes real at"),
    "deadline": msgid("Answer wanted by"),
    "sub_type": msgid("Assistance wanted"),
    "question": msgid("The question"),
    "assistance_sought": msgid("Assistance sought"),
    "data_description": msgid("Data to be preserved"),
    "data_items": msgid("Data sought"),
    "identifiers": msgid("Identifiers"),
    "identifier": msgid("Identifier"),
    "type": msgid("Kind"),
    "category": msgid("Category"),
    "time_range": msgid("Period"),
    "begins_at": msgid("From"),
    "ends_at": msgid("Until"),
    "custodian": msgid("Who holds the data"),
    "system_location": msgid("Where the system is"),
    "provider_contact": msgid("Contact at the provider"),
    "providers": msgid("Service providers"),
    "emergency_facts": msgid("Why it is an emergency"),
    "facts_summary": msgid("Summary of the facts"),
    "relation_to_data": msgid("How the data help"),
    "relation_to_offence": msgid("How the data relate to the offence"),
    "relation_to_assistance": msgid("How the assistance helps"),
    "necessity": msgid("Why preservation is needed"),
    "purpose": msgid("Purpose"),
    "offences": msgid("Offences"),
    "provision": msgid("Provision"),
    "penalty": msgid("Penalty"),
    "instructions": msgid("Special instructions"),
    "confidentiality": msgid("Confidentiality"),
    "other_information": msgid("Other information"),
    "advance_copy": msgid("Advance copy wanted"),
    "result_channel": msgid("Where to send the result"),
    "mla_intent": msgid("A mutual-assistance request will follow"),
    "requesting_authority": msgid("Requesting authority"),
    "competent_authority": msgid("Competent authority"),
    "governing_instrument": msgid("Governing instrument"),
    "legal_reason": msgid("On what else the request rests"),
    "sender_person": msgid("Who asks"),
    "callback_person": msgid("Whom to call back to confirm"),
    "name": msgid("Name"),
    "title": msgid("Title"),
    "function": msgid("Function"),
    "phone": msgid("Telephone"),
    "mobile": msgid("Mobile telephone"),
    "email": msgid("E-mail"),
    "address": msgid("Address"),
    "related": msgid("Related cases"),
    "issued_at": msgid("Issued"),
    "language": msgid("Language of the request"),
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
_CAME_BY = {
    "key": msgid("It came with the key of a system of the authority, and no more."),
    "signed_key": msgid("It came with the key of a system of the authority, and bears its signature."),
    "account": msgid("It came from a person of the authority, who showed two factors."),
    "two_persons": msgid("Two persons of the authority opened it."),
}
_CALLED_BACK = {
    "confirmed": msgid("Called back: confirmed."),
    "not_confirmed": msgid("Called back: NOT confirmed. Take it for false until you know better."),
    "not_reached": msgid("Called back: nobody was reached."),
}
_TOLD_BACK = {
    "confirmed": msgid("The contact point called back whom the request names: confirmed."),
    "not_confirmed": msgid("The contact point called back whom the request names: NOT confirmed."),
    "not_reached": msgid("The contact point called back whom the request names: nobody was reached."),
}
_PLACES = {name: place for place, name in enumerate(_LABELS)}
INSTANTS = frozenset({"issued_at", "begins_at", "ends_at", "deadline", "deadline_of_danger"})
"""Fields of the particulars that are instants. A request is evidence: each is told with its date, also today's."""
_CODED = frozenset({"category", "sub_type"})


def kind_of(words: Catalogue, kind: str) -> str:
    """Return the title of a request kind."""
    return say(words, REQUEST_KINDS[kind].title)


def basis_of(words: Catalogue, kind: str) -> str:
    """Return the articles that a request of a kind rests on, as the reader's language cites them."""
    return say(words, REQUEST_KINDS[kind].legal_basis)


def label_of(words: Catalogue, field: str) -> str:
    """Return what a field of the particulars is called. Raises `KeyError` for one that no kind of request has."""
    return say(words, _LABELS[field])


def in_order(fields: Mapping[str, object]) -> list[tuple[str, object]]:
    """Return fields as they are read at night: until when, what, where and why first; who asks last."""
    return sorted(fields.items(), key=lambda each: _PLACES[each[0]])


def came_by(words: Catalogue, authenticated: str) -> str:
    """Return how a request came, in a sentence."""
    return say(words, _CAME_BY[authenticated])


def called_back(words: Catalogue, call_back: str, *, told: bool = False) -> str:
    """Return what came of a call-back, in a sentence; nothing where none was made.

    ``told``: as it is told to whoever asked, and on a timeline, without a word on what the officer makes of it.
    """
    said = _TOLD_BACK if told else _CALLED_BACK
    return say(words, said[call_back]) if call_back in said else ""


def reader_of(words: Catalogue, reading: Mapping[str, Any]) -> str:
    """Return who made a reading, as the officer knows it who reads after: never a name of another house."""
    if reading["mine"]:
        return say(words, msgid("You"))
    if reading["side"] == "requester":
        return say(words, msgid("The requesting authority"))
    if reading["line"]:
        return line_of(words, reading["line"], whose=reading["whose"])
    if not reading["inside"]:
        return say(words, msgid("The contact point that was called"))
    return str(reading["person"] or say(words, msgid("A system of your contact point")))


def code_of(words: Catalogue, code: str) -> str:
    """Return the words for a code that a field of the particulars has, as ``traffic``."""
    return say(words, _CODES[code])


def value_of(words: Catalogue, field: str, *, value: str) -> str:
    """Return the text of a field that is no instant: codes in words, anything else as it was written."""
    return say(words, _CODES[value]) if field in _CODED else value


def times_of(words: Catalogue, page: AnswerPage, *, at: datetime, now: datetime) -> dict[str, str]:
    """Return the fields of a sentence on an officer's page that tells an instant, see `in_sentence`.

    The link alone opens that page, also to a machine: where the requester is, it says by no place, only by the time.
    """
    there = say(words, msgid("{time} where the requester is"), time="{time}")
    return in_sentence(at, page.zones, now=now, there=there)
