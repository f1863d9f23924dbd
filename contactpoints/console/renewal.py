"""What an open page has already, so that whoever makes it anew is sent no part of it twice; see static/desk.js.

A part of a page that is long says what it was written from: ``<div id="rows" data-part data-holds="{{ mark }}">``. A
page that makes itself anew sends the marks that it has: ``Page-Holds: rows=mark, others=mark``. Where that is still the
mark, the part is sent empty, with ``data-same`` beside it, and the page leaves its own as it is. What changes too often
to be of the mark is a part of its own inside, which is sent all the same; inner parts that are not sent tell nothing
any more. Whoever sends no mark, or another one, is sent everything: a mark opens nothing.
"""

import hashlib
from collections.abc import Iterable

from starlette.requests import Request

from contactpoints.console.session import RENEWAL

HOLDS = "Page-Holds"
"""The header with the marks of the parts that an open page has."""
_LONGEST = 500


def held(request: Request, part: str) -> str:
    """Return the mark of a part that the page has which makes itself anew, "" where it has none."""
    told = request.headers.get(HOLDS, "") if RENEWAL in request.headers else ""
    pairs = (each.strip().partition("=") for each in told.split(",")) if len(told) <= _LONGEST else ()
    return next((mark for name, _, mark in pairs if name == part), "")


def mark_of(told: Iterable[str]) -> str:
    """Return the mark of what is written from such texts: the same in every process, another one for all others."""
    return hashlib.sha256("\0".join(told).encode()).hexdigest()[:32]
