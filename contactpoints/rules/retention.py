"""How long what was asked is kept: into which class an alert falls, when it is reviewed, how it may be prolonged."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from contactpoints.rules.alerts import misdirected, moment
from contactpoints.rules.refusals import Invalid
from schemas.faults import Fault
from schemas.requests import REQUEST_KINDS
from schemas.retention import RETENTION_CLASSES, RetentionClass

REVIEW = timedelta(days=30)
"""How long before the erasure both sides see what is due."""
ARRIVALS_KEPT = timedelta(days=400)
"""How long an arrival is kept that belongs to no alert: what strangers wrote, and the reports of gateways."""
LEFT_OPEN = timedelta(days=365)
"""After how long an alert that was acknowledged and never closed comes up for review."""
WAIT = timedelta(days=7)
"""How long nothing is erased after the clock jumped, or nobody looked: whoever sees it has so long to step in."""
_STEADY = timedelta(days=1)
_ONCE = timedelta(days=366)
_EVER = timedelta(days=3660)


def class_of(alert: Mapping[str, Any]) -> RetentionClass:
    """Return the class of an alert as it stands: its row, with kind, urgency, status, state and end reason."""
    if alert["status"] == "exercise":
        code = "exercise"
    elif misdirected(alert["state"], alert["end_reason"]):
        code = "misdirected"
    elif alert["urgency"] == "emergency":
        code = "emergency"
    else:
        code = REQUEST_KINDS[alert["kind"]].retention
    return RETENTION_CLASSES[code]


def erases_from(before: Mapping[str, Any] | None, now: datetime) -> datetime:
    """Return before when nothing is erased, from what was kept at the look before: ``looked_at`` and ``not_before``.

    An erasure cannot be taken back, and rests on what a clock says. Where more than a day lies between two looks,
    forwards or backwards, or there was none before, it waits.
    """
    if before is None or abs(now - before["looked_at"]) > _STEADY:
        return now + WAIT
    not_before: datetime = before["not_before"]
    return not_before


def must_be_bounded(until: datetime, *, before: datetime, ended_at: datetime) -> None:
    """Raise `Invalid` unless ``until`` is after ``before``, by 366 days at most and within ten years of the end."""
    latest = min(before + _ONCE, ended_at + _EVER)
    if until <= before:
        raise Invalid([Fault("/until", "too_early", f"must be later than {moment(before)}, when it ends now")])
    if until > latest:
        raise Invalid([Fault("/until", "too_late", f"may be {moment(latest)} at the latest; decide again by then")])


def written(alert: Mapping[str, Any], kept: Mapping[str, Any] | None, *, erasure: Any) -> dict[str, Any]:
    """Return `schemas.retention.RetentionOut` of an alert and its retention, which begins when it ends."""
    which = RETENTION_CLASSES[kept["class"]] if kept else class_of(alert)
    until = kept and kept["until"]
    held = kept["held"] if kept else {}
    return {
        "reference": alert["reference"],
        "class": which.code,
        "days": which.days,
        "meaning": which.meaning,
        "ended_at": moment(kept["ended_at"]) if kept else None,
        "review_from": moment(until - REVIEW) if until else None,
        "until": moment(until) if until else None,
        "let_go": sorted(kept["let_go"]) if kept else [],
        "holds": [{"by": side, **hold} for side, hold in sorted(held.items())],
        "erasure": erasure,
    }


_SAME = (
    *("reference", "state", "kind", "urgency", "status", "requesting_party", "requesting_authority"),
    *("requested_party", "case_reference"),
)


def written_due(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return `schemas.retention.RetentionDueOut` of an alert's row with its retention, if that has begun."""
    kept = row if row["until"] else None
    told = {name: row[name] for name in _SAME} | {"opened_at": moment(row["opened_at"])}
    return told | {"retention": written(row, kept, erasure=None)}
