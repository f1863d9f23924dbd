"""Cards are read back by a reader of content lines that is not ours, whatever stands in them."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from icalendar.parser import Contentline, Contentlines

from contactpoints.rules.address_book import House
from contactpoints.rules.vcard import cards
from contactpoints.words import catalogues

_TEXTS = st.text(alphabet='aé東\U0001f4de,;:\\\n"^=+ n', min_size=1, max_size=60).map(str.strip).filter(bool)
_PEM = "-----BEGIN CERTIFICATE-----\nMIIB\nAAAA\n-----END CERTIFICATE-----"


def _entry(**fields: Any) -> dict[str, Any]:
    return {"id": 7, "changed_at": "2026-10-14T00:00:00Z", "name": "Desk", "function": "24/7", **fields}


def _point(**fields: Any) -> dict[str, Any]:
    return _entry(
        **{
            "zone": "Europe/Paris",
            "languages": ["fr", "en"],
            "name_in_english": None,
            "function_in_english": None,
            "public_address": None,
            "also_member_of": ["G7"],
            "capabilities": {"preservation": "executes"},
            "public_keys": [
                {"kind": "smime", "key": _PEM, "fingerprint": "AB" * 32},
                {"kind": "openpgp", "key": None, "fingerprint": "CD" * 20},
            ],
        }
        | fields
    )


def _meant(value: str) -> str:
    """Return a value without its escapes, as RFC 6350 section 3.4 has them."""
    said, escaped = "", False
    for letter in value:
        if escaped or letter != "\\":
            said += "\n" if escaped and letter in "nN" else letter
        escaped = letter == "\\" and not escaped
    return said


def _read(raw: str) -> list[tuple[str, dict[str, Any], str]]:
    for line in raw.split("\r\n"):
        assert len(line.encode()) <= 75
        assert "\n" not in line
    lines: list[Contentline] = Contentlines.from_ical(raw)  # type: ignore[no-untyped-call]  # icalendar says no types
    found = []
    for line in lines:
        if line:
            head, _, value = _halves(line)
            found.append((head.partition(";")[0], dict(_parts(f"{head}:x")), value))
    return found


def _parts(line: str) -> Any:
    return Contentline(line).parts()[1]  # type: ignore[no-untyped-call]  # icalendar says no types


def _halves(line: str) -> tuple[str, str, str]:
    quoted = False
    for place, letter in enumerate(line):
        quoted ^= letter == '"'
        if letter == ":" and not quoted:
            return line[:place], ":", line[place + 1 :]
    raise AssertionError(line)


@settings(max_examples=40)
@given(_TEXTS, _TEXTS)
def test_whatever_stands_in_a_name_is_read_back(name: str, function: str) -> None:
    house = House(_point(name=name, function=function), "Ruritania", (), ())
    made = cards(house, host="h", words=catalogues()["en"])
    read = {head: value for head, _, value in _read(made)}
    assert _meant(read["FN"]) == name
    assert _meant(read["TITLE"]) == function


def test_a_card_has_what_an_address_book_wants() -> None:
    officer = _entry(id=3, name="Ana Example", language="es", languages=["en"])
    channels = [
        {"id": 1, "kind": "sms", "address": "+33199001234", "place": 1},
        {"id": 2, "kind": "email", "address": "ana@desk.example", "place": 2},
    ]
    point = _point(name_in_english="Duty desk", public_address="1 Harbour Road; Port, City")
    house = House(point, "France", (), [(officer, channels)], {1: "not proven lately"})
    made = cards(house, host="h.example", words=catalogues()["fr"])
    assert made.count("BEGIN:VCARD\r\nVERSION:4.0\r\n") == made.count("END:VCARD\r\n") == 2
    read = _read(made)
    assert ("UID", {"VALUE": "text"}, "contact-point-7@h.example") in read
    assert ("FN", {"ALTID": "1", "LANGUAGE": "en"}, "Duty desk") in read
    assert ("ORG", {}, "France;Desk") in read
    assert ("TZ", {}, "Europe/Paris") in read
    assert ("REV", {}, "20261014T000000Z") in read
    assert ("KEY", {}, "data:application/pkix-cert;base64,MIIBAAAA") in read
    assert ("TEL", {"VALUE": "uri", "TYPE": "work,cell,text", "PREF": "1"}, "tel:+33199001234") in read
    assert ("EMAIL", {"TYPE": "work", "PREF": "2"}, "ana@desk.example") in read
    (address,) = [parameters for head, parameters, _ in read if head == "ADR"]
    assert address == {"LABEL": "1 Harbour Road; Port, City"}
    notes, doubts = [_meant(value) for head, _, value in read if head == "NOTE"]
    assert doubts == "+33199001234: non éprouvé récemment"
    assert notes.splitlines()[0].endswith(": executes")
    assert notes.splitlines()[0] != "Expedited preservation of stored computer data: executes"
