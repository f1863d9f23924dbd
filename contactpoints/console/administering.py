"""What the pages of the administration have in common: for whom they are, the places among them, lists in pages."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from contactpoints.actions import auditing
from contactpoints.console.forms import whole, whole_number
from contactpoints.console.session import refused, somebody
from contactpoints.console.shell import desk
from contactpoints.rules.access import Actor, Role, sees_network
from contactpoints.rules.console import administers
from contactpoints.rules.refusals import Conflict, Forbidden, Invalid, NotFound, Refusal, Stale, Unavailable
from contactpoints.runtime import Runtime
from contactpoints.store.audit import Wanted
from schemas.audit import AuditOut
from schemas.faults import BadInput, Fault
from schemas.words import msgid

HERE = "/administration"
LIST = 100
"""How many rows of a list a page has."""
LONGEST = 200
"""How many characters a search has in each of its fields."""


@dataclass(frozen=True, slots=True)
class Place:
    """A part of the administration: its name in addresses, and English sentences that name and explain it."""

    name: str
    title: str
    about: str

    @property
    def path(self) -> str:
        """Where it is."""
        return f"{HERE}/{self.name}"


_ALL = (
    Place("accounts", msgid("Accounts"), msgid("Who signs in: invite, change, end.")),
    Place("keys", msgid("Keys"), msgid("By which systems of authorities open alerts, and when each was last used.")),
    Place("two-persons", msgid("Two persons"), msgid("Whether an alert takes one person or two.")),
    Place("health", msgid("Health and gateways"), msgid("Engine, database, ways out, and a test to yourself.")),
    Place("settings", msgid("Settings"), msgid("As they are in force in this process, and which are weak.")),
    Place("audit", msgid("Audit log"), msgid("Who did what, and what was refused, with search and export.")),
    Place("roles", msgid("Roles"), msgid("What each role may do, in words.")),
)


def places_of(actor: Actor) -> tuple[Place, ...]:
    """Return the places that somebody may look at: the settings are for those who look at the whole service."""
    return tuple(each for each in _ALL if each.name != "settings" or sees_network(actor))


async def keeper(runtime: Runtime, request: Request, *, fresh: bool = False) -> Actor:
    """Return who administers or audits. Raises `NotFound` for everybody else, and what `session.somebody` raises."""
    actor = await somebody(runtime, request, fresh=fresh)
    if not administers(actor):
        raise NotFound("The administration is for those who keep entries, and for auditors.")
    return actor


def status_of(word: str) -> int:
    """Return the status of a page that tells by ``word`` what was refused, see `told`; 200 for ""."""
    return {"": 200, "forbidden": 403, "unavailable": 503}.get(word, 409)


def changes(actor: Actor) -> bool:
    """Say whether somebody may change anything here: auditors read."""
    return actor.role is not Role.AUDITOR


def shown(
    runtime: Runtime,
    request: Request,
    *,
    template: str,
    actor: Actor,
    status: int = 200,
    faults: Sequence[Fault] = (),
    **fields: object,
) -> Response:
    """Return a page of the administration; 422 where something that was typed has ``faults``."""
    return desk(
        runtime,
        request,
        template=template,
        actor=actor,
        here="administration",
        status=422 if faults and status == 200 else status,
        faults=faults,
        places=places_of(actor),
        changes=changes(actor),
        **fields,
    )


def asked(request: Request, name: str) -> str:
    """Return what a page was asked for by name, without spaces around it; nothing where it was not, or too long."""
    text: str = request.query_params.get(name, "").strip()
    return text if len(text) <= LONGEST and "\0" not in text else ""


def cursor_of(request: Request) -> int:
    """Return after or before which number a page of a list goes on; 0 where it begins."""
    return whole_number(request, "cursor") or 0


def told(request: Request, refusal: Refusal | BadInput) -> tuple[str, Sequence[Fault]]:
    """Return by which word a page tells of a refusal, with its faults; written down like any other.

    Raises it anew where no page tells it better than the common one.
    """
    refused(request, refusal)
    match refusal:
        case Invalid() | BadInput():
            return "", refusal.faults
        case Stale():
            return "stale", ()
        case Forbidden():
            return "forbidden", ()
        case Conflict():
            return "conflict", ()
        case Unavailable():
            return "unavailable", ()
        case _:
            raise refusal


async def last_change(runtime: Runtime, actor: Actor, *, entry: str, number: int) -> AuditOut | None:
    """Return who changed an entry last and what; None where nothing is known of it."""
    wanted = Wanted(entry=entry, entry_id=str(number), outcome="done")
    items, _ = await auditing.read(runtime.db, actor=actor, wanted=wanted, before=None, most=1)
    return items[0] if items else None


def given(fields: Mapping[str, str], names: Sequence[str], *, numbers: Sequence[str] = ()) -> dict[str, object]:
    """Return the fields of a form that were filled in; those that are ``numbers`` as such, where they are some."""
    said: dict[str, object] = {name: text for name in names if (text := fields.get(name, "").strip())}
    for name in numbers:
        if text := fields.get(name, "").strip():
            said[name] = whole(text)
    return said
