"""What is said of each fact on the timeline of an alert, in the reader's language: the one place of these words.

People are told by their line; their names come as an argument, for whoever may know them, and numbers never.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import assert_never

from contactpoints.rules.console import in_sentence
from contactpoints.rules.phrasing import Catalogue, channel_of, line_of, lines_of, say
from contactpoints.rules.wording_request import called_back
from schemas import timeline as facts
from schemas.timeline import Fact
from schemas.timeline_handing import HandedOver, HolderLeft, NotTakenOver, TakenOver
from schemas.timeline_messages import (
    MessageAccepted,
    MessageDelivered,
    MessageRefused,
    MessageRepeated,
    MessageUnsure,
)
from schemas.timeline_retention import Erased, RetentionDecided
from schemas.words import msgid

Names = Mapping[int, str]
"""Number of an officer -> the name, for whoever knows the officers of that house."""

_REASONS = {
    "nobody_on_duty": msgid("nobody is on duty"),
    "no_channel": msgid("there is no way to reach anybody"),
    "code_locked": msgid("the code is locked"),
    "declined": msgid("whoever is on duty has declined"),
    "delivered_already": msgid("the message before has arrived"),
    "no_pin": msgid("there is no PIN to acknowledge with"),
    facts.NOT_AS_PLANNED: msgid("fewer than planned can answer"),
    "stop": msgid("somebody wants no more messages"),
    "wrong_person": msgid("a message went to the wrong person"),
    "channel_refused": msgid("a number or address takes no messages"),
    "reported_dead": msgid("a number or address is reported as dead"),
}
_PURPOSES = {
    "alert": msgid("alert"),
    "stand_down": msgid("stand-down"),
    "answer": msgid("answer to a reply"),
    "news": msgid("news"),
    "alarm": msgid("alarm"),
    "pin_link": msgid("link for a PIN"),
    "proof": msgid("proof of an address"),
    "handing": msgid("news of a hand-over"),
}
_MEANINGS = {
    "acknowledgement": msgid("it came too late to count"),
    "no_pin": msgid("the PIN was missing"),
    "no_code": msgid("the code was missing"),
    "stop": msgid("no more messages are wanted"),
    "wrong_person": msgid("it was the wrong person"),
    "help": msgid("help was asked for"),
    "unclear": msgid("it was not understood"),
}
_NEWS = {
    "acknowledged": msgid("somebody has acknowledged"),
    "acknowledged_late": msgid("somebody has acknowledged, after everybody was called in vain"),
    "exhausted": msgid("nobody has answered so far"),
    "still_open": msgid("it is still open"),
    "withdrawn": msgid("it is withdrawn"),
    "not_competent": msgid("the Party asked is not competent"),
    "left_behind": msgid("nobody has it: whoever had it has left"),
    "taken_again": msgid("somebody has it again"),
    "stopped": msgid("an address wants no more messages and hears no more"),
}
_ENDS = {
    "danger_over": msgid("the danger is over"),
    "obtained_elsewhere": msgid("it was obtained elsewhere"),
    "wrong_party": msgid("the wrong Party was asked"),
    "sent_in_error": msgid("it was sent in error"),
    "duplicate": msgid("it was asked for twice"),
    "handled": msgid("it is dealt with"),
    "passed_on": msgid("it is passed on within the Party"),
    "not_competent": msgid("this Party is not competent"),
    "not_possible": msgid("it cannot be done"),
    "exercise_over": msgid("the exercise is over"),
    "other": msgid("another reason"),
}
_WAYS = {
    "link": msgid("the page behind the link"),
    "console": msgid("the page of the alert"),
    "api": msgid("the system of the contact point"),
}
_DECISIONS = {
    "prolong": msgid("kept for longer"),
    "let_go": msgid("nothing stands against the erasure"),
    "hold": msgid("kept until further notice"),
    "release": msgid("the hold has ended"),
}
_REASONS_TO_KEEP = {
    "proceedings": msgid("proceedings are pending"),
    "assistance_follows": msgid("a request for assistance follows"),
    "report_on_use": msgid("a report on its use is due"),
    "complaint": msgid("there is a complaint"),
    "duty_of_law": msgid("a law demands it"),
}
_TOLD = {"administrator": msgid("the administrators"), "secretariat": msgid("the secretariat")}
_SIDES = {"requester": msgid("the requesting authority"), "contact_point": msgid("the contact point")}
_REQUESTER, _KEEPERS = msgid("the requester"), msgid("those who keep the directory")
_NOBODY = msgid("nobody")


def told(
    words: Catalogue, fact: Fact, *, zones: Sequence[str], now: datetime | None, names: Names | None = None
) -> str:
    """Return what is said of a fact; times in it by the clocks of ``zones``, the reader's first, and UTC."""
    known = names or {}
    match fact:
        case MessageAccepted() | MessageDelivered() | MessageRefused() | MessageUnsure() | MessageRepeated():
            return _of_message(words, fact, known=known)
        case facts.LinkOpened() | facts.ReplyReceived() | facts.PinWrong() | facts.CodeLocked() | facts.Declined():
            return _of_reply(words, fact, known=known)
        case facts.Acknowledged() | facts.AcknowledgedLate() | facts.AcknowledgedAgain() | facts.StandDownSent():
            return _of_answer(words, fact, known=known)
        case HandedOver() | TakenOver() | NotTakenOver() | HolderLeft():
            return _of_handing(words, fact, known=known)
        case facts.Opened() | facts.Deferred() | facts.StepStarted() | facts.StepSkipped() | facts.StepIncomplete():
            return _of_step(words, fact, known=known, clock=(zones, now))
        case facts.Exhausted():
            return say(
                words,
                msgid("NOBODY HAS ANSWERED: every step was tried. The chain starts again at {when}."),
                when=_at(words, fact.restarts_at, zones=zones, now=now),
            )
        case facts.ChainRestarted():
            return say(words, msgid("The chain starts again, round {cycle}."), cycle=fact.cycle)
        case facts.RequesterTold():
            return say(words, msgid("News for the requester: {news}"), news=say(words, _NEWS[fact.news]))
        case facts.Withdrawn() | facts.Closed() | facts.Resent():
            return _of_end(words, fact)
        case facts.CalledBack():
            return called_back(words, fact.outcome, told=True)
        case facts.Released(signed=True):
            return say(words, msgid("Released by a second person of the authority; the first had signed."))
        case facts.Released():
            return say(words, msgid("Released by a second person of the authority."))
        case facts.RequestRead():
            return say(words, msgid("The particulars were read: {by}"), by=side_of(words, fact.by))
        case facts.NoteAdded():
            return say(words, msgid("A note was written: {by}"), by=side_of(words, fact.by))
        case RetentionDecided():
            said = msgid("How long the particulars are kept ({by}): {decision}, until {when}")
            when, decision = _at(words, fact.until, zones=zones, now=now), say(words, _DECISIONS[fact.decision])
            return say(words, said, decision=decision, when=when, by=side_of(words, fact.by))
        case Erased():
            return say(words, msgid("ERASED: what was asked is gone for good; the times stay."))
        case facts.AlarmRaised():
            whom = _listed(say(words, _TOLD[each]) for each in fact.told)
            return say(words, msgid("ALARM to {whom}: {reason}"), whom=whom, reason=reason_of(words, fact.reason))
        case _:
            assert_never(fact)


def _of_step(
    words: Catalogue,
    fact: facts.Opened | facts.Deferred | facts.StepStarted | facts.StepSkipped | facts.StepIncomplete,
    *,
    known: Names,
    clock: tuple[Sequence[str], datetime | None],
) -> str:
    match fact:
        case facts.Opened():
            return say(words, msgid("Opened: it is written down and cannot be lost."))
        case facts.Deferred():
            when = _at(words, fact.until, zones=clock[0], now=clock[1])
            return say(words, msgid("No emergency: nobody is called before {when}."), when=when)
        case facts.StepStarted():
            said = msgid("Step {step}: called by {channels}: {whom}")
            whom = _lines(words, fact.lines, whose=fact.contact_points, officers=fact.officers, known=known)
            return say(words, said, step=fact.step, whom=whom, channels=channels_of(words, fact.channels))
        case facts.StepSkipped():
            said = msgid("Step {step}: nobody is called, {reason}: {whom}")
            whom = _lines(words, fact.lines, whose=fact.contact_points, officers=(), known=known)
            reason = reason_of(words, fact.reason)
            return say(words, said, step=fact.step, reason=reason, whom=whom)
        case facts.StepIncomplete():
            said = msgid("Step {step}: not as planned, {reason}: {whom}")
            whom = _whom(words, fact.line, whose=fact.contact_point, officer=fact.officer, known=known)
            return say(words, said, step=fact.step, reason=reason_of(words, fact.reason), whom=whom)


_Message = MessageAccepted | MessageDelivered | MessageRefused | MessageUnsure | MessageRepeated


def _of_message(words: Catalogue, fact: _Message, *, known: Names) -> str:
    match fact:
        case MessageAccepted():
            said = msgid("{channel} to {whom}: taken by the gateway ({purpose})")
        case MessageDelivered():
            said = msgid("{channel} to {whom}: arrived ({purpose})")
        case MessageRefused():
            said = msgid("{channel} to {whom}: refused, it will not arrive ({purpose})")
        case MessageUnsure():
            said = msgid("{channel} to {whom}: nobody knows yet whether it has left ({purpose})")
        case MessageRepeated():
            said = msgid("{channel} to {whom}: sent again ({purpose})")
    if fact.purpose == "news":
        whom = say(words, _REQUESTER)
    elif fact.purpose == "alarm" and not fact.line:
        whom = say(words, _KEEPERS)
    else:
        whom = _whom(words, fact.line, officer=fact.officer, known=known)
    channel = channel_of(words, fact.channel)
    return say(words, said, channel=_capital(channel), whom=whom, purpose=say(words, _PURPOSES[fact.purpose]))


def _of_reply(
    words: Catalogue,
    fact: facts.LinkOpened | facts.ReplyReceived | facts.PinWrong | facts.CodeLocked | facts.Declined,
    *,
    known: Names,
) -> str:
    whom = _whom(words, fact.line, officer=fact.officer, known=known)
    match fact:
        case facts.LinkOpened():
            return say(words, msgid("The link was opened, perhaps by a machine: {whom}"), whom=whom)
        case facts.ReplyReceived():
            said = msgid("A reply by {channel} that does not count, {meaning}: {whom}")
            meaning = say(words, _MEANINGS[fact.meaning])
            return say(words, said, channel=way_of(words, fact.channel), meaning=meaning, whom=whom)
        case facts.PinWrong():
            said = msgid("A wrong PIN by {channel}, tries left: {tries_left}: {whom}")
            return say(words, said, channel=way_of(words, fact.channel), whom=whom, tries_left=fact.tries_left)
        case facts.Declined():
            goes_on = msgid("DECLINED by {whom}, by {channel}: the chain goes on at once")
            waits = msgid("DECLINED by {whom}, by {channel}: the chain goes on after its pause")
            went_on = msgid("Declined by {whom}, by {channel}, after the chain had gone on")
            whom = _whom(words, fact.line, whose=fact.contact_point, officer=fact.officer, known=known)
            said = waits if fact.waits else goes_on if fact.climbs else went_on
            return say(words, said, whom=whom, channel=way_of(words, fact.channel))
        case facts.CodeLocked():
            if fact.left:
                return say(
                    words, msgid("No longer at the contact point, the next step is taken at once: {whom}"), whom=whom
                )
            return say(words, msgid("The code is locked, the next step is taken at once: {whom}"), whom=whom)


def _of_answer(
    words: Catalogue,
    fact: facts.Acknowledged | facts.AcknowledgedLate | facts.AcknowledgedAgain | facts.StandDownSent,
    *,
    known: Names,
) -> str:
    match fact:
        case facts.StandDownSent():
            whom = _lines(words, fact.lines, whose=fact.contact_points, officers=fact.officers, known=known)
            said = msgid("Told by {channels} to stand down: {whom}")
            return say(words, said, channels=channels_of(words, fact.channels), whom=whom)
        case facts.Acknowledged():
            said = msgid("ACKNOWLEDGED by {whom}, by {channel}")
        case facts.AcknowledgedLate():
            said = msgid("ACKNOWLEDGED by {whom}, by {channel}, after everybody was called in vain")
        case facts.AcknowledgedAgain():
            said = msgid("Acknowledged once more by {whom}, by {channel}")
    whom = _whom(words, fact.line, whose=fact.contact_point, officer=fact.officer, known=known)
    return say(words, said, whom=whom, channel=way_of(words, fact.channel))


_NOT_TAKEN_OVER = {
    "silence": msgid("NOT TAKEN OVER by {whom}, who has not answered: it stays with {before}"),
    "unreachable": msgid("NOT TAKEN OVER by {whom}, who cannot be reached or cannot answer: it stays with {before}"),
    "declined": msgid("NOT TAKEN OVER by {whom}, who has declined: it stays with {before}"),
    "taken": msgid("No longer to be taken over by {whom}: {before} was faster"),
}
_AFTER_ALL = msgid(
    "TAKEN OVER after all by {whom}, by {channel}, from {before}: the answer had come in time, and was read later"
)
_NOT_TAKEN_OVER_BY = msgid("NOT TAKEN OVER by {whom}: it stays with {before}")


def _of_handing(words: Catalogue, fact: HandedOver | TakenOver | NotTakenOver | HolderLeft, *, known: Names) -> str:
    if isinstance(fact, HolderLeft):
        whom = _whom(words, fact.line, whose=fact.contact_point, officer=fact.officer, known=known)
        return say(words, msgid("NOBODY HAS IT NOW: {whom} had it, and has left the contact point"), whom=whom)
    whom = _whom(words, fact.line, officer=fact.officer, known=known)
    lines, whose = [fact.from_line] if fact.from_line else [], [fact.from_contact_point]
    before = _lines(words, lines, whose=whose, officers=fact.officers, known=known)
    if isinstance(fact, TakenOver):
        said = _AFTER_ALL if fact.after_all else msgid("TAKEN OVER by {whom}, by {channel}, from {before}")
        return say(words, said, whom=whom, channel=way_of(words, fact.channel), before=before)
    if isinstance(fact, NotTakenOver):
        return say(words, _NOT_TAKEN_OVER.get(fact.why or "", _NOT_TAKEN_OVER_BY), whom=whom, before=before)
    said = msgid("To be handed over to {whom}, called by {channels}; until the answer it stays with {before}")
    return say(words, said, whom=whom, channels=channels_of(words, fact.channels), before=before)


def _of_end(words: Catalogue, fact: facts.Withdrawn | facts.Closed | facts.Resent) -> str:
    match fact:
        case facts.Withdrawn():
            return say(words, msgid("WITHDRAWN by the requester: {reason}"), reason=end_of(words, fact.reason))
        case facts.Closed():
            by, reason = side_of(words, fact.by), end_of(words, fact.reason)
            if not fact.suggested_party:
                return say(words, msgid("CLOSED by {by}: {reason}"), by=by, reason=reason)
            said = msgid("CLOSED by {by}: {reason}; suggested instead: {party}")
            return say(words, said, by=by, reason=reason, party=fact.suggested_party)
        case facts.Resent():
            if fact.direction == "to":
                return say(words, msgid("Sent anew to another Party: {reference}"), reference=fact.reference)
            return say(words, msgid("Sent anew after the wrong Party was asked: {reference}"), reference=fact.reference)


def reason_of(words: Catalogue, reason: str) -> str:
    """Return why a step was not as planned, or an alarm was raised."""
    return say(words, _REASONS[reason])


def end_of(words: Catalogue, reason: str) -> str:
    """Return why an alert was withdrawn or closed."""
    return say(words, _ENDS[reason])


def side_of(words: Catalogue, side: str) -> str:
    """Return what a side of an alert is called: ``requester`` or ``contact_point``."""
    return say(words, _SIDES[side])


def way_of(words: Catalogue, way: str) -> str:
    """Return what a way of answering is called: a kind of channel, ``link``, ``console`` or ``api``."""
    return say(words, _WAYS[way]) if way in _WAYS else channel_of(words, way)


def decision_of(words: Catalogue, decision: str) -> str:
    """Return what was decided about how long the particulars are kept."""
    return say(words, _DECISIONS[decision])


def reason_to_keep(words: Catalogue, reason: str) -> str:
    """Return why the particulars are kept for longer."""
    return say(words, _REASONS_TO_KEEP[reason])


def channels_of(words: Catalogue, channels: Iterable[str]) -> str:
    """Return kinds of channels in a row."""
    return _listed(channel_of(words, each) for each in channels)


def _whom(words: Catalogue, line: str | None, *, whose: str | None = None, officer: int | None, known: Names) -> str:
    function = line_of(words, line, whose=whose)
    return f"{function} ({known[officer]})" if officer is not None and officer in known else function


def _lines(
    words: Catalogue, lines: Iterable[str], *, whose: Iterable[str | None] = (), officers: Iterable[int], known: Names
) -> str:
    functions = _listed(lines_of(words, lines, whose=whose)) or say(words, _NOBODY)
    persons = _listed(known[each] for each in officers if each in known)
    return f"{functions} ({persons})" if persons else functions


def _listed(told: Iterable[str]) -> str:
    return ", ".join(told)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _at(words: Catalogue, at: datetime, *, zones: Sequence[str], now: datetime | None) -> str:
    clocks = in_sentence(at, zones, now=now)
    if zones[0] != "UTC":
        return f"{clocks['local']} ({say(words, msgid('{utc} UTC'), utc=clocks['utc'])})"
    utc, (*elsewhere, _) = say(words, msgid("{utc} UTC"), utc=clocks["local"]), clocks["utc"].split(", ")
    return f"{utc} ({', '.join(elsewhere)})" if elsewhere else utc
