"""The grammar of replies: a reply code and a PIN, in whatever noise an officer woken at 03:00 puts around them."""

import re
import unicodedata
from dataclasses import dataclass

from contactpoints.rules.codes import REPLY_CODE_LENGTH, is_reply_code, read_reference

MOST_READ = 2000
"""How many characters of a reply are looked at; a longer one is a robot's or a quotation's."""

_WORD = re.compile(r"[0-9A-Z]+")
_PIN = re.compile(r"\A[0-9]{6,12}\Z")
_STOP = frozenset(
    ["STOP", "STOPALL", "UNSUBSCRIBE", "END", "QUIT", "CANCEL", "REVOKE", "OPTOUT", "ARRET", "ALTO", "BAJA", "PARAR"]
)
_HELP = frozenset(["HELP", "INFO", "AIDE", "AYUDA"])
_WRONG_PERSON = (
    "WRONG NUMBER",
    "WRONG PERSON",
    "WHO IS THIS",
    "MAUVAIS NUMERO",
    "MAUVAISE PERSONNE",
    "QUI ETES VOUS",
    "NUMERO EQUIVOCADO",
    "PERSONA EQUIVOCADA",
    "QUIEN ES",
)


@dataclass(frozen=True, slots=True)
class Reply:
    """What was read out of a reply: the codes in it, the PIN if there is exactly one candidate, and its keywords."""

    codes: tuple[str, ...]
    pin: str | None
    pins: int
    stop: bool = False
    wrong_person: bool = False
    help: bool = False


def read_reply(text: str) -> Reply:
    """Read a reply. Never raises; linear in the length of ``text``, of which `MOST_READ` characters are read.

    A code may be written in lower case and with one space or hyphen inside. A PIN is a run of 6 to 12 digits. The
    reference of the alert, which a quotation brings back, is neither.
    """
    plain = _plain(text[:MOST_READ])
    words = _WORD.findall(plain)
    codes, used = _codes(words)
    pins = tuple(dict.fromkeys(word for place, word in enumerate(words) if place not in used and _PIN.match(word)))
    squeezed = " ".join(words)
    return Reply(
        codes=codes,
        pin=pins[0] if len(pins) == 1 else None,
        pins=len(pins),
        stop=not codes and squeezed.replace(" ", "") in _STOP,
        wrong_person=not codes and any(phrase in squeezed for phrase in _WRONG_PERSON),
        help=not codes and squeezed in _HELP,
    )


def _plain(text: str) -> str:
    folded = unicodedata.normalize("NFKD", text)
    signs = (str(unicodedata.digit(sign)) if sign.isdigit() else sign for sign in folded if _kept(sign))
    return "".join(signs).upper()


def _kept(sign: str) -> bool:
    return unicodedata.category(sign) not in ("Mn", "Cf")


def _codes(words: list[str]) -> tuple[tuple[str, ...], set[int]]:
    found: dict[str, None] = {}
    used: set[int] = set()
    for place, word in enumerate(words):
        if is_reply_code(word):
            found[word] = None
            used.add(place)
            continue
        following = words[place + 1] if place + 1 < len(words) else ""
        joined = word + following
        if following and read_reference(joined):
            used.update((place, place + 1))
        elif _in_two(word, following, place, used) and is_reply_code(joined):
            found[joined] = None
            used.update((place, place + 1))
    return tuple(found), used


def _in_two(word: str, following: str, place: int, used: set[int]) -> bool:
    return place not in used and 2 < len(word) < 5 and len(word) + len(following) == REPLY_CODE_LENGTH
