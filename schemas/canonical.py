"""One spelling for equal JSON: what the comparison of repeated requests is made of.

In the manner of RFC 8785: names sorted, no blanks, UTF-8. Sorted by code point, and numbers in Python's shortest
form, because only this service compares its own fingerprints. JSON has one kind of number: 1, 1.0 and 1e0 are equal
here, and -0.0 is 0. Text is compared as it was sent, without Unicode normalisation.
"""

import hashlib
import json

_ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def canonical(value: object) -> bytes:
    """Return the one spelling of a JSON value. Raises `ValueError` for NaN and infinities, which JSON has not."""
    return _ENCODER.encode(_one_number(value)).encode("utf-8")


def fingerprint(value: object) -> bytes:
    """Return the SHA-256 (32 bytes) of the canonical spelling."""
    return hashlib.sha256(canonical(value)).digest()


def _one_number(value: object) -> object:
    match value:
        case str():
            return value
        case dict():
            return {name: item if type(item) is str else _one_number(item) for name, item in value.items()}
        case list() | tuple():
            return [_one_number(item) for item in value]
        case float() if value.is_integer():
            return int(value)
    return value
