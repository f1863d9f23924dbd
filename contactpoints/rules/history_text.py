"""The history of an entry in words that a person can read."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from contactpoints.rules.history import REFERS, Author, Change, Version
from contactpoints.rules.phrasing import Catalogue, channel_of, cut, function_of, say
from contactpoints.rules.wording_directory import CODES, code_of
from contactpoints.rules.wording_request import kind_of
from schemas.history import ChangeOut
from schemas.words import msgid

Names = Mapping[tuple[str, int], str]
"""Kind and number of an entry -> how people call it."""

_MOST_SIGNS = 300
_TITLE = msgid("History, the newest version first. All times are UTC.")
_ACTS: Mapping[str, str] = {
    "created": msgid("Version {version}, {at}: created by {by}"),
    "changed": msgid("Version {version}, {at}: changed by {by}"),
    "retired": msgid("Version {version}, {at}: retired by {by}"),
    "quarantined": msgid("Version {version}, {at}: put in quarantine by {by}"),
}
_WHY = msgid("Reason: {reason}")
_HANDS: Mapping[str, str] = {
    "service": msgid("the service"),
    "operator": msgid("the operator, at the command line"),
    "seed": msgid("the data with which the service began"),
    "demo": msgid("the invented network"),
    "subscription": msgid("the subscribed calendar"),
    "database": msgid("other hands, in the database"),
}
_ROLES: Mapping[str, str] = {
    "requester": msgid("requester"),
    "contact_point": msgid("contact point"),
    "administrator": msgid("administrator"),
    "secretariat": msgid("secretariat"),
    "auditor": msgid("auditor"),
}
_YES, _NO, _NOTHING = msgid("yes"), msgid("no"), msgid("nothing")
WEEKDAYS = (
    *(msgid("Monday"), msgid("Tuesday"), msgid("Wednesday"), msgid("Thursday")),
    *(msgid("Friday"), msgid("Saturday"), msgid("Sunday")),
)
FIELDS: Mapping[str, str] = {
    "action": msgid("Action"),
    "address": msgid("Address"),
    "address_asked": msgid("Address asked for, not in use yet"),
    "also_member_of": msgid("Also a member of"),
    "article": msgid("Article"),
    "backup_id": msgid("Back-up"),
    "capabilities": msgid("Capabilities"),
    "central_authority_id": msgid("Central authority"),
    "channels": msgid("Channels"),
    "code": msgid("Code of the Party"),
    "confidence": msgid("Confidence"),
    "contact_point": msgid("Contact point"),
    "contact_point_id": msgid("Contact point"),
    "country": msgid("Country"),
    "counts": msgid("Counts as a holiday"),
    "day_starts": msgid("The day begins"),
    "end": msgid("Until"),
    "ends_at": msgid("Ends"),
    "ends_local": msgid("Ends by its clocks"),
    "ends_on": msgid("Last day"),
    "english_in_emergencies": msgid("English accepted in emergencies"),
    "fingerprint": msgid("Fingerprint"),
    "first_day": msgid("First day of the holiday"),
    "function": msgid("Function"),
    "function_in_english": msgid("Function in English"),
    "handover": msgid("Handover"),
    "handover_minutes": msgid("Minutes before a shift for its notice"),
    "holidays_as": msgid("Holidays count as"),
    "hours_from": msgid("Hours from"),
    "hours_until": msgid("Hours until"),
    "instrument": msgid("Instrument"),
    "key": msgid("Key"),
    "kind": msgid("Kind"),
    "language": msgid("Language"),
    "languages": msgid("Languages"),
    "last_day": msgid("Last day of the holiday"),
    "layer": msgid("Layer"),
    "line": msgid("Line"),
    "longest_hours": msgid("Longest duty in hours"),
    "members": msgid("Officers in turn"),
    "minimum": msgid("Officers at least"),
    "name": msgid("Name"),
    "notices_by": msgid("Notices come by"),
    "notices_minutes": msgid("Minutes before a shift for one's own notice"),
    "name_in_english": msgid("Name in English"),
    "officer_id": msgid("Officer"),
    "officers": msgid("Who is meant"),
    "only_if_undelivered": msgid("Only if undelivered"),
    "other_names": msgid("Other names"),
    "overrides": msgid("Overrides"),
    "own_days": msgid("Days of its own"),
    "party": msgid("Party"),
    "patience_seconds": msgid("Seconds of patience"),
    "period": msgid("Length of a turn"),
    "pin_expires_at": msgid("The PIN ends"),
    "has_pin": msgid("Has a PIN"),
    "pin_locked": msgid("The PIN is locked"),
    "pin_required": msgid("PIN required"),
    "place": msgid("Place"),
    "post": msgid("Duty post"),
    "post_id": msgid("Duty post"),
    "posts": msgid("Duty posts"),
    "proven_at": msgid("Proven last"),
    "verified_at": msgid("Mailbox verified"),
    "public_address": msgid("Public address"),
    "public_holidays": msgid("Public holidays"),
    "public_keys": msgid("Public keys"),
    "quarantined_at": msgid("In quarantine since"),
    "quarantined_why": msgid("In quarantine because of"),
    "read_at": msgid("Shifts last changed"),
    "reason": msgid("Reason"),
    "reminder_seconds": msgid("Seconds between reminders"),
    "renewed_at": msgid("Other address since"),
    "restart_seconds": msgid("Seconds until the chain starts again"),
    "retired_at": msgid("Retired since"),
    "return_ends_at": msgid("Shift in return ends"),
    "return_starts_at": msgid("Shift in return starts"),
    "secretariat": msgid("Secretariat"),
    "since": msgid("Since"),
    "source": msgid("Source"),
    "start": msgid("From"),
    "starts_at": msgid("Starts"),
    "starts_local": msgid("Starts by its clocks"),
    "starts_on": msgid("First day"),
    "state": msgid("State"),
    "status": msgid("Status"),
    "steps": msgid("Steps"),
    "subdivision": msgid("Subdivision"),
    "swaps_need_approval": msgid("Swaps need approval"),
    "taker_id": msgid("Taken by"),
    "temporary": msgid("Replaces all other rosters"),
    "territory": msgid("Territory"),
    "text": msgid("Text"),
    "to_officer_id": msgid("Offered to"),
    "towards": msgid("Towards"),
    "turn_days": msgid("Days of a turn"),
    "two_persons": msgid("Alerts take two persons"),
    "unapproved_since": msgid("Waits for a second person since"),
    "until": msgid("Until"),
    "urgency": msgid("Urgency"),
    "weekday": msgid("Weekday"),
    "weekdays": msgid("Weekdays"),
    "working_hours": msgid("Working hours"),
    "zone": msgid("Time zone"),
}


def said(words: Catalogue, change: Change, *, names: Names) -> str:
    """Return a change in words: the field, what stood there, what stands there now."""
    field = named(words, change.field)
    after = valued(words, change.field, value=change.after, names=names)
    if change.before is None:
        return f"{field}: {after}"
    return f"{field}: {valued(words, change.field, value=change.before, names=names)} → {after}"


def told(words: Catalogue, changes: Iterable[Change], *, names: Names) -> list[ChangeOut]:
    """Return changes as they cross the wall."""
    return [
        {"field": each.field, "before": each.before, "after": each.after, "said": said(words, each, names=names)}
        for each in changes
    ]


def apart(
    words: Catalogue, changes: Iterable[Change], *, names: Names
) -> list[tuple[str, str | datetime, str | datetime]]:
    """Return of each change the field, what stood there ("" for nothing yet), and what stands there now, in words.

    Instants come as they are, aware: whoever shows them knows by whose clocks.
    """

    def told(field: str, value: Any) -> str | datetime:
        if _is_instant(field, value):
            return datetime.fromisoformat(value)
        return valued(words, field, value=value, names=names)

    return [
        (
            named(words, each.field),
            "" if each.before is None else told(each.field, each.before),
            told(each.field, each.after),
        )
        for each in changes
    ]


def named(words: Catalogue, field: str) -> str:
    """Return the name of a field; one that has no word of its own as it is in the API."""
    return say(words, FIELDS[field]) if field in FIELDS else field.replace("_", " ")


def author(words: Catalogue, by: Author) -> str:
    """Return who made a version, by function and authority."""
    if by.role is None or by.authority is None:
        return say(words, _HANDS.get(by.kind, by.kind))
    of = [say(words, _ROLES[by.role]), *([by.party] if by.party else [])]
    return f"{by.authority} ({', '.join(of)})"


def author_told(words: Catalogue, by: Mapping[str, Any]) -> str:
    """Return the same of an author as `schemas.history.AuthorOut`."""
    return author(words, Author(**by))


def headline(words: Catalogue, version: Version) -> str:
    """Return what happened to the entry in this version, when, and who did it."""
    act = _ACTS.get(version.act, _ACTS["changed"])
    return say(words, act, version=version.number, at=_instant(version.at), by=author(words, version.by))


def text(words: Catalogue, versions: Iterable[tuple[Version, tuple[Change, ...]]], *, names: Names) -> str:
    """Return a history as plain text."""
    return "\n".join(_lines(words, versions, names=names)) + "\n"


def _lines(words: Catalogue, versions: Iterable[tuple[Version, tuple[Change, ...]]], *, names: Names) -> Iterator[str]:
    yield say(words, _TITLE)
    for version, changes in versions:
        yield ""
        yield headline(words, version)
        if version.reason is not None:
            yield f"  {say(words, _WHY, reason=version.reason)}"
        # Entries that keep the reason of their last change would say it a second time.
        told_already = [each for each in changes if each.field == "reason" and each.after == version.reason]
        yield from (f"  {said(words, each, names=names)}" for each in changes if each not in told_already)


def _instant(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S}"


def _is_instant(field: str, value: Any) -> bool:
    return isinstance(value, str) and field.endswith(("_at", "_since"))


def valued(words: Catalogue, field: str, *, value: Any, names: Names) -> str:
    """Return what stands in a field, in words; ``names`` are those of the entries to which it refers."""
    match value:
        case None | []:
            return say(words, _NOTHING)
        case dict() if not value:
            return say(words, _NOTHING)
        case bool():
            return say(words, _YES if value else _NO)
        case list():
            several = (valued(words, field, value=each, names=names) for each in value)
            return cut((" | " if isinstance(value[0], dict) else ", ").join(several), _MOST_SIGNS)
        case {"fingerprint": str(fingerprint)}:
            return fingerprint
        case dict() if field == "capabilities":
            able = (f"{kind_of(words, kind)}: {code_of(words, field, code=can)}" for kind, can in value.items())
            return " | ".join(able)
        case {"post": int(post), **rest} if rest.keys() <= {"contact_point"}:
            both = {"post": post, "contact_point": rest.get("contact_point")}
            return ", ".join(valued(words, name, value=each, names=names) for name, each in both.items() if each)
        case {"weekday": int(day), "start": str(start), "end": str(end)}:
            return f"{valued(words, 'weekday', value=day, names=names)} {start}-{end}"
        case dict():
            told = {name: each for name, each in value.items() if each is not False}
            return ", ".join(
                f"{named(words, name)}: {valued(words, name, value=told[name], names=names)}" for name in told
            )
        case int() if field in REFERS:
            name = names.get((REFERS[field], value))
            return f"{name} ({value})" if name else str(value)
        case int() if field in ("weekday", "weekdays", "holidays_as") and 0 <= value < len(WEEKDAYS):
            return say(words, WEEKDAYS[value])
        case str() if field in CODES and value in CODES[field]:
            return code_of(words, field, code=value)
        case str() if field in ("kind", "channels"):
            return channel_of(words, value)
        case str() if field == "line":
            return function_of(words, value)
        case str() if _is_instant(field, value):
            return f"{_instant(datetime.fromisoformat(value))} UTC"
        case str() if field.endswith("_local"):
            return value.replace("T", " ")
        case _:
            return cut(str(value), _MOST_SIGNS)
