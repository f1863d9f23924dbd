"""The terms of an API key as the fields of a form, and back: names of fields are the places of what they say in JSON.

``limits/hours/0/zone`` is the zone of the first hours. Rows in which nothing was typed are passed over, and those
behind them move up.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from schemas.calling_back import MOST_PERSONS
from schemas.faults import Fault
from schemas.signing import MOST_KEYS

TICKED = "yes"
_DAYS = range(7)
_MOST_HOURS = 14
_MINUTE, _SECOND = len("2026-10-14T21:00"), len("2026-10-14T21:00:00")
_PERSON = ("name", "title", "function", "phone", "mobile", "email")
_KEY = ("public_key", "expires_at")
_HOURS = ("hours_from", "hours_until")
_SEVERAL = ("notify", "limits/addresses", "limits/kinds")
_LINES, _PLAIN = ("notify",), ("party", "authority", "language")


def read_form(fields: Mapping[str, str]) -> dict[str, Any]:
    """Return what a form says about a key as JSON values; what was left empty is left out, but for what ends or limits.

    A date and time without an offset is one in UTC.
    """
    said: dict[str, Any] = {name: text for name in _PLAIN if (text := fields.get(name, "").strip())}
    said |= {name: lines for name in _LINES if (lines := fields.get(name, "").split())}
    if holder := fields.get("holder_id", "").strip():
        said["holder_id"] = int(holder) if holder.isascii() and holder.isdecimal() and len(holder) < 16 else holder
    said["expires_at"] = read_instant(fields.get("expires_at", ""))
    said["limits"] = _limits(fields)
    keys = [_instants(row) for row in _rows(fields, "signing/keys", names=_KEY, most=MOST_KEYS)]
    said["signing"] = {"keys": keys, "required": _ticked(fields, "signing/required")}
    persons = list(_rows(fields, "call_back/persons", names=_PERSON, most=MOST_PERSONS))
    said["call_back"] = {"persons": persons, "required": _ticked(fields, "call_back/required")}
    return said


def read_instant(text: str) -> str | None:
    """Return a date and time that was typed, of UTC where it has no offset; None where nothing was typed."""
    typed = text.strip()
    if len(typed) == _MINUTE:
        return f"{typed}:00Z"
    return f"{typed}Z" if len(typed) == _SECOND else typed or None


def _limits(fields: Mapping[str, str]) -> dict[str, Any]:
    kinds = [name.rpartition("/")[2] for name in fields if name.startswith("limits/kinds/") and _ticked(fields, name)]
    addresses = fields.get("limits/addresses", "").replace(",", " ").split()
    hours = [_with_days(fields, place) for place in range(_MOST_HOURS)]
    told = {"kinds": kinds, "addresses": addresses, "hours": [each for each in hours if each is not None]}
    return {name: value for name, value in told.items() if value}


def _with_days(fields: Mapping[str, str], place: int) -> dict[str, Any] | None:
    at = f"limits/hours/{place}"
    days = [day for day in _DAYS if _ticked(fields, f"{at}/weekdays/{day}")]
    told = {name: text for name in _HOURS if (text := fields.get(f"{at}/{name}", "").strip())}
    if not days and not told:
        return None
    return told | {"zone": fields.get(f"{at}/zone", "").strip(), "weekdays": days}


def _rows(fields: Mapping[str, str], at: str, *, names: tuple[str, ...], most: int) -> Iterator[dict[str, Any]]:
    for place in range(most):
        row = {name: text for name in names if (text := fields.get(f"{at}/{place}/{name}", "").strip())}
        if row:
            yield row


def _instants(row: dict[str, Any]) -> dict[str, Any]:
    return row | {"expires_at": read_instant(row["expires_at"])} if "expires_at" in row else row


def _ticked(fields: Mapping[str, str], name: str) -> bool:
    return fields.get(name) == TICKED


def write_form(key: Mapping[str, Any]) -> dict[str, str]:
    """Return the terms of a key, as it is kept or as `read_form` read them, as the fields of a form."""
    fields = {name: str(key[name]) for name in (*_PLAIN, "holder_id") if key.get(name) is not None}
    fields |= {name: "\n".join(key.get(name) or ()) for name in _LINES}
    fields["expires_at"] = _typed(key.get("expires_at"))
    limits = key.get("limits") or {}
    fields |= {f"limits/kinds/{kind}": TICKED for kind in limits.get("kinds") or ()}
    fields["limits/addresses"] = "\n".join(limits.get("addresses") or ())
    for place, hours in enumerate(limits.get("hours") or ()):
        at = f"limits/hours/{place}"
        fields |= {f"{at}/{name}": hours.get(name, "") for name in ("zone", *_HOURS)}
        fields |= {f"{at}/weekdays/{day}": TICKED for day in hours.get("weekdays") or ()}
    fields |= _written(key.get("signing") or {}, "signing", rows="keys", names=_KEY)
    return fields | _written(key.get("call_back") or {}, "call_back", rows="persons", names=_PERSON)


def _written(value: Mapping[str, Any], at: str, *, rows: str, names: tuple[str, ...]) -> dict[str, str]:
    fields = {f"{at}/required": TICKED} if value.get("required") else {}
    for place, row in enumerate(value.get(rows) or ()):
        told = {name: _typed(row[name]) if name == "expires_at" else row[name] for name in names if row.get(name)}
        fields |= {f"{at}/{rows}/{place}/{name}": text for name, text in told.items()}
    return fields


def _typed(instant: str | None) -> str:
    """Return an instant as a field for date and time takes it; anything else as it was typed."""
    text = instant or ""
    return text[:_MINUTE] if text.endswith("Z") else text


def placed(faults: Sequence[Fault]) -> list[Fault]:
    """Return faults at the fields of the form: what is one of several lines or ticks stands at all of them."""
    return [replace(each, pointer=_field_of(each.pointer)) for each in faults]


def _field_of(pointer: str) -> str:
    return next((f"/{field}" for field in _SEVERAL if pointer.startswith(f"/{field}/")), pointer)


def differing(typed: Mapping[str, str], now: Mapping[str, str]) -> list[tuple[str, str, str]]:
    """Return field, what was typed and what is kept, where these are not the same; one that is empty is as none."""
    names = dict.fromkeys((*now, *typed))
    return [
        (name, typed.get(name, ""), now.get(name, "")) for name in names if typed.get(name, "") != now.get(name, "")
    ]


def rows_of(said: Mapping[str, Any], *, spare: int) -> dict[str, int]:
    """Return how many rows a form has for hours, public keys and persons, so many of them ``spare``."""
    told = (
        ("hours", (said.get("limits") or {}).get("hours"), _MOST_HOURS),
        ("keys", (said.get("signing") or {}).get("keys"), MOST_KEYS),
        ("persons", (said.get("call_back") or {}).get("persons"), MOST_PERSONS),
    )
    return {name: min(len(rows or ()) + spare, most) for name, rows, most in told}
