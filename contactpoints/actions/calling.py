"""Calling whom a step calls: reply codes, exact words, messages and facts, computed here and written by others."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from contactpoints.actions.tools import Tools
from contactpoints.rules import alerts as rules
from contactpoints.rules import codes, wording
from contactpoints.rules.calls import Call, Gap, Skip, Taken
from contactpoints.rules.delivery import Draft, another
from contactpoints.rules.directory import ContactPoint
from contactpoints.rules.escalation import Plan
from contactpoints.store.alerts import Given, NewCode
from contactpoints.store.database import Row
from contactpoints.store.outbox import Used
from contactpoints.store.timeline import Noted
from schemas import timeline as facts


@dataclass(frozen=True, slots=True)
class Subject:
    """The alert that a step belongs to, as far as calling needs to know it; ``handed``: it is to be taken over."""

    reference: str
    exercise: bool
    urgent: bool
    answer_by: datetime
    contact_point: int
    handed: bool = False

    def whose(self, point: ContactPoint | None) -> str | None:
        """Return the name of a contact point where it is not the alert's own."""
        return None if point is None or point.id == self.contact_point else point.name


@dataclass(frozen=True, slots=True)
class Before:
    """What an alert's officers were given before, and what was written to them."""

    given: Given = field(default_factory=Given)
    used: Used = field(default_factory=Used)


@dataclass(slots=True)
class Called:
    """What calling somebody comes to."""

    codes: list[NewCode] = field(default_factory=list)
    drafts: list[Draft] = field(default_factory=list)
    noted: list[Noted] = field(default_factory=list)


def page(tools: Tools, token: str) -> str | None:
    """Return the address of the page that a link opens, where there is a public address. Acknowledging takes a PIN."""
    return f"{tools.public_url}/a/{token}" if tools.public_url else None


def words_of(tools: Tools, language: str) -> wording.Catalogue:
    """Return the catalogue of a language."""
    return tools.words[language]


def subject_of(row: Row, plan: Plan) -> Subject:
    """Return the alert of a row as calling needs it."""
    by = rules.wanted_by(plan, kind=row["kind"], urgency=row["urgency"], opened_at=row["opened_at"])
    exercise, urgent = row["status"] == "exercise", row["urgency"] == "emergency"
    return Subject(row["reference"], exercise, urgent, by, row["contact_point_id"])


@dataclass(frozen=True, slots=True)
class Reader:
    """Who reads the words of an alert: in which language, on which clock, with which code, page and duty to type."""

    language: str
    zone: str
    code: str = field(repr=False)
    page_token: str = field(repr=False)
    pin_required: bool


def words_for(
    reader: Reader, subject: Subject, *, kind: str, step: int, repeat: bool, now: datetime, tools: Tools
) -> wording.Words:
    """Return the exact words that wake an officer by one kind of channel."""
    return wording.alert_words(
        words_of(tools, reader.language),
        kind,
        alert=wording.AlertContext(
            reference=subject.reference,
            exercise=subject.exercise,
            urgent=subject.urgent,
            answer_by=subject.answer_by,
            zone=reader.zone,
            now=now,
            handed=subject.handed,
        ),
        code=reader.code,
        link=page(tools, reader.page_token),
        pin_required=reader.pin_required,
        repeat=repeat,
        step=step,
    )


def call_out(
    subject: Subject, *, taken: Taken, cycle: int, until: datetime, before: Before, now: datetime, tools: Tools
) -> Called:
    """Return codes, messages and facts of a step that was taken, the facts of skipped steps first, gaps last."""
    called = Called(noted=[(now, _skipped(skip, subject, cycle=cycle)) for skip in taken.skipped])
    if not taken.calls or taken.step is None:
        return called
    for call in taken.calls:
        given = before.given.codes.get(call.officer.id)
        if given is None:
            given = codes.new_reply_code(tools.entropy(16)), codes.new_token(tools.entropy(16))
            called.codes.append(NewCode(*given, call.officer.id, call.post.id, taken.step))
        called.drafts += _drafts(
            call, subject, given, step=taken.step, cycle=cycle, tools=tools, before=before.used.gateways, now=now
        )
    called.noted.append((now, _started(taken.calls, subject, step=taken.step, cycle=cycle, until=until, now=now)))
    called.noted += [(now, _incomplete(gap, subject, step=taken.step, cycle=cycle)) for gap in taken.gaps]
    return called


def call_to(subject: Subject, call: Call, *, before: Before, step: int, now: datetime, tools: Tools) -> Called:
    """Return code and messages that call one officer beside the chain: none of its steps waits for the answer."""
    given, called = before.given.codes.get(call.officer.id), Called()
    if given is None:
        given = codes.new_reply_code(tools.entropy(16)), codes.new_token(tools.entropy(16))
        called.codes.append(NewCode(*given, call.officer.id, call.post.id, step))
    handed = replace(subject, handed=True)
    drafts = _drafts(call, handed, given, step=1, cycle=1, tools=tools, before=before.used.gateways, now=now)
    called.drafts += [replace(each, step=None, cycle=None) for each in drafts]
    return called


def _drafts(
    call: Call,
    subject: Subject,
    given: tuple[str, str],
    *,
    step: int,
    cycle: int,
    tools: Tools,
    before: Mapping[tuple[str, str], str | None],
    now: datetime,
) -> Iterable[Draft]:
    point, link = call.contact_point, page(tools, given[1])
    reader = Reader(call.officer.language, point.zone, *given, point.pin_required)
    for channel in call.channels:
        key = (channel.kind, channel.address)
        used = before.get(key)
        again = key in before and not subject.handed
        words = words_for(reader, subject, kind=channel.kind, step=step, repeat=again, now=now, tools=tools)
        yield Draft(
            purpose="alert",
            kind=channel.kind,
            address=channel.address,
            language=call.officer.language,
            body=words.text,
            subject=words.subject,
            link=link if channel.kind == "email" else None,
            officer_id=call.officer.id,
            channel_id=channel.id,
            gateway=another(tools.gateways.get(channel.kind, ()), used) if used else None,
            exercise=subject.exercise,
            repeat=key in before,
            step=step,
            cycle=cycle,
            urgent=subject.urgent,
        )


def _skipped(skip: Skip, subject: Subject, *, cycle: int) -> facts.StepSkipped:
    reason: Any = skip.reason
    whose = tuple(subject.whose(point) for point in skip.points)
    return facts.StepSkipped(step=skip.step, cycle=cycle, lines=skip.lines, reason=reason, contact_points=whose)


def _incomplete(gap: Gap, subject: Subject, *, step: int, cycle: int) -> facts.StepIncomplete:
    told: dict[str, Any] = {"reason": gap.reason, "contact_point": subject.whose(gap.point), "officer": gap.officer}
    return facts.StepIncomplete(step=step, cycle=cycle, line=gap.post.line, **told)


def _started(
    calls: Sequence[Call], subject: Subject, *, step: int, cycle: int, until: datetime, now: datetime
) -> facts.StepStarted:
    places = dict.fromkeys((call.post.line, call.post.function, subject.whose(call.contact_point)) for call in calls)
    return facts.StepStarted(
        step=step,
        cycle=cycle,
        lines=tuple(line for line, _, _ in places),
        functions=tuple(function for _, function, _ in places),
        contact_points=tuple(whose for _, _, whose in places),
        channels=tuple(dict.fromkeys(channel.kind for call in calls for channel in call.channels)),
        unproven=any(not channel.is_proven(now) for call in calls for channel in call.channels),
        until=until,
        officers=tuple(call.officer.id for call in calls),
    )
