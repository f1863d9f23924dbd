"""The demo's terminal: what happens to every alert, each fact in one line that a person reads."""

import shutil
import textwrap
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from contactpoints.rules.wording_timeline import told
from schemas.requests import REQUEST_KINDS
from schemas.timeline import read

EVENTS = 19
"""The column in which events begin, behind the two clocks."""

_LEAST_WIDTH = 40
_NEWEST = 100
_OPEN = ("alerting", "exhausted")


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
    """Return what is said of a fact, in English. Raises `KeyError` for an unknown code."""
    return told({}, read(code, data), zones=("UTC",), now=None)
