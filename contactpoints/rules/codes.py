"""References, reply codes and page tokens: signs that cannot be misread, and a check that finds a typing error.

The alphabet has 31 signs, a prime, and neither 0, 1, I, L nor O. The check sign makes the weighted sum of all signs a
multiple of 31; the weights differ from each other and from zero, so every single wrong sign and every swap of two
signs is found.

References and reply codes always mix digits and letters: an all-digit one could be taken for a PIN or a telephone
number, and an all-letter one could be an ordinary word of somebody's language.

The codes by which an address is proven look the same and leave another rest, so that none can ever acknowledge.
"""

import hashlib
import unicodedata
from functools import lru_cache

ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
_VALUE = {sign: place for place, sign in enumerate(ALPHABET)}
_SIGNS = len(ALPHABET)
_DIGITS = 8
REFERENCE_LENGTH = 8
REPLY_CODE_LENGTH = 7
REST_OF_A_REPLY, REST_OF_A_PROOF = 0, 1
_TOKEN_LENGTH = 16
_MAIL_CODE_LENGTH = 5
_MOST_TYPED = 40


def check_character(text: str, *, rest: int = 0) -> str:
    """Return the check sign for ``text``, at most 29 signs of the alphabet; beyond that two weights would be equal.

    ``rest`` is what the weighted sum leaves when it is divided by 31. Raises `KeyError` for a sign that is not of the
    alphabet.
    """
    total = sum(weight * _VALUE[sign] for weight, sign in enumerate(reversed(text), 2))
    return ALPHABET[(rest - total) % _SIGNS]


def _rest(text: str, length: int) -> int | None:
    """Return what the weighted sum of ``length`` signs of the alphabet, digits and letters, leaves; None otherwise."""
    if len(text) != length:
        return None
    drawn = text[:-1]
    if drawn.isalpha() or drawn.isdecimal():
        return None
    total, weight = 0, length
    for sign in text:
        value = _VALUE.get(sign)
        if value is None:
            return None
        total += weight * value
        weight -= 1
    return total % _SIGNS


@lru_cache(maxsize=64)
def _mixed(length: int, *, digit: bool, letter: bool) -> int:
    """Return how many ways ``length`` further signs can end in a text that holds both a digit and a letter."""
    without_digit = 0 if digit else pow(_SIGNS - _DIGITS, length)
    without_letter = 0 if letter else pow(_DIGITS, length)
    without_either = 0 if digit or letter or length else 1
    return int(pow(_SIGNS, length)) - int(without_digit) - int(without_letter) + without_either


def _draw_mixed(entropy: bytes, length: int) -> str:
    """Return one of all mixed texts of ``length`` signs, each as likely as any other to within 2**-90."""
    place = int.from_bytes(entropy, "big") % _mixed(length, digit=False, letter=False)
    drawn = ""
    digit = letter = False
    for left in range(length - 1, -1, -1):
        after_digit = _mixed(left, digit=True, letter=letter)
        after_letter = _mixed(left, digit=digit, letter=True)
        if place < _DIGITS * after_digit:
            value, place = divmod(place, after_digit)
            digit = True
        else:
            value, place = divmod(place - _DIGITS * after_digit, after_letter)
            value += _DIGITS
            letter = True
        drawn += ALPHABET[value]
    return drawn


def new_reference(entropy: bytes) -> str:
    """Return an alert's reference ``XXXX-XXXX`` from 16 random bytes. It is no secret."""
    drawn = _draw_mixed(entropy, REFERENCE_LENGTH - 1)
    whole = drawn + check_character(drawn)
    return f"{whole[:4]}-{whole[4:]}"


def read_reference(text: str) -> str | None:
    """Return the reference in ``text``, forgiving case, spaces, dashes and full-width signs; None when it is none."""
    if len(text) > _MOST_TYPED:
        return None
    folded = unicodedata.normalize("NFKC", text).upper()
    plain = "".join(sign for sign in folded if unicodedata.category(sign) not in ("Pd", "Zs", "Cf", "Cc"))
    return f"{plain[:4]}-{plain[4:]}" if _rest(plain, REFERENCE_LENGTH) == 0 else None


# What people write around a code. Beside a hyphen, such a word at either end of one would be taken for no part of it,
# and so would six digits, which could be a PIN.
_WORDS = ("ACK", "REF", "YES", "AND", "UTC", "BY", "MY")


def new_reply_code(entropy: bytes) -> str:
    """Return a reply code of 7 signs from 16 random bytes; it is never all digits, so it is no PIN."""
    return _new_code(entropy, rest=REST_OF_A_REPLY)


def new_proof_code(entropy: bytes) -> str:
    """Return a code of 7 signs by which an address is proven; no such code is ever a reply code, nor the reverse."""
    return _new_code(entropy, rest=REST_OF_A_PROOF)


def _new_code(entropy: bytes, *, rest: int) -> str:
    while True:
        drawn = _draw_mixed(entropy, REPLY_CODE_LENGTH - 1)
        code = drawn + check_character(drawn, rest=rest)
        like_a_pin = code[1:].isdecimal() or code[:-1].isdecimal()
        if not like_a_pin and not code.startswith(_WORDS) and not code.endswith(_WORDS):
            return code
        entropy = hashlib.sha256(entropy).digest()[:16]


def is_reply_code(text: str) -> bool:
    """Say whether ``text`` could be a reply code, in capitals and without spaces."""
    return code_rest(text) == REST_OF_A_REPLY


def code_rest(text: str) -> int | None:
    """Return what tells reply codes and proof codes apart, in capitals and without spaces; None for what is neither."""
    rest = _rest(text, REPLY_CODE_LENGTH)
    return rest if rest in (REST_OF_A_REPLY, REST_OF_A_PROOF) else None


def new_token(entropy: bytes) -> str:
    """Return a page token of 16 signs, 79 bits, from 16 random bytes. It opens a page and acknowledges nothing."""
    number = int.from_bytes(entropy, "big")
    signs = []
    for _ in range(_TOKEN_LENGTH):
        number, place = divmod(number, _SIGNS)
        signs.append(ALPHABET[place])
    return "".join(signs)


def mail_code(token: str) -> str:
    """Return the 5 signs that stand in the mail beside a one-time link; always the same for the same token.

    No secret of its own: it shows that somebody has read the mail, which a machine that presses every button has not.
    """
    drawn = _draw_mixed(hashlib.sha256(f"mail code {token}".encode()).digest()[:16], _MAIL_CODE_LENGTH - 1)
    return drawn + check_character(drawn)
