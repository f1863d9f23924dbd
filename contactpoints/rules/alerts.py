"""Alerts: what is warned of when one opens, and how one is written for those outside."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from contactpoints.rules.calls import Directory, Gap, Skip, Taken, find_post
from contactpoints.rules.directory import ContactPoint, Post
from contactpoints.rules.escalation import Plan, Step, answer_by, planned
from contactpoints.rules.legal_basis import Basis, Bonds, Offer, basis_of, offers
from contactpoints.rules.refusals import Invalid
from contactpoints.rules.vouching import cautions
from contactpoints.rules.wording_news import Tried
from schemas.alerts import PreviewAlert
from schemas.faults import Fault
from schemas.fields import write_instant
from schemas.instruments import INSTRUMENTS
from schemas.requests import REQUEST_KINDS
from schemas.timeline import NOT_AS_PLANNED


@dataclass(frozen=True, slots=True)
class Caution:
    """Something the requester should know although the alert was opened."""

    code: str
    detail: str


@dataclass(frozen=True, slots=True)
class Opening:
    """What was decided about an alert at the instant it opened. ``begins``: later where it waits for working hours."""

    point: ContactPoint
    plan: Plan
    taken: Taken
    warnings: tuple[Caution, ...]
    resolved: Mapping[str, Any]
    begins: datetime


_FAST = timedelta(minutes=5)
"""By how much the clock of a requester may be fast."""


def legal_cautions(
    asking: Bonds, asked: Bonds, *, kind: str, instrument: str, on: date, stated: bool
) -> tuple[Caution, ...]:
    """Return what to warn of where the instrument that a request cites does not carry it, or carries it only so.

    ``on``: the day, in UTC. ``stated``: the request itself says on what else it rests (`legal_reason`).
    """
    basis = basis_of(asking, asked, kind=kind, instrument=instrument, on=on)
    if basis.usable == "yes":
        return tuple(Caution("declaration_applies", each.detail) for each in basis.conditions)
    found = []
    if basis.usable == "no":
        found.append(_not_carried(basis, offers(asking, asked, kind=kind, on=on)))
    elif "governing_instrument" in REQUEST_KINDS[kind].particulars.model_fields:
        stated = True
    if not stated:
        detail = "The request does not say on what it rests: the requested Party will ask. See legal_reason."
        found.append(Caution("reason_not_stated", detail))
    return tuple(found)


def _not_carried(basis: Basis, instead: Sequence[Offer]) -> Caution:
    why = " ".join(each.detail for each in basis.reasons)
    *known, last = instead
    ways = "; ".join(_way(each) for each in known)
    told = f"{why} The alert goes out all the same. {f'Instead: {ways}. ' if ways else ''}{last.detail}"
    code = basis.reasons[0].code
    return Caution(code if code in ("no_provision", "transfers_suspended") else "instrument_not_binding", told)


def _way(offer: Offer) -> str:
    kind = offer.kind or "spontaneous information, outside this network"
    return f"{kind} ({INSTRUMENTS[offer.instrument].short} Art. {', '.join(offer.articles)})"


def must_ask_another(own: str | None, command: PreviewAlert) -> None:
    """Raise `Invalid` where a Party asks itself: nobody is woken for that, but an exercise may go to one's own."""
    if command.requested_party == own and command.status == "actual":
        detail = "must be another Party than your own; an exercise may go to your own"
        raise Invalid([Fault("/requested_party", "own_party", detail)])


def warnings(
    legal: Iterable[Caution],
    *,
    taken: Taken,
    capability: str | None,
    now: datetime,
    waits_until: datetime | None = None,
    untold: bool = False,
    fallback: bool = True,
    ahead: timedelta = timedelta(0),
) -> tuple[Caution, ...]:
    """Return what to warn the requester of; ``legal``: see `legal_cautions`.

    ``waits_until``: when the first step is due that waits for working hours; None when it was taken at once.
    ``untold``: none of the requester's addresses can be written to. ``fallback``: see `NO_FALLBACK`.
    ``ahead``: by how much the request says that it was issued in the future.
    """
    found = list(legal)
    if capability == "cannot":
        found.append(Caution("kind_not_executed", "The contact point says that it cannot deal with this kind."))
    if ahead > _FAST:
        # An emergency is not turned away because a clock is wrong.
        detail = "The request says that it was issued in the future; check the clock and the offset from UTC."
        found.append(Caution("issued_in_the_future", detail))
    found += [_of_skip(skip) for skip in taken.skipped]
    found += dict.fromkeys(_of_gap(gap, taken.step) for gap in taken.gaps)
    found += [Caution(*each) for each in cautions(taken.calls, step=taken.step, now=now)]
    if not fallback:
        found.append(NO_FALLBACK)
    if waits_until is not None:
        detail = f"The contact point is not at work; nobody is called before {write_instant(waits_until)}."
        found.append(Caution("outside_working_hours", detail))
    elif taken.step is None:
        found.append(Caution("nobody_reached", "No step could call anybody; the chain starts again by itself."))
    if untold:
        detail = "No address of yours can be written to: follow the alert over the API."
        found.append(Caution("requester_not_told", detail))
    return tuple(found)


def _of_skip(skip: Skip) -> Caution:
    lines = " and ".join(line.replace("_", " ") for line in skip.lines) or "the post"
    empty = skip.reason == "nobody_on_duty"
    why = "nobody is on duty" if empty else "nobody could be called"
    detail = f"Step {skip.step}: {why} at {lines}; the next step was taken at once."
    return Caution(skip.reason if empty else NOT_AS_PLANNED, detail)


def _of_gap(gap: Gap, step: int | None) -> Caution:
    line = gap.post.line.replace("_", " ")
    if gap.reason == "nobody_on_duty":
        return Caution(gap.reason, f"Step {step}: nobody is on duty at {line}; others were called.")
    # What an officer of another Party lacks is no business of the requester; that fewer can answer is.
    return Caution(NOT_AS_PLANNED, f"Step {step}: fewer can answer at {line} than planned.")


NO_FALLBACK = Caution(
    "no_fallback",
    "The secretariat, the last fallback, has nobody on its first roster who can be called.",
)
"""What whoever relies on the secretariat should know where nobody there could be called."""


def stages(plan: Plan, known: Directory, *, available: Collection[str]) -> tuple[dict[str, Any], ...]:
    """Return the steps of a plan as outsiders may know them, but for their instants: functions, never names.

    Channels that are not ``available`` (no gateway) are not promised.
    """
    return tuple(_stage(number, step, known=known, available=available) for number, step in enumerate(plan.steps, 1))


def _stage(number: int, step: Step, *, known: Directory, available: Collection[str]) -> dict[str, Any]:
    places = [place for ref in step.posts if (place := find_post(known, ref))]
    posts = [post for _, post in places]
    return {
        "step": number,
        "lines": list(dict.fromkeys(post.line for post in posts)),
        "functions": list(dict.fromkeys(post.function for post in posts)),
        "contact_points": list(dict.fromkeys(point.name for point, _ in places)),
        "channels": [kind for kind in step.channels if kind in available],
    }


def first_post(plan: Plan, known: Directory) -> tuple[ContactPoint, Post] | None:
    """Return the post that a plan calls first and its contact point; None where nothing of it is left."""
    return next((found for step in plan.steps for ref in step.posts if (found := find_post(known, ref))), None)


def resolved(
    plan: Plan,
    known: Directory,
    told: Sequence[Mapping[str, Any]],
    *,
    vouched: Sequence[Mapping[str, Any]],
    now: datetime,
) -> dict[str, Any]:
    """Return the duty post and the planned escalation as they were resolved at ``now``; ``told``: see `stages`.

    ``vouched``: how surely whoever is on duty at the first post, and by each step, can be reached.
    """
    first = first_post(plan, known)
    return {
        "duty_post": None if first is None else {**_duty_post(*first, now=now), **vouched[0]},
        "planned_escalation": [
            {**stage, **sure, "at": write_instant(at)}
            for stage, sure, (_, at) in zip(told, vouched[1:], planned(plan, now), strict=True)
        ],
    }


def _duty_post(point: ContactPoint, post: Post, *, now: datetime) -> dict[str, Any]:
    local = now.astimezone(ZoneInfo(point.zone))
    return {
        "contact_point": point.name,
        "function": post.function,
        "line": post.line,
        "languages": list(point.languages),
        "local_time": local.isoformat(timespec="seconds"),
        "zone": point.zone,
        "utc_offset": local.strftime("%z")[:3] + ":" + local.strftime("%z")[3:],
    }


def wanted_by(plan: Plan, *, kind: str, urgency: str, opened_at: datetime) -> datetime:
    """Return when an alert wants its answer: policy, not law (domain.md 6.1, 6.5)."""
    clocks = REQUEST_KINDS[kind].clocks["normal" if urgency == "normal" else "emergency"]
    return answer_by(plan, opened_at, timedelta(seconds=clocks.acknowledge_seconds))


def moment(at: datetime) -> str:
    """Return an instant as the API writes it."""
    return write_instant(at)


def _maybe(at: datetime | None) -> str | None:
    return None if at is None else write_instant(at)


def seconds(start: datetime, end: datetime) -> float:
    """Return elapsed seconds to the millisecond."""
    return round((end - start) / timedelta(seconds=1), 3)


def misdirected(state: str, end_reason: str | None) -> bool:
    """Say whether an alert ended because the wrong Party was asked.

    It may be sent anew then, and that Party keeps no more of it than where it went.
    """
    return (state, end_reason) in (("closed", "not_competent"), ("withdrawn", "wrong_party"))


_PLAIN = (
    "reference",
    "state",
    "status",
    "urgency",
    "kind",
    "instrument",
    "requesting_party",
    "requesting_authority",
    "requested_party",
    "case_reference",
    "language",
    "warnings",
    "end_reason",
    "suggested_party",
    "resent_from",
    "resent_as",
    "proposed_by",
    "released_by",
    "authenticated",
    "call_back",
)


def write(row: Mapping[str, Any], *, now: datetime) -> dict[str, Any]:
    """Return an alert as `schemas.alerts.AlertOut`, from its row with its first acknowledgement."""
    first_at = row["first_received_at"]
    base = f"/v1/alerts/{row['reference']}"
    duty_post = row["resolved"]["duty_post"]
    if duty_post is not None:
        local = now.astimezone(ZoneInfo(duty_post["zone"]))
        duty_post = duty_post | {"local_time": local.isoformat(timespec="seconds")}
    return {name: row[name] for name in _PLAIN} | {
        "duty_post": duty_post,
        "planned_escalation": row["resolved"]["planned_escalation"],
        "opened_at": write_instant(row["opened_at"]),
        "acknowledged_at": _maybe(first_at),
        "seconds_to_acknowledge": None if first_at is None else seconds(row["opened_at"], first_at),
        "acknowledgement": None if first_at is None else _answer(row),
        "left_behind_at": _maybe(row["left_behind_at"]),
        "exhausted_at": _maybe(row["exhausted_at"]),
        "withdrawn_at": _maybe(row["withdrawn_at"]),
        "closed_at": _maybe(row["closed_at"]),
        "called_back_at": _maybe(row["called_back_at"]),
        "next_escalation_at": _maybe(row["due_at"]),
        "links": {
            "self": base,
            "timeline": f"{base}/timeline",
            "stream": f"{base}/stream",
            "acknowledgements": f"/v1/acknowledgements?reference={row['reference']}",
        },
    }


def _answer(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "contact_point": row["ack_contact_point"],
        "function": row["ack_function"],
        "line": row["ack_line"],
        "channel": row["ack_channel"],
        "identity_strength": row["ack_strength"],
        "step": row["ack_step"],
        "late": row["ack_late"],
    }


_WHERE = ("contact_point", "contact_point_id")


def write_acknowledgement(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return an acknowledgement as `schemas.acknowledgements.AcknowledgementOut`."""
    same = ("reference", "requested_party", "status", "first", "late", "function", "line", "step", "cycle", "channel")
    return {name: row[name] for name in (*same, "identity_strength", "provider_code", *_WHERE)} | {
        "number": row["id"],
        "acknowledged_at": write_instant(row["received_at"]),
        "recorded_at": write_instant(row["recorded_at"]),
        "seconds_to_acknowledge": seconds(row["opened_at"], row["received_at"]),
        "provider_at": _maybe(row["provider_at"]),
    }


_STEPS = ("step_started", "step_skipped")


def tried(kept: Iterable[tuple[str, Mapping[str, Any]]], *, cycle: int) -> tuple[Tried, ...]:
    """Return what each step of a cycle came to, in the order of the steps, out of codes and data of facts."""
    steps: dict[int, Tried] = {}
    for code, data in kept:
        if code not in _STEPS or data["cycle"] != cycle:
            continue
        if code == "step_started":
            called, by, arrived = data["functions"], tuple(data["channels"]), False
        else:
            called, by, arrived = data["lines"], (), data["reason"] == "delivered_already"
        steps[data["step"]] = Tried(tuple(called), by, arrived, tuple(data.get("contact_points", ())))
    return tuple(steps[number] for number in sorted(steps))
