"""Notes on an alert: free words of either side, sealed as the particulars are, and read by whoever may read those."""

from typing import Annotated

from pydantic import Field, StringConstraints
from typing_extensions import TypedDict

from schemas.fields import Moment, Shape, Text
from schemas.retention import Side

MOST_SIGNS = 2000


class Note(Shape):
    """Something that both sides of an alert should know. It changes nothing, and is told nobody by a message."""

    text: Annotated[Text, StringConstraints(max_length=MOST_SIGNS)] = Field(repr=False)


class NoteOut(TypedDict):
    """A note on an alert. `by` is `key:12` or `account:7`, `person` the name of its person: told of one's own side."""

    number: int
    at: Moment
    side: Side
    party: str
    authority: str | None
    by: str | None
    person: str | None
    text: str


class NotePage(TypedDict):
    """A page of notes, the first first; `next_cursor` is null on the last page."""

    items: list[NoteOut]
    next_cursor: str | None
