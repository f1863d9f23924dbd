"""What a search of the directory asks and answers: what was found, and why."""

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field
from typing_extensions import TypedDict

from schemas.fields import Shape, ShortLine

MOST = 50


def _number(text: object) -> object:
    return int(text) if isinstance(text, str) and text.isascii() and text.isdecimal() and len(text) < 5 else text


class SearchQuery(Shape):
    """What is searched for, and how many are told at most."""

    q: ShortLine
    limit: Annotated[int, BeforeValidator(_number), Field(ge=1, le=MOST)] = 20


class WhyFoundOut(TypedDict):
    """Why something was found: the word asked for, folded; the field; how; and the word that stands there, folded."""

    word: str
    field: str
    how: Literal["word", "beginning", "typing_error"]
    found: str


class FoundOut(TypedDict):
    """A Party by its code, or a contact point, duty post or officer by its number; `fields` are its words."""

    kind: Literal["parties", "contact_points", "posts", "officers"]
    key: str
    party: str | None
    contact_point_id: int | None
    fields: dict[str, str]
    reasons: list[WhyFoundOut]


class FoundList(TypedDict):
    """What was found, the best first; `more` where there is more than that, so that more words are needed."""

    items: list[FoundOut]
    more: bool
