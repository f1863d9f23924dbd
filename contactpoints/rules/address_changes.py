"""Who stands behind a change of an address: never whoever proposed it, and somebody of the same Party if there is."""

from collections.abc import Mapping

from contactpoints.rules.access import Actor, Role
from contactpoints.rules.alerts import Caution
from contactpoints.rules.refusals import SecondPersonNeeded

NO_SECOND_PERSON = Caution(
    "no_second_person",
    "Nobody but you could approve this change, and you cannot: it needs the key or account of another administrator of"
    " the Party, or of another one of the secretariat.",
)
"""What whoever proposes a change should know where nobody else could be the second person."""


def must_be_the_second(actor: Actor, able: Mapping[int, Role], *, party: str | None) -> None:
    """Raise `SecondPersonNeeded` unless the actor, who keeps the channel, may approve what somebody proposed.

    ``able``: the keys and accounts of other persons, who did not let each other in. The secretariat is the second
    person where no administrator of the Party is among them, and for its own channels.
    """
    if actor.number not in able:
        raise SecondPersonNeeded(
            "Whoever proposed a change cannot approve it, nor can another key of theirs, whom they let in, or whoever"
            " let them in: only the secretariat lets in an administrator who counts as a second person."
        )
    if actor.role is Role.SECRETARIAT and party is not None and Role.ADMINISTRATOR in able.values():
        raise SecondPersonNeeded("Another administrator of the Party approves it; the secretariat does where none is.")
