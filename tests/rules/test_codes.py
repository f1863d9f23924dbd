"""References and reply codes: nothing mistyped is taken for another one."""

import random
from collections import Counter
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contactpoints.rules.codes import (
    ALPHABET,
    check_character,
    is_reply_code,
    new_reference,
    new_reply_code,
    new_token,
    read_reference,
)
from contactpoints.rules.replies import read_reply

ENTROPY = st.binary(min_size=16, max_size=16)


def drawn(seed: int, count: int) -> list[bytes]:
    source = random.Random(seed)
    return [source.randbytes(16) for _ in range(count)]


def test_the_alphabet_has_31_signs_that_cannot_be_misread() -> None:
    assert len(ALPHABET) == len(set(ALPHABET)) == 31
    assert not set("01ILO") & set(ALPHABET)
    assert "".join(sorted(ALPHABET)) == ALPHABET


def test_codes_are_the_same_for_ever() -> None:
    assert new_reference(bytes(range(16))) == "37RU-WA5W"
    assert new_reply_code(bytes(range(16))) == "N8NW4NM"
    assert new_token(bytes(range(16))) == "PT7T4RX84JB4TFSR"


@pytest.mark.parametrize("entropy", drawn(1, 12))
def test_every_single_wrong_sign_in_a_reply_code_is_found(entropy: bytes) -> None:
    code = new_reply_code(entropy)
    wrong = [code[:place] + sign + code[place + 1 :] for place in range(7) for sign in ALPHABET if sign != code[place]]
    assert len(wrong) == 210
    assert not any(is_reply_code(each) for each in wrong)


@pytest.mark.parametrize("entropy", drawn(2, 12))
def test_every_single_wrong_sign_in_a_reference_is_found(entropy: bytes) -> None:
    plain = new_reference(entropy).replace("-", "")
    wrong = [plain[:n] + sign + plain[n + 1 :] for n in range(8) for sign in ALPHABET if sign != plain[n]]
    assert not any(read_reference(each) for each in wrong)


def swapped(text: str, pair: tuple[int, int]) -> str:
    signs = list(text)
    first, second = pair
    signs[first], signs[second] = signs[second], signs[first]
    return "".join(signs)


@pytest.mark.parametrize("length", [7, 8])
def test_every_swap_of_two_different_signs_changes_the_check_whatever_else_stands_there(length: int) -> None:
    filler = "2A" * 4
    for pair in combinations(range(length), 2):
        for one, other in combinations(ALPHABET, 2):
            signs = list(filler[:length])
            signs[pair[0]], signs[pair[1]] = one, other
            text = "".join(signs)
            residue = ALPHABET.index(check_character(text))
            assert residue != ALPHABET.index(check_character(swapped(text, pair)))


@given(ENTROPY)
@settings(deadline=None, max_examples=200)
def test_no_swap_of_two_signs_of_a_given_code_is_a_code(entropy: bytes) -> None:
    code, plain = new_reply_code(entropy), new_reference(entropy).replace("-", "")
    swaps = {swapped(code, pair) for pair in combinations(range(7), 2)} - {code}
    assert not any(is_reply_code(each) for each in swaps)
    swaps = {swapped(plain, pair) for pair in combinations(range(8), 2)} - {plain}
    assert not any(read_reference(each) for each in swaps)


@given(ENTROPY)
@settings(deadline=None, max_examples=300)
def test_a_new_code_is_read_back_and_mixes_digits_and_letters(entropy: bytes) -> None:
    code, reference = new_reply_code(entropy), new_reference(entropy)
    assert is_reply_code(code)
    assert read_reference(reference) == reference
    for text in (code, reference.replace("-", "")):
        assert set(text) <= set(ALPHABET)
        assert any(sign.isdigit() for sign in text)
        assert any(sign.isalpha() for sign in text)


@pytest.mark.parametrize("entropy", [b"\x00" * 16, b"\xff" * 16, b"\x00" * 15 + b"\x01"])
def test_poor_entropy_still_gives_a_lawful_code(entropy: bytes) -> None:
    assert is_reply_code(new_reply_code(entropy))
    assert read_reference(new_reference(entropy))


def test_codes_are_spread_evenly_and_hardly_ever_meet() -> None:
    codes = [new_reply_code(entropy) for entropy in drawn(3, 20_000)]
    assert len(set(codes)) > 19_995
    for place in range(6):
        counts = Counter(code[place] for code in codes)
        digits = sum(counts[sign] for sign in "23456789") / len(codes)
        # Without the all-letter texts digits are a little more frequent than 8 of 31.
        assert 0.28 < digits < 0.35
        letters = [counts[sign] for sign in ALPHABET[8:]]
        assert max(letters) < 1.35 * min(letters)
    checks = Counter(code[6] for code in codes)
    assert set(checks) == set(ALPHABET)
    assert max(checks.values()) < 1.35 * min(checks.values())


@pytest.mark.parametrize(
    "typed",
    [
        pytest.param("{}", id="as it was sent"),
        pytest.param(" {} ", id="with spaces around"),
        pytest.param("{}\r\n", id="with a line end"),
    ],
)
def test_a_reference_is_read_however_it_is_typed(typed: str) -> None:
    reference = new_reference(b"sixteen bytes ok")
    plain = reference.replace("-", "")
    for written in (reference, reference.lower(), plain, reference.replace("-", " "), reference.replace("-", "\u2013")):
        assert read_reference(typed.format(written)) == reference
    wide = "".join(chr(ord(sign) + 0xFEE0) for sign in plain)
    assert read_reference(wide) == reference


@given(st.text(max_size=60))
@settings(deadline=None, max_examples=300)
def test_whatever_is_read_as_a_reference_is_a_lawful_one(text: str) -> None:
    found = read_reference(text)
    assert found is None or read_reference(found) == found
    assert not (is_reply_code(text) and found)


@pytest.mark.parametrize("text", ["", "2", "2345678", "PRESENT", "ABCDEFG", "k4m7q2p", "2" * 7, "A" * 7, "2A" * 1000])
def test_what_never_is_a_reply_code(text: str) -> None:
    assert not is_reply_code(text)


def test_all_digit_and_all_letter_texts_are_no_codes_even_with_a_right_check_sign() -> None:
    for body in ("234567", "ABCDEF", "RECEVE"):
        assert not is_reply_code(body + check_character(body))
    for body in ("2345678", "ABCDEFG"):
        assert read_reference(body + check_character(body)) is None


@pytest.mark.parametrize(
    ("unlucky", "made"),
    [
        # Either was once given out, and was no code to the reader of replies with a hyphen behind its first part.
        pytest.param(b"L\x02\x86-\xb6\x97M\xe6~\x81H\xbfy\xa8\x18\x00", "BY223BQ", id="a word around codes"),
        pytest.param(b"\xe6\x84\xe6\xf0B\x04\x82\xcew\xfb\xc1n_R\xc4\x00", "J724235", id="six digits, like a PIN"),
    ],
)
def test_no_reply_code_begins_or_ends_with_what_a_reader_takes_for_something_else(unlucky: bytes, made: str) -> None:
    assert is_reply_code(made)
    code = new_reply_code(unlucky)
    assert is_reply_code(code)
    assert code != made
    assert (
        read_reply(f"{code[0]}-{code[1:]} 000000").codes == read_reply(f"{code[:2]}-{code[2:]} 000000").codes == (code,)
    )
