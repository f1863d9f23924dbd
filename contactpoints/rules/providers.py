"""Where the providers that a request names have their seats, so that whoever asks the wrong Party hears it in time."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import TypeAlias

from contactpoints.rules.alerts import Caution
from contactpoints.rules.folding import words
from schemas.particulars import EmergencyDisclosure, Particulars, Preservation


@dataclass(frozen=True, slots=True)
class Seat:
    """In which Party a provider has its seat from the day ``since`` (None: always) until before ``until``."""

    party: str
    since: date | None = None
    until: date | None = None

    def counts(self, on: date) -> bool:
        """Say whether the seat is there on a day."""
        return (self.since is None or self.since <= on) and (self.until is None or on < self.until)


Seats: TypeAlias = Mapping[tuple[str, ...], tuple[Seat, ...]]
"""The folded words of a provider's name -> its seats."""


def seats_of(named: Iterable[tuple[str, Seat]]) -> Seats:
    """Return the register of names with their seats; a name of which no word is left is passed over."""
    found: dict[tuple[str, ...], tuple[Seat, ...]] = {}
    for name, seat in named:
        folded = words(name)
        if folded:
            found[folded] = (*found.get(folded, ()), seat)
    return found


def elsewhere(request: Particulars | None, seats: Seats, *, party: str, on: date) -> tuple[Caution, ...]:
    """Return what to warn of where every provider named that is in the register has its seats in other Parties.

    The warning tells the seats, never the name, which is case data. ``on``: the day, in UTC.
    """
    if request is None or not seats:
        return ()
    known = [found for name in _named(request) if (found := _parties(seats.get(words(name), ()), on=on))]
    if not known or any(party in found for found in known):
        return ()
    told = ", ".join(sorted(set().union(*known)))
    warned = Caution("provider_elsewhere", f"seat of provider: {told}")
    return (warned,) if request.legal_reason is not None else (warned, _NOT_STATED)


_NOT_STATED = Caution(
    "reason_not_stated",
    "The request does not say why this Party is asked, and not that of the provider's seat. See legal_reason.",
)


def _named(request: Particulars) -> Iterator[str]:
    match request:
        case EmergencyDisclosure(providers=providers):
            yield from (each.name for each in providers)
        case Preservation(custodian=str() as custodian):
            yield custodian
        case _:
            pass


def _parties(seats: Iterable[Seat], *, on: date) -> set[str]:
    return {each.party for each in seats if each.counts(on)}
