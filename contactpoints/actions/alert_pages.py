"""The page of an alert: all that somebody may know and do of it, read at once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from contactpoints.actions.acknowledging import MOST_TRIES
from contactpoints.actions.alerts import as_seen, read_reference, seen
from contactpoints.actions.readings import written
from contactpoints.rules import access, retention
from contactpoints.rules import alerts as rules
from contactpoints.rules.access import Actor, Sides
from contactpoints.rules.alert_acts import Act, acts_of
from contactpoints.rules.alert_timeline import Entry, Kept, Next, entries, next_of, whose
from contactpoints.rules.escalation import read_plan
from contactpoints.rules.escalation_picture import Course, Stage
from contactpoints.store import alert_pages, alerts, handing, particulars
from contactpoints.store import retention as store
from contactpoints.store.database import Database, Row, Session
from schemas import timeline as facts

MOST_FACTS = 400
"""How many facts a page shows; those before stand on another one."""
_MOST_READINGS = 20


@dataclass(frozen=True, slots=True)
class Called:
    """An officer who was called; ``mine``: whoever looks is this officer, ``locked``: the reply code is used up.

    ``whose``: the name of a contact point that is not the alert's own; ``declined``: in the round that runs; ``left``:
    how many tries of a PIN there are still.
    ``pin_required``: the officer's house asks for the PIN; else the code from the SMS stands for it.
    Names stay in their house: outsiders hear of the line alone.
    """

    officer: int
    name: str
    line: str
    mine: bool
    locked: bool
    whose: str | None
    declined: bool
    left: int
    pin_required: bool


@dataclass(frozen=True, slots=True)
class AlertPage:
    """An alert for whoever looks: as `schemas.alerts.AlertOut`, its facts, and what may be done.

    ``last`` is the number of the latest fact there is; ``before`` that of the earliest shown where there are more.
    ``zones``: of the contact point and, where it is known, of the requester. ``officers`` are named for those of that
    house alone, ``readings`` for those who may know of them (see `schemas.readings.ReadingOut`), the latest.
    ``house``: to whom it may be handed over by ``holder``, the officer who has it, where somebody has. ``taken_over``:
    whose ``line`` has it since when (``at``), where it was. ``asked``: those
    of ``called`` who are asked to take it over; of whoever looks as an officer, that officer alone. ``handovers``:
    all who are asked and have not answered. ``left_at``: when whoever has it left, and nobody has it. ``own``: whoever
    looks speaks for the authority that asks; ``two_persons``: its Party releases nothing by one person alone.
    """

    alert: dict[str, Any]
    names: Mapping[str, str]
    zones: tuple[str, ...]
    entries: tuple[Entry, ...]
    course: Course
    last: int
    before: int | None
    acts: frozenset[Act]
    called: Sequence[Called]
    officers: Mapping[int, str]
    due: Next | None
    wanted_by: datetime
    retention: dict[str, Any]
    readings: Sequence[dict[str, Any]]
    earlier_readings: int
    parties: Sequence[tuple[str, str]]
    house: Sequence[tuple[int, str]]
    holder: int | None
    taken_over: Row | None
    asked: frozenset[int]
    handovers: Sequence[Row]
    left_at: datetime | None
    own: bool
    two_persons: bool


async def read(db: Database, *, actor: Actor, reference: str, now: datetime, before: int | None = None) -> AlertPage:
    """Return the page of an alert; ``before``: only facts before that number. Raises `NotFound`."""
    async with db.session() as session:
        row = seen(await alerts.view(session, read_reference(reference)), actor)
        sides = alerts.sides_of(row)
        kept = await store.find(session, row["id"])
        called = await _called(session, row, actor=actor, sides=sides)
        handovers = await handing.waiting(session, row["id"]) if row["state"] == "acknowledged" else []
        asked = _asked(handovers, called=called)
        acts = acts_of(
            *(actor, sides),
            state=row["state"],
            end_reason=row["end_reason"],
            resent=row["resent_as"] is not None,
            kept=kept is None or kept["erased_at"] is None,
            handed=bool(asked),
        )
        found = await alert_pages.latest(session, row["id"], before=before, most=MOST_FACTS + 1)
        around = await alert_pages.around(session, row)
        readings, earlier = await _readings(session, row, actor=actor, acts=acts)
        charge = await handing.in_charge(session, row["id"]) if row["acknowledged_at"] else None
        holder = charge["officer_id"] if charge is not None and "hand_over" in acts else None
        house = await handing.officers(session, row["contact_point_id"]) if "hand_over" in acts else []
        parties = await alert_pages.parties(session) if acts & {"not_competent", "resend"} else []
    told = rules.write(as_seen(row, actor), now=now)
    shown = _shown(found[-MOST_FACTS:], told, actor=actor, sides=sides, opened_at=row["opened_at"])
    plan = read_plan(row["plan"])
    return AlertPage(
        alert=told,
        names={name: around[name] or "" for name in ("point", "requesting_name", "requested_name")},
        zones=tuple(row["zones"]),
        entries=shown,
        course=_course(row, told, shown=shown, now=now, point=around),
        last=found[-1]["number"] if found else 0,
        before=found[-MOST_FACTS]["number"] if len(found) > MOST_FACTS else None,
        acts=acts,
        called=called,
        officers={each.officer: each.name for each in called},
        due=next_of(
            told["planned_escalation"],
            due_at=row["due_at"],
            step=row["step"],
            exhausted=row["state"] == "exhausted",
            own=around["point"],
        ),
        wanted_by=rules.wanted_by(plan, kind=row["kind"], urgency=row["urgency"], opened_at=row["opened_at"]),
        retention=retention.written(dict(row), dict(kept) if kept else None, erasure=None),
        readings=readings,
        earlier_readings=earlier,
        parties=parties,
        house=[(number, name) for number, name in house if number != holder],
        holder=holder,
        taken_over=charge if charge is not None and charge["taken_at"] else None,
        asked=asked,
        handovers=handovers,
        left_at=row["left_behind_at"],
        own=access.is_requester(actor, sides),
        two_persons=around["two_persons"],
    )


def _shown(
    found: Sequence[Row], told: Mapping[str, Any], *, actor: Actor, sides: Sides, opened_at: datetime
) -> tuple[Entry, ...]:
    """Return the facts that the actor may see, as `actions.timelines` does."""
    side: facts.Side = "requester" if access.is_requester(actor, sides) else "contact_point"
    everything, inside = access.sees_network(actor), access.knows_officers(actor, sides)
    kept = [
        Kept(
            each["number"],
            each["at"],
            facts.read(each["code"], each["data"] if inside else facts.shown(each["code"], each["data"])),
        )
        for each in found
        if everything or facts.seen_by(each["code"], side)
    ]
    planned = {each["step"]: datetime.fromisoformat(each["at"]) for each in told["planned_escalation"]}
    return entries(kept, opened_at=opened_at, planned=planned)


def _course(row: Row, told: Mapping[str, Any], *, shown: Sequence[Entry], now: datetime, point: Row) -> Course:
    stages = [
        Stage(each["step"], tuple(each["lines"]), datetime.fromisoformat(each["at"]), whose(each, own=point["point"]))
        for each in told["planned_escalation"]
    ]
    whole = bool(shown) and isinstance(shown[0].fact, facts.Opened | facts.Released)
    over_at = row["first_received_at"] or row["withdrawn_at"] or row["closed_at"]
    since = row["opened_at"] if whole or not shown else shown[0].at
    over = None if over_at is None else max(over_at, since)
    return Course(shown, stages, since, max(now, since), tuple(row["zones"]), over)


async def _called(session: Session, row: Row, *, actor: Actor, sides: Sides) -> list[Called]:
    if not access.knows_officers(actor, sides):
        return []
    found = await alert_pages.called(session, row["id"], account=actor.number)
    return [
        Called(
            *(each["officer_id"], each["name"], each["line"], each["mine"], each["locked"], each["whose"]),
            declined=each["declined"],
            left=max(0, MOST_TRIES - each["wrong"]),
            pin_required=each["pin_required"],
        )
        for each in found
        if each["mine"] or access.reads_entries_of(actor, each["party"])
    ]


def _asked(handovers: Sequence[Row], *, called: Sequence[Called]) -> frozenset[int]:
    answers = [each.officer for each in called if each.mine] or [each.officer for each in called]
    return frozenset(each["officer_id"] for each in handovers) & frozenset(answers)


async def _readings(
    session: Session, row: Row, *, actor: Actor, acts: frozenset[Act]
) -> tuple[list[dict[str, Any]], int]:
    if "readings" not in acts:
        return [], 0
    latest, earlier = await particulars.latest_readings(session, row["id"], most=_MOST_READINGS)
    sides = alerts.sides_of(row)
    told = dict(row)
    return [written(each, told, inside=access.is_of_side(actor, sides, side=each["side"])) for each in latest], earlier
