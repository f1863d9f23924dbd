"""What of the console is there for whom, and how it shows an instant: by the clocks of several places, and UTC."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from contactpoints.rules.access import Actor, Role, reads_entries_of, sees_network
from contactpoints.rules.phrasing import clock
from schemas.words import msgid

_LONGEST_ZONE = 64
LANGUAGE_NAMES = (("en", "English"), ("fr", "Français"), ("es", "Español"))
"""The languages of the service, each by its own name: whoever looks for theirs knows it by that."""


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the console: its name in addresses (``/board``), and the English sentence that names it."""

    name: str
    title: str

    @property
    def path(self) -> str:
        """Where it begins."""
        return f"/{self.name}"


_BOARD, _ALERTS, _TRIGGER = (
    Section("board", msgid("Board")),
    Section("alerts", msgid("Alerts")),
    Section("trigger", msgid("Trigger")),
)
_ROSTERS, _DIRECTORY = Section("rosters", msgid("Rosters")), Section("directory", msgid("Directory"))
_NUMBERS, _ADMINISTRATION = Section("numbers", msgid("Numbers")), Section("administration", msgid("Administration"))


def sections_of(actor: Actor) -> tuple[Section, ...]:
    """Return the parts of the console that somebody works in, in the order of the bar."""
    asks = actor.role is Role.REQUESTER
    inside = sees_network(actor) or reads_entries_of(actor, actor.party)
    told = (
        (_BOARD, True),
        (_TRIGGER, asks),
        (_ALERTS, True),
        (_ROSTERS, inside),
        (_DIRECTORY, True),
        (_NUMBERS, True),
        (_ADMINISTRATION, administers(actor)),
    )
    return tuple(section for section, there in told if there)


def administers(actor: Actor) -> bool:
    """Say whether the administration is there for somebody: who keeps a Party or all of them, and auditors."""
    return actor.role is Role.ADMINISTRATOR or sees_network(actor)


def zone_or_utc(name: str) -> str:
    """Return the IANA zone of a name that a browser told, UTC for what is none."""
    if not name or len(name) > _LONGEST_ZONE or not all(each.isalnum() or each in "/_+-" for each in name):
        return "UTC"
    try:
        return ZoneInfo(name).key
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return "UTC"


def place_of(zone: str) -> str:
    """Return by what a zone is known on a page: ``Paris`` for ``Europe/Paris``."""
    return zone.rpartition("/")[2].replace("_", " ")


@dataclass(frozen=True, slots=True)
class Clocked:
    """An instant by the clocks of a zone; ``day`` is empty where the clock before it says that, or it is today.

    ``places``: by what that zone is known on a page, and others whose clocks say the same: ``Paris, Berlin``.
    """

    zone: str
    places: str
    day: str
    time: str


def clocked(at: datetime, zones: Iterable[str], *, now: datetime | None, seconds: bool = False) -> tuple[Clocked, ...]:
    """Return an instant (aware, UTC) by the clocks of each zone, each once, and by UTC at the end.

    Zones whose clocks say the same share one. The day stands with the first clock where it is not today there
    (``now`` None: always), and with every other one that says another day than the clock before it.
    """
    alike: dict[datetime, list[str]] = {}
    for zone in dict.fromkeys(zones):
        if zone != "UTC":
            alike.setdefault(at.astimezone(ZoneInfo(zone)).replace(tzinfo=None), []).append(zone)
    told = None if now is None else now.astimezone(ZoneInfo(next(iter(alike.values()), ["UTC"])[0])).date()
    found = list[Clocked]()
    for local, same in (*alike.items(), (at.astimezone(UTC), ["UTC"])):
        day = "" if local.date() == told else local.date().isoformat()
        time = local.time().isoformat("seconds" if seconds else "minutes")
        found.append(Clocked(same[0], ", ".join(place_of(each) for each in same), day, time))
        told = local.date()
    return tuple(found)


def in_sentence(
    at: datetime, zones: Sequence[str], *, now: datetime | None, there: str = "{time} {place}"
) -> dict[str, str]:
    """Return the fields ``local`` and ``utc`` of a sentence with an instant, for a reader in the first of ``zones``.

    As `phrasing.times`, and before UTC stand those of the other zones whose clocks say something else: ``02:32 London,
    01:32``. ``there``: how each of these is told. Days stand beside a ``local`` one alone, where they differ.
    """
    here, *others = zones
    local, wall = clock(at, here, now), at.astimezone(ZoneInfo(here)).replace(tzinfo=None)
    said, days, day = {wall: ""}, " " in local, wall.date()
    for zone in others:
        if zone != "UTC":
            said.setdefault(at.astimezone(ZoneInfo(zone)).replace(tzinfo=None), place_of(zone))
    told = list[str]()
    for wall, place in (*list(said.items())[1:], (at.astimezone(UTC), "")):
        time = f"{wall:%Y-%m-%d %H:%M}" if days and wall.date() != day else f"{wall:%H:%M}"
        told.append(there.format(time=time, place=place) if place else time)
        day = wall.date()
    return {"local": local, "utc": ", ".join(told)}


def instant(written: str | datetime | None) -> datetime | None:
    """Return an instant as it stands in JSON (RFC 3339), or as it is, in UTC."""
    if written is None or isinstance(written, datetime):
        return written
    return datetime.fromisoformat(written).astimezone(UTC)


def typed(fields: Mapping[str, object], name: str) -> str:
    """Return what stands in a field of a form, nothing where there is nothing yet."""
    value = fields.get(name)
    return "" if value is None else str(value)
