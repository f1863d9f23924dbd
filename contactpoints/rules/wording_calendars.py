"""Why a calendar that is fetched is not in force as it stands outside, for a Party's administrators."""

from collections.abc import Mapping

from contactpoints.rules.phrasing import Catalogue, say
from schemas.words import msgid

TROUBLES: Mapping[str, str] = {
    "held_back": msgid("held back: what was fetched does not count, the shifts from before do"),
    "not_reached": msgid("the other side was not reached"),
    "not_answered": msgid("the other side answered with an error instead of a calendar"),
    "private_address": msgid("the name leads to an address that is not on the public Internet"),
    "not_https": msgid("the address is not one that begins with https"),
    "redirected": msgid("the other side points to another address: enter that one"),
    "certificate": msgid("the certificate of the other side is not valid"),
    "too_slow": msgid("the other side was too slow"),
    "too_large": msgid("the file is too large"),
    "packed": msgid("the other side sent the file packed, which is not read"),
    "sealed": msgid("the address kept here cannot be opened any more: enter it again"),
}


def trouble_of(words: Catalogue, trouble: str) -> str:
    """Return what keeps a calendar from being fetched and taken in; what is not known is told as not reached."""
    return say(words, TROUBLES.get(trouble, TROUBLES["not_reached"]))
