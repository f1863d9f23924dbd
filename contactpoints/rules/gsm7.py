"""GSM 7-bit (3GPP TS 23.038): the alphabet in which one SMS holds 160 signs instead of 70.

One sign outside the alphabet would switch the whole SMS to UCS-2 and split it. So letters that the alphabet lacks are
folded, in SMS only; the mail keeps them.
"""

import re
import unicodedata
from functools import lru_cache

MOST = 160
"""The septets of one SMS that is not split."""

_BASIC = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENSION = "^{}\\[~]|€\f"
"""Signs that are sent as two septets: an escape and a sign of the second table."""

_ALPHABET = frozenset(_BASIC + _EXTENSION)
_OUTSIDE = re.compile(f"[^{re.escape(_BASIC + _EXTENSION)}]")
_DOUBLE = re.compile(f"[{re.escape(_EXTENSION)}]")
_WRITTEN_OTHERWISE = {
    **dict.fromkeys("‘’‚‛′`´ʼ", "'"),  # noqa: RUF001
    **dict.fromkeys("“”„‟″«»", '"'),
    **dict.fromkeys("‐‑‒–—―−", "-"),  # noqa: RUF001
    **dict.fromkeys("\u00a0\u2007\u2009\u202f\t", " "),
    **{"…": "...", "•": "-", "º": "o", "ª": "a", "№": "No"},
    **{
        "œ": "oe",
        "Œ": "OE",
        "ł": "l",
        "Ł": "L",
        "đ": "d",
        "Đ": "D",
        "ð": "d",
        "Ð": "D",
        "þ": "th",
        "Þ": "Th",
        "ı": "i",  # noqa: RUF001
    },
    **dict(zip("ΑΒΕΖΗΙΚΜΝΟΡΤΥΧ", "ABEZHIKMNOPTYX", strict=True)),  # noqa: RUF001
}


def septets(text: str) -> int:
    """Return how many septets ``text`` takes, extension signs counting twice.

    Raises `ValueError` where a sign is outside the alphabet; `fold` first.
    """
    if _OUTSIDE.search(text):
        raise ValueError("a sign is outside the GSM 7-bit alphabet")
    return len(text) + len(_DOUBLE.findall(text))


def fold(text: str) -> str:
    """Return ``text`` within the alphabet: accents that it lacks are dropped, unknown signs become question marks."""
    if not _OUTSIDE.search(text):
        return text
    return _OUTSIDE.sub(lambda found: _folded(found[0]), unicodedata.normalize("NFC", text))


@lru_cache(maxsize=4096)
def _folded(sign: str) -> str:
    if sign in _WRITTEN_OTHERWISE:
        return _WRITTEN_OTHERWISE[sign]
    plain = [part for part in unicodedata.normalize("NFKD", sign) if not unicodedata.category(part).startswith("M")]
    return "".join(_nearest(part) for part in plain if unicodedata.category(part) != "Cf")


def _nearest(sign: str) -> str:
    for form in (sign, sign.upper()):
        if form in _ALPHABET:
            return form
        if form in _WRITTEN_OTHERWISE:
            return _WRITTEN_OTHERWISE[form]
    return "?"
