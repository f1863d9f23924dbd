"""The directory, for machines: every kind of entry the same way.

An entry's version is its ETag. PUT and DELETE need it in If-Match; DELETE retires, and nothing is ever deleted.
"""

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from contactpoints.actions import directory
from contactpoints.actions.directory import Kept
from contactpoints.actions.history import as_of, overtaken
from contactpoints.api.bodies import json_body
from contactpoints.api.identity import caller
from contactpoints.api.queries import Asked, header, party_code, query
from contactpoints.rules.access import Actor
from contactpoints.rules.refusals import Invalid, NotFound, PreconditionRequired, Stale
from contactpoints.runtime import Runtime
from schemas.address_changes import ChannelChangeOut
from schemas.calendars import Calendar, CalendarOut
from schemas.directory import (
    Channel,
    ChannelOut,
    ContactPoint,
    ContactPointOut,
    Declaration,
    DeclarationOut,
    DutyPost,
    DutyPostOut,
    Entry,
    Membership,
    MembershipOut,
    Officer,
    OfficerOut,
    Party,
    PartyOut,
    ProviderSeat,
    ProviderSeatOut,
)
from schemas.faults import BadInput, Fault, Unreadable
from schemas.fields import Shape
from schemas.history import Stated
from schemas.holidays import HolidayCalendar, HolidayCalendarOut
from schemas.partly import read_partly
from schemas.rosters import (
    Absence,
    AbsenceOut,
    EscalationPolicy,
    EscalationPolicyOut,
    Override,
    OverrideOut,
    Rotation,
    RotationOut,
)

_MOST = 500


@dataclass(frozen=True, slots=True)
class Shelf:
    """One kind of entry at the door: its path, its shapes in and out, and the field by which a list may be narrowed.

    An ``open`` one is read by everybody with a key. ``waits``: what a change is answered with (202) that waits in part.
    """

    name: str
    shape: type[Shape]
    out: type[Entry]
    narrowed_by: str | None = None
    open: bool = False
    waits: type[Entry] | None = None

    @property
    def kind(self) -> str:
        """The name of one entry, as in the names of operations."""
        return re.sub(r"(?<!^)(?=[A-Z])", "_", self.shape.__name__).lower()

    @property
    def said(self) -> str:
        """One entry with its article: a post, an officer."""
        said = self.kind.replace("_", " ")
        return f"{'an' if said[0] in 'aeio' else 'a'} {said}"

    @property
    def path(self) -> str:
        """The path of the list."""
        return f"/v1/{self.name.replace('_', '-')}"

    @property
    def key(self) -> str:
        """The field by which an entry is known, in its body and in its path."""
        return "code" if self.name == "parties" else "id"

    @property
    def one(self) -> str:
        """The path of one entry."""
        return f"{self.path}/{{{self.key}}}"


SHELVES: tuple[Shelf, ...] = (
    Shelf("parties", Party, PartyOut, open=True),
    Shelf("memberships", Membership, MembershipOut, "party", open=True),
    Shelf("declarations", Declaration, DeclarationOut, "party", open=True),
    Shelf("providers", ProviderSeat, ProviderSeatOut, "party", open=True),
    Shelf("contact_points", ContactPoint, ContactPointOut, "party"),
    Shelf("posts", DutyPost, DutyPostOut, "contact_point_id"),
    Shelf("officers", Officer, OfficerOut, "contact_point_id"),
    Shelf("channels", Channel, ChannelOut, "officer_id", waits=ChannelChangeOut),
    Shelf("rotations", Rotation, RotationOut, "post_id"),
    Shelf("overrides", Override, OverrideOut, "post_id"),
    Shelf("calendars", Calendar, CalendarOut, "post_id"),
    Shelf("absences", Absence, AbsenceOut, "officer_id"),
    Shelf("holiday_calendars", HolidayCalendar, HolidayCalendarOut, "contact_point_id"),
    Shelf("policies", EscalationPolicy, EscalationPolicyOut, "contact_point_id"),
)

Handler = Callable[..., Awaitable[Response]]


def key_of(shelf: Shelf, request: Request) -> int | str:
    """Return by what the path names an entry. Raises `NotFound` for what names none."""
    text: str = request.path_params[shelf.key]
    if shelf.key == "code":
        return party_code(text)
    if not text.isascii() or not text.isdecimal() or len(text) > 15:
        raise NotFound("There is no such entry.")
    return int(text)


def expected(request: Request) -> int | None:
    """Return the version in If-Match; None, which no entry is at, for a tag that is none of ours."""
    tag = header(request, "If-Match")
    if not tag:
        raise PreconditionRequired("Send the ETag of the entry as you read it in If-Match.")
    text = tag.strip()[1:-1] if len(tag.strip()) > 2 and tag.strip()[0] == tag.strip()[-1] == '"' else ""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else None


async def _said(request: Request, shape: type[Shape]) -> tuple[Shape, str | None, tuple[Fault, ...]]:
    """Return what an entry shall be, and why, as far as either can be judged; and the faults of both.

    Raises `Unreadable`, and `Invalid` where there are as many as are told.
    """
    reason: str | None = None
    unstated: tuple[Fault, ...] = ()
    try:
        reason = query(request, Stated).reason
    except Invalid as refused:
        unstated = refused.faults
    raw = await json_body(request)
    try:
        body, faults = read_partly(shape, raw)
    except Unreadable:
        raise
    except BadInput as bad:
        raise Invalid((*unstated, *bad.faults)) from None
    return body, reason, (*unstated, *faults)


def _answer(kept: Kept, *, status: int = 200, location: str | None = None) -> Response:
    if kept.address_change is not None:
        status, location = 202, f"/v1/address-changes/{kept.address_change['id']}"
    headers = {"ETag": f'"{kept.entry["version"]}"'}
    if location:
        headers["Location"] = location
    return JSONResponse(directory.shown(kept), status_code=status, headers=headers)


async def _list(runtime: Runtime, request: Request, *, shelf: Shelf) -> Response:
    actor = await caller(runtime, request)
    asked, name = Asked(request), shelf.narrowed_by
    after = asked.text("cursor") if shelf.key == "code" else asked.number("cursor")
    most = asked.number("limit", least=1, most=_MOST) or 100
    owner = asked.party() if name == "party" else asked.number(name) if name else None
    asked.sound()
    items = await directory.listing(runtime.db, shelf.name, actor=actor, owner=owner, after=after, most=most)
    following = str(items[-1][shelf.key]) if len(items) == most else None
    return JSONResponse({"items": items, "next_cursor": following})


async def _create(runtime: Runtime, request: Request, *, shelf: Shelf) -> Response:
    actor = await caller(runtime, request)
    body, reason, faults = await _said(request, shelf.shape)
    kept = await directory.create(
        *(runtime.db, shelf.name),
        actor=actor,
        body=body,
        now=runtime.now(),
        tools=runtime.tools,
        faults=faults,
        reason=reason,
    )
    return _answer(kept, status=201, location=f"{shelf.path}/{kept.entry[shelf.key]}")


async def _read(runtime: Runtime, request: Request, *, shelf: Shelf) -> Response:
    actor, key = await caller(runtime, request), key_of(shelf, request)
    asked = Asked(request)
    then = asked.instant("as_of", days=False)
    asked.sound()
    if then is None:
        return _answer(await directory.read(runtime.db, shelf.name, actor=actor, key=key))
    entry = await as_of(runtime.db, shelf.name, actor=actor, key=key, instant=then, now=runtime.now())
    return JSONResponse(directory.shown(Kept(entry)))


async def _change(runtime: Runtime, request: Request, *, shelf: Shelf) -> Response:
    actor = await caller(runtime, request)
    key, version = key_of(shelf, request), expected(request)
    body, reason, faults = await _said(request, shelf.shape)
    async with told_what_changed(runtime, shelf.name, actor=actor, key=key, version=version):
        kept = await directory.change(
            *(runtime.db, shelf.name),
            actor=actor,
            key=key,
            version=version,
            body=body,
            now=runtime.now(),
            tools=runtime.tools,
            faults=faults,
            reason=reason,
        )
    return _answer(kept)


async def _retire(runtime: Runtime, request: Request, *, shelf: Shelf) -> Response:
    actor = await caller(runtime, request)
    key, version, reason = key_of(shelf, request), expected(request), query(request, Stated).reason
    async with told_what_changed(runtime, shelf.name, actor=actor, key=key, version=version):
        kept = await directory.retire(
            *(runtime.db, shelf.name),
            actor=actor,
            key=key,
            version=version,
            now=runtime.now(),
            tools=runtime.tools,
            reason=reason,
        )
    return _answer(kept)


@asynccontextmanager
async def told_what_changed(
    runtime: Runtime, name: str, *, actor: Actor, key: int | str, version: int | None
) -> AsyncIterator[None]:
    """Tell whoever is refused as `Stale` within what happened to the entry since, and who did it."""
    try:
        yield
    except Stale as refused:
        stale = refused
    else:
        return
    words = runtime.tools.words[actor.language]
    raise await overtaken(runtime.db, name, key=key, version=version, stale=stale, words=words)


def routes() -> list[Route]:
    """Return the routes of the directory."""
    made: list[Route] = []
    for shelf in SHELVES:
        made += [
            Route(shelf.path, partial(_list, shelf=shelf), methods=["GET"]),
            Route(shelf.path, partial(_create, shelf=shelf), methods=["POST"]),
            Route(shelf.one, partial(_read, shelf=shelf), methods=["GET"]),
            Route(shelf.one, partial(_change, shelf=shelf), methods=["PUT"]),
            Route(shelf.one, partial(_retire, shelf=shelf), methods=["DELETE"]),
        ]
    return made
