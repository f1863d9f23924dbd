"""Telling on which legal basis one Party may ask another."""

from datetime import date
from typing import Any

from contactpoints.rules import legal_basis as rules
from contactpoints.rules.refusals import Invalid, no_party
from contactpoints.store.database import Database
from contactpoints.store.legal_basis import bonds
from schemas.faults import Fault
from schemas.legal_basis import LegalBasisQuery


async def legal_basis(db: Database, *, asked: LegalBasisQuery, today: date) -> dict[str, Any]:
    """Return on what a request may rest, on the day that is asked for or ``today`` (UTC).

    Raises `Invalid` for Parties that are not in the directory.
    """
    named = {"/query/from": asked.asking, "/query/to": asked.asked}
    async with db.session() as session:
        known = await bonds(session, list(named.values()))
    faults = [Fault(place, "unknown", no_party(code)) for place, code in named.items() if code not in known]
    if faults:
        raise Invalid(faults)
    on = asked.on or today
    requested = known[asked.asked].of(asked.territory)
    told = rules.legal_basis(known[asked.asking], requested, kind=asked.kind, on=on)
    heading = {"requesting_party": asked.asking, "requested_party": asked.asked, "territory": asked.territory}
    return heading | {"kind": asked.kind, "on": on.isoformat()} | rules.write(told)
