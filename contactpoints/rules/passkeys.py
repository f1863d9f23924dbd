"""Passkeys: how many somebody may have, how long it may take to show one, and which one must stay."""

from collections.abc import Collection, Sized
from datetime import timedelta

from contactpoints.rules.refusals import Conflict, NotFound

CHALLENGE_LASTS = timedelta(minutes=5)
"""How long somebody may take from the button to the finger on the device."""
MOST = 20


def must_be_removable(number: int, passkeys: Collection[int], *, otherwise: bool) -> None:
    """Raise `NotFound`, or `Conflict` for the last way in; ``otherwise``: there is a password, or
    a provider by which this session began, with two factors: what was set for it once may open nothing.

    ``passkeys``: the numbers of all that the account has.
    """
    if number not in passkeys:
        raise NotFound("There is no such passkey.")
    if len(passkeys) == 1 and not otherwise:
        raise Conflict("This is the only way to sign in to the account: add another passkey first.")


def must_have_room(passkeys: Sized) -> None:
    """Raise `Conflict` where an account has as many passkeys as it may."""
    if len(passkeys) >= MOST:
        raise Conflict(f"An account has at most {MOST} passkeys: remove one first.")
