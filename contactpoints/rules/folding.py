"""Words folded, so that a search forgives accents, case and one typing error; and why an entry was found.

PostgreSQL does no folding here, so that no extension is needed: of each word of an entry `kept_terms` are written down,
and a search looks for the entries that have one of `asked_terms` for each of its words. A typing error is a letter too
many, too few or another, or two that changed places; it is forgiven in words of four letters and more. Two words that
are one error apart have a shortening by one letter in common, or one is a shortening of the other.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

PLAIN: Mapping[str, str] = {
    "ø": "o",
    "ł": "l",
    "đ": "d",
    "ð": "d",
    "þ": "th",
    "æ": "ae",
    "œ": "oe",
    "\u0131": "i",
    "ħ": "h",
    "ß": "ss",
}
"""What NFKD does not take apart, though a keyboard of another country has no key for it; in small letters.

PostgreSQL folds by it too, in `store.alert_lists`, and so do pages, in static/desk.js.
"""
_PLAIN = str.maketrans(dict(PLAIN))
# Thai, Lao, Burmese, Khmer, Japanese and Chinese put no spaces between words: there every pair of letters is a word.
_UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff"
_RUN = re.compile(rf"([{_UNSPACED}]+)|[^\W_{_UNSPACED}]+")
_LONGEST = 40
_BEGINNING = 3
_FORGIVING = 4


@lru_cache(maxsize=4096)
def words(text: str) -> tuple[str, ...]:
    """Return the words of a text, folded: no accents, no case, in their order, each cut at 40 letters."""
    found: list[str] = []
    for run in _RUN.finditer(folded(text)):
        if run[1] and len(run[1]) > 1:
            found += (run[1][place : place + 2] for place in range(len(run[1]) - 1))
        else:
            found.append(run[0][:_LONGEST])
    return tuple(found)


def folded(text: str) -> str:
    """Return a text without accents and case."""
    apart = unicodedata.normalize("NFKD", text)
    return "".join(letter for letter in apart if unicodedata.category(letter)[0] != "M").casefold().translate(_PLAIN)


def by_name(text: str) -> tuple[str, ...]:
    """Return by what a name is put in order: as it is looked for, without accents and case."""
    return (*words(text), text)


def kept_terms(texts: Iterable[str]) -> list[str]:
    """Return what is written down of an entry with these texts: ``word.``, its beginnings, ``~`` and a shortening."""
    terms: set[str] = set()
    for word in {word for text in texts for word in words(text)}:
        terms.update(_terms(word))
    return sorted(terms)


@lru_cache(maxsize=4096)
def _terms(word: str) -> tuple[str, ...]:
    beginnings = (word[:end] for end in range(_BEGINNING, len(word)))
    return (f"{word}.", *beginnings, *(f"~{each}" for each in _shortened(word)))


def asked_terms(word: str) -> tuple[list[str], list[str], list[str]]:
    """Return three lists of terms, one of which an entry has that has the word; one that it begins; one with an error.

    Each list holds the one before it. What the last one finds may be further from the word than one error.
    """
    whole = [f"{word}."]
    begun = [*whole, word] if len(word) >= _BEGINNING else whole
    shortened = _shortened(word)
    erring = [*begun, f"~{word}", *(f"{each}." for each in shortened), *(f"~{each}" for each in shortened)]
    return whole, begun, erring


def _shortened(word: str) -> list[str]:
    if len(word) < _FORGIVING:
        return []
    return sorted({word[:place] + word[place + 1 :] for place in range(len(word))})


HOW = ("word", "beginning", "typing_error")
"""How a word was found, the best first."""


@dataclass(frozen=True, slots=True)
class Reason:
    """Why an entry was found: the word asked for, in which field, how, and as which word there."""

    word: str
    field: str
    how: str
    found: str


def reason(word: str, fields: Mapping[str, str]) -> Reason | None:
    """Return the best reason why an entry with these fields answers a folded word; None where it does not."""
    best: Reason | None = None
    for field, text in fields.items():
        for found in words(text):
            how = _how(word, found)
            if how == HOW[0]:
                return Reason(word, field, how, found)
            if how and (best is None or HOW.index(how) < HOW.index(best.how)):
                best = Reason(word, field, how, found)
    return best


class Vocabulary:
    """What is named by few, such as Parties, with the words of its fields: asked at once for all that a word names."""

    def __init__(self, named: Mapping[str, Mapping[str, str]]) -> None:
        """``named``: the fields of each key."""
        self.named = named
        places: dict[str, list[tuple[str, str]]] = {}
        for key, fields in named.items():
            for field, text in fields.items():
                for found in words(text):
                    places.setdefault(found, []).append((key, field))
        self._places = list(places.items())
        self._first: dict[str, list[int]] = {}
        self._last: dict[str, list[int]] = {}
        for number, (found, _) in enumerate(self._places):
            self._first.setdefault(found[0], []).append(number)
            self._last.setdefault(found[-1], []).append(number)

    def reasons(self, word: str) -> dict[str, Reason]:
        """Return `reason` for all keys that answer a folded word."""
        best: dict[str, Reason] = {}
        # Whatever answers a word has its first letter or its last one: see `_how`.
        for number in sorted({*self._first.get(word[0], ()), *self._last.get(word[-1], ())}):
            found, where = self._places[number]
            how = _how(word, found)
            if how is None:
                continue
            for key, field in where:
                if key not in best or HOW.index(how) < HOW.index(best[key].how):
                    best[key] = Reason(word, field, how, found)
        return best


def _how(word: str, found: str) -> str | None:
    if word == found:
        return "word"
    if len(word) >= _BEGINNING and found.startswith(word):
        return "beginning"
    # One error leaves the first letter alone or the last one.
    if (word[0] != found[0] and word[-1] != found[-1]) or max(len(word), len(found)) < _FORGIVING:
        return None
    return "typing_error" if _one_error_apart(word, found) else None


def _one_error_apart(one: str, other: str) -> bool:
    if abs(len(one) - len(other)) > 1:
        return False
    place = next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    here, there = one[place:], other[place:]
    return (
        here[1:] == there[1:]
        or here[1:] == there
        or here == there[1:]
        or (here[:2] == there[:2][::-1] and here[2:] == there[2:])
    )
