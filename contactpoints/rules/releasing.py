"""Two persons, where a Party asks for them: who may release what another has proposed, and for how long it waits.

A key is no person, and never releases. It proposes for the person who holds it; docs/decisions/0017.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from contactpoints.rules.access import Actor, Role
from contactpoints.rules.refusals import Forbidden, HolderNeeded, ProposalSettled, SecondPersonNeeded
from schemas.names import different

WAITS = timedelta(minutes=30)
"""How long a proposal waits for its second person. Emergencies are short: what is older has to be thought of anew."""
REMINDED = timedelta(minutes=10)
"""When all who could act are told again that it still waits."""
TWO = 2
"""How many persons it takes."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with an account who speaks for an authority. An officer may have several accounts, and is one person."""

    id: int
    name: str
    email: str
    language: str
    officer_id: int | None = None


def person_of(row: Mapping[str, Any]) -> Person:
    """Return the person of an account's row."""
    return Person(*(row[name] for name in ("id", "name", "email", "language", "officer_id")))


def must_name_a_holder(actor: Actor, speakers: Iterable[Person]) -> Person:
    """Return the person who proposes: whose account it is, or who holds the key.

    Raises `HolderNeeded` for a key that names nobody who still speaks for its authority.
    """
    for each in speakers:
        if each.id == actor.person:
            return each
    told = "This Party asks for two persons, and this key names no person: its administrator says who holds it."
    raise HolderNeeded(f"{told} Meanwhile sign in to an account, or telephone the secretariat of the network.")


def without_holder(keys: Iterable[int]) -> str:
    """Return that some keys name nobody, by their numbers, and how each comes to a holder."""
    named = ", ".join(map(str, sorted(keys)))
    return (
        f"Keys that name no holder propose nothing while two persons are asked for: {named}. Name whoever has had the"
        " secret alone (PUT /v1/keys/{id} with holder_id); of any other, rotate it and say who holds the next."
    )


def are_one(first: Person, second: Person) -> bool:
    """Say whether two accounts may be the same person's: the same officer's, or under the same name."""
    officer = first.officer_id is not None and first.officer_id == second.officer_id
    return first.id == second.id or officer or not different(first.name, second.name)


def how_many(speakers: Iterable[Person]) -> int:
    """Return how many persons there are, of whom no two may be one."""
    found: list[Person] = []
    for each in speakers:
        if not any(are_one(each, other) for other in found):
            found.append(each)
    return len(found)


def seconds(speakers: Iterable[Person], *, but: Collection[Person]) -> list[Person]:
    """Return who of an authority may release; ``but``: whoever proposed, and whoever made the key by which they did."""
    return [each for each in speakers if not any(are_one(each, other) for other in but)]


def must_be_one_of(actor: Actor, able: Iterable[Person]) -> None:
    """Raise `Forbidden` for another role, `SecondPersonNeeded` for a key, and whoever is not among the ``able``."""
    if actor.role is not Role.REQUESTER:
        raise Forbidden("Only the authority that asks releases or refuses.")
    if actor.kind != "account":
        raise SecondPersonNeeded("A key is no person: somebody signs in to release or refuse.")
    if all(each.id != actor.number for each in able):
        raise SecondPersonNeeded("Whoever proposed it, or made the key that did, cannot be the second person.")


def state_of(row: Mapping[str, Any], now: datetime) -> str:
    """Return how a proposal stands: what is over is so at once, whether or not it was written down yet."""
    state: str = row["state"]
    return "expired" if state == "open" and now >= row["expires_at"] else state


def must_be_open(row: Mapping[str, Any], now: datetime) -> None:
    """Raise `ProposalSettled` where a proposal waits no more."""
    state = state_of(row, now)
    if state != "open":
        told = {"state": state, "proposal": row["id"], "alert": row["alert_reference"]}
        raise ProposalSettled(f"The proposal is {state}.", **told)
