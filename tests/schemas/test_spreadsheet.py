"""No cell is a formula, whatever parts the cells, and every text is read back as it was."""

import csv
import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.exchange import SHAPES, columns_of, csv_rows, read_rows, read_sheets
from schemas.spreadsheet import as_meant, csv_lines, harmless, is_formula, letters, read_sheet

_FORMULAS = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20")
_TEXTS = st.text(alphabet="=+-@'\t\r\n,;\"a1 \uff1d", max_size=12)


@settings(max_examples=60)
@given(_TEXTS)
def test_every_text_is_read_back_as_it_was(text: str) -> None:
    assert as_meant(harmless(text)) == text
    (read,) = csv.reader(io.StringIO(csv_lines([[text, "x"]]), newline=""), strict=True)
    assert (as_meant(read[0]), read[1]) == (text, "x")


@settings(max_examples=60)
@given(st.lists(_TEXTS, min_size=1, max_size=4))
def test_whatever_parts_the_cells_none_begins_like_a_formula(texts: list[str]) -> None:
    made = csv_lines([texts])
    for separator in ",;\t":
        for cells in csv.reader(io.StringIO(made, newline=""), delimiter=separator):
            assert not any(cell.lstrip("\t\r\n").startswith(_FORMULAS) for cell in cells)


def _faults(raw: bytes, kind: str = "officers") -> list[tuple[str, str]]:
    return [(fault.pointer, fault.code) for fault in read_sheets({kind: raw})[1]]


@pytest.mark.parametrize(
    ("raw", "found"),
    [
        pytest.param(b"", [("/officers.csv/1", "missing")], id="nothing"),
        pytest.param("name\nÅ".encode("utf-16"), [("/officers.csv", "not_utf8")], id="UTF-16"),
        pytest.param("name\nÅ".encode("utf-16-le"), [("/officers.csv", "not_utf8")], id="UTF-16 without a mark"),
        pytest.param("name\nx\nÅ".encode("latin-1"), [("/officers.csv/3", "not_utf8")], id="Latin-1"),
        pytest.param(b"name\tfunction\na\tb", [("/officers.csv/1", "separator")], id="tabs"),
        pytest.param(b"name|function\na|b", [("/officers.csv/1", "unknown_field")], id="bars"),
        pytest.param(b"name,surname\na,b", [("/officers.csv/1", "unknown_field")], id="an unknown column"),
        pytest.param(b"name,name\na,b", [("/officers.csv/1/name", "duplicate_name")], id="a column twice"),
        pytest.param(b"name,function\na,b,c", [("/officers.csv/2", "too_long")], id="a cell too many"),
        pytest.param(b'name,function\n"a"b,c', [("/officers.csv/2", "malformed")], id="a quotation mark too many"),
        pytest.param(b'name,function\n"a,c', [("/officers.csv/2", "malformed")], id="an open quotation mark"),
        pytest.param(b"name;function\n=1+1;b", [("/officers.csv/2/name", "formula")], id="a formula"),
        pytest.param(b"name\n@SUM(A1)\n-1\n+x", [(f"/officers.csv/{n}/name", "formula") for n in (2, 3, 4)], id="more"),
        pytest.param(
            b"id,name\nx,a\n1,b",
            [("/officers.csv/2/id", "wrong_type"), ("/officers.csv/3/version", "missing")],
            id="numbers that are none",
        ),
        pytest.param(b"id,version\n7,1\n7,1", [("/officers.csv/3/id", "twice")], id="an entry twice"),
        pytest.param(b"key,name\na,b\na,c", [("/officers.csv/3/key", "twice")], id="a key twice"),
        pytest.param(b"key,name\n12,b", [("/officers.csv/2/key", "wrong_form")], id="a key that is a number"),
        pytest.param(b"name,function\n,b", [("/officers.csv/2/name", "missing")], id="an emptied name"),
        pytest.param(b"version,name\n1,b", [("/officers.csv/2/id", "missing")], id="a version of nothing"),
    ],
)
def test_what_is_no_table_is_refused_with_its_place(raw: bytes, found: list[tuple[str, str]]) -> None:
    assert _faults(raw) == found


def test_a_fault_is_told_by_line_and_by_the_letter_of_the_column() -> None:
    raw = b'key,name,function\na,"two\r\nlines",x\nb,=1,y'
    (fault,) = read_sheets({"officers": raw})[1]
    assert (fault.pointer, fault.detail[:24]) == ("/officers.csv/4/name", "Line 4, column B (name):")
    assert [letters(place) for place in (0, 25, 26, 701, 702)] == ["A", "Z", "AA", "ZZ", "AAA"]


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("separator", [",", ";"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_tables_are_read_as_every_spreadsheet_writes_them(mark: bytes, separator: str, end: str) -> None:
    lines = (
        ["officer_id", "kind", "address"],
        ["ana", "sms", "+33199001234"],
        ["7", "email", '"a@b.example"'],
        ["", "", ""],
    )
    raw = mark + end.join(separator.join(line) for line in lines).encode()
    rows, faults = read_sheets({"channels": raw})
    assert faults == []
    assert [row.fields for row in rows] == [
        {"officer_id": "ana", "kind": "sms", "address": "+33199001234"},
        {"officer_id": 7, "kind": "email", "address": "a@b.example"},
    ]
    assert not is_formula("+33199001234")
    assert is_formula("+33199001234+1")


def test_a_time_without_seconds_is_one_as_spreadsheets_write_it() -> None:
    raw = b"officer_id,starts_at,ends_at,zone\n1,2026-12-05T09:00,2026-12-05T10:00+01:00,Europe/Paris\n"
    (row,), faults = read_sheets({"absences": raw})
    assert faults == []
    assert (row.fields["starts_at"], row.fields["ends_at"]) == ("2026-12-05T09:00:00", "2026-12-05T10:00:00+01:00")


def test_an_empty_cell_is_null_or_the_field_left_out_and_a_column_left_out_says_nothing() -> None:
    raw = b"contact_point_id,line,function,minimum,languages,longest_hours\n1,first,Desk,,,\n"
    (row,), faults = read_sheets({"posts": raw})
    assert faults == []
    assert row.fields == {
        "contact_point_id": 1,
        "line": "first",
        "function": "Desk",
        "languages": [],
        "longest_hours": None,
        "minimum": 1,
    }


def test_a_cell_holds_ten_public_keys_and_a_list_of_numbers_stays_one() -> None:
    long = {"public_keys": [{"kind": "openpgp", "key": "-" * 20_000, "fingerprint": None}] * 10, "members": [3, 1]}
    for kind, name in (("contact_points", "public_keys"), ("rotations", "members")):
        entry = dict.fromkeys(columns_of(kind)) | {name: long[name]}
        (row,), faults = read_sheets({kind: csv_rows(kind, [entry], first=True).encode()})
        assert name not in str([fault.pointer for fault in faults])
        assert row.fields[name] == long[name]


@pytest.mark.parametrize(
    ("raw", "found"),
    [
        pytest.param(b"[]", [("", "wrong_type")], id="a list"),
        pytest.param(b"{}", [("/format", "not_allowed")], id="no format"),
        pytest.param(b'{"format": "contactpoints/1", "pins": []}', [("/pins", "unknown_field")], id="an unknown kind"),
        pytest.param(b'{"format": "contactpoints/1", "posts": {}}', [("/posts", "wrong_type")], id="no list"),
        pytest.param(b'{"format": "contactpoints/1", "posts": [1]}', [("/posts/0", "wrong_type")], id="no entry"),
        pytest.param(
            b'{"format": "contactpoints/1", "posts": [{"id": true, "version": 1}]}',
            [("/posts/0/id", "wrong_type"), ("/posts/0/id", "missing")],
            id="a truth for a number",
        ),
    ],
)
def test_json_that_is_no_export_is_refused_with_its_place(raw: bytes, found: list[tuple[str, str]]) -> None:
    assert [(fault.pointer, fault.code) for fault in read_rows(raw)[1]] == found


def test_every_kind_of_entry_has_its_columns() -> None:
    assert {kind: columns_of(kind)[:2] for kind in SHAPES if kind != "parties"} == {
        kind: ("id", "version") for kind in SHAPES if kind != "parties"
    }
    assert columns_of("parties") == ("code", "version", "name", "confidence")
    assert read_sheet(b"code\n", "parties.csv", columns=columns_of("parties"))[1] == []
