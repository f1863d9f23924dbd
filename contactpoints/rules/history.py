"""What changed from one version of an entry to the next, field by field."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any

REFERS: Mapping[str, str] = {
    "contact_point_id": "contact_points",
    "contact_point": "contact_points",
    "central_authority_id": "contact_points",
    "backup_id": "contact_points",
    "post_id": "posts",
    "post": "posts",
    "officer_id": "officers",
    "to_officer_id": "officers",
    "taker_id": "officers",
    "members": "officers",
}
"""Field -> the kind of entry whose number it holds, wherever it stands."""

_OF_THE_VERSION = frozenset({"id", "code", "version", "created_at", "changed_at"})


@dataclass(frozen=True, slots=True)
class Author:
    """Who made a version: the holder of a key or an account, or ``service``, ``operator``, ``seed``, ``database``."""

    kind: str
    key: int | None = None
    role: str | None = None
    party: str | None = None
    authority: str | None = None


@dataclass(frozen=True, slots=True)
class Version:
    """An entry as it was from ``at`` until its next version, in JSON values; what was not followed is None."""

    number: int
    at: datetime
    act: str
    by: Author
    reason: str | None
    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Change:
    """One field before and after."""

    field: str
    before: Any
    after: Any


def changes(before: Version | None, after: Version) -> tuple[Change, ...]:
    """Return the fields that differ, in the order of the columns; against no version, those that say something."""
    old: Mapping[str, Any] = before.values if before else {}
    differing = ((name, value) for name, value in after.values.items() if value != old.get(name))
    return tuple(
        Change(name, old.get(name), value)
        for name, value in differing
        if name not in _OF_THE_VERSION and (before or value not in ([], {}))
    )


def compared(versions: Sequence[Version], *, whole: bool) -> Iterator[tuple[Version, tuple[Change, ...]]]:
    """Yield each version, newest first, with what it changed. The last is compared with nothing, if it is ``whole``.

    Else it was only asked for to be compared with.
    """
    for after, before in pairwise((*versions, None) if whole else versions):
        assert after is not None
        yield after, changes(before, after)


def referred(values: Any, name: str = "") -> Iterator[tuple[str, int]]:
    """Yield the kind and number of every entry to which a value refers."""
    match values:
        case Change():
            yield from referred(values.before, values.field)
            yield from referred(values.after, values.field)
        case dict():
            for field, value in values.items():
                yield from referred(value, field)
        case list() | tuple():
            for value in values:
                yield from referred(value, name)
        case int() if name in REFERS and not isinstance(values, bool):
            yield REFERS[name], values
