"""What machines can do here: the operations behind `/openapi.json`. A test compares them with the routes, both ways."""

from collections.abc import Iterator
from dataclasses import replace
from typing import get_args

from pydantic import create_model

from contactpoints.api.accounts import ACCOUNTS
from contactpoints.api.address_book import BOOK, CARD, CERTIFICATE
from contactpoints.api.address_changes import ADDRESS_CHANGES
from contactpoints.api.audit import AUDIT
from contactpoints.api.calendars import IMPORT_CALENDAR
from contactpoints.api.calling_back import CALL_BACK
from contactpoints.api.competence import COMPETENCE
from contactpoints.api.cover import COVER
from contactpoints.api.declines import DECLINE
from contactpoints.api.directory import SHELVES, Shelf
from contactpoints.api.duty import DUTY
from contactpoints.api.exchange import EXPORT, IMPORT
from contactpoints.api.feeds import FEEDS
from contactpoints.api.handing import HAND_OVER
from contactpoints.api.history import AS_OF, HISTORY
from contactpoints.api.keys import KEYS
from contactpoints.api.leaving import LEAVING
from contactpoints.api.legal_basis import LEGAL_BASIS
from contactpoints.api.mail_links import MAILED
from contactpoints.api.notes import NOTES
from contactpoints.api.own_officer import OWN_OFFICER
from contactpoints.api.passkeys import PASSKEYS
from contactpoints.api.preview import PREVIEW
from contactpoints.api.proofs import PROOFS
from contactpoints.api.proposals import PROPOSALS
from contactpoints.api.queries import PAGES
from contactpoints.api.readings import READINGS
from contactpoints.api.resending import ONCE, OPENED_HEADERS, RESENDING
from contactpoints.api.retention import RETENTION
from contactpoints.api.search import SEARCH
from contactpoints.api.sessions import SESSIONS
from contactpoints.api.shifts import SHIFTS
from contactpoints.api.subscriptions import SUBSCRIPTIONS
from contactpoints.api.swaps import OPERATIONS as SWAPS
from contactpoints.rules.accounts import FRESH_ENTRIES
from schemas.access import Role
from schemas.acknowledgements import NOT_ACKNOWLEDGED, Acknowledge, AcknowledgementPage, AnsweredOut, NotAcknowledgedOut
from schemas.alerts import (
    OPEN_SHAPES,
    AlertOut,
    AlertPage,
    Closure,
    State,
    Status,
    TimelineOut,
    TimelinePage,
    Withdrawal,
)
from schemas.examples import ACTS, ENTRY_EXAMPLES, EXAMPLES
from schemas.health import AliveOut, EngineOut, ReadyOut
from schemas.history import StaleOut
from schemas.openapi import Operation, Parameter, Shown
from schemas.proposals import ProposalOut

_ALL: tuple[Role, ...] = get_args(Role)
_REQUESTER: tuple[Role, ...] = ("requester",)
_SIDES: tuple[Role, ...] = ("requester", "contact_point")
_KEEPERS: tuple[Role, ...] = ("administrator", "secretariat")
_HOUSE: tuple[Role, ...] = ("contact_point", "administrator", "secretariat", "auditor")
_ONE = "/v1/alerts/{reference}"
_OF_BODIES = (400, 403, 409, 413, 415, 422)
_WHOLE = {"type": "integer", "minimum": 0}

_REASON = Parameter(
    "reason",
    "Why, for the history; needed where a minute loses its cover, in 90 days from now or from where it is felt.",
    "query",
)
_AFTER = Parameter("after", "The number of the last fact already known.", "query", schema=_WHOLE)


_GAPS = "Numbers may be missing: a fact that the reader may not see has one, too. Nothing was lost."


def _codes(*codes: str) -> dict[str, object]:
    return {"type": "string", "enum": list(codes)}


_ALERTS = (
    Operation(
        "post",
        "/v1/alerts",
        "Open an alert",
        "open_alert",
        "alerts",
        request=tuple(OPEN_SHAPES.values()),
        responses={201: AlertOut, 202: ProposalOut, 200: AlertOut},
        problems=_OF_BODIES,
        parameters=(ONCE,),
        roles=_REQUESTER,
        answer_headers=OPENED_HEADERS,
        examples=EXAMPLES,
        description=(
            "Answered 201, the alert is written down and cannot be lost. The same key and body again answer 200 with "
            "the alert as it stands now; another body 422. While the first is under way a repeat hears 409. Where "
            "the Party asks for two persons it is answered 202 with a proposal: nobody is called before another person "
            "has released that."
        ),
        any_query=True,
    ),
    Operation(
        "get",
        "/v1/alerts",
        "List alerts, the newest first",
        "list_alerts",
        "alerts",
        responses={200: AlertPage},
        problems=(422,),
        parameters=(
            *PAGES,
            Parameter("state", "Only those in this state.", "query", schema=_codes(*get_args(State))),
            Parameter("status", "Only actual alerts, or only exercises.", "query", schema=_codes(*get_args(Status))),
        ),
        roles=_ALL,
    ),
    Operation("get", _ONE, "Read an alert", "read_alert", "alerts", responses={200: AlertOut}, roles=_ALL),
    Operation(
        "get",
        f"{_ONE}/timeline",
        "Read the facts after a number",
        "read_timeline",
        "alerts",
        responses={200: TimelinePage},
        problems=(422,),
        parameters=(_AFTER,),
        roles=_ALL,
        description=_GAPS,
    ),
    Operation(
        "get",
        f"{_ONE}/stream",
        "Follow the facts as they come",
        "follow_timeline",
        "alerts",
        responses={200: TimelineOut},
        problems=(422,),
        parameters=(Parameter("Last-Event-ID", "The number of the last fact already known."), _AFTER),
        roles=_ALL,
        media=("text/event-stream",),
        description=(
            "Server-Sent Events: `id` is the number of the fact, `event` its code, `data` the fact as in the timeline. "
            f"A comment after 20 to 25 seconds of silence. {_GAPS}"
        ),
    ),
    *(
        Operation(
            "post",
            f"{_ONE}/{act}",
            summary,
            name,
            "alerts",
            request=shape,
            examples=ACTS[name],
            responses={200: AlertOut},
            problems=_OF_BODIES,
            roles=roles,
            any_query=True,
        )
        for act, summary, name, shape, roles in (
            ("withdrawal", "Withdraw an alert", "withdraw_alert", Withdrawal, _REQUESTER),
            ("closure", "Close an acknowledged alert", "close_alert", Closure, _SIDES),
        )
    ),
    Operation(
        "post",
        f"{_ONE}/acknowledgements",
        "Acknowledge with an officer's code and PIN",
        "acknowledge_alert",
        "alerts",
        request=Acknowledge,
        examples=ACTS["acknowledge_alert"],
        responses={200: AnsweredOut},
        problems=_OF_BODIES,
        told_more={409: NotAcknowledgedOut},
        roles=("contact_point",),
        description=(
            "A machine's key alone is no human: the officer's reply code and PIN are. Where they do not acknowledge, "
            "the 409 (`/problems/not-acknowledged`) says by `outcome` why.\n\n"
            + "\n\n".join(f"`{code}`: {sentence}" for code, sentence in NOT_ACKNOWLEDGED.items())
        ),
        any_query=True,
    ),
    Operation(
        "get",
        "/v1/acknowledgements",
        "List acknowledgements, the newest first",
        "list_acknowledgements",
        "alerts",
        responses={200: AcknowledgementPage},
        problems=(422,),
        parameters=(
            *PAGES,
            Parameter("reference", "Only those of one alert.", "query"),
            Parameter("from", "Acknowledged at or after this instant, or this day in UTC.", "query"),
            Parameter("to", "Acknowledged before this instant, or before this day in UTC.", "query"),
            Parameter("format", "Instead of the Accept header.", "query", schema=_codes("json", "csv")),
        ),
        roles=_ALL,
        media=("application/json", "text/csv"),
        description="CSV (RFC 4180) has the same fields as columns, and all rows instead of a page.",
    ),
)


def _page(shelf: Shelf) -> Shown:
    name = f"{shelf.shape.__name__}Page"
    return create_model(name, items=(list[shelf.out], ...), next_cursor=(str | None, ...))  # type: ignore[name-defined]


_TAG = {"ETag": "The version, for If-Match."}


def _reads(shelf: Shelf) -> Iterator[Operation]:
    listed: tuple[Parameter, ...] = PAGES
    if shelf.narrowed_by:
        listed += (Parameter(shelf.narrowed_by, "Only those of this owner.", "query"),)
    yield Operation(
        "get",
        shelf.path,
        f"List {shelf.name.replace('_', ' ')}",
        f"list_{shelf.name}",
        "directory",
        responses={200: _page(shelf)},
        problems=(422,),
        parameters=listed,
        roles=_ALL,
    )
    kind = shelf.kind
    yield Operation(
        "get",
        shelf.one,
        f"Read {shelf.said}",
        f"read_{kind}",
        "directory",
        responses={200: shelf.out},
        problems=(403, 422) if shelf.open else (422,),
        parameters=(AS_OF,),
        roles=_ALL if shelf.open else _HOUSE,
        answer_headers=_TAG,
        description="Looking back (`as_of`) there is no ETag, and what has no history is null.",
    )


def _keeps(shelf: Shelf) -> Iterator[Operation]:
    kind, said = shelf.kind, shelf.said
    create = Operation(
        "post",
        shelf.path,
        f"Create {said}",
        f"create_{kind}",
        "directory",
        request=shelf.shape,
        responses={201: shelf.out},
        problems=_OF_BODIES,
        parameters=(_REASON,),
        roles=("secretariat",) if shelf.open else _KEEPERS,
        answer_headers=_TAG | {"Location": "Where it is."},
        examples=ENTRY_EXAMPLES[shelf.name],
        step_up=shelf.name in FRESH_ENTRIES,
    )
    change = replace(
        create,
        method="put",
        path=shelf.one,
        summary=f"Change {said}",
        name=f"change_{kind}",
        responses={200: shelf.out} | ({202: shelf.waits} if shelf.waits else {}),
        problems=(*create.problems, 412, 428),
        told_more={412: StaleOut},
        parameters=(Parameter("If-Match", "The ETag as it was read.", required=True), _REASON),
        answer_headers=_TAG | ({"Location": "With 202: where what waits is."} if shelf.waits else {}),
    )
    yield from (create, change)
    yield replace(
        change,
        method="delete",
        summary=f"Retire {said}; nothing is ever deleted",
        name=f"retire_{kind}",
        request=None,
        responses={200: shelf.out},
        answer_headers=_TAG,
        examples={},
        problems=(403, 409, 412, 422, 428),
        # With an officer numbers, PIN and account end.
        step_up=shelf.name in {*FRESH_ENTRIES, "officers"},
    )


_KEPT_IN_SHELVES = (each for shelf in SHELVES for each in (*_reads(shelf), *_keeps(shelf)))

_WATCHED = (
    Operation("get", "/healthz", "Is the process there", "alive", "health", responses={200: AliveOut}),
    Operation(
        "get",
        "/readyz",
        "Can this process take an alert",
        "ready",
        "health",
        responses={200: ReadyOut},
        description=(
            "Asks for the database and its migrations. While `time_zone_data` stands there, install the same release "
            "on every machine: this one may reckon shifts by other clocks than the database was reckoned by."
        ),
    ),
    Operation(
        "get",
        "/healthz/engine",
        "Is the engine on time",
        "engine",
        "health",
        responses={200: EngineOut, 503: EngineOut},
        description=(
            "503 when something due has waited for more than 30 s (`late`), or no engine has looked for more than 60 s "
            "(`silent`), though nothing may be due. One that has never looked is told only by what it leaves late. "
            "For an outside watchdog; never a reason to take web out of rotation."
        ),
    ),
    Operation("get", "/metrics", "Measures for Prometheus", "metrics", "health", responses={200: str}),
)


def _with_what_all_know(operation: Operation) -> Operation:
    """Add the refusals that every operation behind a key, in an address or in front of the database knows."""
    more = {503} if operation.path != "/healthz" and 503 not in operation.responses else set()
    if operation.path.startswith("/v1/"):
        more |= {400, 421, 422, 429, 431}
    if operation.request is not None or operation.file is not None:
        more |= {408, 413, 415}
    if operation.roles:
        # 403 also where a key is not for the address that it comes from, or a session wants a fresh second factor.
        more |= {401, 403}
    if "{" in operation.path:
        more.add(404)
    media = ("text/plain",) if operation.path == "/metrics" else operation.media
    return replace(operation, problems=tuple(sorted(more | set(operation.problems))), media=media)


OPERATIONS: tuple[Operation, ...] = tuple(
    _with_what_all_know(operation)
    for operation in (
        *_ALERTS,
        *READINGS,
        *RETENTION,
        PREVIEW,
        RESENDING,
        CALL_BACK,
        DECLINE,
        *NOTES,
        HAND_OVER,
        *PROPOSALS,
        *DUTY,
        COVER,
        SHIFTS,
        LEGAL_BASIS,
        SEARCH,
        COMPETENCE,
        EXPORT,
        IMPORT,
        CARD,
        BOOK,
        CERTIFICATE,
        AUDIT,
        *_KEPT_IN_SHELVES,
        IMPORT_CALENDAR,
        *FEEDS,
        *SUBSCRIPTIONS,
        *HISTORY,
        *SWAPS,
        *LEAVING,
        *MAILED,
        *PROOFS,
        *ADDRESS_CHANGES,
        *ACCOUNTS,
        *SESSIONS,
        *OWN_OFFICER,
        *PASSKEYS,
        *KEYS,
        *_WATCHED,
    )
)
"""Every operation of the API."""
