"""Searching by words: what is folded away, and which errors are forgiven."""

import itertools
import random
import string

import pytest

from contactpoints.rules.folding import HOW, Vocabulary, asked_terms, kept_terms, reason, words


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        pytest.param("Première LIGNE", ("premiere", "ligne"), id="accents and case"),
        pytest.param("Łódź, Ærø & Þingvellir", ("lodz", "aero", "thingvellir"), id="letters that NFKD leaves whole"),
        pytest.param("STRASSE Straße", ("strasse", "strasse"), id="sharp s"),
        pytest.param("İstanbul Diyarbak\u0131r", ("istanbul", "diyarbakir"), id="i with and without a dot"),
        pytest.param("\uff2e\uff23\uff22 \U0001d40d", ("ncb", "n"), id="wide and bold letters"),
        pytest.param("24/7 decision_maker", ("24", "7", "decision", "maker"), id="signs between words"),
        pytest.param("Αθήνα Киев", ("αθηνα", "киев"), id="Greek and Cyrillic"),
        pytest.param("警察庁 がい", ("警察", "察庁", "かい"), id="pairs where nobody writes spaces"),
        pytest.param("京", ("京",), id="one letter alone"),
        pytest.param("x" * 50, ("x" * 40,), id="a word without end"),
        pytest.param(" -- ", (), id="nothing"),
    ],
)
def test_words_are_folded(text: str, folded: tuple[str, ...]) -> None:
    assert words(text) == folded


@pytest.mark.parametrize(
    ("word", "found", "how"),
    [
        pytest.param("police", "police", "word", id="the word"),
        pytest.param("pol", "police", "beginning", id="its beginning"),
        pytest.param("po", "police", None, id="too little of it"),
        pytest.param("polce", "police", "typing_error", id="a letter is missing"),
        pytest.param("polwice", "police", "typing_error", id="a letter too many"),
        pytest.param("polise", "police", "typing_error", id="another letter"),
        pytest.param("poilce", "police", "typing_error", id="two letters changed places"),
        pytest.param("olice", "police", "typing_error", id="without the first letter"),
        pytest.param("policex", "police", "typing_error", id="a letter behind it"),
        pytest.param("poise", "police", None, id="two errors"),
        pytest.param("usa", "uso", None, id="a short word has to be right"),
        pytest.param("ntc", "ntcc", "beginning", id="a short word that begins a longer one"),
        pytest.param("nca", "nctc", None, id="nothing alike"),
    ],
)
def test_one_typing_error_is_forgiven(word: str, found: str, how: str | None) -> None:
    why = reason(word, {"name": f"Invented {found} desk"})
    assert (why and (why.how, why.field, why.found)) == (how and (how, "name", found))


def test_the_best_reason_is_told() -> None:
    why = reason("line", {"name": "Lines and lime", "function": "First line"})
    assert why is not None
    assert (why.how, why.field) == ("word", "function")


def test_many_are_judged_at_once_as_each_would_be_alone() -> None:
    dice = random.Random(9)
    made = ["".join(dice.choices("abc", k=dice.randint(2, 6))) for _ in range(200)]
    pairs = itertools.pairwise(made)
    named = {str(place): {"code": one, "name": f"{other} {one}x"} for place, (one, other) in enumerate(pairs)}
    for word in made:
        alone = {key: why for key, fields in named.items() if (why := reason(word, fields))}
        together = Vocabulary(named).reasons(word)
        assert {key: why.how for key, why in together.items()} == {key: why.how for key, why in alone.items()}


def _altered(word: str) -> set[str]:
    """Every word that is one typing error away."""
    letters = string.ascii_lowercase[:6]
    cuts = [(word[:place], word[place:]) for place in range(len(word) + 1)]
    return {
        *(a + b[1:] for a, b in cuts if b),
        *(a + letter + b for a, b in cuts for letter in letters),
        *(a + letter + b[1:] for a, b in cuts if b for letter in letters),
        *(a + b[1] + b[0] + b[2:] for a, b in cuts if len(b) > 1),
    }


def test_whatever_is_one_error_away_has_a_term_in_common_and_a_reason_and_nothing_else_has_a_reason() -> None:
    """Against all words that an independent list of errors makes, and random ones."""
    dice = random.Random(35)
    kept = ["".join(dice.choices("abcdef", k=dice.randint(3, 7))) for _ in range(60)]
    for found in kept:
        near = {each for each in _altered(found) if max(len(each), len(found)) >= 4} - {found}
        for word in near:
            why = reason(word, {"name": found})
            assert why is not None, (word, found)
            assert set(asked_terms(word)[2]) & set(kept_terms([found])), (word, found)
        for word in kept:
            why = reason(word, {"name": found})
            right = word == found or found.startswith(word) or word in near
            assert (why is not None) is right, (word, found)


def test_each_way_of_finding_holds_the_better_ones_and_every_reason_has_its_way() -> None:
    dice = random.Random(224)
    made = ["".join(dice.choices("abc", k=dice.randint(1, 6))) for _ in range(80)]
    for word, found in itertools.product(made, repeat=2):
        why = reason(word, {"name": found})
        ways = asked_terms(word)
        assert set(ways[0]) <= set(ways[1]) <= set(ways[2])
        if why is not None:
            assert set(ways[HOW.index(why.how)]) & set(kept_terms([found])), (word, found)
