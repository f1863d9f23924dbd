"""The alphabet of the SMS: what counts once, what twice, and what becomes of everything else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contactpoints.rules.gsm7 import fold, septets


@pytest.mark.parametrize(
    ("text", "count"),
    [
        pytest.param("", 0, id="nothing"),
        pytest.param("24/7 network", 12, id="plain words"),
        pytest.param("@£$¥èéùìòÇ\nØø\rÅå", 16, id="the first sixteen signs of the standard's table"),
        pytest.param("ΔΦΓΛΩΠΨΣΘΞ", 10, id="the Greek capitals that the table has"),
        pytest.param("ÄÖÑÜ§¿äöñüà", 11, id="the letters behind Z and z"),
        pytest.param("^{}\\[~]|€\f", 20, id="signs of the extension table take an escape each"),
        pytest.param("https://x.example/~a", 21, id="a tilde in a link counts twice"),
        pytest.param("a" * 160, 160, id="a full SMS"),
    ],
)
def test_septets_are_counted_as_the_standard_does(text: str, count: int) -> None:
    assert septets(text) == count


@pytest.mark.parametrize("sign", ["ç", "ê", "í", "Á", "`", "’", "\u00a0", "\t", "Ж", "ა", "😀"])  # noqa: RUF001
def test_a_sign_outside_the_alphabet_is_refused_and_not_counted(sign: str) -> None:
    with pytest.raises(ValueError, match="outside"):
        septets(sign)


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        pytest.param("àéèùñ¿¡ÑÉÇ", "àéèùñ¿¡ÑÉÇ", id="letters that the alphabet has stay"),
        pytest.param("âêîôûëïçœ", "aeiouëicoe".replace("ë", "e"), id="French letters that it lacks"),
        pytest.param("áíóúÁÍÓÚ nº 1ª", "aiouAIOU no 1a", id="Spanish letters that it lacks"),
        pytest.param("e\u0301 c\u0327", "é c", id="letters written as two signs"),
        pytest.param("İstanbul ığşĞ", "Istanbul igsG", id="Turkish"),
        pytest.param("Łódź đ Ð þ", "Lodz d D th", id="letters with a stroke have no accent to drop"),
        pytest.param("Ελλάδα άΩ", "EΛΛAΔA AΩ", id="Greek becomes the capitals of the table"),
        pytest.param("ЖЫ", "??", id="Cyrillic cannot be said"),
        pytest.param("საქართველო", "??????????", id="nor Georgian"),
        pytest.param("👩‍🚒!", "??!", id="an emoji is a question mark for each picture in it"),
        pytest.param("“x” ‘y’ «z» – — … •", '"x" \'y\' "z" - - ... -', id="punctuation"),  # noqa: RUF001
        pytest.param("a\u00a0b\u202fc\td", "a b c d", id="spaces"),
        pytest.param("a\u200bb\ufeff", "ab", id="invisible signs vanish"),
        pytest.param("10 € [~]", "10 € [~]", id="the extension table stays"),
    ],
)
def test_folding_keeps_what_can_be_read(text: str, folded: str) -> None:
    assert fold(text) == folded


@given(st.text(max_size=60))
def test_whatever_is_folded_can_be_counted_and_stays_as_it_is(text: str) -> None:
    folded = fold(text)
    assert septets(folded) >= len(folded)
    assert fold(folded) == folded
