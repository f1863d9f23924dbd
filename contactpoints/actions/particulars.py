"""What is sealed of an alert by its own data key: the particulars, and the note with which it was closed."""

import logging
from typing import Any

from contactpoints.actions.tools import Tools
from contactpoints.rules.alerts import moment
from contactpoints.rules.refusals import Erased, Unavailable
from contactpoints.store import particulars, timeline
from contactpoints.store.database import Row, Session
from contactpoints.store.sealing import DataKey, Unsealable, note_place, request_place
from schemas.requests import REQUEST_KINDS

_log = logging.getLogger(__name__)


async def kept(session: Session, row: Row) -> Row:
    """Return what is sealed of an alert, as `store.particulars` does. Raises `Erased` with the certificate."""
    found = await particulars.of_alert(session, row["id"])
    if found["wrapped"] is None:
        told = await erasure(session, row)
        if told is None:
            _log.error("alert %s has no data key in this copy of the database", row["reference"])
            away = "The data key of this alert is not in this copy of the database; nobody can open it."
            raise Erased(away, erasure=None)
        raise Erased("The particulars were erased when their retention ended; nobody can open them.", erasure=told)
    return found


async def erasure(session: Session, row: Row) -> dict[str, Any] | None:
    """Return the certificate of an alert's erasure as `schemas.retention.ErasureOut`; None where there was none."""
    fact = await timeline.fact(session, row["id"], code="erased")
    return fact and {"reference": row["reference"], "erased_at": moment(fact["at"]), **fact["data"]}


def opened_request(row: Row, found: Row, *, tools: Tools) -> dict[str, Any]:
    """Return the particulars of an alert in JSON values, with its kind and legal basis. Raises `Unavailable`."""
    kind = REQUEST_KINDS[row["kind"]]
    plain = _opened(found["sealed"], request_place(row["reference"]), row=row, key=_key(row, found, tools=tools))
    particulars = kind.particulars.model_validate_json(plain).model_dump(mode="json", exclude_none=True)
    return {
        "reference": row["reference"],
        "kind": row["kind"],
        "legal_basis": kind.legal_basis,
        "particulars": particulars,
    }


def opened_note(row: Row, found: Row, *, tools: Tools) -> str | None:
    """Return what a Party told the requester when it closed the alert, if it did. Raises `Unavailable`."""
    if found["note"] is None:
        return None
    key = _key(row, found, tools=tools)
    return _opened(found["note"], note_place(row["reference"]), row=row, key=key).decode()


async def keep_note(session: Session, row: Row, *, note: str, tools: Tools) -> None:
    """Keep such a note, sealed by the data key of its alert. Raises `Unavailable`."""
    key = _key(row, await kept(session, row), tools=tools)
    sealed = key.seal(note.encode(), place=note_place(row["reference"]))
    await particulars.keep_note(session, row["id"], sealed=sealed)


def seal_words(row: Row, found: Row, *, words: str, place: str, tools: Tools) -> bytes:
    """Return words sealed by the data key of an alert, ``found`` as `kept` tells. Raises `Unavailable`."""
    return _key(row, found, tools=tools).seal(words.encode(), place=place)


def open_words(row: Row, found: Row, *, sealed: bytes, place: str, tools: Tools) -> str:
    """Return what `seal_words` sealed. Raises `Unavailable`."""
    return _opened(sealed, place, row=row, key=_key(row, found, tools=tools)).decode()


def _key(row: Row, found: Row, *, tools: Tools) -> DataKey:
    try:
        return tools.keyring.unwrap(found["wrapped"], found["fingerprint"])
    except Unsealable as elsewhere:
        raise _closed(row, elsewhere) from None


def _opened(sealed: bytes, place: str, *, row: Row, key: DataKey) -> bytes:
    try:
        return key.open(sealed, place=place)
    except Unsealable as changed:
        raise _closed(row, changed) from None


def _closed(row: Row, why: Unsealable) -> Unavailable:
    _log.error("the request of alert %s stays closed: %s", row["reference"], why)
    return Unavailable("The particulars cannot be opened here just now; the operator has been told why.")
