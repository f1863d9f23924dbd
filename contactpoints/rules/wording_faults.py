"""What is wrong with something that was typed, in the reader's language, beside its field."""

from collections.abc import Mapping

from contactpoints.rules.phrasing import Catalogue
from schemas.faults import Fault
from schemas.words import msgid

_SENTENCES: Mapping[str, str] = {
    "missing": msgid("This is needed."),
    "required": msgid("This is needed."),
    "too_short": msgid("This is too short."),
    "too_long": msgid("This is too long."),
    "too_small": msgid("This number is too small."),
    "too_large": msgid("This number is too large."),
    "wrong_form": msgid("This does not have the form that is needed here."),
    "wrong_type": msgid("This does not have the form that is needed here."),
    "malformed": msgid("This does not have the form that is needed here."),
    "not_valid": msgid("This does not have the form that is needed here."),
    "not_allowed": msgid("Please choose one of what is offered."),
    "unknown": msgid("This is not known here."),
    "unknown_zone": msgid("This time zone is not known: it is written as in Europe/Paris."),
    "unknown_party": msgid("There is no such Party."),
    "taken": msgid("This is taken already."),
    "twice": msgid("This stands here twice."),
    "not_after": msgid("The end has to come after the beginning."),
    "in_the_past": msgid("This time is over."),
    "in_the_future": msgid("This time has not come yet."),
    "not_an_instant": msgid("This is not a date and time."),
    "not_a_date": msgid("This is not a date: it is written as in 2026-10-14."),
    "not_a_time_of_day": msgid("This is not a time of day: it is written as in 08:30."),
    "not_email": msgid("This is not an e-mail address."),
    "not_https": msgid("This is not an address that begins with https."),
    "still_referred_to": msgid("Something else still refers to this."),
    "no_contact_point": msgid("This Party has no contact point yet."),
    "not_on_duty": msgid("This officer is not on duty then."),
    "on_duty_already": msgid("This officer is on duty then already."),
    "pin_guessable": msgid("This PIN is guessed too easily."),
    "pin_shape": msgid("A PIN has 6 to 12 digits."),
}


def fault_of(words: Catalogue, fault: Fault) -> str:
    """Return a sentence for a fault; one that has none here is told by its own detail, in English."""
    if fault.code in _SENTENCES:
        sentence = _SENTENCES[fault.code]
        return words.get(sentence, sentence)
    return f"{fault.detail[:1].upper()}{fault.detail[1:]}."


def faults_at(faults: tuple[Fault, ...] | list[Fault], name: str) -> list[Fault]:
    """Return the faults of a field, or of what is within it. ``name`` is as in a pointer, without the first slash."""
    here = f"/{name}"
    return [each for each in faults if each.pointer == here or each.pointer.startswith(f"{here}/")]
