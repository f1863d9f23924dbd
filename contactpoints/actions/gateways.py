"""Trying a gateway: a message to the own address of whoever asks, bounded, and written down in the audit log."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from contactpoints.actions.auditing import note_within
from contactpoints.actions.calling import words_of
from contactpoints.actions.sent_forms import is_first
from contactpoints.actions.tools import Tools
from contactpoints.rules.access import Actor, Role
from contactpoints.rules.accounts import must_be_person
from contactpoints.rules.delivery import Draft
from contactpoints.rules.proof import is_proven
from contactpoints.rules.refusals import AskedJustNow, Forbidden, NotFound, NoVerifiedAddress
from contactpoints.rules.wording_gateways import gateway_test_words
from contactpoints.store import accounts, gateways, outbox
from contactpoints.store.database import Database, Session

_APART, _MOST, _WHILE = timedelta(minutes=1), 5, timedelta(hours=1)
_WHO = (Role.ADMINISTRATOR, Role.SECRETARIAT)


async def own(session: Session, account: int, *, now: datetime) -> Mapping[str, str]:
    """Return by kind the first address that surely reaches the person of an account."""
    found: dict[str, str] = {}
    for row in await gateways.own_addresses(session, account):
        surely = row["kind"] == "email" or is_proven(row["kind"], row["address"], proven_at=row["proven_at"], at=now)
        if surely:
            found.setdefault(row["kind"], row["address"])
    return found


def may_test(actor: Actor) -> bool:
    """Say whether somebody may try gateways: who administers, in a session, for it goes to them."""
    return actor.role in _WHO and actor.session is not None


async def try_out(db: Database, gateway: str, *, actor: Actor, now: datetime, tools: Tools, once: str = "") -> None:
    """Queue a test to the actor's own address by one gateway and by no other; it is tried once.

    What comes of it counts for the gateway like any message: where it is gone round for its silence, what it brings
    proves it. Raises `Forbidden`, `NotFound` for no gateway, `NoVerifiedAddress` where nothing of its kind reaches the
    actor, or `AskedJustNow`: once in a minute, five times in an hour. A form that was sent ``once`` does nothing more.
    """
    must_be_person(actor)
    if not may_test(actor):
        raise Forbidden("Gateways are tried by administrators and the secretariat.")
    kind = next((kind for kind, names in tools.gateways.items() if gateway in names), None)
    if kind is None:
        raise NotFound("There is no such gateway.")
    async with db.transaction() as session:
        await accounts.lock(session, actor.number)
        await note_within(session, {"gateway": gateway, "kind": kind})
        if not await is_first(session, f"test {gateway}", once=once, actor=actor, now=now):
            return
        address = (await own(session, actor.number, now=now)).get(kind)
        if address is None:
            raise NoVerifiedAddress("There is no proven address of yours to which it could go.")
        if await gateways.tested(session, address, gateway=gateway, since=now - _APART) or (
            await gateways.tested(session, address, gateway=gateway, since=now - _WHILE) >= _MOST
        ):
            raise AskedJustNow("It was tried just now. Wait a little before you try again.")
        words = gateway_test_words(words_of(tools, actor.language), kind, gateway=gateway, at=now)
        draft = Draft("probe", kind, address, actor.language, words.text, words.subject, gateway=gateway, urgent=False)
        await outbox.enqueue(session, [(None, draft)], now=now)
