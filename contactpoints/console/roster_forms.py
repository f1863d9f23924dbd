"""What is typed into the forms of rosters, as the shapes of their entries have it; nothing is judged here."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from contactpoints.console.forms import whole
from contactpoints.rules.roster_windows import Window, local, which_of_two

MOST_MEMBERS = 100
_MOVES = {"up": -1, "down": 1, "out": 0}
_OFFER = "offer/"
_FILLED = ("action", "officer_id", "starts_at", "ends_at", "starts_which", "ends_which")
_MINUTES = len("2026-11-26T08:00")


def moment(text: str) -> str:
    """Return a local time as shapes have it, with seconds; browsers and people leave them out."""
    said = text.strip().replace(" ", "T")
    return f"{said}:00" if len(said) == _MINUTES else said


def span_in(typed: Mapping[str, str], within: str = "") -> dict[str, object]:
    """Return the ends of a stretch, by the clocks of the zone that the form was made for."""
    found: dict[str, object] = {"zone": typed.get("zone", "")}
    for name in ("starts_at", "ends_at"):
        if text := typed.get(f"{within}{name}", ""):
            found[name] = moment(text)
    for name in ("starts_which", "ends_which"):
        if text := typed.get(f"{within}{name}", ""):
            found[name] = text
    return found


def filled_by(asked: Mapping[str, str]) -> dict[str, str]:
    """Return what an address fills the forms of hours with, see `filling`."""
    return {f"{within}{name}": asked.get(f"{within}{name}", "") for within in ("", _OFFER) for name in _FILLED}


def filling(starts: datetime, ends: datetime, *, window: Window, offer: bool = False, **chosen: object) -> str:
    """Return the query of a roster whose form for a while, or whose ``offer`` of a shift, is filled in with hours.

    They are told by the clocks of the window; what else is ``chosen`` goes by the names of the fields.
    """
    for name, at in (("starts", starts), ("ends", ends)):
        chosen |= {f"{name}_at": local(at, window.zone), f"{name}_which": which_of_two(at, window.zone)}
    form = {f"{_OFFER if offer else ''}{name}": value for name, value in chosen.items() if value is not None}
    return urlencode({"view": window.view, "on": window.first, **form})


def numbers_in(typed: Mapping[str, str], *names: str) -> dict[str, object]:
    """Return those numbers that were chosen."""
    return {name: whole(typed[name]) for name in names if typed.get(name)}


def words_in(typed: Mapping[str, str], *names: str) -> dict[str, object]:
    """Return those texts that were typed."""
    return {name: typed[name].strip() for name in names if typed.get(name, "").strip()}


def rotation_in(typed: Mapping[str, str], *, post: int) -> dict[str, object]:
    """Return a rotation; places for members that are left empty are passed over."""
    said: dict[str, object] = {
        "post_id": post,
        "members": [whole(each) for each in members_in(typed)],
        "weekdays": [day for day in range(7) if typed.get(f"weekday{day}")],
        "temporary": typed.get("temporary") == "yes",
        **numbers_in(typed, "layer", "turn_days", "holidays_as"),
        **words_in(typed, "period", "zone", "starts_on", "ends_on", "handover", "hours_from", "hours_until", "reason"),
    }
    return said


def members_in(typed: Mapping[str, str]) -> list[str]:
    """Return who was chosen for the turns of a rotation, in their order."""
    places = (typed.get(f"members/{number}", "") for number in range(MOST_MEMBERS))
    return [each for each in places if each]


def moves(act: str) -> bool:
    """Say whether a button of a form asks for another order of its members, see `moved`."""
    return act.partition(":")[0] in _MOVES


def moved(typed: Mapping[str, str], act: str) -> dict[str, str]:
    """Return what was typed with a member moved: one turn earlier (``up:3``), later (``down:3``), or taken ``out:3``.

    Places count from 0; an empty one, or one that is not there, moves nobody.
    """
    way, _, place = act.partition(":")
    names = [name for number in range(MOST_MEMBERS) if typed.get(name := f"members/{number}")]
    chosen, here = [typed[name] for name in names], f"members/{place}"
    if here in names:
        at = names.index(here)
        one = chosen.pop(at)
        if way != "out":
            chosen.insert(max(at + _MOVES[way], 0), one)
    return _in_a_row(typed, chosen)


def rotation_out(entry: Mapping[str, Any]) -> dict[str, str]:
    """Return a rotation as it is kept as the form has it."""
    plain = ("layer", "period", "turn_days", "zone", "starts_on", "ends_on", "holidays_as", "id", "version")
    fields = {name: "" if entry[name] is None else str(entry[name]) for name in plain}
    times = {name: (entry[name] or "")[:5] for name in ("handover", "hours_from", "hours_until")}
    days = {f"weekday{day}": "yes" for day in entry["weekdays"]}
    return fields | times | days | dict(_members(entry["members"])) | {"temporary": "yes" if entry["temporary"] else ""}


def _members(numbers: list[int]) -> Iterator[tuple[str, str]]:
    return ((f"members/{place}", str(number)) for place, number in enumerate(numbers))


def repacked(typed: Mapping[str, str]) -> dict[str, str]:
    """Return what was typed with the members in a row: faults name them by their places."""
    return _in_a_row(typed, members_in(typed))


def _in_a_row(typed: Mapping[str, str], members: list[str]) -> dict[str, str]:
    others = {name: value for name, value in typed.items() if not name.startswith("members/")}
    return others | {f"members/{place}": each for place, each in enumerate(members)}
