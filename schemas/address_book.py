"""What is asked for when the directory is printed."""

from typing import Annotated

from pydantic import StringConstraints

from schemas.fields import PartyCode, Shape


class AddressBook(Shape):
    """All contact points or those of one Party; with a password the file opens with it alone."""

    party: PartyCode | None = None
    password: Annotated[str, StringConstraints(min_length=12, max_length=100)] | None = None
