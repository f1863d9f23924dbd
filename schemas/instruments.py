"""The register of legal instruments that an alert may cite. Which Parties they bind, and since when, is data.

The codes are those of the memberships in the directory. A new instrument is one entry here.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Instrument:
    """A legal instrument: its code, what it is called and, for short, in a sentence, its citation, its text's place."""

    code: str
    short: str
    title: str
    citation: str
    source: str


def register(*instruments: Instrument) -> Mapping[str, Instrument]:
    """Return the instruments by their codes. Raises `ValueError` if two have the same code."""
    entries: dict[str, Instrument] = {}
    for instrument in instruments:
        if instrument.code in entries:
            raise ValueError(f"two instruments have the code {instrument.code}")
        entries[instrument.code] = instrument
    return MappingProxyType(entries)


INSTRUMENTS = register(
    Instrument(
        code="ets185",
        short="ETS 185",
        title="Convention on Cybercrime (Budapest Convention)",
        citation="ETS No. 185, Budapest, 23 November 2001",
        source="https://www.coe.int/en/web/conventions/full-list?module=treaty-detail&treatynum=185",
    ),
    Instrument(
        code="cets224",
        short="CETS 224",
        title="Second Additional Protocol to the Convention on Cybercrime",
        citation="CETS No. 224, Strasbourg, 12 May 2022",
        source="https://www.coe.int/en/web/conventions/full-list?module=treaty-detail&treatynum=224",
    ),
    Instrument(
        code="uncc",
        short="the UN Convention against Cybercrime",
        title="United Nations Convention against Cybercrime",
        citation="Annex to General Assembly resolution 79/243, 24 December 2024",
        source="https://docs.un.org/en/A/RES/79/243",
    ),
    Instrument(
        code="bilateral",
        short="a bilateral treaty",
        title="Bilateral treaty between the two Parties",
        citation="The treaty that the request names",
        source="The treaty series of either Party",
    ),
    Instrument(
        code="other",
        short="another instrument",
        title="Another instrument, or reciprocity",
        citation="The instrument that the request names",
        source="As the request says",
    ),
)
