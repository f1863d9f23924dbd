"""Telling what an alert would do, by the functions that do it. Nothing is written, and nobody is called."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from contactpoints.actions.opening import Asking, opening_of, route_to
from contactpoints.actions.tools import Tools
from contactpoints.rules import access, calling_back, key_limits, legal_basis, preview
from contactpoints.rules import alerts as rules
from contactpoints.rules.access import Actor
from contactpoints.rules.legal_basis import Bonds
from contactpoints.rules.wording_trigger import SECOND_PERSON, warning_of
from contactpoints.store.atlas import Route
from contactpoints.store.database import Database, Row
from contactpoints.store.duplicates import open_alerts
from schemas.alerts import PreviewAlert
from schemas.fields import write_instant


async def preview_alert(
    db: Database, *, actor: Actor, command: PreviewAlert, now: datetime, tools: Tools
) -> dict[str, Any]:
    """Return what an alert would do if it were opened at ``now``, as `schemas.preview.PreviewOut`.

    Raises `Forbidden` for whoever may open none, `KeyLimited` for whose key may not open this one, and `Invalid` where
    nobody would answer for the place, or a Party would ask itself.
    """
    return (await foresee_alert(db, actor=actor, command=command, now=now, tools=tools))[0]


async def foresee_alert(
    db: Database, *, actor: Actor, command: PreviewAlert, now: datetime, tools: Tools
) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Return the same, and the zones of both sides: of the contact point and, where it is known, of whoever asks."""
    party, asking = access.must_trigger(actor), Asking(actor, command, now)
    key_limits.must_open(actor.limits, kind=command.kind, urgency=command.urgency, now=now)
    calling_back.must_be_known(actor.confirming, command)
    rules.must_ask_another(party, command)
    route = await route_to(db, command, now=now, tools=tools)
    opening = opening_of(asking, route, tools=tools)
    walked = preview.walk(route.plan, route.known, start=now, available=frozenset(tools.gateways))
    async with db.session() as session:
        open_ones, home, by_two = await open_alerts(
            session, party=party, authority=actor.authority, contact_point=route.point.id
        )
    told = {
        "at": write_instant(now),
        "duty_post": opening.resolved["duty_post"],
        **_legal(asking, route, warned={each.code for each in opening.warnings}),
        "warnings": [*_warnings(by_two), *({"code": each.code, "detail": each.detail} for each in opening.warnings)],
        "steps": preview.write_steps(walked, route.plan),
        "skipped": preview.write_skipped(walked.skipped),
        "exhausted_at": write_instant(walked.exhausted_at),
        "restarts_at": write_instant(walked.restarts_at),
        "answer_by": write_instant(
            rules.wanted_by(route.plan, kind=command.kind, urgency=command.urgency, opened_at=now)
        ),
        "possible_duplicates": [each for row in open_ones if (each := _duplicate(row, command))],
    }
    return told, (route.point.zone, *([home] if home else []))


def _legal(asking: Asking, route: Route, *, warned: Collection[str]) -> Mapping[str, Any]:
    command, bonds = asking.command, route.bonds
    asked = bonds.get(command.requested_party, Bonds(command.requested_party)).of(command.territory)
    ours = bonds.get(asking.actor.party or "", Bonds(asking.actor.party or ""))
    told = legal_basis.legal_basis(ours, asked, kind=command.kind, on=asking.now.date())
    written = legal_basis.write(told)
    return written | {"reason_required": written["reason_required"] or "provider_elsewhere" in warned}


def _warnings(by_two: bool) -> list[dict[str, str]]:
    told = {"code": SECOND_PERSON}
    return [told | {"detail": warning_of({}, told)}] if by_two else []


def _duplicate(row: Row, command: PreviewAlert) -> dict[str, Any] | None:
    same_case = row["case_reference"] == command.case_reference
    if not same_case and row["kind"] != command.kind:
        return None
    told = {name: row[name] for name in ("reference", "state", "kind")}
    return told | {"same_case": same_case, "opened_at": write_instant(row["opened_at"])}
