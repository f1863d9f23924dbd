"""The demo's terminal: what happens to every alert, each fact in one line that a person reads."""

import shutil
import textwrap
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from contactpoints.rules.phrasing import function_of
from schemas.requests import REQUEST_KINDS

EVENTS = 19
"""The column in which events begin, behind the two clocks."""

_LEAST_WIDTH = 40
_NEWEST = 100
_OPEN = ("alerting", "exhausted")

SENTENCES: Mapping[str, str] = {
    "opened": "opened: written down, nothing can be lost now",
    "deferred": "no emergency: nobody is called before {until}",
    "step_started": "step {step}: calling {whom} by {channels}",
    "step_skipped": "step {step}: nobody is called ({reason})",
    "step_incomplete": "step {step}: not as planned at {whom} ({reason})",
    "message_accepted": "the gateway has the {channel} to {whom} ({purpose})",
    "message_delivered": "the {channel} to {whom} has arrived ({purpose})",
    "message_refused": "the {channel} to {whom} was refused ({purpose})",
    "message_unsure": "nobody knows whether the {channel} to {whom} has left ({purpose})",
    "message_repeated": "the {channel} to {whom} is sent again ({purpose})",
    "link_opened": "the link of {whom} was opened, perhaps by a machine",
    "reply_received": "a reply from {whom} by {channel} does not count ({meaning})",
    "pin_wrong": "a wrong PIN from {whom} by {channel}, tries left: {tries_left}",
    "code_locked": "the code of {whom} is locked, the next step is called at once",
    "acknowledged": "ACKNOWLEDGED by {function} ({whom}), by {channel}",
    "acknowledged_late": "ACKNOWLEDGED, late, by {function} ({whom}), by {channel}",
    "acknowledged_again": "acknowledged again, by {function} ({whom}), by {channel}",
    "stand_down_sent": "stand-down to {whom} by {channels}",
    "exhausted": "EXHAUSTED: nobody acknowledged, the chain starts again at {restarts_at}",
    "chain_restarted": "the chain starts again",
    "requester_told": "the requester is told: {news}",
    "withdrawn": "WITHDRAWN by the requester ({reason})",
    "closed": "closed by the {by} ({reason})",
    "called_back": "CALLED BACK the person whom the request names: {outcome}",
    "released": "RELEASED by a second person",
    "resent": "RESENT by the requester: {direction} {reference}",
    "request_read": "the {by} has read the request",
    "retention_decided": "the {by} decided how long it is kept: {decision}, until {until}",
    "erased": "ERASED: what was asked is gone for good, the times stay",
    "alarm_raised": "ALARM to {told}: {reason}",
}
"""What is said of each fact on the timeline, by its code. People are told by their line, never by name or number."""


def say(text: str = "", under: int = 0) -> None:
    """Print a line as wide as the terminal (80 where there is none); what is too long goes on in column ``under``."""
    width = max(_LEAST_WIDTH, shutil.get_terminal_size().columns)
    indent = " " * under
    print(textwrap.fill(text, width, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False))
    # A pipe would keep back what happens now.
    print(end="", flush=True)


class Teller:
    """Tells every fact of every alert once. ``get`` asks the API with a key that sees both sides."""

    def __init__(self, get: Callable[[str], Awaitable[Any]]) -> None:
        self._get = get
        self._seen: dict[str, int] = {}
        self._newest = ""

    async def look(self) -> list[str]:
        """Tell what is new, and return the codes of it. Raises `OSError` where the service does not answer."""
        alerts = (await self._get(f"/v1/alerts?limit={_NEWEST}"))["items"]
        unsettled = {alert["reference"] for alert in alerts if alert["state"] in _OPEN}
        codes: list[str] = []
        for alert in reversed(alerts):
            reference = alert["reference"]
            page = await self._get(f"/v1/alerts/{reference}/timeline?after={self._seen.get(reference, 0)}")
            self._seen[reference] = page["last"]
            for fact in page["items"]:
                if fact["code"] == "opened":
                    self._newest = reference
                    for text in ("", *opening(alert), ""):
                        say(text)
                alone = reference == self._newest and unsettled <= {reference}
                say(*line(fact, alert, named=not alone))
                codes.append(fact["code"])
        return codes


def opening(alert: Mapping[str, Any]) -> tuple[str, str]:
    """Return what is said first of an alert: who asks whom for what, and what time it is there."""
    what = "An emergency" if alert["urgency"] == "emergency" else "A request"
    if alert["status"] == "exercise":
        what = "An exercise"
    title = REQUEST_KINDS[alert["kind"]].title
    sought = f"{title[0].lower()}{title[1:]}"
    asked = f"{what}: {alert['requesting_party']} asks {alert['requested_party']} for {sought}."
    post = alert["duty_post"]
    where = f", {post['local_time'][11:16]} at {post['contact_point']} ({post['zone']})" if post else ""
    return asked, f"Reference {alert['reference']}{where}."


def line(fact: Mapping[str, Any], alert: Mapping[str, Any], *, named: bool) -> tuple[str, int]:
    """Return the line of a fact, with UTC and the time at the contact point, and the column under which it goes on.

    ``named``: with the reference of the alert, where several are open.
    """
    at = datetime.fromisoformat(fact["at"])
    there = at.astimezone(ZoneInfo(alert["duty_post"]["zone"])) if alert["duty_post"] else at
    whose = f"{alert['reference']}  " if named else ""
    return f"{at:%H:%M:%S} {there:%H:%M:%S}  {whose}{words(fact['code'], fact['data'])}", EVENTS + len(whose)


def words(code: str, data: Mapping[str, Any]) -> str:
    """Return what is said of a fact. Raises `KeyError` for an unknown code."""
    told = {name: _plain(name, value) for name, value in data.items()}
    return SENTENCES[code].format_map({**told, "whom": _whom(data)})


def _plain(name: str, value: object) -> str:
    if name in ("until", "restarts_at"):
        return f"{datetime.fromisoformat(str(value)):%H:%M:%S} UTC"
    if isinstance(value, list):
        return " and ".join(map(str, value))
    return str(value) if name == "function" else str(value).replace("_", " ")


def _whom(data: Mapping[str, Any]) -> str:
    if "lines" in data:
        return " and ".join(function_of({}, each) for each in data["lines"]) or "nobody"
    if data.get("purpose") == "news":
        return "the requester"
    if data.get("purpose") == "alarm" and not data["line"]:
        return "those who keep the directory"
    return function_of({}, data.get("line"))
