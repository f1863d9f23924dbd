"""Alarms for a Party's administrators and for the secretariat: what broke, since when, and what to do about it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from contactpoints.rules.phrasing import (
    NO_TELEPHONE,
    Catalogue,
    Words,
    channel_of,
    cut,
    function_of,
    mail,
    say,
    sms,
    span,
    spoken,
    times,
)
from schemas.words import msgid


@dataclass(frozen=True, slots=True)
class Endangered:
    """A shift in which somebody cannot be called by a channel any more: the function of the post, and when it is."""

    function: str
    starts_at: datetime
    ends_at: datetime
    zone: str


@dataclass(frozen=True, slots=True)
class AlarmContext:
    """What an alarm may tell. ``zone`` is the reader's.

    ``contact_point`` is the name of the institution and None for alarms about the service itself. ``function`` is a
    line or a title, ``channel`` a kind (never an address), ``seconds`` by how much a clock jumped or the engine lags,
    ``gateway`` the name by which the settings know it. ``shifts`` are the nearest that the broken channel endangers,
    and ``more_shifts`` how many follow in the next 90 days. ``no_telephone``: its officer has no other telephone.
    """

    what: str
    exercise: bool
    at: datetime
    zone: str
    contact_point: str | None = None
    function: str | None = None
    reference: str | None = None
    channel: str | None = None
    seconds: int = 0
    gateway: str = ""
    now: datetime | None = None
    shifts: tuple[Endangered, ...] = ()
    more_shifts: int = 0
    no_telephone: bool = False


_ALARM = msgid("24/7 network - ALARM")
_ABOUT = msgid("ref {reference}")
_HEADLINES = {
    "nobody_on_duty": msgid("nobody on duty"),
    "no_channel": msgid("no working channel"),
    "no_pin": msgid("no usable PIN"),
    "code_locked": msgid("reply code locked"),
    "stop": msgid("STOP received"),
    "wrong_person": msgid("wrong person"),
    "channel_refused": msgid("channel refused"),
    "reported_dead": msgid("address reported dead"),
    "gateway": msgid("gateway down"),
    "gateway_silent": msgid("gateway silent"),
    "clock_jump": msgid("clock jumped"),
    "engine_late": msgid("engine late"),
    "zone_data": msgid("old time-zone data"),
    "calendar_stale": msgid("calendar not fetched"),
    "calendar_held": msgid("calendar held back"),
}
_HAPPENED = {
    "nobody_on_duty": msgid("At {local} your time ({utc} UTC) nobody was on duty: {function}."),
    "no_channel": msgid("At {local} your time ({utc} UTC) there was no channel to call: {function}."),
    "no_pin": msgid("Called without a usable PIN at {local} your time ({utc} UTC): {function}."),
    "code_locked": msgid("Too many wrong PINs at {local} your time ({utc} UTC): {function}."),
    "stop": msgid("STOP came at {local} your time ({utc} UTC) by {channel}: {function}."),
    "wrong_person": msgid("A stranger answered at {local} your time ({utc} UTC) by {channel}: {function}."),
    "channel_refused": msgid("Refused for good at {local} your time ({utc} UTC), {channel}: {function}."),
    "reported_dead": msgid("Reported dead at {local} your time ({utc} UTC), {channel}: {function}."),
    "gateway": msgid("Gateway {gateway} has taken nothing since {local} your time ({utc} UTC)."),
    "gateway_silent": msgid(
        "Gateway {gateway} has brought nothing since {local} your time ({utc} UTC), or its reports do not arrive."
    ),
    "clock_jump": msgid("A clock of the service jumped by {seconds} s at {local} your time ({utc} UTC)."),
    "engine_late": msgid("The engine is {seconds} s late at {local} your time ({utc} UTC)."),
    "calendar_stale": msgid("A calendar was last fetched at {local} your time ({utc} UTC): {function}."),
    "calendar_held": msgid("A calendar is not taken over since {local} your time ({utc} UTC): {function}."),
    "zone_data": msgid("A machine has old time-zone data ({gateway}) at {local} your time ({utc} UTC)."),
}
_TO_DO = {
    "nobody_on_duty": msgid(
        "The alert did not wait: it went on at once. Please check the roster and enter an override for this shift."
    ),
    "no_channel": msgid(
        "The alert did not wait: it went on at once. Please enter a working channel for whoever is on duty, "
        "and prove it."
    ),
    "no_pin": msgid(
        "The officer was called and cannot acknowledge: there is no PIN, or it is locked or expired. Please have the "
        "officer set one now, by the link that the service mails."
    ),
    "code_locked": msgid(
        "The reply code is locked and the next step was called. Ask the officer: if it was not the officer who "
        "typed, the telephone or the SMS is in other hands. Then take the channel out of use and reset the PIN."
    ),
    "stop": msgid(
        "This channel gets no more messages, alerts included. Speak to the officer, and enter another channel "
        "until it is allowed and proven again."
    ),
    "wrong_person": msgid(
        "The channel is in quarantine and is not used any more. Please enter the right number or address. Record the "
        "incident, even if no personal data were involved."
    ),
    "channel_refused": msgid(
        "The provider says that this number or address does not exist or may not be reached. Please check and "
        "replace it."
    ),
    "reported_dead": msgid(
        "It is not used any more, and a change of it waits for a second person. Please approve it, or refuse it if the "
        "report is wrong: then the address is used again."
    ),
    "gateway": msgid("Messages go by another way where there is one. Please call the provider."),
    "gateway_silent": msgid(
        "It takes every message, and no report of a delivery comes. Messages go by another way where there is one. "
        "If telephones do ring, its reports do not reach us: check the service's public address, and that the "
        "provider can reach it. If not, please call the provider."
    ),
    "clock_jump": msgid("Escalation times may be wrong. Please check the time service of every machine."),
    "engine_late": msgid(
        "Open alerts may not be escalated. Start the engine again now, and call the officers by hand until it "
        "has caught up."
    ),
    "calendar_stale": msgid(
        "The shifts that it said last stay in force. Please check the address of its subscription, or send the file "
        "yourself."
    ),
    "calendar_held": msgid(
        "It has a fault, says no shift any more, or would leave a gap; the shifts that it said last stay in force. "
        "Please read what its subscription says, and mend the calendar, or send the file yourself and state a reason."
    ),
    "zone_data": msgid(
        "It may reckon shifts by clocks that were changed since. Please install the same release on every machine."
    ),
}
_WHERE = msgid("Contact point: {contact_point}.")
_WHICH = msgid("Alert: {reference}.")
_SHIFTS = msgid("Shifts in which this officer cannot be called by it:")
_SHIFT = msgid("{function}: {starts} to {ends} {zone}")
_MORE_SHIFTS = msgid("And {more} more in the next 90 days.")
_NEXT_SHIFT = msgid("Next shift: {function}, {starts} {zone}.")

ALARMS = tuple(_HEADLINES)


def headline_of(words: Catalogue, what: str) -> str:
    """Return what is broken, in two or three words; the code itself of what has none here."""
    return say(words, _HEADLINES[what]) if what in _HEADLINES else what


def alarm_words(words: Catalogue, kind: str = "email", *, alarm: AlarmContext) -> Words:
    """Return an alarm; ``alarm.what`` is one of `ALARMS`. Raises `KeyError` for any other."""
    if kind == "sms":
        return sms(_forms(words, alarm), exercise=alarm.exercise)
    if kind == "voice":
        *_, shortest = _forms(words, alarm)
        return spoken(shortest, exercise=alarm.exercise)
    parts = [say(words, _ALARM), say(words, _HEADLINES[alarm.what])]
    if alarm.contact_point:
        parts.append(cut(alarm.contact_point, 50))
    return mail(" - ".join(parts), _paragraphs(words, alarm), exercise=alarm.exercise)


def _happened(words: Catalogue, alarm: AlarmContext, *, most: int, now: datetime | None) -> str:
    return say(
        words,
        _HAPPENED[alarm.what],
        function=cut(function_of(words, alarm.function), most),
        channel=channel_of(words, alarm.channel or "sms"),
        seconds=alarm.seconds,
        gateway=alarm.gateway,
        **times(alarm.at, alarm.zone, now),
    )


def _forms(words: Catalogue, alarm: AlarmContext) -> Iterator[str]:
    """Yield the texts, fullest first: the institution gives way, then the end of a long title, then the date."""
    head = say(words, _ALARM)
    if alarm.reference:
        head = f"{head} - {say(words, _ABOUT, reference=alarm.reference)}"
    if alarm.shifts:
        next_one = alarm.shifts[0]
        told = {
            "function": cut(next_one.function, 24),
            **span(next_one.starts_at, next_one.ends_at, zone=next_one.zone),
        }
        yield f"{head} - {_happened(words, alarm, most=24, now=alarm.now)} {say(words, _NEXT_SHIFT, **told)}"
    if alarm.contact_point:
        yield f"{head} - {cut(alarm.contact_point, 40)} - {_happened(words, alarm, most=40, now=alarm.now)}"
    for most, now in ((40, alarm.now), (24, alarm.now), (10, alarm.now), (10, None)):
        yield f"{head} - {_happened(words, alarm, most=most, now=now)}"


def _paragraphs(words: Catalogue, alarm: AlarmContext) -> Iterator[str]:
    yield _happened(words, alarm, most=10_000, now=alarm.now)
    if alarm.contact_point:
        yield say(words, _WHERE, contact_point=alarm.contact_point)
    if alarm.reference:
        yield say(words, _WHICH, reference=alarm.reference)
    if alarm.shifts:
        yield "\n".join((say(words, _SHIFTS), *(f"- {_shift(words, each)}" for each in alarm.shifts)))
    if alarm.more_shifts:
        yield say(words, _MORE_SHIFTS, more=alarm.more_shifts)
    yield say(words, _TO_DO[alarm.what])
    if alarm.no_telephone:
        yield say(words, NO_TELEPHONE)


def _shift(words: Catalogue, shift: Endangered) -> str:
    return say(words, _SHIFT, function=shift.function, **span(shift.starts_at, shift.ends_at, zone=shift.zone))
