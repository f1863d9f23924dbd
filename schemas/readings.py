"""Readings of the particulars of an alert, as those are told of them who may read them too."""

from typing import Literal

from typing_extensions import TypedDict

from schemas.fields import Moment
from schemas.retention import Side

WayOfReading = Literal["api", "export", "print", "page"]
"""``page``: an officer by the PIN, on the page behind the link. The others say what a machine reads them for: to show
them (``api``), to write them into a file, or onto paper."""


class ReadingOut(TypedDict):
    """Who read the particulars, when and by which way.

    `page` is an officer's page, with the PIN; `api`, `export` and `print` are what a machine said it reads them for.
    `by` is `key:12`, `account:7` or `officer:5`, `person` the name of an account's person, `address` from where it
    came: told of one's own side, and to auditors. `line` is that of an officer's post; `contact_point` names whose line
    it is where that is not the one that was asked: a back-up's, or the secretariat's.
    """

    number: int
    at: Moment
    side: Side
    way: WayOfReading
    party: str
    authority: str | None
    line: str | None
    contact_point: str | None
    by: str | None
    person: str | None
    address: str | None


class ReadingPage(TypedDict):
    """A page of readings, the first first; `next_cursor` is null on the last page."""

    items: list[ReadingOut]
    next_cursor: str | None
