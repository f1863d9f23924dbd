"""What is wrong with something that was typed, in the reader's language, beside its field."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from contactpoints.rules.phrasing import Catalogue, say
from schemas.faults import Fault
from schemas.particulars import UNREACHABLE
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
    "period_too_long": msgid("Choose at most two years."),
    "in_the_past": msgid("This time is over."),
    "in_the_future": msgid("This time has not come yet."),
    "not_an_instant": msgid("This is not a date and time: it is written as in 2026-10-14T09:00:00."),
    "not_a_date": msgid("This is not a date: it is written as in 2026-10-14."),
    "not_a_time_of_day": msgid("This is not a time of day: it is written as in 08:30."),
    "not_email": msgid("This is not an e-mail address."),
    "not_https": msgid("This is not an address that begins with https."),
    "still_referred_to": msgid("Something else still refers to this."),
    "no_contact_point": msgid("This Party has no contact point yet."),
    "too_many_drafts": msgid("There are as many drafts as you may have: throw one away first."),
    "not_on_duty": msgid("This officer is not on duty then."),
    "on_duty_already": msgid("This officer is on duty then already."),
    "pin_guessable": msgid("This PIN is guessed too easily."),
    "pin_shape": msgid("A PIN has 6 to 12 digits."),
    "code_shape": msgid("A code has 7 characters."),
    "absent": msgid("This officer is absent then."),
    "begun": msgid("This shift has begun already."),
    "byte_order_mark": msgid(
        "This begins with characters that do not belong to it: save it as UTF-8 without a byte order mark."
    ),
    "cannot": msgid("This officer cannot take that over: choose another."),
    "differs": msgid("The two are not the same: type both again."),
    "does_not_exist": msgid("This time does not exist there: the clocks go forward. Choose one before or after."),
    "duplicate_name": msgid("This stands here more than once: leave one."),
    "exists_twice": msgid(
        "This time comes twice there: the clocks go back. Say whether the first or the second is meant."
    ),
    "fixed": msgid("This cannot be changed: end the entry, and make another."),
    "forbidden": msgid("Such an entry is for others to keep."),
    "formula": msgid("A program would take this for a formula: let it begin with another sign."),
    "itself": msgid("This has to be another one."),
    "leaves_uncovered": msgid(
        "Nobody would be on duty at some times. Cover them first, or say here why it is changed."
    ),
    "lone_surrogate": msgid("A sign in this is broken: type it again."),
    "more": msgid("There are more faults: mend these first."),
    "no_calendar": msgid("This file is no calendar that can be read here."),
    "no_channel": msgid("Nobody at this post has a channel of this kind: enter one first."),
    "no_gateway": msgid("The service has no way to send this kind of message: choose another."),
    "no_officer": msgid("No officer of this name is known here."),
    "no_offset": msgid("Say of which zone this time is: it ends in Z, or in +02:00."),
    "no_shifts": msgid("This file has no shift in the time ahead."),
    "no_start": msgid("An event in this file has no beginning."),
    "no_uid": msgid("An event in this file has no UID."),
    "not_a_number": msgid("This is not a number."),
    "not_offered": msgid("This shift was offered to another officer."),
    "not_possible": msgid("There is no telephone number of this length: look at it again."),
    "not_registered": msgid(
        "This key does not name this person for call-back: take somebody who is registered with it."
    ),
    "not_supported": msgid("Something in this file is not understood here: make it plain shifts."),
    "not_text": msgid("This is no text that can be read here: save it as UTF-8."),
    "not_the_same": msgid("The two are not the same: type both again."),
    "not_utf8": msgid("This is not written as UTF-8: save it so, and send it again."),
    "no_file": msgid("This file is empty."),
    "not_whole": msgid("This file ends too early: it was cut off."),
    "null_character": msgid("A sign in this is no text: type it again."),
    "number": msgid("This is no number that is possible here."),
    "number_too_large": msgid("This number is too large."),
    "offered_twice": msgid("This shift, or a part of it, is offered already."),
    "one_by_one": msgid("This is changed by hand, one by one: a file cannot do it."),
    "one_of_two": msgid("One of the two is needed: who holds the data, or where the system is."),
    "other_key": msgid("This is not the fingerprint of this key: look at both again."),
    "outdated": msgid("This has changed meanwhile: load the page again."),
    "own_party": msgid("This is your own Party: choose another. An exercise may go to your own."),
    "password_common": msgid("Many people use this password, or it is guessed from who you are. Take another."),
    "password_too_long": msgid("A password has at most 200 characters."),
    "password_too_short": msgid("A password has at least 12 characters; a sentence is easily kept in mind."),
    "quarantined": msgid("Nothing is sent there: messages failed too often. Mend the address first."),
    "retired": msgid("This entry has ended: choose another."),
    "ring": msgid("This would go round in a ring: choose another."),
    "runs_backwards": msgid("This ends before it begins."),
    "same": msgid("Nothing would change: this stands there already."),
    "same_party": msgid("This has to be another Party."),
    "same_person": msgid("This has to be another person."),
    "same_uid": msgid("Two events in this file have the same UID."),
    "separator": msgid("The cells of this file are parted by commas or semicolons, not by tabs."),
    "stale": msgid("Somebody has changed this meanwhile: load it again, and look at what is new."),
    "taken_already": msgid("This officer has another shift at the same time."),
    "too_deep": msgid("This is nested too deeply to be read here."),
    "too_early": msgid("This is too early: choose a later time."),
    "too_far": msgid("This is too far ahead."),
    "too_late": msgid("This is too late: choose an earlier time."),
    "too_many": msgid("These are too many at once."),
    "too_much": msgid("This is too much to be read at once: send it in parts."),
    "unknown_field": msgid("This is not asked for here."),
    "unknown_key": msgid("Nothing in the file or the directory has this key."),
    "words": msgid("Type from one to a few words."),
    "wrong": msgid("This is not right, or it is over: look at it again."),
}
_ONE = "must have at least 1 character"
_LIMITED: Sequence[tuple[re.Pattern[str], str]] = (
    (re.compile(r"must have at least (\d+) characters?"), msgid("This is too short: at least {limit} characters.")),
    (re.compile(r"may have at most (\d+) characters?"), msgid("This is too long: at most {limit} characters.")),
    (re.compile(r"must have at least (\d+) (?:entries|entry)"), msgid("These are too few: at least {limit}.")),
    (re.compile(r"may have at most (\d+) (?:entries|entry)"), msgid("These are too many: at most {limit}.")),
    (re.compile(r"must be at least (-?[\d.]+)"), msgid("This number is too small: at least {limit}.")),
    (re.compile(r"may be at most (-?[\d.]+)"), msgid("This number is too large: at most {limit}.")),
    (
        re.compile(r"Must be later than now, by at most (\d+) days\."),
        msgid("This has to be a time to come, at most {limit} days ahead."),
    ),
    (
        re.compile(r"Closes a ring: that shift is in swap (\d+), .*"),
        msgid("That shift is in swap {limit}, which waits for this one: end that swap, or ask for another shift."),
    ),
    (
        re.compile(r"This shift(?:, or a part of it,)? is in swap (\d+) already\."),
        msgid("This shift, or a part of it, is offered already, in swap {limit}."),
    ),
)
"""What a limit in an English detail is told by, see `schemas.faults`."""
_LINE = re.compile(r"/notify/(\d+)")
"""What stands one on a line."""
_OFFERED = re.compile(r"'([^']+)'")
_NARROWED: Sequence[tuple[str, str]] = (
    ("sent to nobody", msgid("This has to be ticked: without it the request is sent to nobody.")),
    ("public key without an end", msgid("Enter a public key that has no end first: nobody could sign afterwards.")),
    ("persons who are registered", msgid("Enter persons for call-back first: nothing could be asked otherwise.")),
    ("for the reason not_competent", msgid("This is for the reason that your Party is not competent, and no other.")),
    ("as wrong_party instead", msgid("That is for the Party that was asked: withdraw the alert instead.")),
    ("ends no later than it does", msgid("Another key has taken its place: this one may end earlier, but not later.")),
    ("has one holder", msgid("Somebody else holds this key: rotate it, and say who holds the next.")),
    ("only the key of a requester", msgid("This is for the key of a requester alone: leave it empty.")),
    ("only a requester's key", msgid("This is for the key of a requester alone: leave it empty.")),
    (
        "together with weekdays",
        msgid("This goes with days of the week only: choose those, or leave it empty."),
    ),
    ("only with ends_on", msgid("This needs a last day: it silences every other rotation meanwhile.")),
    ("asked of one officer only", msgid("A shift in return is asked of one officer: say to whom this one is offered.")),
    ("this one does not", msgid("This time comes only once there: choose neither the first nor the second.")),
)
"""How a choice is told that is not open because of something else, by what an English detail says of it."""
_FORMED: Sequence[tuple[str, str]] = (
    ("language tag", msgid("This is not a language: it is written as in en or pt-BR.")),
    ("two capital letters", msgid("This is not a country: it is written as two capital letters, as in FR.")),
    ("time zone", msgid("This time zone is not known: it is written as in Europe/Paris.")),
    (
        "or an e-mail address",
        msgid("This is neither a telephone number, as in +33 1 99 00 12 34, nor an e-mail address."),
    ),
    ("E.164", msgid("This is not a telephone number: it is written with the country, as in +33 1 99 00 12 34.")),
    ("e-mail", msgid("This is not an e-mail address.")),
    ("one line", msgid("This has to be one line of text.")),
    ("whole number", msgid("This is not a whole number: it is written as in 12.")),
    ("a number", msgid("This is not a number.")),
    ("true or false", msgid("This is true or false, and nothing else.")),
    ("must be a list", msgid("This has to be a list.")),
    ("6 digits that", msgid("This has 6 digits.")),
    ("small letters", msgid("This is written with small letters, digits and hyphens.")),
)
"""How a form that is asked for is told, by what an English detail says of it."""


def fault_of(words: Catalogue, fault: Fault, *, listed: bool = False) -> str:
    """Return a sentence for a fault, with its limit where it has one; what is not known is told by its detail.

    ``listed``: what can be chosen is named, for a place that does not offer it itself.
    """
    if line := _LINE.fullmatch(fault.pointer):
        told = fault_of(words, replace(fault, pointer=""), listed=listed)
        return say(words, msgid("Line {number}: {fault}"), number=int(line[1]) + 1, fault=told)
    for pattern, sentence in _LIMITED:
        if found := pattern.fullmatch(fault.detail):
            return say(words, _SENTENCES["missing"] if found[0] == _ONE else sentence, limit=found[1])
    if fault.detail == UNREACHABLE:
        return say(words, msgid("One of the two is needed: a telephone number, or an e-mail address."))
    if listed and fault.code == "not_allowed" and (offered := _OFFERED.findall(fault.detail)):
        return say(words, msgid("Please choose one of these: {offered}."), offered=", ".join(offered))
    shaped = fault.code in ("wrong_form", "wrong_type")
    known = _FORMED if shaped else _NARROWED if fault.code == "not_allowed" else ()
    formed = next((each for part, each in known if part in fault.detail), "")
    if formed or fault.code in _SENTENCES:
        return say(words, formed or _SENTENCES[fault.code])
    return f"{fault.detail[:1].upper()}{fault.detail[1:]}."


def is_vague(words: Catalogue, fault: Fault) -> bool:
    """Say whether the sentence for a fault leaves open which form is needed, which its English detail may tell."""
    return fault_of(words, fault) == say(words, _SENTENCES["wrong_form"])


def faults_at(faults: tuple[Fault, ...] | list[Fault], name: str) -> list[Fault]:
    """Return the faults of a field, or of what is within it. ``name`` is as in a pointer, without the first slash."""
    here = f"/{name}"
    return [each for each in faults if each.pointer == here or each.pointer.startswith(f"{here}/")]
