"""The page of the audit log: searched by form, each change as a difference, and written out by the API."""

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from contactpoints.actions import auditing
from contactpoints.console.administering import HERE, LONGEST, asked, cursor_of, keeper, shown
from contactpoints.console.forms import chosen
from contactpoints.rules import history_text
from contactpoints.rules.access import sees_network
from contactpoints.rules.phrasing import Catalogue
from contactpoints.rules.wording_directory import KINDS
from contactpoints.runtime import Runtime
from contactpoints.store.audit import Wanted
from schemas.audit import AuditOut
from schemas.faults import Fault
from schemas.writing import write_json

_PATH = f"{HERE}/audit"
_MOST = 50
_TEXTS = ("actor", "operation", "entry", "entry_id", "outcome", "party", "text")
_DAYS = ("since", "until")
_OUTCOMES = ("done", "rehearsed", "refused")
_LONGEST = 400
_PAGES = {"accounts": "accounts", "api_keys": "keys", "keys": "keys"}


async def show(runtime: Runtime, request: Request) -> Response:
    """Show what fits a search, the newest first; a page without a search shows the newest of all."""
    actor = await keeper(runtime, request)
    outcome, wrong = chosen(request, {"outcome": _OUTCOMES})
    typed = {name: text for name in (*_TEXTS, *_DAYS) if (text := outcome.get(name, asked(request, name)))}
    days, faults = _days(typed)
    faults += (*wrong, *_unreadable(request))
    items: list[AuditOut] = []
    following: int | None = None
    if not faults:
        texts = {name: typed.get(name) for name in _TEXTS}
        wanted = Wanted(**texts, since=days.get("since"), until=days.get("until"))
        before = cursor_of(request) or None
        items, following = await auditing.read(runtime.db, actor=actor, wanted=wanted, before=before, most=_MOST)
    exported = typed | {name: f"{at:%Y-%m-%d}" for name, at in days.items()}
    return shown(
        runtime,
        request,
        template="audit.html",
        actor=actor,
        at="audit",
        faults=faults,
        typed=typed,
        rows=[_row(each, runtime.tools.words[actor.language]) for each in items],
        network=sees_network(actor),
        next=following,
        here_again=f"{_PATH}?{urlencode(typed)}" if typed else _PATH,
        exported={form: f"/v1/audit?{urlencode(exported | {'format': form})}" for form in ("csv", "json")},
    )


def _unreadable(request: Request) -> Iterator[Fault]:
    """Yield a fault for each word that is not looked for, as `asked` leaves it out."""
    for name in (*_TEXTS, *_DAYS):
        said = request.query_params.get(name, "").strip()
        if "\0" in said:
            yield Fault(f"/{name}", "null_character", "may not have U+0000")
        elif len(said) > LONGEST:
            yield Fault(f"/{name}", "too_long", f"may have at most {LONGEST} characters")


def _days(typed: Mapping[str, str]) -> tuple[dict[str, datetime], list[Fault]]:
    """Return from which instant on and before which, days being those of UTC, and the last one part of it."""
    found: dict[str, datetime] = {}
    faults: list[Fault] = []
    for name in _DAYS:
        if name not in typed:
            continue
        try:
            begins = datetime.combine(date.fromisoformat(typed[name]), time(), UTC)
            found[name] = begins if name == "since" else begins + timedelta(days=1)
        except (ValueError, OverflowError):
            faults.append(Fault(f"/{name}", "not_a_date", "must be a date"))
    if not faults and len(found) == len(_DAYS) and found["since"] >= found["until"]:
        faults.append(Fault("/until", "not_after", "the last day is before the first"))
    return found, faults


def _row(item: AuditOut, words: Catalogue) -> Mapping[str, Any]:
    """Return a row with its changes in words, what kind of entry it is, and its page, where it has one."""
    entry = item["entry"] or ""
    page = _PAGES.get(entry)
    linked = bool(page and (item["entry_id"] or "").isdecimal())
    return {
        **item,
        "changes": list(_changes(item, words)),
        "kind": words.get(KINDS[entry][0], KINDS[entry][0]) if entry in KINDS else "",
        "path": f"{HERE}/{page}/{item['entry_id']}" if linked else "",
    }


def _changes(item: AuditOut, words: Catalogue) -> Iterator[tuple[str, str, str, str]]:
    """Yield each field by its code and its name, one that has no name by none, and what it was and is."""
    for each in item["changes"]:
        field = each["field"]
        name = history_text.named(words, field) if field in history_text.FIELDS else ""
        yield field, name, _written(each["before"]), _written(each["after"])


def _written(value: object) -> str:
    """Return a value as it is read; what is very long is cut off, the API has all of it."""
    text = "" if value is None else value if isinstance(value, str) else write_json(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def routes() -> list[Route]:
    """Return the addresses of this file."""
    return [Route(_PATH, show, methods=["GET"])]
