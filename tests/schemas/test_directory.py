"""Entries of the directory, rosters, policies and keys: their shapes, and where a wrong one is refused."""

import json
from typing import Any

import pytest

from schemas.access import NewKey
from schemas.directory import Channel, ContactPoint, Declaration, Membership, Officer, Party
from schemas.fields import Shape
from schemas.reading import Invalid, read
from schemas.rosters import Absence, EscalationPolicy, Override, Rotation

GOOD: dict[type[Shape], dict[str, Any]] = {
    Party: {"code": "RO", "name": "Romania"},
    Membership: {"party": "RO", "instrument": "ets185", "status": "party", "since": "2004-09-01"},
    Declaration: {
        "party": "RO",
        "instrument": "cets224",
        "article": "10.9",
        "kind": "declaration",
        "text": "Invented.",
        "since": "2027-03-01",
    },
    ContactPoint: {
        "party": "RO",
        "name": "Cybercrime centre",
        "function": "24/7 point of contact",
        "zone": "America/Argentina/Buenos_Aires",
        "languages": ["ro", "en"],
        "capabilities": {"preservation": "executes", "assistance": "forwards"},
        "working_hours": [{"weekday": 0, "start": "08:00", "end": "16:30"}],
    },
    Officer: {"contact_point_id": 1, "name": "Radu Ionescu", "function": "Duty officer", "language": "fr"},
    Channel: {"officer_id": 1, "kind": "sms", "address": "+447700900123", "place": 1},
    Rotation: {
        "post_id": 1,
        "period": "weekly",
        "zone": "Europe/Bucharest",
        "starts_on": "2026-10-12",
        "handover": "07:30",
        "members": [1, 2],
    },
    Override: {
        "post_id": 1,
        "action": "replace",
        "officer_id": 2,
        "starts_at": "2026-10-12T00:00:00Z",
        "ends_at": "2026-10-13T00:00:00Z",
    },
    Absence: {"officer_id": 1, "starts_at": "2026-10-12T00:00:00Z", "ends_at": "2026-10-13T00:00:00Z"},
    EscalationPolicy: {
        "contact_point_id": 1,
        "steps": [
            {"posts": [{"post": 1}], "channels": ["sms", "email"], "patience_seconds": 180},
            {"posts": [{"contact_point": 9, "post": 4}], "channels": ["voice"], "patience_seconds": 300},
        ],
    },
    NewKey: {"role": "requester", "party": "CL", "authority": "National Prosecution Service"},
}


_CERTIFICATE = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----"
_PRIVATE = _CERTIFICATE.replace("CERTIFICATE", "PRIVATE KEY")


def name_of(value: object) -> str | None:
    return value.__name__ if isinstance(value, type) else None


@pytest.mark.parametrize("shape", GOOD, ids=name_of)
def test_a_good_entry_is_taken(shape: type[Shape]) -> None:
    assert read(shape, json.dumps(GOOD[shape]).encode())


@pytest.mark.parametrize("shape", GOOD, ids=name_of)
def test_an_empty_entry_and_an_unknown_field_are_refused(shape: type[Shape]) -> None:
    for body in ({}, GOOD[shape] | {"colour": "red"}):
        with pytest.raises(Invalid):
            read(shape, json.dumps(body).encode())


@pytest.mark.parametrize(
    ("shape", "change", "pointer"),
    [
        pytest.param(Party, {"code": "R0"}, "/code", id="a Party with a digit"),
        pytest.param(Membership, {"instrument": "rome"}, "/instrument", id="an unknown instrument"),
        pytest.param(Membership, {"since": "2004-02-30"}, "/since", id="30 February"),
        pytest.param(Membership, {"since": "2004-09-01T00:00:00Z"}, "/since", id="an instant for a day"),
        pytest.param(Membership, {"until": "2004-09-01"}, "/until", id="a membership that ends when it begins"),
        *(
            pytest.param(Declaration, {"article": article}, "/article", id=f"{article!r} for an article")
            for article in ("9.1b", "29 (4)", "Art. 9.5", "27.9.E", "0", "9.05", "10.9.", "")
        ),
        *(
            pytest.param(
                shape, {field: f"Duty{sign}"}, f"/{field}", id=f"{sign!a}, which XML cannot hold, in a {field}"
            )
            for shape, field in ((Officer, "function"), (Declaration, "text"))
            for sign in "\ufffe\uffff"
        ),
        pytest.param(Declaration, {"kind": "objection"}, "/kind", id="neither a declaration nor a reservation"),
        pytest.param(ContactPoint, {"zone": "../etc/passwd"}, "/zone", id="a path for a zone"),
        pytest.param(ContactPoint, {"languages": []}, "/languages", id="no language"),
        pytest.param(
            ContactPoint, {"capabilities": {"preservation": "maybe"}}, "/capabilities/preservation", id="maybe"
        ),
        pytest.param(
            ContactPoint, {"capabilities": {"search": "cannot"}}, "/capabilities/search", id="an unknown kind"
        ),
        pytest.param(ContactPoint, {"secretariat": True}, "/secretariat", id="a secretariat with a Party"),
        pytest.param(ContactPoint, {"party": None}, "/secretariat", id="no Party and no secretariat"),
        pytest.param(
            ContactPoint,
            {"working_hours": [{"weekday": 7, "start": "08:00", "end": "16:00"}]},
            "/working_hours/0/weekday",
            id="an eighth day of the week",
        ),
        pytest.param(
            ContactPoint,
            {"working_hours": [{"weekday": 1, "start": "08:00", "end": "08:00"}]},
            "/working_hours/0/end",
            id="an empty working day",
        ),
        pytest.param(ContactPoint, {"also_member_of": ["g7"]}, "/also_member_of/0", id="a network in small letters"),
        *(
            pytest.param(ContactPoint, {"public_keys": [key]}, f"/public_keys/0/{place}", id=said)
            for key, place, said in (
                ({"kind": "smime", "fingerprint": "0" * 64}, "fingerprint", "a certificate by its fingerprint alone"),
                ({"kind": "openpgp"}, "fingerprint", "a key that is not there"),
                ({"kind": "openpgp", "fingerprint": "0" * 39}, "fingerprint", "a fingerprint that is too short"),
                ({"kind": "openpgp", "fingerprint": "af" * 20}, "fingerprint", "a fingerprint in small letters"),
                ({"kind": "smime", "key": f"{_CERTIFICATE}\n{_PRIVATE}"}, "key", "a private key behind a certificate"),
                ({"kind": "smime", "key": f"{_PRIVATE}\n{_CERTIFICATE}"}, "key", "a private key before one"),
                ({"kind": "openpgp", "key": _CERTIFICATE}, "key", "a certificate as an OpenPGP key"),
            )
        ),
        pytest.param(Officer, {"language": "de"}, "/language", id="a language that the service does not speak"),
        pytest.param(Officer, {"languages": ["english"]}, "/languages/0", id="a language by its name"),
        pytest.param(Channel, {"kind": "email"}, "/address", id="a number as mail address"),
        pytest.param(Channel, {"address": "a@b.example"}, "/address", id="a mail address as number"),
        pytest.param(Channel, {"kind": "fax"}, "/kind", id="an unknown channel"),
        pytest.param(Rotation, {"handover": "24:00"}, "/handover", id="24 o'clock"),
        pytest.param(Rotation, {"handover": "7:30"}, "/handover", id="an hour with one digit"),
        pytest.param(Rotation, {"ends_on": "2026-10-12"}, "/ends_on", id="a rotation that ends when it starts"),
        pytest.param(Rotation, {"members": []}, "/members", id="a rotation of nobody"),
        pytest.param(Rotation, {"turn_days": 3}, "/turn_days", id="a week of three days"),
        pytest.param(Rotation, {"period": "custom"}, "/turn_days", id="turns of no length"),
        pytest.param(Rotation, {"period": "custom", "turn_days": 0}, "/turn_days", id="turns of no day"),
        pytest.param(Rotation, {"weekdays": [5, 7]}, "/weekdays/1", id="an eighth weekday"),
        pytest.param(Rotation, {"weekdays": [5, 5]}, "/weekdays", id="Saturday twice"),
        pytest.param(Rotation, {"hours_from": "20:00"}, "/hours_until", id="a night without end"),
        pytest.param(Rotation, {"hours_until": "20:00"}, "/hours_until", id="a day without beginning"),
        pytest.param(Rotation, {"temporary": True}, "/temporary", id="a temporary roster for ever"),
        pytest.param(Override, {"ends_at": "2026-10-12T00:00:00Z"}, "/ends_at", id="an empty override"),
        pytest.param(Absence, {"starts_at": "2026-10-12T00:00:00"}, "/starts_at", id="a naive absence"),
        pytest.param(EscalationPolicy, {"steps": []}, "/steps", id="a policy without steps"),
        pytest.param(EscalationPolicy, {"restart_seconds": 0}, "/restart_seconds", id="a restart without a pause"),
        pytest.param(
            EscalationPolicy,
            {"steps": [{"posts": [{"post": 1}], "channels": ["fax"], "patience_seconds": 60}]},
            "/steps/0/channels/0",
            id="a step by fax",
        ),
        pytest.param(NewKey, {"role": "root"}, "/role", id="an unknown role"),
        pytest.param(NewKey, {"role": "auditor"}, "/party", id="an auditor of one Party"),
        pytest.param(NewKey, {"party": None}, "/party", id="a requester without a Party"),
        pytest.param(NewKey, {"contact_point_id": 3}, "/contact_point_id", id="a requester at a contact point"),
    ],
)
def test_a_wrong_entry_is_refused_at_its_place(shape: type[Shape], change: dict[str, Any], pointer: str) -> None:
    with pytest.raises(Invalid) as caught:
        read(shape, json.dumps(GOOD[shape] | change).encode())

    assert [fault.pointer for fault in caught.value.faults] == [pointer]


def test_the_secretariat_is_a_contact_point_without_a_party() -> None:
    body = GOOD[ContactPoint] | {"party": None, "secretariat": True}

    assert read(ContactPoint, json.dumps(body).encode()).secretariat


def test_a_key_of_the_secretariat_has_no_party() -> None:
    assert read(NewKey, b'{"role": "secretariat", "authority": "Secretariat"}').party is None
