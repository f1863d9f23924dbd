"""Bytes from strangers: what is read, what is refused, and that no refusal repeats what was sent."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.faults import Fault, at
from schemas.fields import Instant, Line, Shape, Text
from schemas.reading import BadInput, Invalid, Unreadable, read, read_json, validate


class Note(Shape):
    """A small shape of every kind of field."""

    title: Line
    body: Text
    at: Instant
    count: int = 0
    urgent: bool = False
    parts: tuple[Line, ...] = ()


GOOD = {"title": "A title", "body": "Two\nlines", "at": "2026-10-13T21:00:00-03:00", "count": 3, "parts": ["a", "b"]}


def faults(raw: bytes) -> list[tuple[str, str]]:
    with pytest.raises(BadInput) as caught:
        read(Note, raw)
    return [(fault.pointer, fault.code) for fault in caught.value.faults]


def changed(**fields: Any) -> bytes:
    return json.dumps(GOOD | fields).encode()


def test_a_good_body_is_read_and_its_instants_are_utc() -> None:
    note = read(Note, json.dumps(GOOD).encode())

    assert note.at.isoformat() == "2026-10-14T00:00:00+00:00"
    assert note.parts == ("a", "b")


@pytest.mark.parametrize(
    ("raw", "found"),
    [
        pytest.param(b"", [("", "malformed")], id="an empty body"),
        pytest.param(b'{"title": ', [("", "malformed")], id="half an object"),
        pytest.param(b"{} {}", [("", "malformed")], id="two values"),
        pytest.param(b"{'title': 1}", [("", "malformed")], id="Python instead of JSON"),
        pytest.param(b'{"title": "a\x01"}', [("", "malformed")], id="a bare control character"),
        pytest.param(b'{"title": "a\x00"}', [("", "malformed")], id="a bare null character"),
        pytest.param(b"\xff\xfe{}", [("", "not_utf8")], id="not UTF-8"),
        pytest.param(b'{"title": "\xed\xa0\x80"}', [("", "not_utf8")], id="a surrogate in UTF-8"),
        pytest.param('{"title": "é"}'.encode("latin-1"), [("", "not_utf8")], id="Latin-1"),
        pytest.param(b"\xef\xbb\xbf{}", [("", "byte_order_mark")], id="a byte order mark"),
        pytest.param(b"[" * 100_000, [("", "too_deep")], id="100,000 opening brackets"),
        pytest.param(b"[" * 100_000 + b"]" * 100_000, [("", "too_deep")], id="100,000 nested brackets"),
        pytest.param(b'{"a":' * 33 + b"1" + b"}" * 33, [("", "too_deep")], id="33 levels"),
        pytest.param(b'"' + b"x" * 262_144 + b'"', [("", "too_large")], id="more than the most bytes"),
        pytest.param(b'{"count": NaN}', [("/count", "not_a_number")], id="NaN"),
        pytest.param(b'{"parts": [1, -Infinity]}', [("/parts/1", "not_a_number")], id="an infinity"),
        pytest.param(b'{"count": 1e999}', [("/count", "number_too_large")], id="a number beyond all floats"),
        pytest.param(b'{"count": 9007199254740992}', [("/count", "number_too_large")], id="2 to the power of 53"),
        pytest.param(b'{"count": ' + b"9" * 10_000 + b"}", [("/count", "number_too_large")], id="10,000 digits"),
        pytest.param(b'{"title": "a\\u0000b"}', [("/title", "null_character")], id="U+0000"),
        pytest.param(b'{"parts": ["\\ud83d"]}', [("/parts/0", "lone_surrogate")], id="a lone surrogate"),
        pytest.param(b'{"a": {"\\udc00": 1}}', [("/a", "lone_surrogate")], id="a lone surrogate in a name"),
        pytest.param(b'{"count": 1, "count": 1}', [("/count", "duplicate_name")], id="a name twice"),
        pytest.param(
            b'{"count": 1, "\\u0063ount": 1}', [("/count", "duplicate_name")], id="a name twice, spelled apart"
        ),
        pytest.param(b'{"a": [{}, {"b": 1, "b": 2}]}', [("/a/1/b", "duplicate_name")], id="a name twice, deep inside"),
        pytest.param(b'{"0612345678 x": 1, "0612345678 x": 2}', [("", "duplicate_name")], id="a name that is no field"),
    ],
)
def test_what_is_no_strict_json_is_refused_with_its_place(raw: bytes, found: list[tuple[str, str]]) -> None:
    with pytest.raises(Unreadable) as caught:
        read_json(raw)

    assert [(fault.pointer, fault.code) for fault in caught.value.faults] == found


def test_all_that_makes_json_unreadable_is_told_at_once() -> None:
    assert faults(b'{"a": NaN, "b": {"c": 1, "c": 2}, "d": "\\u0000\\ud800", "e": 1e400}') == [
        ("/a", "not_a_number"),
        ("/b/c", "duplicate_name"),
        ("/d", "null_character"),
        ("/d", "lone_surrogate"),
        ("/e", "number_too_large"),
    ]


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(b'{"a":' * 32 + b"1" + b"}" * 32, id="32 levels"),
        pytest.param(b'"' + b"[" * 1000 + b'"', id="brackets in text are no nesting"),
        pytest.param(b'["\\"' + b"[" * 1000 + b'"]', id="brackets behind an escaped quotation mark"),
        pytest.param(b"[" + b",".join([b"[]"] * 1000) + b"]", id="a thousand short lists"),
        pytest.param('{"a": "\\ud83d\\ude00 \U0001f600 é"}'.encode(), id="a whole surrogate pair"),
        pytest.param(b'{"a": "\\\\u0000 \\\\ud800"}', id="an escaped reverse solidus before u0000"),
        pytest.param(b"[9007199254740991, -0.0, 1e22]", id="the largest numbers"),
    ],
)
def test_what_only_looks_dangerous_is_read(raw: bytes) -> None:
    assert read_json(raw) == json.loads(raw)


def test_a_hostile_string_of_quotation_marks_is_scanned_in_one_pass() -> None:
    """A pattern that backtracks would need minutes for this."""
    with pytest.raises(Unreadable):
        read_json(b"[" * 33 + b'\\"' * 130_000)


@pytest.mark.parametrize(
    ("raw", "found"),
    [
        pytest.param(b"[]", [("", "wrong_type")], id="a list instead of an object"),
        pytest.param(b"null", [("", "wrong_type")], id="null instead of an object"),
        pytest.param(changed(title=7), [("/title", "wrong_type")], id="a number instead of text"),
        pytest.param(changed(count="3"), [("/count", "wrong_type")], id="text instead of a number"),
        pytest.param(changed(count=True), [("/count", "wrong_type")], id="true instead of a number"),
        pytest.param(changed(count=3.5), [("/count", "wrong_type")], id="a fraction instead of a whole number"),
        pytest.param(changed(urgent=1), [("/urgent", "wrong_type")], id="1 instead of true"),
        pytest.param(changed(parts="ab"), [("/parts", "wrong_type")], id="text instead of a list"),
        pytest.param(changed(parts=["a", None]), [("/parts/1", "wrong_type")], id="null in a list"),
        pytest.param(changed(colour="red"), [("/colour", "unknown_field")], id="an unknown field"),
        pytest.param(changed(title="  "), [("/title", "too_short")], id="nothing but blanks"),
        pytest.param(changed(title="x" * 501), [("/title", "too_long")], id="a line of 501 characters"),
        pytest.param(changed(body="x" * 20_001), [("/body", "too_long")], id="a text of 20,001 characters"),
        pytest.param(changed(title="a\nb"), [("/title", "wrong_form")], id="a line break in a line"),
        pytest.param(changed(title="a\u202eb"), [("/title", "wrong_form")], id="reversed writing in a line"),
        pytest.param(changed(body="a\u001b[0m"), [("/body", "wrong_form")], id="an escape sequence in a text"),
        pytest.param(changed(at="2026-10-13T21:00:00"), [("/at", "no_offset")], id="a naive instant"),
        pytest.param(changed(at="2026-02-30T21:00:00Z"), [("/at", "not_an_instant")], id="30 February"),
        pytest.param(changed(at="2026-10-13T24:01:00Z"), [("/at", "not_an_instant")], id="25 o'clock"),
        pytest.param(changed(at="2026-10-13T21:00:00+99:00"), [("/at", "not_an_instant")], id="an impossible offset"),
        pytest.param(changed(at="0001-01-01T00:00:00+14:00"), [("/at", "not_an_instant")], id="before the year 1"),
        pytest.param(changed(at="2026-10-13"), [("/at", "not_an_instant")], id="a day instead of an instant"),
        pytest.param(changed(at="٢٠٢٦-10-13T21:00:00Z"), [("/at", "not_an_instant")], id="other digits"),
        pytest.param(changed(at=1791925200), [("/at", "not_an_instant")], id="seconds since 1970"),
        pytest.param(changed(at="1791925200"), [("/at", "not_an_instant")], id="seconds since 1970 as text"),
    ],
)
def test_what_has_not_the_shape_is_refused_with_its_place(raw: bytes, found: list[tuple[str, str]]) -> None:
    assert faults(raw) == found


def test_the_fields_of_a_form_are_judged_like_json() -> None:
    assert validate(Note, GOOD) == read(Note, json.dumps(GOOD).encode())
    with pytest.raises(Invalid) as caught:
        validate(Note, GOOD | {"count": "3", "title": "a\x00b"})
    assert [fault.pointer for fault in caught.value.faults] == ["/title", "/count"]


def test_all_faults_of_a_shape_are_told_at_once() -> None:
    assert faults(b'{"title": 1, "at": "soon", "parts": [1, "b", 2], "colour": 0}') == [
        ("/title", "wrong_type"),
        ("/body", "missing"),
        ("/at", "not_an_instant"),
        ("/parts/0", "wrong_type"),
        ("/parts/2", "wrong_type"),
        ("/colour", "unknown_field"),
    ]


def test_a_thousand_faults_are_told_as_a_hundred() -> None:
    many = {f"field_{number}": number for number in range(1000)}

    assert len(faults(changed(**many))) == 100


def test_a_pointer_ends_above_a_name_that_a_client_made_up() -> None:
    assert at(("request", "offences", 0, "provision")) == "/request/offences/0/provision"
    assert at(("request", "+44 7700 900123", "x")) == "/request"
    assert faults(changed(**{"a/b~c": 1})) == [("", "unknown_field")]


def test_a_fault_explains_itself() -> None:
    with pytest.raises(Invalid) as caught:
        read(Note, changed(title="x" * 501))

    assert caught.value.faults == (Fault("/title", "too_long", "may have at most 500 characters"),)
    assert str(caught.value) == "/title too_long"


CANARY = "canary-4711"


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(f'{{"title": "{CANARY}'.encode(), id="malformed"),
        pytest.param(f'{{"{CANARY} ": 1, "{CANARY} ": 2}}'.encode(), id="a made-up name twice"),
        pytest.param(f'{{"title": "{CANARY}\\u0000"}}'.encode(), id="a null character"),
        pytest.param(CANARY.encode() + b"\xff", id="not UTF-8"),
        pytest.param(changed(title=[CANARY], body={CANARY: CANARY}, at=CANARY, count=CANARY), id="wrong types"),
        pytest.param(changed(title=CANARY * 100, at=CANARY + "Z", parts=[CANARY + "\x07"]), id="wrong forms"),
    ],
)
def test_no_refusal_repeats_what_was_sent(raw: bytes) -> None:
    with pytest.raises(BadInput) as caught:
        read(Note, raw)

    error: BaseException = caught.value
    assert CANARY not in str(error) + repr(error) + repr(caught.value.faults)
    assert error.__cause__ is None
    assert error.__context__ is None


@settings(deadline=None, max_examples=300)
@given(st.binary(max_size=200) | st.text(alphabet='{}[]":,\\u0d8NaInfity1e+-. \x00\ud7ff', max_size=80).map(str.encode))
def test_any_bytes_are_read_or_refused(raw: bytes) -> None:
    found: tuple[Fault, ...] | None = None
    try:
        read(Note, raw)
    except BadInput as refused:
        found = refused.faults
    assert found != ()


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=10,
)


@settings(deadline=None, max_examples=200)
@given(JSON)
def test_json_without_null_characters_is_read_as_it_was_written(value: object) -> None:
    raw = json.dumps(value).encode()
    if "\\u0000" in raw.decode().replace("\\\\", ""):
        with pytest.raises(Unreadable):
            read_json(raw)
    else:
        assert read_json(raw) == value
