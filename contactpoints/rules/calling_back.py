"""Whom a contact point calls back to confirm a request, and what is known of that person before it does.

Whoever has stolen a key can name anybody with any number. So what counts is whom the keeper of the key has registered
with it; an emergency is opened all the same: docs/decisions/0014.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from contactpoints.rules.refusals import NotForCallBack
from schemas.alerts import PreviewAlert
from schemas.calling_back import CallBackTerms
from schemas.faults import Fault
from schemas.names import different

NOT_REGISTERED = "callback_not_registered"
_WHERE = "/request/callback_person"


@dataclass(frozen=True, slots=True)
class Confirmer:
    """Somebody who can confirm what a key asks, with the numbers by which to do so."""

    name: str
    function: str
    phone: str
    title: str | None = None
    mobile: str | None = None
    email: str | None = None


@dataclass(frozen=True, slots=True)
class Confirming:
    """Who can confirm what a key asks, and whether its requests must name one of them."""

    persons: tuple[Confirmer, ...] = ()
    required: bool = False

    def known(self, name: str) -> Confirmer | None:
        """Return whom a name means, whatever its case and spacing, if anybody."""
        return next((each for each in self.persons if not different(each.name, name)), None)


NOBODY = Confirming()


def confirming_of(said: CallBackTerms) -> Confirming:
    """Return the terms as they were said."""
    return read_confirming(said.model_dump())


def read_confirming(value: Mapping[str, Any]) -> Confirming:
    """Return the terms that `write_confirming` wrote."""
    return Confirming(tuple(Confirmer(**each) for each in value.get("persons", ())), value.get("required", False))


def write_confirming(terms: Confirming) -> dict[str, Any]:
    """Return the terms as JSON values, to be kept and shown."""
    return {"persons": [asdict(each) for each in terms.persons], "required": terms.required}


def level_of(terms: Confirming, command: PreviewAlert) -> str:
    """Return ``known`` where a request names somebody who is registered for it, else ``named``."""
    return "named" if command.request is None or _is_strange(terms, command) else "known"


def is_strange(terms: Confirming, command: PreviewAlert) -> bool:
    """Say whether a key must name somebody who is registered with it, and a request names another."""
    return terms.required and _is_strange(terms, command)


def _is_strange(terms: Confirming, command: PreviewAlert) -> bool:
    return command.request is not None and terms.known(command.request.callback_person.name) is None


def must_be_known(terms: Confirming, command: PreviewAlert) -> None:
    """Raise `NotForCallBack` where `is_strange`, and it is no emergency: that is opened, with a warning."""
    if command.urgency != "emergency" and is_strange(terms, command):
        told = "This key names one of the persons who are registered with it for call-back (its `call_back`)."
        raise NotForCallBack([Fault(_WHERE, "not_registered", f"{told} An emergency is opened all the same.")])


def advice(known: Confirmer | None) -> dict[str, str]:
    """Return what a contact point does to be sure, as `schemas.calling_back.AdviceOut`."""
    if known is None:
        told = "The directory does not know this person. Hang up on whoever calls, and call the authority by a number"
        return {"code": "find_the_number", "detail": f"{told} that you find yourself, not by one from the request."}
    told = "Hang up on whoever calls, and call this person by a number that the directory knows (`known_person`),"
    return {"code": "call_known_person", "detail": f"{told} not by one from the request."}
