"""Which passwords are good enough: long ones that nobody guesses first. What they are made of does not matter.

NIST SP 800-63B-4, 3.1.1: a length, a list of common ones, no rules of composition, no expiry.
"""

import unicodedata
from collections.abc import Collection
from typing import Literal

LEAST, MOST = 12, 200
_LEAST_DIFFERENT = 5
_LEAST_WORD = 4

Fault = Literal["too_short", "too_long", "common"]


def normal(password: str) -> str:
    """Return a password as it is hashed: the same signs, however a keyboard composed them."""
    return unicodedata.normalize("NFKC", password)


def fault_of(password: str, *, common: Collection[str], about: Collection[str]) -> Fault | None:
    """Return what is wrong with a password, which is ``normal``; None for a good one.

    ``common`` has passwords that many people use, in small letters. ``about`` has words that somebody who guesses would
    try for this account: names, its address, its authority; shorter ones than four letters do not count.
    """
    if len(password) < LEAST:
        return "too_short"
    if len(password) > MOST:
        return "too_long"
    folded = password.casefold()
    bare = "".join(sign for sign in folded if sign.isalnum())
    stem = bare.strip("0123456789")
    guessed = any(each in common for each in (folded, bare, stem, _half(bare), _half(stem)))
    if guessed or len(set(folded)) < _LEAST_DIFFERENT or _is_made_of(folded, common=common, about=about):
        return "common"
    return None


def _is_made_of(folded: str, *, common: Collection[str], about: Collection[str]) -> bool:
    """Say whether hardly anything is left of a password without words that are guessed."""
    left = folded
    for word in sorted({part for each in about for part in _parts(each)}, key=len, reverse=True):
        left = left.replace(word, " ")
    kept = [
        word for word in "".join(sign if sign.isalpha() else f" {sign} " for sign in left).split() if word not in common
    ]
    rest = sum(len(word) for word in kept if word.isalnum())
    return rest < LEAST // 2 and sum(map(str.isalnum, folded)) - rest >= _LEAST_WORD


def _half(text: str) -> str:
    """Return what stands twice in a text, one after the other; else nothing."""
    half = text[: len(text) // 2]
    return half if half and half * 2 == text else ""


def _parts(text: str) -> list[str]:
    folded = unicodedata.normalize("NFKC", text).casefold()
    parts = "".join(sign if sign.isalnum() else " " for sign in folded).split()
    return [each for each in (folded, "".join(parts), *parts) if len(each) >= _LEAST_WORD]
