"""Passwords: judged, hashed and checked, in a thread of their own: no sign-in keeps an acknowledgement waiting."""

from collections.abc import Collection
from functools import cache
from importlib.resources import files

from contactpoints.actions.access import HASHER, matches
from contactpoints.actions.tools import Tools
from contactpoints.rules.passwords import LEAST, MOST, fault_of, normal
from contactpoints.rules.refusals import Invalid
from contactpoints.store.sealing import peppered
from schemas.faults import Fault

_SAID = {
    "too_short": f"A password has at least {LEAST} characters; a sentence is easily kept in mind.",
    "too_long": f"A password has at most {MOST} characters.",
    "common": "Many people use this password, or it is guessed from who you are. Take another.",
}
# What is looked at where there is no account, so that the answer takes as long: the hash of no password.
_NOBODY = "$argon2id$v=19$m=19456,t=2,p=1$/UH3nsm1/h4s8P0Ewml6rw$1GiVEeGvjqjs8qeC4y7D2iUAcFyeeh8UjppNdkzobMw"


async def hash_password(password: str, *, about: Collection[str], tools: Tools) -> str:
    """Return a password as it is kept. Raises `Invalid` for one that is too short, too long or guessed first.

    ``about``: words that somebody who guesses would try for this account.
    """
    plain = normal(password)
    fault = fault_of(plain, common=_common(), about=("contactpoints", "contact point", "secretariat", *about))
    if fault:
        raise Invalid([Fault("/password", f"password_{fault}", _SAID[fault])])
    return await tools.threads.password(HASHER.hash, peppered(tools.pepper, plain))


async def is_right(hashed: str | None, password: str, *, tools: Tools) -> bool:
    """Say whether a hash is that of a password; without one it takes as long to say no."""
    mixed = peppered(tools.pepper, normal(password))
    return await tools.threads.password(matches, hashed or _NOBODY, mixed) and hashed is not None


@cache
def _common() -> frozenset[str]:
    lines = files("contactpoints").joinpath("data", "common_passwords.txt").read_text(encoding="utf-8").splitlines()
    return frozenset(line for line in lines if not line.startswith("#"))
