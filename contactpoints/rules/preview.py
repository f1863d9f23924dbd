"""What an alert would do if nobody answered: the moves of `escalation`, carried out on paper."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from contactpoints.rules.board import clock_of
from contactpoints.rules.calls import Call, Directory, Skip, Taken, take
from contactpoints.rules.escalation import Climb, Exhaust, Plan, Rest, Standing, Wait, begin_again, next_move
from contactpoints.rules.holidays import holiday
from contactpoints.rules.vouching import vouched
from schemas.fields import write_instant


@dataclass(frozen=True, slots=True)
class Walk:
    """The first round of a chain: what was taken when, in order, when it runs out, and when it begins again."""

    taken: tuple[tuple[datetime, Taken], ...]
    exhausted_at: datetime
    restarts_at: datetime

    @property
    def skipped(self) -> list[Skip]:
        """The steps that call nobody."""
        return [skip for _, taken in self.taken for skip in taken.skipped]


def walk(plan: Plan, known: Directory, *, start: datetime, available: Collection[str]) -> Walk:
    """Return what an alert that opens at ``start`` does while nobody answers, and no delivery report comes."""
    standing, at, found = Standing(), start, list[tuple[datetime, Taken]]()
    while True:
        match next_move(plan, standing, at):
            case Wait(until):
                at = until
            case Climb(step, cycle):
                taken = take(plan, known, at, first=step, available=available, delivered=False)
                found.append((at, taken))
                if taken.step is None:
                    return Walk(tuple(found), at, begin_again(plan, at))
                standing = replace(standing, step=taken.step, cycle=cycle, since=at)
            case Exhaust(restart_at):
                return Walk(tuple(found), at, restart_at)
            case Rest():
                raise AssertionError("an alert that nobody answers does not rest")


def write_steps(walked: Walk, plan: Plan) -> list[dict[str, Any]]:
    """Return the steps that call somebody, as `schemas.preview.PreviewStepOut`."""
    return [
        {
            "step": taken.step,
            "at": write_instant(at),
            "only_if_undelivered": plan.steps[taken.step - 1].only_if_undelivered,
            "calls": [_called(call, at) for call in taken.calls],
        }
        for at, taken in walked.taken
        if taken.step is not None
    ]


def _called(call: Call, at: datetime) -> dict[str, Any]:
    point, officer, clock = call.contact_point, call.officer, clock_of(call.contact_point.zone, at)
    return {
        "contact_point": point.name,
        "line": call.post.line,
        "function": call.post.function,
        "officer_function": officer.function,
        "language": officer.language,
        "languages": list(officer.tongues),
        "channels": list(dict.fromkeys(channel.kind for channel in call.channels)),
        "local_time": clock.local_time,
        "zone": point.zone,
        "night": clock.hours == "night",
        "holiday": holiday(point.holidays, clock.day),
        **vouched(call.channels, at).written(),
    }


def write_skipped(skipped: Iterable[Skip]) -> list[dict[str, Any]]:
    """Return steps that call nobody, as `schemas.preview.SkippedOut`."""
    return [{"step": each.step, "lines": list(each.lines), "reason": each.reason} for each in skipped]
