"""What stands on the pages where a request is written: parts of the form, articles, bases and warnings, in words."""

import re
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

from contactpoints.rules.phrasing import Catalogue, function_of, say
from contactpoints.rules.releasing import WAITS
from contactpoints.rules.wording_request import kind_of, label_of
from schemas.articles import Citation
from schemas.faults import Fault
from schemas.provisions import DECLARABLE
from schemas.words import msgid

_PARTS = {
    "danger": msgid("Until when"),
    "asked": msgid("What is asked"),
    "why": msgid("Why"),
    "how": msgid("On what it rests, and how"),
    "who": msgid("Who asks, and who confirms"),
}
_SOURCES = {
    "cets224": msgid("CETS 224 Art. {place}"),
    "ets185": msgid("ETS 185 Art. {place}"),
    "template": msgid("T-CY template, section {place}"),
    "policy": msgid("policy of this network"),
}
_INSTRUMENTS = {
    "ets185": msgid("Budapest Convention (ETS 185)"),
    "cets224": msgid("Second Additional Protocol (CETS 224)"),
    "uncc": msgid("UN Convention against Cybercrime"),
    "bilateral": msgid("A bilateral treaty, which the request names"),
    "other": msgid("Another instrument, or reciprocity"),
}
_REASONS = {
    "not_in_force": msgid("{instrument}: not yet in force for {party}."),
    "ended": msgid("{instrument}: binds {party} no more."),
    "signed": msgid("{instrument}: {party} has only signed it."),
    "not_a_party": msgid("{instrument}: {party} is not known as a Party."),
    "transfers_suspended": msgid("{instrument}: {party} has suspended transfers of personal data to the other."),
    "no_provision": msgid("{instrument}: it has no article on such requests."),
    "not_known": msgid("Whether it is in force between the two is for the request to say."),
}
SECOND_PERSON = "second_person"
_WARNINGS = {
    "no_provision": msgid("The instrument has no article on such requests. It can be sent all the same."),
    "transfers_suspended": msgid("Transfers of personal data are suspended. It can be sent all the same."),
    "instrument_not_binding": msgid("The instrument does not bind both Parties. It can be sent all the same."),
    "reason_not_stated": msgid("The request does not say on what else it rests: the requested Party will ask."),
    "declaration_applies": msgid("A declaration of the requested Party applies."),
    "kind_not_executed": msgid("The contact point says that it cannot deal with this kind."),
    "issued_in_the_future": msgid("It says that it was issued in the future: look at the time and its zone."),
    "nobody_on_duty": msgid("Step {step}: nobody is on duty at one line, others are called."),
    "not_as_planned": msgid("Step {step}: fewer can answer than planned."),
    "unproven": msgid("Step {step}: nobody was proven to be reached lately. They are called all the same."),
    "address_changed": msgid("Step {step}: an address was changed lately."),
    "no_fallback": msgid("The secretariat, the last fallback, has nobody who can be called."),
    "outside_working_hours": msgid("The contact point is not at work: nobody is called before it is."),
    "nobody_reached": msgid("No step could call anybody; the chain starts again by itself."),
    "requester_not_told": msgid("No address of yours can be written to: follow the alert here."),
    SECOND_PERSON: msgid(
        "Your Party asks for two persons: nobody is called before a second person of your authority releases it. It"
        " waits {minutes} minutes for that, and lapses then."
    ),
    "provider_elsewhere": msgid("The provider has its seat in another Party: is this the right one?"),
}
_PASSED_OVER = {
    "nobody_on_duty": msgid("Step {step}: nobody is on duty, and the next step is taken at once."),
    "not_as_planned": msgid("Step {step}: nobody can be called, and the next step is taken at once."),
}
_STEP = re.compile(r"Step (\d+)")
_SKIPPED = {
    "nobody_on_duty": msgid("nobody is on duty"),
    "no_channel": msgid("nobody there can be called"),
    "code_locked": msgid("nobody there can be called"),
    "delivered_already": msgid("the message has arrived already"),
}


_HEAD = {
    "requested_party": msgid("Party"),
    "territory": msgid("Territory"),
    "kind": msgid("Kind"),
    "urgency": msgid("Urgency"),
    "status": msgid("Status"),
    "instrument": msgid("Legal instrument"),
    "case_reference": msgid("Your case reference"),
    "notify": msgid("Who hears the news"),
    "zone": msgid("Times on this page are by the clocks of"),
}


def where_of(words: Catalogue, name: str) -> str:
    """Return what a field of the form is called, with what it lies in: ``Data sought 2, Period, From``."""
    told: list[str] = []
    for each in name.split("/"):
        if each.isdecimal() and told:
            told[-1] += f" {int(each) + 1}"
        elif each in _HEAD:
            told.append(say(words, _HEAD[each]))
        elif each and each != "request":
            told.append(label_of(words, each))
    return ", ".join(told)


def labels_of(words: Catalogue, faults: Iterable[Fault]) -> dict[str, str]:
    """Return what the fields are called in which something is wrong, by their names."""
    names = {each.pointer.removeprefix("/") for each in faults}
    return {name: where_of(words, name) for name in names if name}


def part_of(words: Catalogue, part: str) -> str:
    """Return the heading of a part of the form."""
    return say(words, _PARTS[part])


def cited(words: Catalogue, citation: Citation) -> str:
    """Return where something is asked for, as the reader's language cites it."""
    return say(words, _SOURCES[citation.source], place=citation.place)


def instrument_of(words: Catalogue, code: str) -> str:
    """Return what an instrument is called."""
    return say(words, _INSTRUMENTS[code])


def unusable(words: Catalogue, reason: Mapping[str, Any]) -> str:
    """Return why a request cannot rest on an instrument; ``reason`` as in `schemas.legal_basis`."""
    instrument = instrument_of(words, reason["instrument"])
    return say(words, _REASONS[reason["code"]], instrument=instrument, party=reason["party"])


def condition_of(words: Catalogue, condition: Mapping[str, Any]) -> str:
    """Return what a declaration, or the want of one, means for the request."""
    return _declared(words, condition["detail"]) or str(condition["detail"])


def _declared(words: Catalogue, told: str) -> str:
    """Return what was told of a declaration, said in the reader's language; nothing where it is of none."""
    for each in (sentence for declarable in DECLARABLE for sentence in declarable.sentences()):
        said = each.removeprefix("{party}")
        if told.endswith(said):
            return say(words, each, party=told.removesuffix(said))
    return ""


def offer_of(words: Catalogue, offer: Mapping[str, Any]) -> str:
    """Return what can be asked instead."""
    if offer["kind"] is None:
        return say(words, msgid("Information without a request (ETS 185 Art. 26), outside this network"))
    return f"{kind_of(words, offer['kind'])}: {instrument_of(words, offer['instrument'])}"


def warning_of(words: Catalogue, warning: Mapping[str, Any]) -> str:
    """Return what is warned of; one that has no sentence here is told by its own detail, in English."""
    code = warning["code"]
    if code == "declaration_applies" and (told := _declared(words, warning["detail"])):
        return told
    if code not in _WARNINGS:
        return str(warning["detail"])
    step = _STEP.match(warning.get("detail", ""))
    passed_over = code in _PASSED_OVER and "the next step was taken at once" in warning["detail"]
    told = _PASSED_OVER[code] if passed_over else _WARNINGS[code]
    return say(words, told, minutes=WAITS // timedelta(minutes=1), step=step[1] if step else "-")


def skipped_of(words: Catalogue, skipped: Mapping[str, Any]) -> str:
    """Return which lines a step does not call, and why."""
    lines = ", ".join(function_of(words, line) for line in skipped["lines"])
    return f"{lines}: {say(words, _SKIPPED[skipped['reason']])}"
