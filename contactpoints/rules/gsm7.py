"""GSM 03.38, the alphabet of one SMS: 160 septets. Letters outside it are folded; the mail keeps them."""

import unicodedata

_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENDED = frozenset("^{}\\[~]|€")
_WRITTEN_OTHERWISE = {
    0x2018: "'",
    0x2019: "'",
    0x201C: '"',
    0x201D: '"',
    0x2013: "-",
    0x2014: "-",
    0x2026: "...",
    0x0153: "oe",
    0x0152: "OE",
    0x00AB: '"',
    0x00BB: '"',
    0x00A0: " ",
    0x202F: " ",
}

MOST = 160


def septets(text: str) -> int:
    """Return how many septets ``text`` takes. Raises `ValueError` where a sign is not in the alphabet."""
    if not all(sign in _BASIC or sign in _EXTENDED for sign in text):
        raise ValueError("a sign is not in GSM 03.38")
    return len(text) + sum(sign in _EXTENDED for sign in text)


def fold(text: str) -> str:
    """Return ``text`` in the alphabet: accents it lacks are dropped, other strange signs become a question mark."""
    return "".join(_folded(sign) for sign in text.translate(_WRITTEN_OTHERWISE))


def _folded(sign: str) -> str:
    if sign in _BASIC or sign in _EXTENDED:
        return sign
    plain = unicodedata.normalize("NFKD", sign)[0]
    return plain if plain in _BASIC else "?"
