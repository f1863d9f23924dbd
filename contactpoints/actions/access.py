"""Keys of machines, PINs of people."""

import base64
import itertools
import logging
from collections.abc import Callable
from datetime import datetime

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

from contactpoints.actions.tools import Tools
from contactpoints.rules.access import Actor
from contactpoints.rules.refusals import Invalid, NotFound, Unavailable, no_party
from contactpoints.store import access, directory, entries
from contactpoints.store.database import Database, Session
from contactpoints.store.sealing import pepper_mark, peppered, secret_hash
from schemas.faults import Fault

_log = logging.getLogger(__name__)
_MOST_WRONG = 10
_LEAST_DIGITS, _MOST_DIGITS = 6, 12
# The first choice of OWASP's password storage cheat sheet for argon2id; some 30 ms a hash on a small server.
HASHER = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)


async def make_key(
    db: Database,
    actor: Actor,
    *,
    now: datetime,
    entropy: Callable[[int], bytes],
    expires_at: datetime | None = None,
) -> str:
    """Make an API key for what ``actor`` describes; return its secret, which is shown once and kept hashed.

    Raises `Invalid` for a Party or a contact point that does not exist, or one of another Party.
    """
    async with db.transaction() as session:
        if faults := await foreign(session, actor.party, contact_point=actor.contact_point):
            raise Invalid(faults)
        await must_be_held(session, actor)
        secret = new_secret(entropy)
        await access.add_key(session, actor, secret_hash=secret_hash(secret), expires_at=expires_at, now=now)
    return secret


async def foreign(
    session: Session, party: str | None, *, contact_point: int | None = None, officer: int | None = None
) -> list[Fault]:
    """Return a fault where there is no such Party for a key or an account, or something does not belong to it."""
    faults = []
    if party is not None and await directory.find_party(session, party) is None:
        faults.append(Fault("/party", "unknown", no_party(party)))
    for kind, field, number, said in (
        ("contact_points", "contact_point_id", contact_point, "contact point"),
        ("officers", "officer_id", officer, "officer"),
    ):
        if number is None:
            continue
        owner = await entries.find_owner(session, kind, key=number)
        if owner is None or owner.party != party:
            faults.append(Fault(f"/{field}", "unknown", f"This Party has no such {said}."))
    return faults


async def must_be_held(session: Session, to: Actor) -> None:
    """Raise `Invalid` unless whoever holds a key has an account of the same office, or the key names nobody."""
    if to.holder is None:
        return
    if await access.holder_of(session, to.holder) != (to.role.value, to.party, to.authority):
        told = "Must be the account of somebody of the same role, Party and authority, who has accepted it."
        raise Invalid([Fault("/holder_id", "unknown", told)])


def new_secret(entropy: Callable[[int], bytes]) -> str:
    """Return the secret of a new key."""
    return "cp_" + base64.urlsafe_b64encode(entropy(32)).decode().rstrip("=")


async def find_actor(db: Database, *, secret: str, now: datetime) -> Actor | None:
    """Return whose key it is; None for an unknown, expired or revoked one."""
    async with db.session() as session:
        return await access.find_key(session, secret_hash=secret_hash(secret), now=now)


def pin_faults(pin: str) -> list[Fault]:
    """Return what is wrong with a new PIN: it is too short, too long or easily guessed."""
    if not pin.isascii() or not pin.isdigit() or not _LEAST_DIGITS <= len(pin) <= _MOST_DIGITS:
        return [Fault("/pin", "pin_shape", "A PIN has 6 to 12 digits.")]
    steps = {int(after) - int(before) for before, after in itertools.pairwise(pin)}
    return [Fault("/pin", "pin_guessable", "This PIN is guessed too easily.")] if steps in ({0}, {1}, {-1}) else []


async def hash_pin(pin: str, *, tools: Tools) -> str:
    """Return a PIN as it is kept. Raises `Invalid`, see `pin_faults`."""
    if faults := pin_faults(pin):
        raise Invalid(faults)
    return await tools.threads.pin(HASHER.hash, peppered(tools.pepper, pin))


async def set_pin(
    db: Database, officer: int, *, pin: str, now: datetime, tools: Tools, expires_at: datetime | None = None
) -> None:
    """Set or reset an officer's PIN; a lock of the one before is lifted.

    Raises `Invalid` as `hash_pin` does, and `NotFound` without such an officer.
    """
    hashed = await hash_pin(pin, tools=tools)
    async with db.transaction() as session:
        mark = pepper_mark(tools.pepper)
        if not await access.keep_pin(session, officer, hashed=hashed, mark=mark, expires_at=expires_at, now=now):
            raise NotFound(f"There is no officer number {officer}.")


async def knows_pepper(db: Database, pepper: bytes) -> bool:
    """Say whether the PINs that are set were hashed with this pepper; so it is while there is none."""
    async with db.session() as session:
        return await access.pepper_known(session) in (None, pepper_mark(pepper))


async def lock_pin(db: Database, officer: int, *, now: datetime) -> None:
    """Lock a PIN, until another is set, whose officer lost it or left. Raises `NotFound` where there is none."""
    async with db.transaction() as session:
        if not await access.lock_pin(session, officer, now=now):
            raise NotFound(f"Officer number {officer} has no PIN.")


async def check_pin(db: Database, officer: int, *, pin: str, now: datetime, tools: Tools) -> str:
    """Return ``right``, ``wrong``, ``locked``, ``expired`` or ``not_set``. The hash is computed in a thread.

    Raises `Unavailable` in a process to which every PIN would be wrong; another may have the right pepper.
    """
    async with db.session() as session:
        row = await access.find_pin(session, officer)
    if row is None:
        return "not_set"
    if row["locked_at"] is not None:
        return "locked"
    if row["expires_at"] is not None and row["expires_at"] <= now:
        return "expired"
    if row["mark"] not in (None, pepper_mark(tools.pepper)):
        _log.error("PINs cannot be judged in this process: they were set with another pepper")
        raise Unavailable("PINs cannot be judged here just now; the operator has been told why.")
    async with db.transaction() as session:
        if not await access.take_try(session, officer, most=_MOST_WRONG):
            return "locked"
    right = await tools.threads.pin(matches, row["hash"], peppered(tools.pepper, pin))
    async with db.transaction() as session:
        await access.judge_try(session, officer, right=right, most=_MOST_WRONG, now=now)
    return "right" if right else "wrong"


def matches(hashed: str, pin: bytes) -> bool:
    """Say whether a hash is that of a PIN or a password, mixed with the pepper. Takes a while: for a thread."""
    try:
        return HASHER.verify(hashed, pin)
    except (VerifyMismatchError, InvalidHashError):
        return False
