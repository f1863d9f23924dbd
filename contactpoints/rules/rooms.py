"""How much somebody may send, and how long it may take: one table for everything that comes in."""

import re
from dataclasses import dataclass

from contactpoints.rules.calendar_lines import MOST_BYTES as CALENDAR
from schemas.exchange import MOST_BYTES as FILE
from schemas.reading import MOST_BYTES as USUAL

LONGEST_URL = 8_192
LONGEST_HEAD = 32_768
"""Bytes of an address, and of all header fields."""
LONGEST_KEPT = 4 * USUAL
"""Bytes of a form that is given back to whoever asked for too much: as long as any has that is no file."""


@dataclass(frozen=True, slots=True)
class Room:
    """At most so many bytes of a body, and so many seconds until the last one is here."""

    most: int
    seconds: float


_ROOMS: tuple[tuple[re.Pattern[str], Room], ...] = (
    (re.compile("/v1/import"), Room(FILE, 300)),
    (re.compile("/v1/calendars/[^/]+/import"), Room(CALENDAR, 60)),
    # A request as it is written: what is not Latin takes three signs for each byte in a form.
    (re.compile("/trigger/drafts(/.*)?"), Room(4 * USUAL, 60)),
    # Beside a file a form may hold the one before, packed.
    (re.compile("/directory/import"), Room(2 * FILE + USUAL, 300)),
    (re.compile("/directory/.*"), Room(USUAL, 20)),
    # In a form a sign may take three.
    (re.compile("/rosters/[^/]+/calendars/import"), Room(3 * CALENDAR, 60)),
    (re.compile("/(v1|hooks|rehearsal/replies)(/.*)?"), Room(USUAL, 20)),
)
_FORM = Room(16_384, 20)
"""What a form of a page takes, and whatever else there is."""


def room_of(path: str) -> Room:
    """Return how much may come to an address."""
    return next((room for pattern, room in _ROOMS if pattern.fullmatch(path)), _FORM)
