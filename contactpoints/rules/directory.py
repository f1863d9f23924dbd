"""The directory as the rules see it: contact points, duty posts, officers and their channels, all frozen."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, get_args

from contactpoints.rules.escalation import Step
from contactpoints.rules.holidays import NO_HOLIDAYS, HolidayCalendar
from contactpoints.rules.proof import is_fresh, is_proven
from contactpoints.rules.rosters import Absence, Imported, Layer, Override, Rotation, WorkingSpan
from contactpoints.rules.wording_news import Alternative
from schemas.alerts import Line


@dataclass(frozen=True, slots=True)
class Channel:
    """One way to reach an officer. ``proven_at``: when a human last proved it; quarantined channels are left out.

    ``renewed_at``: when the channel was last given another address. ``unapproved``: one person alone has entered it for
    an officer who has or had others; until a second one stands behind it, see `in_use`.
    """

    id: int
    officer_id: int
    kind: str
    address: str
    place: int
    proven_at: datetime | None
    quarantined_at: datetime | None
    renewed_at: datetime | None = None
    unapproved: bool = False

    def is_proven(self, at: datetime) -> bool:
        """Say whether a human has vouched for the address lately enough; see `rules.proof`."""
        return not self.unapproved and is_proven(self.kind, self.address, proven_at=self.proven_at, at=at)

    def is_fresh(self, at: datetime) -> bool:
        """Say whether the address was changed so lately that senders have to know."""
        return is_fresh(self.renewed_at, at)


@dataclass(frozen=True, slots=True)
class Officer:
    """A person who takes duty. The name stays inside the Party's own house; outsiders hear the function.

    ``pin_until``: until when the PIN can be used; None where there is none, or it is locked. ``languages``: what the
    officer speaks besides ``language``, in which the service writes. ``notices_by``: by which way notices of shifts
    come first, None: as the notice has it; ``notices_minutes``: how long before a shift, None: as at the contact point.
    """

    id: int
    contact_point_id: int
    name: str
    function: str
    language: str
    channels: tuple[Channel, ...]
    pin_until: datetime | None = None
    languages: tuple[str, ...] = ()
    notices_by: str | None = None
    notices_minutes: int | None = None

    @property
    def tongues(self) -> tuple[str, ...]:
        """Every language that the officer speaks."""
        return (self.language, *self.languages)

    def has_pin(self, now: datetime) -> bool:
        """Say whether the officer has a PIN that can be used."""
        return self.pin_until is not None and now < self.pin_until


@dataclass(frozen=True, slots=True)
class Post:
    """A duty post: a function to be covered, such as the first line.

    Its cover asks for so many officers at once, for these languages among them, and for nobody on duty longer than so
    many hours on end (None: however long).
    """

    id: int
    contact_point_id: int
    line: Line
    function: str
    rotations: tuple[Rotation, ...]
    overrides: tuple[Override, ...]
    minimum: int = 1
    languages: tuple[str, ...] = ()
    longest_hours: int | None = None
    calendars: tuple[Imported, ...] = ()

    @property
    def layers(self) -> tuple[Layer, ...]:
        """Everything that plans shifts: the rotations, and what calendars from outside say."""
        return (*self.rotations, *self.calendars)

    @property
    def has_roster(self) -> bool:
        """Say whether anything plans somebody here; a calendar that was only entered does not yet."""
        return bool(self.rotations or self.overrides or any(each.shifts for each in self.calendars))


@dataclass(frozen=True, slots=True)
class ContactPoint:
    """The institution named under Article 35 of ETS 185, not a person; or the secretariat, which has no Party.

    ``alternatives``: to whom a requester whom nobody answers can turn instead. ``territory``: None where it answers for
    the whole of its Party. ``handover_minutes``: how long before a shift its officers are told, None: they are not.
    """

    id: int
    party: str | None
    name: str
    function: str
    zone: str
    languages: tuple[str, ...]
    capabilities: Mapping[str, str]
    working_hours: tuple[WorkingSpan, ...]
    pin_required: bool
    secretariat: bool
    revision: int
    posts: tuple[Post, ...]
    officers: Mapping[int, Officer]
    absences: tuple[Absence, ...]
    policy: tuple[Step, ...] | None
    restart_seconds: int
    reminder_seconds: int
    alternatives: tuple[Alternative, ...] = ()
    territory: str | None = None
    english_in_emergencies: bool = False
    backup_id: int | None = None
    handover_minutes: int | None = None
    swaps_need_approval: bool = True
    holidays: HolidayCalendar = NO_HOLIDAYS

    @property
    def restart(self) -> timedelta:
        """How long after exhaustion the chain starts again."""
        return timedelta(seconds=self.restart_seconds)

    @property
    def reminder(self) -> timedelta:
        """How often the requester hears while nobody has acknowledged."""
        return timedelta(seconds=self.reminder_seconds)


_LINES: tuple[str, ...] = get_args(Line)


def place_of(post: Post) -> tuple[int, int]:
    """Return by what posts are put in the order of their lines."""
    return _LINES.index(post.line), post.id


def is_spoken(asked: str, spoken: Collection[str]) -> bool:
    """Say whether a language is spoken; whoever speaks pt-BR speaks pt, and not the other way round."""
    return any(tongue == asked or tongue.startswith(f"{asked}-") for tongue in spoken)


def in_use(channels: Iterable[Channel]) -> list[Channel]:
    """Return what may be used of an officer's channels: none in quarantine.

    What one person alone has entered for an officer who has or had others counts only where no other of its sort is
    left, telephone or mail: a mailbox wakes nobody, and an alert must go where somebody hears it. It takes nothing away
    from the others. A number that is in quarantine as one kind of channel is no other: it may be dead as the other too.
    """
    several = list(channels)
    free = [channel for channel in several if channel.quarantined_at is None]
    if not any(channel.unapproved for channel in free):
        return free
    doubted = {channel.address for channel in several if channel.quarantined_at is not None}
    approved = {is_telephone(each.kind) for each in free if not each.unapproved and each.address not in doubted}
    return [channel for channel in free if not channel.unapproved or is_telephone(channel.kind) not in approved]


def is_telephone(kind: str) -> bool:
    """Say whether a kind of channel is a telephone: it rings, and a mailbox wakes nobody."""
    return kind != "email"


def has_telephone(officer: Officer, *, available: Collection[str]) -> bool:
    """Say whether an officer has a telephone in use, of a kind for which a gateway is available."""
    return any(is_telephone(each.kind) for each in in_use(each for each in officer.channels if each.kind in available))


def rest_of(
    officer: Officer, kind: str, *, available: Collection[str], at: datetime
) -> Literal["proven", "unapproved", "unproven", "none"]:
    """Return how what an officer has of the sort of a kind of channel, telephone or mail, can be used at an instant."""
    used = in_use(
        each for each in officer.channels if each.kind in available and is_telephone(each.kind) == is_telephone(kind)
    )
    if not used:
        return "none"
    if any(channel.unapproved for channel in used):
        return "unapproved"
    return "proven" if are_proven(used, at) else "unproven"


def are_proven(used: Collection[Channel], at: datetime) -> bool:
    """Say whether a human has vouched lately for the channels of an officer that are in use.

    One is enough; but not beside one that nobody has approved, for then no other of that sort is left.
    """
    return any(channel.is_proven(at) for channel in used) and not any(channel.unapproved for channel in used)


def channels_to_use(
    officer: Officer, wanted: tuple[str, ...], *, available: Collection[str], at: datetime
) -> tuple[Channel, ...]:
    """Return the officer's channels of the wanted kinds for which a gateway is available, those proven ``at`` first.

    - Quarantined channels are left out, and unapproved ones unless there is no other of their sort; see `in_use`.
    - An unproven channel, or one whose proof has decayed, is used only when the officer has no proven one of the same
      kind: a proven mailbox never silences the only telephone number, but a number that nobody ever answered does not
      ring beside a proven one.
    - Among equals the officer's own order decides.
    """
    usable = in_use(each for each in officer.channels if each.kind in wanted and each.kind in available)
    proven = {channel.id for channel in usable if channel.is_proven(at)}
    kinds = {channel.kind for channel in usable if channel.id in proven}
    chosen = (channel for channel in usable if channel.id in proven or channel.kind not in kinds)
    return tuple(sorted(chosen, key=lambda channel: (channel.id not in proven, channel.place, channel.id)))
