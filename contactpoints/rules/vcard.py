"""Contact points and officers as vCards (RFC 6350, version 4.0), for address books.

A line is folded at 75 octets, never inside a letter; commas, semicolons, backslashes and line breaks are escaped.
"""

import base64
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from contactpoints.rules.address_book import House, Kept
from contactpoints.rules.phrasing import Catalogue
from schemas.requests import REQUEST_KINDS

_LONGEST = 75
_TEXT = str.maketrans({"\\": "\\\\", "\n": "\\n", "\r": None, ",": "\\,", ";": "\\;"})
_PHONES = {"sms": "cell,text", "voice": "voice"}
_PEM = "-----"


def cards(house: House, *, host: str, words: Catalogue) -> str:
    """Return the card of a contact point and those of its officers with the channels that are in use.

    ``host`` is the name of the service, which makes the names of the cards unique.
    """
    lines = [*_of_point(house.point, party=house.party, host=host, words=words)]
    for officer, channels in house.officers:
        lines += _of_officer(officer, channels, house=house, host=host, words=words)
    return "".join(f"{part}\r\n" for line in lines for part in _folded(line))


def _of_point(point: Mapping[str, Any], *, party: str | None, host: str, words: Catalogue) -> Iterator[str]:
    yield from _begin("org", f"contact-point-{point['id']}@{host}", entry=point)
    languages = point["languages"]
    for name, english in (("FN", "name_in_english"), ("TITLE", "function_in_english")):
        said = point["name" if name == "FN" else "function"]
        if point[english]:
            yield f"{name};ALTID=1;LANGUAGE={languages[0]}:{_text(said)}"
            yield f"{name};ALTID=1;LANGUAGE=en:{_text(point[english])}"
        else:
            yield f"{name}:{_text(said)}"
    yield f"ORG:{_text(party)};{_text(point['name'])}" if party else f"ORG:{_text(point['name'])}"
    yield f"TZ:{point['zone']}"
    yield from (f"LANG;PREF={place}:{each}" for place, each in enumerate(languages, start=1))
    if point["public_address"]:
        yield f"ADR;LABEL={_quoted(point['public_address'])}:;;;;;;"
    if point["also_member_of"]:
        yield f"CATEGORIES:{','.join(map(_text, point['also_member_of']))}"
    yield from (f"KEY:{each}" for each in filter(None, map(_key, point["public_keys"])))
    notes = "\n".join(_notes(point, words))
    if notes:
        yield f"NOTE:{_text(notes)}"
    yield "END:VCARD"


def _notes(point: Mapping[str, Any], words: Catalogue) -> Iterator[str]:
    for code, does in point["capabilities"].items():
        yield f"{words[REQUEST_KINDS[code].title]}: {does}"
    for each in point["public_keys"]:
        yield f"{each['kind']} {each['fingerprint']}"


def _of_officer(officer: Kept, channels: Sequence[Kept], *, house: House, host: str, words: Catalogue) -> Iterator[str]:
    yield from _begin("individual", f"officer-{officer['id']}@{host}", entry=officer)
    yield f"FN:{_text(officer['name'])}"
    yield f"TITLE:{_text(officer['function'])}"
    yield f"ORG:{_text(house.point['name'])}"
    yield f"TZ:{house.point['zone']}"
    spoken = dict.fromkeys((officer["language"], *officer["languages"]))
    yield from (f"LANG;PREF={place}:{each}" for place, each in enumerate(spoken, start=1))
    for channel in channels:
        place = min(channel["place"], 100)
        if channel["kind"] == "email":
            yield f"EMAIL;TYPE=work;PREF={place}:{_text(channel['address'])}"
        else:
            yield f'TEL;VALUE=uri;TYPE="work,{_PHONES[channel["kind"]]}";PREF={place}:tel:{channel["address"]}'
    doubted = [each for each in channels if each["id"] in house.doubts]
    if doubted:
        told = "\n".join(f"{each['address']}: {words[house.doubts[each['id']]]}" for each in doubted)
        yield f"NOTE:{_text(told)}"
    yield "END:VCARD"


def _begin(kind: str, name: str, *, entry: Mapping[str, Any]) -> Iterator[str]:
    yield "BEGIN:VCARD"
    yield "VERSION:4.0"
    yield f"KIND:{kind}"
    yield f"UID;VALUE=text:{_text(name)}"
    yield f"REV:{''.join(each for each in entry['changed_at'][:19] if each.isdigit() or each == 'T')}Z"


def _text(value: str) -> str:
    return value.translate(_TEXT)


def _quoted(value: str) -> str:
    """Return the value of a parameter, with what it may not hold written as RFC 6868 has it."""
    return '"' + value.replace("^", "^^").replace("\n", "^n").replace("\r", "").replace('"', "^'") + '"'


def _key(key: Mapping[str, Any]) -> str | None:
    """Return a public key as a data address; None where only the fingerprint is known."""
    if key["key"] is None:
        return None
    if key["kind"] == "openpgp":
        return f"data:application/pgp-keys;base64,{base64.b64encode(key['key'].encode()).decode()}"
    inside = "".join(line for line in key["key"].splitlines() if not line.startswith(_PEM))
    return f"data:application/pkix-cert;base64,{''.join(inside.split())}"


def _folded(line: str) -> Iterator[str]:
    """Yield the parts of a line, each of at most 75 octets; those that go on begin with a blank."""
    part, length = "", 0
    for letter in line:
        octets = len(letter.encode())
        if length + octets > _LONGEST:
            yield part
            part, length = " ", 1
        part, length = part + letter, length + octets
    yield part
