"""References, reply codes and page tokens: signs that cannot be misread, and a check that finds a typing error.

The alphabet has 31 signs, a prime, and neither 0, 1, I, L nor O. The check sign makes the weighted sum of all signs a
multiple of 31; the weights differ from each other and from zero, so every single wrong sign and every swap of two
signs is found.
"""

ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
_VALUE = {sign: place for place, sign in enumerate(ALPHABET)}
_SIGNS = len(ALPHABET)
REFERENCE_LENGTH = 8
REPLY_CODE_LENGTH = 7
_TOKEN_LENGTH = 16


def check_character(text: str) -> str:
    """Return the check sign for ``text``, at most 28 signs of the alphabet."""
    total = sum((place + 2) * _VALUE[sign] for place, sign in enumerate(reversed(text)))
    return ALPHABET[-total % _SIGNS]


def _holds(text: str) -> bool:
    return all(sign in _VALUE for sign in text) and check_character(text[:-1]) == text[-1]


def _draw(entropy: bytes, length: int) -> str:
    number = int.from_bytes(entropy, "big")
    signs = []
    for _ in range(length):
        number, place = divmod(number, _SIGNS)
        signs.append(ALPHABET[place])
    return "".join(signs)


def new_reference(entropy: bytes) -> str:
    """Return an alert's reference ``XXXX-XXXX`` from 16 random bytes. It is no secret."""
    drawn = _draw(entropy, REFERENCE_LENGTH - 1)
    whole = drawn + check_character(drawn)
    return f"{whole[:4]}-{whole[4:]}"


def read_reference(text: str) -> str | None:
    """Return the reference in ``text``, forgiving case, spaces and hyphens; None when it is none."""
    plain = text.upper().replace("-", "").replace(" ", "")
    if len(plain) != REFERENCE_LENGTH or not _holds(plain):
        return None
    return f"{plain[:4]}-{plain[4:]}"


def new_reply_code(entropy: bytes) -> str:
    """Return a reply code of 7 signs from 16 random bytes; it is never all digits, so it is no PIN."""
    drawn = _draw(entropy, REPLY_CODE_LENGTH - 1)
    if drawn.isdigit():
        drawn = drawn[:-1] + ALPHABET[8 + entropy[0] % (_SIGNS - 8)]
    return drawn + check_character(drawn)


def is_reply_code(text: str) -> bool:
    """Say whether ``text`` could be a reply code: length, alphabet, check sign, at least one letter."""
    return len(text) == REPLY_CODE_LENGTH and not text.isdigit() and _holds(text)


def new_token(entropy: bytes) -> str:
    """Return a page token of 16 signs, 79 bits, from 16 random bytes. It opens a page and acknowledges nothing."""
    return _draw(entropy, _TOKEN_LENGTH)
