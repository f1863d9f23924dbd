"""Handing an acknowledged alert over to a named officer of the contact point that was called."""

from schemas.fields import Id, Shape


class HandOver(Shape):
    """The officer who is to take the alert over: called at once by the own channels."""

    officer: Id
