"""What somebody may do about an alert, as its page offers it. Each act is decided again when it is done."""

from typing import Literal

from contactpoints.rules import access
from contactpoints.rules.access import Actor, Sides
from contactpoints.rules.alerts import misdirected

Act = Literal[
    "acknowledge",
    "decline",
    "withdraw",
    "close",
    "not_competent",
    "resend",
    "call_back",
    "read",
    "note",
    "hand_over",
    "readings",
    "keep",
]
_ENDED = ("withdrawn", "closed")


def acts_of(
    actor: Actor,
    sides: Sides,
    *,
    state: str,
    end_reason: str | None,
    resent: bool,
    kept: bool,
    handed: bool = False,
) -> frozenset[Act]:
    """Return what an actor may do now. ``resent``: it was sent anew already; ``kept``: its particulars are there.

    ``handed``: an officer for whom the actor may answer is asked to take it over.
    """
    asks, asked = access.is_requester(actor, sides), access.is_requested(actor, sides)
    stray, over = misdirected(state, end_reason), state in _ENDED
    offered: dict[Act, bool] = {
        "acknowledge": asked and not over,
        "decline": asked and (state in ("alerting", "exhausted") or (state == "acknowledged" and handed)),
        "withdraw": asks and not over,
        "close": (asks or asked) and state == "acknowledged",
        "not_competent": asked and state == "acknowledged",
        "resend": asks and stray and not resent and kept,
        "call_back": asked and not stray,
        "read": kept and (asks or (asked and not stray)),
        "hand_over": asked and state == "acknowledged",
        "note": kept and (asks or (asked and not stray)),
        "readings": access.sees_readings(actor, sides),
        "keep": kept and over and access.side_that_keeps(actor, sides, misdirected=stray) is not None,
    }
    return frozenset(act for act, may in offered.items() if may)
