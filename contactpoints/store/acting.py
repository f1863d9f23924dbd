"""Who acts, by which operation and from where: what the database is told at the beginning of each transaction.

Triggers write it into the audit log beside whatever the transaction changes (`tables.audit`), so that nothing which
changes something can forget to. What the engine does by itself is nobody's act.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from contactpoints.rules.access import Actor


@dataclass(slots=True)
class Act:
    """One thing that is asked for. Who asks is known once a door has found out: ``actor`` as in `history`, else None.

    ``operation`` is that of the API by its name, a page by its path, or a command. ``at`` is left to the database where
    there is no clock yet. An act that is not ``kept`` is told elsewhere, or changes nothing: only its refusal counts.
    """

    operation: str
    at: datetime | None = None
    address: str | None = None
    kept: bool = True
    actor: str | None = None
    role: str | None = None
    party: str | None = None
    name: str | None = None

    def told(self) -> dict[str, Any]:
        """Return what the database is told."""
        return {name: getattr(self, name) for name in self.__slots__} | {"at": self.at and self.at.isoformat()}


_act: ContextVar[Act | None] = ContextVar("act", default=None)


@contextmanager
def acting(act: Act) -> Iterator[Act]:
    """Let everything inside be part of an act."""
    token = _act.set(act)
    try:
        yield act
    finally:
        _act.reset(token)


def current() -> Act | None:
    """Return the act that this is part of, if it is kept."""
    act = _act.get()
    return act if act is not None and act.kept else None


def by_actor(actor: Actor) -> None:
    """Say by whose key or session something is asked for."""
    if (act := _act.get()) is not None:
        act.actor, act.role, act.party, act.name = actor.who, actor.role.value, actor.party, actor.authority


def by_officer(number: int, *, party: str | None) -> None:
    """Say which officer acts, by a link that nobody else has."""
    if (act := _act.get()) is not None:
        act.actor, act.party = f"officer:{number}", party


def by_account(number: int, *, role: str, party: str | None, name: str) -> None:
    """Say whose account it is that somebody comes in by."""
    if (act := _act.get()) is not None:
        act.actor, act.role, act.party, act.name = f"account:{number}", role, party, name


def by_provider(name: str, *, party: str | None) -> None:
    """Say by which organisation's sign-in somebody comes in, until it is known by whose account."""
    if (act := _act.get()) is not None:
        act.actor, act.party = f"openid:{name}", party
