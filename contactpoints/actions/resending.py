"""Sending a request anew that went to the wrong Party. It is the requester's act, and opens an alert as any other."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any

from contactpoints.actions.alerts import requested_by
from contactpoints.actions.particulars import kept, opened_request
from contactpoints.actions.proposing import Opened, open_or_propose
from contactpoints.actions.tools import Tools
from contactpoints.rules.access import Actor
from contactpoints.rules.alerts import misdirected, moment
from contactpoints.rules.refusals import AlreadyResent, Invalid, NotMisdirected
from contactpoints.store import alerts, intake, timeline
from contactpoints.store.database import Database, Row, Session
from contactpoints.store.intake import Entry, TakeIn
from schemas import timeline as facts
from schemas.alerts import OpenAlert, read_open_alert
from schemas.canonical import fingerprint
from schemas.faults import Fault
from schemas.resending import Resending


async def resend(
    db: Database,
    *,
    actor: Actor,
    reference: str,
    asked: Resending,
    once: str,
    now: datetime,
    take_in: TakeIn,
    tools: Tools,
    dated: bool = True,
) -> Opened:
    """Open an alert to another Party with what an earlier one asked, or propose it, as `open_or_propose` does.

    ``dated``: whoever asks has said when it was issued, and says the same again; else the same form may come twice.

    Raises `NotFound`, `Forbidden`, `NotMisdirected`, `AlreadyResent`, and what `open_or_propose` raises.
    """
    async with db.session() as session:
        row = await requested_by(session, actor=actor, reference=reference)
        found = await kept(session, row)
    if asked.requested_party == row["requested_party"]:
        raise Invalid([Fault("/requested_party", "same_party", "must be another Party than the first.")])
    if not misdirected(row["state"], row["end_reason"]):
        told = "Only what was closed as not_competent, or withdrawn as wrong_party, is sent anew."
        raise NotMisdirected(told, alert=row["reference"])
    body = asked.model_dump(mode="json", exclude=None if dated else {"issued_at"})
    made = await open_or_propose(
        db,
        actor=actor,
        command=_copied(row, opened_request(row, found, tools=tools)["particulars"], asked=asked),
        fingerprint=fingerprint({"resending_of": row["reference"], "body": body}),
        once=once,
        now=now,
        take_in=take_in,
        tools=tools,
        alone=partial(linked, first=row["reference"], now=now),
        resent_from=row["reference"],
    )
    return replace(made, told=made.told | {"resent_from": row["reference"]})


def _copied(row: Row, particulars: Mapping[str, Any], *, asked: Resending) -> OpenAlert:
    """Return the command that opens the new alert."""
    told = dict(particulars) | {"issued_at": moment(asked.issued_at), "legal_reason": asked.legal_reason}
    copied = {name: row[name] for name in ("kind", "status", "urgency", "case_reference")}
    body = copied | {
        "requested_party": asked.requested_party,
        "territory": asked.territory,
        "instrument": asked.instrument or row["instrument"],
        "notify": list(row["notify"]) or None,
        "request": told,
    }
    return read_open_alert(json.dumps(body).encode())[0]


async def linked(session: Session, entries: Sequence[Entry], *, first: str, now: datetime) -> list[Row]:
    """Take the new alert in, and write on both which the other is."""
    rows = await intake.take_in(session, entries)
    for entry, written in zip(entries, rows, strict=True):
        if written["id"] is None:
            continue
        before = await alerts.lock_by_reference(session, first)
        if before is None or before["resent_as"] is not None:
            raise AlreadyResent("This request was sent anew already.", alert=before and before["resent_as"])
        new = entry.new.reference
        await alerts.stand(session, before["id"], resent_as=new)
        await alerts.stand(session, written["id"], resent_from=first)
        noted = {before["id"]: ("to", new), written["id"]: ("from", first)}
        await timeline.append_all(
            session,
            {
                number: [(now, facts.Resent(direction="to" if way == "to" else "from", reference=other))]
                for number, (way, other) in noted.items()
            },
        )
    return rows
