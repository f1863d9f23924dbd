"""How fast a contact point acknowledges, by the local hour at which an alert comes.

What counts is the alert and not its acknowledgement: one that nobody there acknowledged took longer than any other,
whoever else took it.
"""

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from schemas.duty import HourBand

FEWEST = 5
"""Of fewer alerts no median is told: it would say more of one night than of the contact point."""
NEVER = float("inf")
"""The seconds that an alert took which nobody there acknowledged."""


def band(hour: int) -> HourBand:
    """Return to which part of a local day an hour belongs: see `schemas.duty.PromptnessOut`."""
    if 7 <= hour < 18:
        return "day"
    return "evening" if 18 <= hour < 22 else "night"


@dataclass(frozen=True, slots=True)
class Promptness:
    """How many alerts came, how many were acknowledged, and the median in seconds, if there is one.

    ``ninetieth_seconds``: in no more than that nine of ten were acknowledged, if so many were (nearest rank).
    """

    alerts: int = 0
    acknowledged: int = 0
    median_seconds: float | None = None
    ninetieth_seconds: float | None = None


NOTHING = Promptness()


@dataclass(frozen=True, slots=True)
class Answered:
    """An alert to a contact point: when it was opened, and when that first acknowledged it, if it did."""

    opened_at: datetime
    acknowledged_at: datetime | None


def promptness(alerts: Iterable[Answered], zone: str) -> Mapping[HourBand, Promptness]:
    """Return how fast alerts to a contact point in ``zone`` were acknowledged, by the hours that there were any in."""
    here, found = ZoneInfo(zone), dict[HourBand, list[float]]()
    for each in alerts:
        took = NEVER if each.acknowledged_at is None else (each.acknowledged_at - each.opened_at).total_seconds()
        found.setdefault(band(each.opened_at.astimezone(here).hour), []).append(took)
    return {hours: summed(took) for hours, took in found.items()}


def summed(every: Iterable[float]) -> Promptness:
    """Return what is told of alerts that took so many seconds each, infinitely many where nobody acknowledged."""
    took = sorted(every)
    if not took:
        return NOTHING
    acknowledged = bisect_left(took, NEVER)
    middle = (took[(len(took) - 1) // 2] + took[len(took) // 2]) / 2
    return Promptness(len(took), acknowledged, _known(middle, took), _known(took[(9 * len(took) - 1) // 10], took))


def _known(seconds: float, took: Sequence[float]) -> float | None:
    return round(seconds, 3) if len(took) >= FEWEST and seconds < NEVER else None
