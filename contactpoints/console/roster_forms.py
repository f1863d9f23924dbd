"""What is typed into the forms of rosters, as the shapes of their entries have it; nothing is judged here."""

from collections.abc import Iterator, Mapping
from typing import Any

from contactpoints.console.forms import whole

MOST_MEMBERS = 100
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
    others = {name: value for name, value in typed.items() if not name.startswith("members/")}
    return others | {f"members/{place}": each for place, each in enumerate(members_in(typed))}
