"""Who stands behind a change of an address: never whoever proposed it, and somebody of the same Party if there is."""

from contactpoints.rules.access import Actor, Role
from contactpoints.rules.alerts import Caution
from contactpoints.rules.refusals import SecondPersonNeeded

NO_SECOND_PERSON = Caution(
    "no_second_person",
    "Nobody but you could approve this change, and you cannot: it needs the key of another administrator of the Party,"
    " or another one of the secretariat.",
)
"""What whoever proposes a change should know where no other key could be the second person."""


def must_be_the_second(actor: Actor, *, proposed_by: int, party: str | None, others: int) -> None:
    """Raise `SecondPersonNeeded` unless the actor, who keeps the channel, may approve what a key proposed.

    ``others``: how many keys of the Party's administrators there are besides the one that proposed it. The secretariat
    is the second person where there is none, and for its own channels.
    """
    if actor.number == proposed_by:
        raise SecondPersonNeeded("Whoever proposed a change cannot approve it.")
    if actor.role is Role.SECRETARIAT and party is not None and others:
        raise SecondPersonNeeded("Another administrator of the Party approves it; the secretariat does where none is.")
