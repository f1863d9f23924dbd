"""The directory on pages: the network at a glance and by words, and the page of each entry with its history."""

from collections.abc import Iterator, Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from contactpoints.actions import entry_page, history
from contactpoints.actions.entry_page import Looked
from contactpoints.actions.search import search
from contactpoints.console.forms import whole_number
from contactpoints.console.session import somebody
from contactpoints.console.shell import desk
from contactpoints.rules import history_text
from contactpoints.rules.access import Actor, Role, keeps_entries_of, reads_entries_of, sees_network
from contactpoints.rules.folding import words as folded
from contactpoints.rules.phrasing import Catalogue
from contactpoints.rules.refusals import NotFound
from contactpoints.rules.wording_directory import KINDS, code_of, standing_of, title_of
from contactpoints.rules.wording_warnings import WARNINGS
from contactpoints.runtime import Runtime
from contactpoints.store.entries import OPEN, Key
from schemas.exchange import SHAPES

HERE = "/directory"
_MOST_WORDS, _MOST_FOUND, _MOST_VERSIONS = 8, 50, 30
_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "contact_points": ("function", "territory", "zone", "languages"),
    "memberships": ("status", "territory", "since", "until", "confidence"),
    "declarations": ("territory", "towards", "since", "until", "text"),
    "providers": ("other_names", "since", "until", "confidence"),
    "posts": ("line", "minimum", "languages", "longest_hours"),
    "officers": ("function", "language", "languages"),
    "channels": ("place", "proven_at"),
    "policies": ("restart_seconds", "reminder_seconds"),
    "holiday_calendars": ("country", "subdivision", "own_days"),
}
_BESIDES: Mapping[str, tuple[str, ...]] = {
    "parties": ("two_persons",),
    "officers": ("has_pin", "pin_locked", "pin_expires_at"),
    "channels": ("proven_at", "verified_at", "quarantined_at", "quarantined_why", "unapproved_since", "renewed_at"),
}
_TITLES = ("name", "code", "party", "contact_point_id", "officer_id")
"""What stands above a page already."""
_EMPTY: tuple[Any, ...] = (None, [], {})


def entry_in(request: Request) -> tuple[str, Key]:
    """Return kind and key of the entry in a page's address, as in ``/directory/contact-points-3``.

    Raises `NotFound` for what names none.
    """
    return entry_named(str(request.path_params["entry"]))


def entry_named(text: str) -> tuple[str, Key]:
    """Return kind and key of an entry: ``contact-points-3``, ``parties-FR``. Raises `NotFound`."""
    kind, _, key = text.rpartition("-")
    name = kind.replace("-", "_")
    if name not in KINDS or not key.isascii() or len(key) > 15:
        raise NotFound("There is no such entry.")
    if name == "parties" and len(key) == 2 and key.isalpha() and key.isupper():
        return name, key
    if name == "parties" or not key.isdecimal():
        raise NotFound("There is no such entry.")
    return name, int(key)


def path_of(kind: str, key: Key) -> str:
    """Return the address of the page of an entry."""
    return f"{HERE}/{kind.replace('_', '-')}-{key}"


def in_words(words: Catalogue) -> dict[str, Any]:
    """Return what templates of entries call, in the reader's language."""
    return {
        "kinds": {kind: tuple(words.get(each, each) for each in several) for kind, several in KINDS.items()},
        "path_of": path_of,
        "title_of": lambda kind, entry: title_of(words, kind, entry=entry),
        "named": lambda name: history_text.named(words, name),
        "code_of": lambda name, code: code_of(words, name, code=code),
        "standing_of": lambda channel, now: standing_of(words, channel, now=now),
    }


async def show(runtime: Runtime, request: Request) -> Response:
    """Show all Parties with their contact points; or what answers the words of ``q``."""
    actor = await somebody(runtime, request)
    words = runtime.tools.words[actor.language]
    typed = request.query_params.get("q", "")[:200]
    asked = list(dict.fromkeys(folded(typed)))[:_MOST_WORDS]
    found: list[dict[str, Any]] = []
    more = False
    if asked:
        found, more = await search(runtime.db, asked, actor=actor, most=_MOST_FOUND, tools=runtime.tools)
    return desk(
        runtime,
        request,
        template="directory.html",
        actor=actor,
        here="directory",
        q=typed,
        asked=asked,
        found=found,
        more=more,
        rows=() if asked else await entry_page.network(runtime.db),
        inside=_inside(actor),
        keeps=keeps_entries_of(actor, actor.party),
        adds=actor.role is Role.SECRETARIAT,
        **in_words(words),
    )


def _inside(actor: Actor) -> bool:
    return sees_network(actor) or reads_entries_of(actor, actor.party)


async def entry(runtime: Runtime, request: Request) -> Response:
    """Show an entry, and what belongs to it."""
    actor = await somebody(runtime, request)
    kind, key = entry_in(request)
    looked = await entry_page.look(runtime.db, kind, actor=actor, key=key)
    return shown(runtime, request, actor=actor, kind=kind, looked=looked)


def shown(
    runtime: Runtime, request: Request, *, actor: Actor, kind: str, looked: Looked, status: int = 200, **more: object
) -> Response:
    """Return the page of an entry, with what was ``said`` of what somebody did there."""
    words = runtime.tools.words[actor.language]
    told: dict[str, object] = {"said": request.query_params.get("said", ""), "typed": {}, "faults": ()}
    doubts = request.query_params.get("doubts", "").split(",")
    told |= {"since": (), "relied": "", "doubts": [each for each in WARNINGS if each in doubts]}
    told |= {"once": runtime.tools.entropy(16).hex()}
    return desk(
        runtime,
        request,
        template="entry.html",
        actor=actor,
        here="directory",
        status=status,
        kind=kind,
        key=looked.entry["code" if kind == "parties" else "id"],
        looked=looked,
        facts=list(_facts(words, kind, looked=looked)),
        tables={below: _table(words, below, looked=looked) for below in looked.below},
        adds=lambda below: keeps_entries_of(actor, None if below in OPEN else looked.party),
        looks_back=actor.role is not Role.REQUESTER and looked.inside,
        **in_words(words),
        **(told | more),
    )


def _facts(words: Catalogue, kind: str, *, looked: Looked) -> Iterator[tuple[str, str, list[Any]]]:
    """Yield name, label and lines of each field that says something; an instant as it is, everything else in words."""
    names = (*SHAPES[kind].model_fields, *_BESIDES.get(kind, ()), "retired_at")
    for name in names:
        value = looked.entry.get(name)
        if name in _TITLES or value in _EMPTY:
            continue
        if value is False and name == "secretariat":
            continue
        yield name, history_text.named(words, name), _lines(words, name, value=value, looked=looked)


def _lines(words: Catalogue, name: str, *, value: Any, looked: Looked) -> list[Any]:
    """Return what stands in a field line by line: of what is told part by part, each part."""
    if isinstance(value, list) and isinstance(value[0], dict):
        return [_told(words, name, value=each, looked=looked) for each in value]
    if isinstance(value, dict) and name == "capabilities":
        return [_told(words, name, value={kind: can}, looked=looked) for kind, can in value.items()]
    return [_told(words, name, value=value, looked=looked)]


def _told(words: Catalogue, name: str, *, value: Any, looked: Looked) -> Any:
    if name.endswith(("_at", "_since")):
        return value
    return history_text.valued(words, name, value=value, names=looked.names)


def _table(words: Catalogue, kind: str, *, looked: Looked) -> list[tuple[str, Mapping[str, Any]]]:
    """Return the columns of a list, and of each row its cells in words, by column."""
    rows = looked.below[kind]
    columns = [name for name in _COLUMNS[kind] if any(each.get(name) not in _EMPTY for each in rows)]
    return [(name, {str(each["id"]): _cell(words, name, row=each, looked=looked) for each in rows}) for name in columns]


def _cell(words: Catalogue, name: str, *, row: Mapping[str, Any], looked: Looked) -> Any:
    value = row.get(name)
    return "" if value in _EMPTY else _told(words, name, value=value, looked=looked)


async def look_back(runtime: Runtime, request: Request) -> Response:
    """Show what an entry was like: who changed what, when and why, the newest first."""
    actor = await somebody(runtime, request)
    kind, key = entry_in(request)
    words, before = runtime.tools.words[actor.language], whole_number(request, "cursor", most=10**9 - 1)
    told = await history.read_history(runtime.db, kind, actor=actor, key=key, before=before, most=_MOST_VERSIONS)
    looked = await entry_page.look(runtime.db, kind, actor=actor, key=key)
    return desk(
        runtime,
        request,
        template="entry_history.html",
        actor=actor,
        here="directory",
        kind=kind,
        key=key,
        looked=looked,
        versions=[
            (version, history_text.author(words, version.by), history_text.apart(words, changes, names=told.names))
            for version, changes in told.versions
        ],
        following=told.following,
        **in_words(words),
    )


def routes() -> list[Route]:
    """Return the addresses of this file."""
    return [
        Route(HERE, show, methods=["GET"]),
        Route(f"{HERE}/{{entry}}", entry, methods=["GET"]),
        Route(f"{HERE}/{{entry}}/history", look_back, methods=["GET"]),
    ]
