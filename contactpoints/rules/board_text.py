"""Who answers now in words: for each contact point its clock, and a line for each duty post."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from contactpoints.rules.phrasing import Catalogue, clock, minutes, say
from schemas.duty import HourBand
from schemas.words import msgid

_TITLE = msgid("Who answers now, {now} UTC")
_HOURS: Mapping[HourBand, str] = {"night": msgid("night"), "day": msgid("day"), "evening": msgid("evening")}
_HOLIDAY = msgid("holiday: {name}")
_FAST = msgid("Acknowledged at such hours within {minutes} min (median of {alerts} alerts).")
_NOT_KNOWN = msgid("Acknowledged at such hours: {acknowledged} of {alerts} alerts.")
_NOBODY = msgid("nobody on duty")
_PROOFS = {"proven": msgid("proven lately"), "unproven": msgid("not proven lately"), None: msgid("cannot be reached")}
_CHANGED = msgid("changed {hours} h ago")
_UNTIL, _THEN = msgid("until {until}"), msgid("then {functions}")


def text(words: Catalogue, told: Sequence[Mapping[str, Any]], *, now: datetime) -> str:
    """Return what was told of contact points, as `schemas.duty.DutyOut`, as plain text."""
    return "\n".join(_lines(words, told, now=now)) + "\n"


def _lines(words: Catalogue, told: Sequence[Mapping[str, Any]], *, now: datetime) -> Iterator[str]:
    yield say(words, _TITLE, now=f"{now:%Y-%m-%d %H:%M}")
    for each in told:
        yield ""
        yield _heading(words, each)
        fast = each["promptness"]
        if fast["median_seconds"] is not None:
            yield f"  {say(words, _FAST, minutes=minutes(fast['median_seconds']), alerts=fast['alerts'])}"
        elif fast["alerts"]:
            yield f"  {say(words, _NOT_KNOWN, acknowledged=fast['acknowledged'], alerts=fast['alerts'])}"
        for post in each["posts"]:
            yield f"  {post['function']}: {_post(words, post, zone=each['zone'], now=now)}"


def _heading(words: Catalogue, each: Mapping[str, Any]) -> str:
    place = " ".join(part for part in (each["party"], each["territory"]) if part)
    said = [f"{each['local_time'][11:16]} {each['zone']} ({each['utc_offset']})"]
    said.append(say(words, _HOURS["night" if each["night"] else each["promptness"]["hours"]]))
    if each["holiday"]:
        said.append(say(words, _HOLIDAY, name=each["holiday"]))
    return " · ".join((*((place,) if place else ()), each["contact_point"], ", ".join(said)))


def _officer(words: Catalogue, one: Mapping[str, Any], *, now: datetime) -> str:
    said = [*one["languages"], say(words, _PROOFS[one["proof"]])]
    if one["changed_at"]:
        hours = (now - datetime.fromisoformat(one["changed_at"])) // timedelta(hours=1)
        said.append(say(words, _CHANGED, hours=hours))
    return f"{one['function']} ({', '.join(said)})"


def _post(words: Catalogue, post: Mapping[str, Any], *, zone: str, now: datetime) -> str:
    said = [_officer(words, one, now=now) for one in post["on_duty"]] or [say(words, _NOBODY)]
    if post["until"] is not None:
        said.append(say(words, _UNTIL, until=clock(datetime.fromisoformat(post["until"]), zone, now)))
        functions = ", ".join(post["then"]) or say(words, _NOBODY)
        said.append(say(words, _THEN, functions=functions))
    return ", ".join(said)
