"""The page behind the link in an alert: what it shows, and what was typed into it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from contactpoints.rules.escalation import Plan
from contactpoints.rules.replies import Reply, read_reply
from contactpoints.rules.working_hours import Hours, opening

Standing = Literal["open", "locked", "left", "mine", "taken", "withdrawn", "closed"]
"""``mine``: this officer has acknowledged; ``taken``: somebody else has; ``locked``: no tries are left; ``left``: this
officer is one of the contact point no more."""

MOST_OPENINGS = 10
_BETWEEN_OPENINGS = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class AnswerPage:
    """What the page of one officer for one alert is made of; never case data.

    ``taken_at`` and ``taken_late`` tell of the first acknowledgement, ``has_line`` and ``has_at`` of who has it now and
    since when, ``has_me`` whether that is this officer, ``has_left`` whether that officer is there no more, so that
    nobody has it, ``mine_at`` is the instant of this officer's own acknowledgement. Whose a line is stands beside it
    (``has_whose``, also of ``gone_to``), where it is another contact point's than this officer's. ``tries_left`` counts
    down from the number of wrong PINs that a reply code bears.

    ``others``: whether the chain, as it runs, calls somebody at another post now or later; where it does not, it has
    ended or will, and begins anew after a pause, at ``anew_at`` where that is known. ``ran_out_at``: when it first
    ended in silence: what is answered from then on is late, whatever time was named before. ``declined_at``: when this
    officer declined, in this round of the chain; answering is still possible. ``hours``: those in which the chain goes
    on, where it waits for any. ``asked_at``: when this officer was asked to take it over, and has not yet;
    ``asked_until`` and ``asked_why``: when and why asking this officer came to nothing. ``over_from``: the line from
    which this officer has taken it over; ``gone_to``: the line that has taken it over since, from whomever.
    ``offered_to``, ``offered_at``: the line that was asked last to take it over from this officer, and waited for.
    ``party`` is None for the secretariat. ``requester_zone`` is None where that is not known.
    """

    reply_code_id: int
    code: str
    alert_id: int
    officer_id: int
    party: str | None
    reference: str
    exercise: bool
    state: str
    kind: str
    opened_at: datetime
    answer_by: datetime
    language: str
    line: str
    zone: str
    pin_required: bool
    locked: bool
    left: bool
    tries_left: int
    others: bool
    anew_at: datetime | None = None
    ran_out_at: datetime | None = None
    taken_at: datetime | None = None
    taken_late: bool = False
    has_line: str | None = None
    has_whose: str | None = None
    has_at: datetime | None = None
    has_me: bool = False
    has_left: bool = False
    mine_at: datetime | None = None
    declined_at: datetime | None = None
    asked_at: datetime | None = None
    asked_until: datetime | None = None
    asked_why: str | None = None
    over_from: str | None = None
    over_whose: str | None = None
    gone_to: str | None = None
    offered_to: str | None = None
    offered_whose: str | None = None
    offered_at: datetime | None = None
    hours: Hours | None = None
    requester_zone: str | None = None

    @property
    def zones(self) -> tuple[str, ...]:
        """By whose clocks it tells instants: this officer's, then the requester's."""
        return (self.zone, self.requester_zone) if self.requester_zone else (self.zone,)


def standing(page: AnswerPage) -> Standing:
    """Return what the page is about now. The end of the alert weighs more than who took it."""
    if page.state == "withdrawn":
        return "withdrawn"
    if page.state == "closed":
        return "closed"
    if page.asked_at is not None or (page.has_left and not page.has_me):
        return "left" if page.left else "locked" if page.locked else "open"
    if page.mine_at is not None:
        return "mine"
    if page.taken_at is not None:
        return "taken"
    if page.left:
        return "left"
    return "locked" if page.locked else "open"


def goes_on_at(page: AnswerPage, now: datetime) -> datetime | None:
    """Return when a chain that waits for working hours goes on; None where it does not wait."""
    at = None if page.hours is None else opening(page.hours, now)
    return at if at is not None and at > now else None


def calls_others(plan: Plan, *, step: int, post: int) -> bool:
    """Say whether a chain at ``step`` (from 1; 0 before the first) calls another duty post than this, now or later."""
    left = plan.steps[max(step - 1, 0) :]
    return any(ref.post != post for each in left for ref in each.posts)


def read_typed(text: str) -> Reply:
    """Read what was typed into the one field of the page, with the forgiveness of `read_reply`: a PIN, or a code."""
    return read_reply(f"PIN {text}")


def is_worth_noting(openings: int, last: datetime | None, *, now: datetime) -> bool:
    """Say whether one more opening of the page belongs on the timeline, so that no machine can flood it."""
    return openings < MOST_OPENINGS and (last is None or now - last >= _BETWEEN_OPENINGS)


def looks_automated(*, method: str, purpose: str, agent: str) -> bool | None:
    """Say whether a machine fetched the page; None where nobody can tell. A human is never certain here.

    ``purpose`` is what the headers for prefetching say, ``agent`` the User-Agent.
    """
    told = method == "HEAD" or "prefetch" in purpose.lower() or "preview" in purpose.lower()
    return True if told or not agent.startswith("Mozilla/") else None
