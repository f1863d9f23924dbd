"""The grammar of replies: a reply code and a PIN, in whatever noise an officer woken at 03:00 puts around them.

- A code is forgiven case, hyphens, spaces inside it, full-width and look-alike Cyrillic or Greek letters, accents and
  invisible signs. A code in one piece wins over one pieced together by hyphens, and that over one by spaces, so that
  the words around a code are not taken for a part of it.
- A PIN is a run of 6 to 12 digits of any script. Of several, the one behind the word "PIN" counts, else the one right
  behind the code. Only at these two places may it be written in groups (``48 29 13``).
- Quoted lines (``> ...``) lend their code when the text itself has none, never a PIN or a keyword.
- Links and the alert's reference, which quotations bring back, are neither code nor PIN.
- Beside code and PIN a single "no" says that somebody does not take it; any other word says nothing.

There is no "latest alert" and no "all": a reply without a code acknowledges nothing.
"""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

from contactpoints.rules.codes import (
    REFERENCE_LENGTH,
    REPLY_CODE_LENGTH,
    REST_OF_A_PROOF,
    REST_OF_A_REPLY,
    code_rest,
    is_reply_code,
    read_reference,
)

MOST_READ = 10_000
"""How many characters of a reply are looked at; an SMS has at most 1,600, what is longer is a robot's."""

_MOST_CODES = 10
_SHORTEST_PIN, _LONGEST_PIN = 6, 12
_LONGEST_SINGLE = 8
_ATOM = re.compile(r"([0-9A-Z]+)([^0-9A-Z]*)")
_GLUED = re.compile(r"([A-Z]{3,})([0-9]{6,12})|([0-9]{6,12})([A-Z]{3,})|(ACK|CODE)([0-9A-Z]{7})")
_QUOTED = re.compile(r"^[ \t]*>.*$", re.MULTILINE)
_PIN_WORDS = frozenset(["PIN", "NIP", "CLAVE"])
_NO_PART_OF_A_CODE = _PIN_WORDS | {"ACK", "REF", "CODE", "YES", "AND", "UTC", "BY", "MY"}
_HYPHENS = frozenset(["", "-", " -", "- ", " - "])
_SPACES = _HYPHENS | {" ", "  ", "\n"}
_WORDS_BEFORE_A_MARKED_PIN = 3

_STOP = {
    # The words that carriers and Twilio take for an opt-out, then their French and Spanish sisters.
    *("STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT"),
    *("ARRET", "ARRETER", "ALTO", "BAJA", "PARAR"),
}
_HELP = frozenset(["HELP", "AIDE", "AYUDA"])
_NO = frozenset(["NO", "NON", "NEIN", "NAO"])
_WRONG_PERSON = tuple(
    f" {phrase} "
    for phrase in (
        *("WRONG NUMBER", "WRONG PERSON", "WRONG NR", "NOT MY NUMBER"),
        *("MAUVAIS NUMERO", "FAUX NUMERO", "ERREUR DE NUMERO", "MAUVAISE PERSONNE", "NUMERO EQUIVOCADO"),
        *("NUMERO INCORRECTO", "PERSONA EQUIVOCADA", "EQUIVOCADO DE NUMERO", "SE EQUIVOCA DE NUMERO"),
        *("NUMERO ERRADO", "FALSCHE NUMMER", "NUMERO SBAGLIATO"),
    )
)
# A stranger asks who we are. An officer asks whom the alert is about, and the next word tells the two apart.
_WHO_ARE_YOU = (
    *("WHO IS THIS", "WHO S THIS", "WHOS THIS", "WHO ARE YOU", "QUI EST CE", "C EST QUI", "QUI ETES VOUS"),
    *("QUIEN ES USTED", "QUIEN ERES", "QUIEN ES"),
)
_ABOUT_SOMEBODY = (
    *("ABOUT", "FOR", "REGARDING", "CONCERNING", "CALLING", "LOOKING", "AFTER"),
    *("LE", "LA", "LES", "L", "CETTE", "CE", "QUE", "QUI", "POUR"),
    *("EL", "LOS", "LAS", "ESTE", "ESTA", "ESE", "ESA", "PARA"),
)
_ASKED = re.compile(f" (?:{'|'.join(_WHO_ARE_YOU)}) (?!(?:{'|'.join(_ABOUT_SOMEBODY)}) )")
_FIRST_OF_WRONG_PERSON = frozenset(phrase.split()[0] for phrase in (*_WRONG_PERSON, *_WHO_ARE_YOU))
_LOOK_ALIKES = dict(zip("АВСЕНКМРТХУЅЈΑΒΕΖΗΚΜΝΡΤΥΧ", "ABCEHKMPTXYSJABEZHKMNPTYX", strict=True))  # noqa: RUF001
_MINUS = "\u2212"

Atom = tuple[str, str]
"""A run of letters and digits, and whatever stands between it and the next."""

Places = dict[str, list[range]]
"""Codes, each with where its pieces lie among the atoms: as often as it stands there."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What was read out of a reply.

    ``codes``: the different codes in it, at most ten; more than one that was ever given is ambiguous and must be
    refused. ``pins``: how many different PINs it could hold; ``pin`` is None when there is none or no telling which.
    ``stop`` only when the whole text is such a word. ``wrong_person`` may be set beside a code: a code with the right
    PIN says who answers, whatever else is written. ``no``: beside them is that word, and no other.
    """

    codes: tuple[str, ...]
    pin: str | None
    pins: int
    stop: bool = False
    wrong_person: bool = False
    help: bool = False
    proofs: tuple[str, ...] = ()
    no: bool = False


def read_reply(text: str) -> Reply:
    """Read a reply. Never raises on any text; time is linear in its length, of which `MOST_READ` is read."""
    plain = _fold(text[:MOST_READ])
    own = _QUOTED.sub("|", plain) if ">" in plain else plain
    atoms = _atoms(own)
    codes, proofs = _codes(atoms)
    pins, pin = _pins(atoms, codes)
    found = tuple(codes)
    if not found and own is not plain:
        found = tuple(_codes(_atoms(plain))[0])
    words = [atom for atom, _ in atoms]
    taken = {place for places in codes.values() for each in places for place in each}
    return Reply(
        codes=found[:_MOST_CODES],
        pin=pin,
        pins=pins,
        stop=not found and "".join(words) in _STOP,
        wrong_person=_says_wrong_person(words),
        help=not found and not _HELP.isdisjoint(words),
        proofs=tuple(proofs)[:_MOST_CODES],
        no=_says_no(words, taken=taken),
    )


def _says_no(words: list[str], *, taken: set[int]) -> bool:
    """Say whether "no" is the only word beside a code and digits, and not "no." for number, which comes before them."""
    others = [n for n, word in enumerate(words) if n not in taken and not word.isdecimal()]
    if not taken or len(others) != 1 or words[others[0]] not in _NO:
        return False
    return words[others[0]] != "NO" or others[0] > min(taken)


def _says_wrong_person(words: list[str]) -> bool:
    if _FIRST_OF_WRONG_PERSON.isdisjoint(words):
        return False
    said = f" {' '.join(words)} "
    return any(phrase in said for phrase in _WRONG_PERSON) or _ASKED.search(said) is not None


def _fold(text: str) -> str:
    if text.isascii():
        return text.upper()
    return "".join(sign if sign.isascii() else _fold_sign(sign) for sign in text).upper()


def _fold_sign(sign: str) -> str:
    """Return the ASCII signs that people mean by one that is not; what has none parts its neighbours."""
    category = unicodedata.category(sign)
    if category in ("Cf", "Mn", "Me"):
        return ""
    if category == "Pd" or sign == _MINUS:
        return "-"
    if category == "Zl":
        return "\n"
    digit = unicodedata.digit(sign, None)
    if digit is not None:
        return str(digit)
    alike = _LOOK_ALIKES.get(sign.upper())
    return alike or unicodedata.normalize("NFKD", sign).encode("ascii", "ignore").decode() or " "


def _atoms(plain: str) -> list[Atom]:
    """Part a folded text into runs of letters and digits, each with whatever stands between it and the next."""
    if "/" in plain:
        plain = " ".join(word for word in plain.split() if not _is_link(word))
    atoms: list[Atom] = []
    for atom, gap in _ATOM.findall(plain):
        pieces = _unglue(atom) if len(atom) > _LONGEST_SINGLE else (atom,)
        atoms.extend((piece, "") for piece in pieces[:-1])
        atoms.append((pieces[-1], gap))
    return atoms


def _unglue(atom: str) -> tuple[str, ...]:
    """Part code and PIN written without a space, and words written onto either of them."""
    code, rest = atom[:REPLY_CODE_LENGTH], atom[REPLY_CODE_LENGTH:]
    if _is_pin(rest) and is_reply_code(code):
        return code, rest
    glued = _GLUED.fullmatch(atom)
    return tuple(part for part in glued.groups() if part) if glued else (atom,)


def _is_link(word: str) -> bool:
    if "://" in word:
        return True
    host, slash, _ = word.partition("/")
    last = host.rpartition(".")[2]
    return bool(slash) and "." in host.strip(".") and last.isalpha() and len(last) > 1


def _is_pin(atom: str) -> bool:
    return _SHORTEST_PIN <= len(atom) <= _LONGEST_PIN and atom.isdecimal()


def _codes(atoms: list[Atom]) -> tuple[Places, Places]:
    """Return reply codes and proof codes; of either sort pieced-together ones only when none stands in one piece."""
    replies, proofs = _lawful((atom, range(n, n + 1)) for n, (atom, _) in enumerate(atoms))
    if not (replies and proofs):
        for pieced in _pieced(atoms):
            more_replies, more_proofs = _lawful(pieced)
            replies, proofs = replies or more_replies, proofs or more_proofs
    return replies, proofs


def _lawful(texts: Iterable[tuple[str, range]]) -> tuple[Places, Places]:
    """Return which texts are reply codes and which are proof codes."""
    found: dict[int, Places] = {REST_OF_A_REPLY: {}, REST_OF_A_PROOF: {}}
    for text, places in texts:
        rest = code_rest(text)
        if rest is not None:
            found[rest].setdefault(text, []).append(places)
    return found[REST_OF_A_REPLY], found[REST_OF_A_PROOF]


def _pieced(atoms: list[Atom]) -> tuple[list[tuple[str, range]], list[tuple[str, range]]]:
    """Return the texts as long as a code that hyphens piece together, and those that spaces do."""
    by_hyphens: list[tuple[str, range]] = []
    by_spaces: list[tuple[str, range]] = []
    firsts = [n for n, (atom, tie) in enumerate(atoms[:-1]) if len(atom) < REPLY_CODE_LENGTH and tie in _SPACES]
    barred = _barred(atoms) if firsts else set()
    for first in firsts:
        signs, hyphens = "", True
        for last in range(first, len(atoms)):
            atom, gap = atoms[last]
            signs += atom
            if last in barred or len(signs) > REPLY_CODE_LENGTH:
                break
            if len(signs) == REPLY_CODE_LENGTH:
                (by_hyphens if hyphens else by_spaces).append((signs, range(first, last + 1)))
            if gap not in _SPACES:
                break
            hyphens = hyphens and gap in _HYPHENS
    return by_hyphens, by_spaces


def _barred(atoms: list[Atom]) -> set[int]:
    """Return the places of what is no piece of a code: PINs, the words around a code, the alert's reference."""
    barred = {n for n, (atom, _) in enumerate(atoms) if atom in _NO_PART_OF_A_CODE or _is_pin(atom)}
    for n, ((atom, gap), (after, _)) in enumerate(pairwise(atoms)):
        if gap == "-" and len(atom) == len(after) == REFERENCE_LENGTH // 2 and read_reference(atom + after):
            barred.update((n, n + 1))
    return barred


def _pins(atoms: list[Atom], codes: Places) -> tuple[int, str | None]:
    """Return how many different PINs the text could hold, and the one that is meant, if that can be told."""
    pieces = [each for places in codes.values() for each in places]
    taken = {place for each in pieces for place in each}
    runs = {atom for n, (atom, _) in enumerate(atoms) if n not in taken and _is_pin(atom)}
    words = [n for n, (atom, _) in enumerate(atoms) if atom in _PIN_WORDS]
    if len(runs) == 1 and not words:
        return 1, next(iter(runs))
    marked = {pin for n in words if (pin := _marked(atoms, n, taken=taken))}
    behind = {pin for each in pieces if (pin := _pin_at(atoms, each.stop, grouped=not runs))}
    for sort in (marked, behind, runs):
        if sort:
            return len(marked | behind | runs), next(iter(sort)) if len(sort) == 1 else None
    return 0, None


def _marked(atoms: list[Atom], word: int, *, taken: set[int]) -> str | None:
    """Return the PIN behind the word "PIN": the first digits after at most a few words ("my PIN is ...")."""
    for place in range(word + 1, min(word + 2 + _WORDS_BEFORE_A_MARKED_PIN, len(atoms))):
        if place not in taken and atoms[place][0].isdecimal():
            return _pin_at(atoms, place, grouped=True)
    return None


def _pin_at(atoms: list[Atom], place: int, *, grouped: bool) -> str | None:
    if place >= len(atoms):
        return None
    if _is_pin(atoms[place][0]):
        return atoms[place][0]
    return _group_at(atoms, place) if grouped else None


def _group_at(atoms: list[Atom], place: int) -> str | None:
    """Return a PIN in groups, each parted from the next by one space or hyphen."""
    digits = ""
    for atom, gap in atoms[place : place + _LONGEST_PIN]:
        if not atom.isdecimal():
            break
        digits += atom
        if gap not in (" ", "-"):
            break
    return digits if _is_pin(digits) else None
