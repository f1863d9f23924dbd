"""Keys of requesting authorities: made, shown, changed, rotated and revoked by those who keep them.

``actor`` is None where the operator does it on the command line, who may do so with the keys of everybody.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from contactpoints.actions.access import must_be_held, new_secret
from contactpoints.actions.directory_checks import zone_faults
from contactpoints.actions.office_notices import tell_reader
from contactpoints.actions.sent_forms import is_first
from contactpoints.actions.tools import Tools
from contactpoints.rules import key_limits
from contactpoints.rules.access import Actor, Role, must_end_key, must_make_keys_of, sees_key, sees_network
from contactpoints.rules.calling_back import confirming_of, read_confirming, write_confirming
from contactpoints.rules.key_limits import LONGEST_OVERLAP, OVERLAP, limits_of
from contactpoints.rules.refusals import AlreadyRotated, Forbidden, Invalid, KeyEnded, KeyMade, NotFound, Stale
from contactpoints.rules.signing import read_signing, signing_of, write_signing
from contactpoints.store import access, keys
from contactpoints.store.database import Database, DatabaseFault, Row, Session
from contactpoints.store.sealing import secret_hash
from schemas.access import AuthorityKey, KeyLimits, KeyTerms
from schemas.faults import Fault
from schemas.fields import write_instant

_UNIQUE = "23505"
_ONE_PERSON = (Role.ADMINISTRATOR, Role.SECRETARIAT)
Shown = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Said:
    """Terms of a key, the faults of their shape, and who says them when."""

    terms: KeyTerms
    faults: Sequence[Fault]
    actor: Actor | None
    now: datetime


async def make(
    db: Database,
    said: AuthorityKey,
    *,
    faults: Sequence[Fault],
    actor: Actor,
    now: datetime,
    tools: Tools,
    once: str | None = None,
) -> Shown:
    """Make a key for an authority; return it as `schemas.access.KeyMadeOut`. Raises `Forbidden`, or `Invalid`.

    ``once``: by what it is known that a page's form was sent before; `KeyMade` where a key came of it then.
    """
    terms = Said(said, faults, actor, now)
    if faults:
        _must_be_sound(terms, role=Role.REQUESTER)
    must_make_keys_of(actor, said.party)
    _must_be_sound(terms, role=Role.REQUESTER)
    to = Actor(
        *(0, Role.REQUESTER, said.party, said.authority, None, said.notify, said.language),
        limits=limits_of(said.limits),
        signing=signing_of(said.signing),
        confirming=confirming_of(said.call_back),
        holder=said.holder_id,
    )
    secret = new_secret(tools.entropy) if once is None else new_secret(_of_form(once, actor=actor, tools=tools))
    try:
        async with db.transaction() as session:
            await must_be_held(session, to)
            number = await access.add_key(
                session,
                to,
                secret_hash=secret_hash(secret),
                expires_at=said.expires_at,
                now=now,
                made_by=actor.number,
            )
            await tell_reader(session, "key", number=number, of=to, now=now, tools=tools)
            return _shown(await keys.find(session, number), now=now) | {"secret": secret}
    except DatabaseFault as fault:
        if fault.sqlstate != _UNIQUE:
            raise
        raise KeyMade("A key was made by this form already, and its secret was shown: it is in the list.") from None


def _of_form(once: str, *, actor: Actor, tools: Tools) -> Callable[[int], bytes]:
    """Return what makes the secret of a key by what a form was sent with, and by what nobody outside knows.

    The same form makes the same secret, and there is one key of each: whoever sends it twice makes one.
    """
    mark = f"a key by form {actor.number} {once}"
    return lambda size: tools.keyring.derived(mark)[:size]


async def listing(
    db: Database,
    *,
    actor: Actor | None,
    now: datetime,
    after: int = 0,
    most: int | None = None,
    text: str | None = None,
) -> list[Shown]:
    """Return the keys that exist for the actor, the first first, as `schemas.access.KeyOut`; never a secret.

    ``text``: those alone whose number, authority, Party or role holds it.
    """
    async with db.session() as session:
        if actor is None or sees_network(actor):
            rows = await keys.listed(session, after=after, most=most, text=text)
        else:
            party, number = actor.party if actor.role is Role.ADMINISTRATOR else None, actor.number
            rows = await keys.listed_for(session, number=number, party=party, after=after, most=most or 0, text=text)
    return [_shown(row, now=now) for row in rows]


async def read(db: Database, number: int, *, actor: Actor | None, now: datetime) -> Shown:
    """Return one key, revoked ones too. Raises `NotFound`, also for what does not exist for the actor."""
    async with db.session() as session:
        return _shown(await _seen(session, number, actor=actor), now=now)


async def change(
    db: Database, number: int, *, version: int | None, said: Said, holder: int | None = None, page: bool = False
) -> Shown:
    """Give a key that is at ``version`` other terms, which are in force from the commit on, in every process.

    ``holder``: who holds it, where nobody was named before. ``page``: what a page has sent twice is told of the key as
    it stands. Raises `NotFound`, `Forbidden`, `Stale`, `KeyEnded` or `Invalid`.
    """
    if said.faults:
        _must_be_sound(said, role=Role.REQUESTER)
    async with db.transaction() as session:
        row = await _kept(session, number, actor=said.actor, holder=holder)
        if page and said.actor is not None:
            what = f"key {number} {holder} {said.terms.model_dump_json()}"
            if not await is_first(session, what, once=f"at {version}", actor=said.actor, now=said.now):
                return _shown(await keys.find(session, number), now=said.now)
        if row["version"] != version:
            raise Stale("The key has changed since it was read.")
        _must_be_alive(row, now=said.now)
        _must_be_sound(said, role=Role(row["role"]))
        _must_not_outlast(row, said.terms.expires_at)
        terms = said.terms
        to = replace(
            access.actor_of(row),
            notify=terms.notify,
            language=terms.language,
            limits=limits_of(terms.limits),
            signing=signing_of(terms.signing),
            confirming=confirming_of(terms.call_back),
            holder=_named(row, holder),
        )
        if holder is not None:
            await must_be_held(session, to)
        await keys.change(session, number, to=to, expires_at=terms.expires_at)
        return _shown(await keys.find(session, number), now=said.now)


def _must_not_outlast(row: Row, ends_at: datetime | None) -> None:
    """Raise `Invalid` for an end that gives a key which was rotated, and maybe is known to others, a longer life."""
    end = row["expires_at"]
    if row["rotated_to"] is not None and end is not None and (ends_at is None or ends_at > end):
        told = "Another key has taken its place: it ends no later than it does."
        raise Invalid([Fault("/expires_at", "not_allowed", told)])


def _named(row: Row, holder: int | None) -> int | None:
    """Return who holds a key once somebody was named. Raises `Invalid` where another one holds it."""
    held: int | None = row["holder_id"]
    if holder is not None and held not in (None, holder):
        told = "A secret has one holder: rotate the key, and say who holds the next."
        raise Invalid([Fault("/holder_id", "not_allowed", told)])
    return holder or held


async def revoke(db: Database, number: int, *, actor: Actor | None, now: datetime) -> None:
    """Revoke a key at once; again changes nothing. Raises `NotFound` or `Forbidden`."""
    async with db.transaction() as session:
        row = await _seen(session, number, actor=actor)
        if actor is not None:
            must_end_key(actor, role=row["role"], party=row["party"])
        await keys.revoke(session, number, now=now)


async def rotate(
    db: Database,
    number: int,
    *,
    ends_at: datetime | None,
    actor: Actor | None,
    now: datetime,
    tools: Tools,
    holder: int | None = None,
) -> Shown:
    """Make a key that takes the place of another, with the same rights, limits and end; return it with its secret.

    ``holder``: who holds the new one, where it is not whoever holds the old one.

    The old one ends at ``ends_at``, in a week where nothing is said, and never later than it did. Raises `NotFound`,
    `Forbidden`, `KeyEnded`, `AlreadyRotated`, or `Invalid` for an end that is past or more than 90 days ahead.
    """
    until = now + OVERLAP if ends_at is None else ends_at
    secret = new_secret(tools.entropy)
    try:
        async with db.transaction() as session:
            row = await _kept(session, number, actor=actor, holder=holder)
            if row["role"] in _ONE_PERSON:
                raise Forbidden(
                    "Two keys of administrators or the secretariat count as two persons: revoke this one first."
                )
            _must_be_alive(row, now=now)
            if not now < until <= now + LONGEST_OVERLAP:
                told = f"Must be later than now, by at most {LONGEST_OVERLAP.days} days."
                raise Invalid([Fault("/ends_at", "not_allowed", told)])
            to = access.actor_of(row)
            to = to if holder is None else replace(to, holder=holder)
            await must_be_held(session, to)
            new = await access.add_key(
                session,
                to,
                secret_hash=secret_hash(secret),
                expires_at=row["expires_at"],
                now=now,
                made_by=actor.number if actor else None,
                rotated_from=number,
            )
            await keys.end_at(session, number, at=until)
            await tell_reader(session, "key", number=new, of=to, now=now, tools=tools)
            return _shown(await keys.find(session, new), now=now) | {"secret": secret}
    except DatabaseFault as fault:
        if fault.sqlstate != _UNIQUE:
            raise
        raise AlreadyRotated("Another key has taken its place: rotate that one, or revoke it first.") from None


def limit_faults(limits: KeyLimits, *, role: Role) -> list[Fault]:
    """Return what is wrong with limits beyond their shape, for a key of a role."""
    found = [
        fault
        for place, hours in enumerate(limits.hours or ())
        for fault in zone_faults(hours.zone, at=f"/limits/hours/{place}/zone")
    ]
    if role is not Role.REQUESTER:
        told = "must be left out: only the key of a requester is limited to these"
        found += [
            Fault(f"/limits/{name}", "not_allowed", told)
            for name in ("kinds", "hours")
            if getattr(limits, name) is not None
        ]
    return found


def _must_be_sound(said: Said, *, role: Role) -> None:
    faults = list(said.faults)
    # None where it was left out, see `read_partly`, or there was no object at all.
    if said.terms.limits is not None and not any(each.pointer.startswith("/limits") for each in faults):
        faults += limit_faults(said.terms.limits, role=role)
    if role is not Role.REQUESTER and said.terms.call_back.persons:
        faults.append(Fault("/call_back", "not_allowed", "must be left out: only a requester's key asks anything"))
    if said.terms.expires_at is not None and said.terms.expires_at <= said.now:
        faults.append(Fault("/expires_at", "in_the_past", "It would have expired already."))
    if said.terms.signing is not None and not any(each.pointer.startswith("/signing") for each in faults):
        faults += [
            Fault(f"/signing/keys/{place}/expires_at", "in_the_past", "It would have expired already.")
            for place, each in enumerate(said.terms.signing.keys)
            if each.expires_at is not None and each.expires_at <= said.now
        ]
    if faults:
        raise Invalid(faults)


async def _seen(session: Session, number: int, *, actor: Actor | None) -> Row:
    row = await keys.find(session, number)
    if row is None or not (actor is None or sees_key(actor, number, role=row["role"], party=row["party"])):
        raise NotFound(f"There is no API key number {number}.")
    return row


async def _kept(session: Session, number: int, *, actor: Actor | None, holder: int | None = None) -> Row:
    """Return a key that the actor may change; until the transaction ends nobody else changes it.

    The account of the ``holder`` is locked first, where none is named that of whoever holds it: who disables an account
    ends its keys after it.
    """
    if (account := holder or await keys.holder(session, number)) is not None:
        await access.holder_of(session, account)
    await keys.lock(session, number)
    row = await _seen(session, number, actor=actor)
    if actor is not None:
        if row["role"] != Role.REQUESTER:
            raise Forbidden("Only keys of requesting authorities are changed here; the operator keeps the others.")
        must_make_keys_of(actor, row["party"])
    return row


def _must_be_alive(row: Row, *, now: datetime) -> None:
    if row["revoked_at"] is not None or (row["expires_at"] is not None and row["expires_at"] <= now):
        raise KeyEnded("The key has expired or was revoked: make another.")


def _shown(row: Row | None, *, now: datetime) -> Shown:
    assert row is not None
    names = ("id", "version", "role", "party", "contact_point_id", "authority", "language", "made_by", "holder_id")
    moments = {name: row[name] for name in ("created_at", "expires_at", "revoked_at")}
    return {
        **{name: row[name] for name in names},
        "notify": list(row["notify"]),
        "limits": key_limits.write_limits(key_limits.read_limits(row["limits"])),
        "signing": write_signing(read_signing(row["signing"])),
        "call_back": write_confirming(read_confirming(row["call_back"])),
        **{name: None if at is None else write_instant(at) for name, at in moments.items()},
        "rotated_from": row["rotated_from"],
        "rotated_to": row["rotated_to"],
        "last_used_at": None if row["used_at"] is None else write_instant(row["used_at"]),
        "last_used_from": row["used_from"],
        "warnings": _warnings(row, now=now),
    }


def _warnings(row: Row, *, now: datetime) -> list[dict[str, str]]:
    told: dict[str, str] = {}
    ends = row["expires_at"]
    if row["revoked_at"] is not None or (ends is not None and ends <= now):
        return []
    if key_limits.is_unused(made_at=row["created_at"], used_at=row["used_at"], now=now):
        told["unused"] = f"Not used for {key_limits.UNUSED_AFTER.days} days: revoke it if nobody needs it."
    if ends is not None and ends <= now + OVERLAP and row["rotated_to"] is None:
        told["ends_soon"] = f"It ends within {OVERLAP.days} days, and no other has taken its place: rotate it."
    return [{"code": code, "detail": detail} for code, detail in told.items()]
