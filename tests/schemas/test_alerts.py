"""What opens an alert: every kind with its particulars, and every fault of a body at its place, all at once."""

import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.acknowledgements import Acknowledge
from schemas.alerts import OPEN_SHAPES, Closure, OpenAlert, Withdrawal, read_open_alert
from schemas.examples import EXAMPLES, example
from schemas.particulars import EmergencyDisclosure, Preservation
from schemas.reading import BadInput, Invalid, read
from schemas.requests import REQUEST_KINDS

Change = Callable[[dict[str, Any]], object]
KINDS = sorted(REQUEST_KINDS)


def raw(body: object) -> bytes:
    return json.dumps(body).encode()


def faults(body: object) -> list[tuple[str, str]]:
    with pytest.raises(BadInput) as caught:
        read_open_alert(raw(body))
    return [(fault.pointer, fault.code) for fault in caught.value.faults]


@pytest.mark.parametrize("kind", KINDS)
def test_the_example_of_every_kind_is_an_alert_of_that_kind(kind: str) -> None:
    command, _ = read_open_alert(raw(EXAMPLES[kind]))

    assert isinstance(command, OpenAlert)
    assert command.kind == kind
    assert type(command.request) is REQUEST_KINDS[kind].particulars


@pytest.mark.parametrize("kind", KINDS)
def test_particulars_are_written_and_read_back_without_loss(kind: str) -> None:
    command, _ = read_open_alert(raw(EXAMPLES[kind]))
    again = REQUEST_KINDS[kind].particulars.model_validate_json(command.request.model_dump_json())

    assert again == command.request


@pytest.mark.parametrize("kind", KINDS)
def test_every_instrument_that_a_kind_may_cite_is_taken(kind: str) -> None:
    for instrument in REQUEST_KINDS[kind].may_cite:
        command, _ = read_open_alert(raw(example(kind) | {"instrument": instrument}))
        assert command.instrument == instrument


def test_a_request_cannot_cite_an_instrument_that_does_not_know_it() -> None:
    assert faults(example("emergency_disclosure") | {"instrument": "ets185"}) == [("/instrument", "not_allowed")]


def test_a_body_whose_kind_is_wrong_takes_no_longer_to_refuse_than_others() -> None:
    def seconds(body: dict[str, Any]) -> float:
        began = time.thread_time()
        assert len(faults(body)) in (1, 100)
        return time.thread_time() - began

    for several in (("request",), ()):
        right = example("preservation")
        inner = right[several[0]] if several else right
        inner.update({f"f{number}": 1 for number in range(4000)})
        wrong = right | {"kind": "teleportation"}
        assert min(seconds(wrong) for _ in range(3)) < 3 * min(seconds(right) for _ in range(3))
        assert ("/kind", "not_allowed") in faults(wrong)


def test_an_absent_notify_is_not_an_empty_one() -> None:
    body = example("assistance")
    del body["notify"]

    assert read_open_alert(raw(body))[0].notify is None
    assert faults(body | {"notify": []}) == [("/notify", "too_short")]


def test_the_same_body_spelled_otherwise_has_the_same_fingerprint() -> None:
    body = example("preservation")
    turned = dict(reversed(body.items()))

    assert read_open_alert(raw(body))[1] == read_open_alert(json.dumps(turned, indent=3).encode())[1]
    assert read_open_alert(raw(body))[1] != read_open_alert(raw(body | {"urgency": "normal"}))[1]


@pytest.mark.parametrize(
    ("change", "found"),
    [
        pytest.param({"kind": "interception"}, [("/kind", "not_allowed")], id="an unknown kind"),
        pytest.param({"kind": None}, [("/kind", "not_allowed")], id="no kind"),
        pytest.param({"kind": ["assistance"]}, [("/kind", "not_allowed")], id="a list of kinds"),
        pytest.param({"requested_party": "ro"}, [("/requested_party", "wrong_form")], id="a Party in lower case"),
        pytest.param({"requested_party": "ROU"}, [("/requested_party", "wrong_form")], id="an alpha-3 code"),
        pytest.param({"territory": "Curacao"}, [("/territory", "wrong_form")], id="a territory by name"),
        pytest.param({"instrument": "rome"}, [("/instrument", "not_allowed")], id="an unknown instrument"),
        pytest.param({"status": "drill"}, [("/status", "not_allowed")], id="an unknown status"),
        pytest.param({"urgency": "EMERGENCY"}, [("/urgency", "not_allowed")], id="an urgency in upper case"),
        pytest.param({"case_reference": "x" * 201}, [("/case_reference", "too_long")], id="a long case reference"),
        pytest.param({"notify": ["a@b.example"] * 4}, [("/notify", "too_long")], id="four addresses"),
        pytest.param({"notify": ["0612345678"]}, [("/notify/0", "wrong_form")], id="a number without country code"),
        pytest.param({"notify": ["a@localhost"]}, [("/notify/0", "wrong_form")], id="an address without domain"),
        pytest.param({"notify": ["a@b.example\n"]}, [("/notify/0", "wrong_form")], id="an address with a line break"),
        pytest.param({"request": []}, [("/request", "wrong_type")], id="a list as request"),
        pytest.param({"priority": 1}, [("/priority", "unknown_field")], id="an unknown field"),
    ],
)
def test_a_wrong_envelope_is_refused_at_its_place(change: dict[str, Any], found: list[tuple[str, str]]) -> None:
    assert faults(example("assistance") | change) == found


def test_a_wrong_kind_does_not_hide_the_other_faults_of_the_envelope() -> None:
    body = {"kind": "x", "status": "drill", "requested_party": 1, "notify": 3, "urgency": "normal"}

    assert faults(body) == [
        ("/kind", "not_allowed"),
        ("/requested_party", "wrong_type"),
        ("/instrument", "missing"),
        ("/status", "not_allowed"),
        ("/case_reference", "missing"),
        ("/request", "missing"),
        ("/notify", "wrong_type"),
    ]


def _without(name: str) -> Change:
    return lambda request: request.pop(name)


def _with(**fields: Any) -> Change:
    return lambda request: request.update(fields)


_SAME = {"name": "elena  FUENTES", "function": "Prosecutor", "phone": "+12025550199"}
_TRAFFIC = {"identifier": "a@mail.example", "type": "log-ins", "category": "traffic"}
_BACKWARDS = {"begins_at": "2026-10-13T10:00:00Z", "ends_at": "2026-10-13T11:00:00+01:00"}


WRONG: dict[str, list[tuple[str, Change, str, str]]] = {
    "emergency_disclosure": [
        ("9.3 a", _without("competent_authority"), "/competent_authority", "missing"),
        ("9.3 a, the date", _without("issued_at"), "/issued_at", "missing"),
        ("9.3 c", _with(providers=[]), "/providers", "too_short"),
        ("9.3 c, address", _with(providers=[{"name": "M"}]), "/providers/0/address", "missing"),
        ("9.3 d", _with(offences=[{"provision": "s. 1"}]), "/offences/0/penalty", "missing"),
        ("9.3 e, the facts", _with(emergency_facts=" "), "/emergency_facts", "too_short"),
        ("9.3 e, the data", _without("relation_to_data"), "/relation_to_data", "missing"),
        ("traffic data without their time", _with(data_items=[_TRAFFIC]), "/data_items/0/time_range", "missing"),
        (
            "content without its time",
            _with(data_items=[_TRAFFIC | {"category": "content"}]),
            "/data_items/0/time_range",
            "missing",
        ),
        (
            "an unknown category",
            _with(data_items=[_TRAFFIC | {"category": "all"}]),
            "/data_items/0/category",
            "not_allowed",
        ),
        (
            "an empty stretch of time",
            _with(data_items=[_TRAFFIC | {"time_range": _BACKWARDS}]),
            "/data_items/0/time_range/ends_at",
            "not_after",
        ),
        (
            "51 pieces of data",
            _with(data_items=[_TRAFFIC | {"category": "subscriber"}] * 51),
            "/data_items",
            "too_long",
        ),
        ("9.3 b is ours to say", _with(protocol_statement="x"), "/protocol_statement", "unknown_field"),
        ("the sender calls back", _with(callback_person=_SAME), "/callback_person", "same_person"),
        (
            "a sender out of reach",
            _with(sender_person={"name": "A", "function": "B"}),
            "/sender_person/email",
            "missing",
        ),
        ("a naive date of issue", _with(issued_at="2026-10-13T21:00:00"), "/issued_at", "no_offset"),
        ("a language by name", _with(language="english"), "/language", "wrong_form"),
    ],
    "emergency_mla": [
        ("10.7", _without("governing_instrument"), "/governing_instrument", "missing"),
        ("10.1, the facts", _without("emergency_facts"), "/emergency_facts", "missing"),
        ("10.1, the assistance", _without("relation_to_assistance"), "/relation_to_assistance", "missing"),
        ("10.6 as text", _with(advance_copy="yes"), "/advance_copy", "wrong_type"),
    ],
    "preservation": [
        ("29.2 a", _without("requesting_authority"), "/requesting_authority", "missing"),
        ("29.2 b", _with(offences=[]), "/offences", "too_short"),
        ("29.2 c", _without("relation_to_offence"), "/relation_to_offence", "missing"),
        ("29.2 d", _without("custodian"), "/system_location", "missing"),
        ("29.2 e", _without("necessity"), "/necessity", "missing"),
        ("29.2 f", _with(mla_intent=False), "/mla_intent", "not_allowed"),
        ("29.2 f as a number", _with(mla_intent=1), "/mla_intent", "wrong_type"),
        ("no identifier", _with(identifiers=[]), "/identifiers", "too_short"),
        ("no stretch of time", _without("time_range"), "/time_range", "missing"),
    ],
    "assistance": [
        ("35.1, an unknown sub-type", _with(sub_type="advice"), "/sub_type", "not_allowed"),
        ("no question", _without("question"), "/question", "missing"),
        ("a control character", _with(question="a\x07"), "/question", "wrong_form"),
        ("no purpose", _without("purpose"), "/purpose", "missing"),
    ],
}


@pytest.mark.parametrize(
    ("kind", "change", "place", "code"),
    [pytest.param(kind, *row[1:], id=row[0]) for kind, rows in WRONG.items() for row in rows],
)
def test_wrong_particulars_are_refused_at_their_place(kind: str, change: Change, place: str, code: str) -> None:
    body = example(kind)
    change(body["request"])

    assert faults(body) == [("/request" + place, code)]


def test_where_the_system_is_stands_in_for_an_unknown_custodian() -> None:
    body = example("preservation")
    del body["request"]["custodian"]
    body["request"]["system_location"] = "192.0.2.7"

    command, _ = read_open_alert(raw(body))

    assert isinstance(command.request, Preservation)
    assert command.request.custodian is None


def test_an_unreadable_custodian_is_one_fault_and_not_two() -> None:
    body = example("preservation")
    body["request"]["custodian"] = 7

    assert faults(body) == [("/request/custodian", "wrong_type")]


def test_faults_of_envelope_and_particulars_are_told_together() -> None:
    body = example("emergency_disclosure") | {"status": "drill", "extra": 1}
    body["request"]["callback_person"] = _SAME
    body["request"]["data_items"] = [_TRAFFIC, {}]
    body["request"]["emergency_facts"] = 1

    assert faults(body) == [
        ("/status", "not_allowed"),
        ("/request/callback_person", "same_person"),
        ("/request/emergency_facts", "wrong_type"),
        ("/request/data_items/0/time_range", "missing"),
        ("/request/data_items/1/identifier", "missing"),
        ("/request/data_items/1/type", "missing"),
        ("/request/data_items/1/category", "missing"),
        ("/extra", "unknown_field"),
    ]


CANARY = "canary 4711"


def _leaves(value: object, place: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the place of every value that is no object and no list."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else None
    if inner is None:
        yield place
        return
    for name, item in inner:
        yield from _leaves(item, (*place, name))


def _put(value: Any, place: tuple[Any, ...], new: object) -> None:
    for name in place[:-1]:
        value = value[name]
    value[place[-1]] = new


@pytest.mark.parametrize("poison", [f"{CANARY}\x07", [CANARY], {CANARY: CANARY}, CANARY * 2000])
@pytest.mark.parametrize("kind", KINDS)
def test_a_fault_in_any_field_names_the_field_and_never_the_value(kind: str, poison: object) -> None:
    for place in _leaves(EXAMPLES[kind]):
        body = example(kind)
        _put(body, place, poison)
        with pytest.raises(Invalid) as caught:
            read_open_alert(raw(body))
        pointers = [fault.pointer for fault in caught.value.faults]
        assert "/" + "/".join(map(str, place)) in pointers
        assert CANARY not in repr(caught.value) + str(caught.value) + repr(caught.value.faults)


@pytest.mark.parametrize("kind", KINDS)
def test_a_printed_command_shows_no_case_data(kind: str) -> None:
    command, _ = read_open_alert(raw(EXAMPLES[kind]))

    told = repr(command) + str(command) + repr(command.request) + str(command.request)

    assert "Elena" not in told
    assert "2026-10-13" not in told


def test_a_printed_acknowledgement_shows_neither_code_nor_pin() -> None:
    command = read(Acknowledge, b'{"officer": 7, "reply_code": "7F3K21X", "pin": "471100"}')

    assert "7F3K21X" not in repr(command)
    assert "471100" not in repr(command) + str(command)
    assert command.officer == 7


@pytest.mark.parametrize(
    ("body", "found"),
    [
        pytest.param({"officer": "7"}, ["/officer", "/reply_code", "/pin"], id="an officer by text, nothing else"),
        pytest.param({"officer": 0, "reply_code": "A", "pin": "471100"}, ["/officer"], id="no officer has number 0"),
        pytest.param({"officer": 7, "reply_code": "A", "pin": "4711"}, ["/pin"], id="a PIN of four digits"),
        pytest.param({"officer": 7, "reply_code": "A", "pin": 471100}, ["/pin"], id="a PIN as a number"),
        pytest.param({"officer": 7, "reply_code": "A%", "pin": "471100"}, ["/reply_code"], id="a code of other signs"),
    ],
)
def test_an_acknowledgement_needs_officer_code_and_pin(body: dict[str, Any], found: list[str]) -> None:
    with pytest.raises(Invalid) as caught:
        read(Acknowledge, raw(body))

    assert [fault.pointer for fault in caught.value.faults] == found


@pytest.mark.parametrize("shape", [Withdrawal, Closure])
def test_withdrawal_and_closure_need_a_known_reason(shape: type[Withdrawal] | type[Closure]) -> None:
    assert read(shape, b'{"reason": "other"}').reason == "other"
    for body in (b"{}", b'{"reason": "the girl was found in ..."}', b'{"reason": "other", "note": "x"}'):
        with pytest.raises(Invalid):
            read(shape, body)


def test_every_kind_has_its_own_shape() -> None:
    assert set(OPEN_SHAPES) == set(REQUEST_KINDS)
    assert OPEN_SHAPES["emergency_disclosure"].model_fields["request"].annotation is EmergencyDisclosure


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@settings(deadline=None, max_examples=300)
@given(st.sampled_from(KINDS), st.data())
def test_an_example_with_anything_put_anywhere_is_read_or_refused(kind: str, data: st.DataObject) -> None:
    body = example(kind)
    place = data.draw(st.sampled_from(sorted(_leaves(body), key=str)))
    _put(body, place, data.draw(JSON))
    found: object = None
    try:
        read_open_alert(raw(body))
    except BadInput as refused:
        found = refused.faults
    assert found != ()
