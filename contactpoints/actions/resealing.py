"""Rotation of the keyring: what older keys sealed is sealed again by the first, so that the older can be removed.

Nothing has to stop for it. Of alerts and arrivals only the data keys are wrapped anew, and every batch is a
transaction: broken off anywhere it begins again where it was, for what is done bears the mark of the first key.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from contactpoints.store import resealing
from contactpoints.store.database import Database
from contactpoints.store.resealing import Sealed
from contactpoints.store.sealing import Keyring, Unsealable

_BATCH = 1_000


@dataclass(frozen=True, slots=True)
class Resealed:
    """How many rows were sealed again, and how many could not be opened by any key of the keyring."""

    done: int = 0
    unopened: int = 0

    def __add__(self, other: "Resealed") -> "Resealed":
        return Resealed(self.done + other.done, self.unopened + other.unopened)


def _quietly(_table: str, _total: Resealed) -> None:
    return


async def reseal(
    db: Database, *, keyring: Keyring, most: int = _BATCH, told: Callable[[str, Resealed], None] = _quietly
) -> Resealed:
    """Seal again whatever the first key has not sealed, a batch a transaction; several at once share the work.

    ``told`` hears after each batch which rows it was about, and of all that was done so far.
    """
    total = Resealed()
    for table in resealing.TABLES:
        after: int | None = 0
        while after is not None:
            after, made = await _batch(db, table, keyring=keyring, after=after, most=most)
            total += made
            if made != Resealed():
                told(table, total)
    return total


async def depending(db: Database) -> Mapping[str, int]:
    """Return how many rows can be opened by which key alone, by the keys' names."""
    async with db.session() as session:
        return await resealing.depending(session)


@dataclass(frozen=True, slots=True)
class Misfits:
    """The names of keys that are not those by which this database was sealed, and of those that are not there.

    ``damaged``: how many of the rows that were looked at a key of the keyring has sealed, and opens no more.
    """

    other: frozenset[str]
    missing: frozenset[str]
    damaged: int = 0


async def misfits(db: Database, *, keyring: Keyring) -> Misfits:
    """Look whether a keyring opens some of the oldest and of the newest of what is sealed.

    A key is another one where it opens nothing of what bears its name. A single row that stays closed beside others
    that open is damaged, and says nothing about the keyring.
    """
    async with db.session() as session:
        found = await resealing.samples(session)
    opened, closed = Counter[str](), Counter[str]()
    for each in found:
        (closed if again(each, keyring) is None else opened)[keyring.name_in(each.sealed)] += 1
    doubtful = {name for name in closed if name in keyring.keys}
    other = {name for name in doubtful if not opened[name] and (closed[name] > 1 or not opened)}
    damaged = sum(closed[name] for name in doubtful - other)
    return Misfits(frozenset(other), frozenset(closed.keys() - keyring.keys.keys()), damaged)


async def _batch(db: Database, table: str, *, keyring: Keyring, after: int, most: int) -> tuple[int | None, Resealed]:
    async with db.transaction() as session:
        found = await resealing.sealed_by_others(session, table, mark=keyring.mark, after=after, most=most)
        ready = [made for each in found if (made := again(each, keyring))]
        if ready:
            await resealing.write(session, table, rows=ready)
    following = found[-1].number if len(found) == most else None
    return following, Resealed(len(ready), len(found) - len(ready))


def again(each: Sealed, keyring: Keyring) -> Sealed | None:
    """Return a row sealed by the first key, or None when no key of the keyring opens it."""
    try:
        plain = keyring.open(each.sealed, place=each.place)
    except Unsealable:
        return None
    return replace(each, sealed=keyring.seal(plain, place=each.place))
