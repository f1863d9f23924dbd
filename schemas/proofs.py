"""Proofs of addresses as they cross the wall: a code that came back, read out to whoever keeps the channel."""

from typing import Annotated

from pydantic import StringConstraints

from schemas.faults import form
from schemas.fields import Shape

_CODE = form("^[0-9A-Za-z -]{3,20}$", "must be the code that was sent, as in K7QPM3X")
Code = Annotated[str, StringConstraints(pattern=_CODE)]


class Confirmation(Shape):
    """The code that came to the channel's address, as its owner tells it."""

    code: Code


CONFIRMATION_EXAMPLES = {"what the officer read out": {"code": "K7QPM3X"}}
