"""What somebody types into the form of a request, and what becomes of it: a body as the API takes it.

Times are typed by the clocks of one zone, which the form names. A time that its clocks leave out is asked for again; of
one that they show twice it is asked which is meant, and ``2026-10-25T02:30/second`` is how a draft keeps that.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from functools import cache
from typing import Any, get_args
from zoneinfo import ZoneInfo

from contactpoints.rules.access import Actor
from contactpoints.rules.console import zone_or_utc
from contactpoints.rules.folding import by_name, words
from contactpoints.rules.local_times import instants_of
from schemas.articles import Citation, asked_by
from schemas.faults import Fault
from schemas.fields import Which, write_instant
from schemas.forms import Field, body_of, fields_of, known, names_of, packed, rows
from schemas.requests import REQUEST_KINDS

Typed = Mapping[str, str]

PLACE = ("requested_party", "territory", "kind", "urgency", "status")
"""What is chosen before anything is written."""
_HEAD = (*PLACE, "instrument", "case_reference", "zone")
EITHER = ("request/custodian", "request/system_location")
"""Of these two fields one is needed (Art. 29.2 d)."""
NOTIFY = Field("notify", "list", False, 3, parts=(Field("", "address", True, 254),))
_IN_TURN = (
    ("danger", ("deadline_of_danger", "deadline")),
    ("asked", ("sub_type", "question", "assistance_sought", "data_description", "data_items", "identifiers",
               "time_range", "providers", "custodian", "system_location", "provider_contact")),
    ("why", ("offences", "facts_summary", "emergency_facts", "relation_to_data", "relation_to_offence",
             "relation_to_assistance", "necessity", "purpose")),
    ("how", ("mla_intent", "governing_instrument", "legal_reason", "advance_copy", "result_channel", "instructions",
             "confidentiality", "other_information", "related")),
    ("who", ("competent_authority", "requesting_authority", "sender_person", "callback_person", "issued_at",
             "language")),
)  # fmt: skip
"""The parts of the form, in the order in which a request is thought through, and the fields of each."""


@cache
def fields_for(kind: str) -> tuple[Field, ...]:
    """Return the particulars of a kind, as its register has them."""
    return fields_of(REQUEST_KINDS[kind].particulars)


@cache
def parts_for(kind: str) -> tuple[tuple[str, tuple[tuple[Field, Citation], ...]], ...]:
    """Return the parts of the form of a kind: its name, and its fields, each with the article that asks for it."""
    asked = {field.name: (field, asked_by(kind, field.name)) for field in fields_for(kind)}
    found = [(part, tuple(asked[name] for name in names if name in asked)) for part, names in _IN_TURN]
    return tuple((part, fields) for part, fields in found if fields)


@cache
def lists_of(kind: str) -> frozenset[str]:
    """Return by what the lists of the form of a kind are known, which can be asked to be longer."""
    return frozenset({"notify", *(f"request/{each.name}" for each in fields_for(kind) if each.ask == "list")})


@cache
def _names() -> frozenset[str]:
    each = (names_of(fields_for(kind), "request") for kind in REQUEST_KINDS)
    return frozenset({*_HEAD, "notify/0", *(name for names in each for name in names)})


def taken(form: Typed) -> dict[str, str]:
    """Return what was typed into fields that there are, without empty entries of lists; what is empty is left out.

    Particulars of another kind stay, for whoever comes back to it.
    """
    typed = {name: value.replace("\r\n", "\n") for name, value in known(form, _names()).items() if value.strip()}
    if typed.get("kind") not in REQUEST_KINDS:
        typed.pop("kind", None)
        return typed
    own = _packed(typed)
    here = frozenset((*names_of(fields_for(typed["kind"]), "request"), "notify/0"))
    return {name: value for name, value in typed.items() if name not in known(typed, here)} | own


def _packed(typed: Typed) -> dict[str, str]:
    return packed(fields_for(typed["kind"]), typed, place="request") | packed((NOTIFY,), typed)


def merged(kept: Typed, form: Typed) -> dict[str, str]:
    """Return a draft with what its form says now: what stood in fields of this kind and is empty now, is gone.

    Whom and what it asks is changed elsewhere, and not by its form.
    """
    kind = kept.get("kind", "")
    here = frozenset((*names_of(fields_for(kind), "request"), *_HEAD, "notify/0")) if kind else frozenset(_HEAD)
    shown = set(known(kept, here)) - set(PLACE)
    said = {name: _with_which(form, name) for name in form if name not in PLACE}
    return taken({name: value for name, value in kept.items() if name not in shown} | said)


def _with_which(form: Typed, name: str) -> str:
    which = form.get(f"{name}_which", "")
    return f"{form[name]}/{which}" if form[name] and which in get_args(Which) else form[name]


def placed(typed: Typed) -> dict[str, str]:
    """Return the whom and what of a form, as they were chosen; ``place`` is a Party with one of its territories."""
    party, _, territory = typed.get("place", "").partition("/")
    found = {name: typed.get(name, "") for name in PLACE}
    if party:
        found |= {"requested_party": party, "territory": territory}
    return {name: value for name, value in found.items() if value}


def begun(typed: Typed, *, actor: Actor, name: str, zone: str, now: datetime) -> dict[str, str]:
    """Return with what a draft begins: what is known of whoever writes it stands in it already, to be looked at."""
    kind = REQUEST_KINDS[typed["kind"]]
    own = {
        "zone": zone,
        "request/issued_at": f"{now.astimezone(ZoneInfo(zone)):%Y-%m-%dT%H:%M}",
        "request/language": actor.language,
        "request/sender_person/name": name,
        "request/sender_person/email": actor.notify[0] if actor.notify else "",
        "request/competent_authority": actor.authority,
        "request/requesting_authority": actor.authority,
    }
    names = frozenset(("zone", *names_of(fields_of(kind.particulars), "request")))
    return taken(known(own, names) | dict(typed))


def bare(typed: Typed) -> bytes:
    """Return whom and what somebody chose as the body of ``POST /v1/alerts/preview``, without case and particulars."""
    return json.dumps({name: typed[name] for name in (*PLACE, "instrument") if name in typed}).encode()


def body(typed: Typed) -> bytes:
    """Return what was typed as the body of ``POST /v1/alerts``, whatever is wrong with it."""
    zone = zone_or_utc(typed.get("zone", ""))
    kind = typed.get("kind", "")
    made: dict[str, Any] = {name: typed[name] for name in _HEAD if name != "zone" and typed.get(name)}
    if kind in REQUEST_KINDS:
        told = dict(typed) | dict(_instants(fields_for(kind), typed, zone=zone, place="request"))
        made["request"] = body_of(fields_for(kind), told, place="request")
        made |= body_of((NOTIFY,), typed)
    return json.dumps(made).encode()


def _instants(fields: tuple[Field, ...], typed: Typed, *, zone: str, place: str) -> Iterator[tuple[str, str]]:
    for field in fields:
        here = field.within(place)
        if field.ask == "group":
            yield from _instants(field.parts, typed, zone=zone, place=here)
        elif field.ask == "list":
            for number in rows(typed, here):
                yield from _instants(field.parts, typed, zone=zone, place=f"{here}/{number}")
        elif field.ask == "instant" and here in typed:
            yield here, _in_utc(typed[here].strip(), zone)


def _in_utc(text: str, zone: str) -> str:
    """Return an instant as the API takes it; what is none, or not one, as it is, so that a fault tells so."""
    wall, _, which = text.partition("/")
    try:
        local = datetime.fromisoformat(wall)
    except ValueError:
        return text
    if local.tzinfo is not None:
        return wall
    found = instants_of(local.date(), local.time(), zone=zone)
    if len(found) == 1 or (found and which):
        return write_instant(found[-1 if which == "second" else 0])
    return local.isoformat()


def found(places: list[dict[str, Any]], asked: str) -> list[dict[str, Any]]:
    """Return of whom an alert can be asked for those whose names have all the words that are looked for.

    They stand by name, whatever its accents; those without a contact point come last.
    """
    told = words(asked)
    for each in places:
        each["find"] = " ".join(str(each[name]) for name in ("name", "code", "territory", "point") if each[name])
    found = [each for each in places if all(word in " ".join(words(each["find"])) for word in told)]
    return sorted(
        found, key=lambda each: (each["point"] is None, by_name(each["name"]), each["code"], each["territory"] or "")
    )


def faults_told(faults: Iterable[Fault], typed: Typed) -> tuple[Fault, ...]:
    """Return each fault of what was typed once, by what it means in the form.

    A time by the clocks of a zone that had to be left without an offset is none of them, or two. What is missing of
    `EITHER` is missing at both.
    """
    told: list[Fault] = []
    for each in faults:
        if each.code == "missing" and each.pointer == f"/{EITHER[1]}":
            told += (replace(each, pointer=f"/{name}", code="one_of_two") for name in EITHER)
        else:
            told.append(replace(each, code=_how_often(typed, each)) if each.code == "no_offset" else each)
    return tuple(dict.fromkeys(told))


def _how_often(typed: Typed, fault: Fault) -> str:
    local = datetime.fromisoformat(typed[fault.pointer[1:]].strip().partition("/")[0])
    found = instants_of(local.date(), local.time(), zone=zone_or_utc(typed.get("zone", "")))
    return "exists_twice" if found else "does_not_exist"


def legible(typed: Typed) -> dict[str, str]:
    """Return what was typed with U+0000 as the sign for what is none: no reader gets past it to the other faults."""
    return {name: value.replace("\0", "\ufffd") for name, value in typed.items()}


def differences(kept: Typed, typed: Typed) -> list[tuple[str, str]]:
    """Return in which fields a draft now says something else than what was typed, and what it says."""
    names = dict.fromkeys((*kept, *typed))
    return [(name, kept.get(name, "")) for name in names if kept.get(name, "") != typed.get(name, "")]
