"""Who is on duty at a post, piece by piece: from when until when, and what of the roster puts them there."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Literal

from contactpoints.rules.directory import ContactPoint, Post
from contactpoints.rules.rosters import Imported, Layer, Override, boundaries, planned_at
from contactpoints.rules.shifts import duty_of, in_force, in_order

Source = Literal["rotation", "calendar", "override"]


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch, half-open, in UTC, in which an officer is on duty by entry ``number`` of a kind."""

    officer: int
    starts_at: datetime
    ends_at: datetime
    by: Source
    number: int


def pieces_of(point: ContactPoint, post: Post, *, since: datetime, until: datetime) -> tuple[Piece, ...]:
    """Return who is on duty at a post from ``since`` until ``until`` (aware, UTC), by start and in calling order.

    Of two layers with the same officer the lower one is told; a change goes before both.
    """
    duty = duty_of(point, post, since=since, until=until)
    columns = [(layer, planned_at((layer,), duty.edges)) for layer in sorted(post.layers, key=_place)]
    changes = in_force(post.overrides, duty.edges)
    found: list[Piece] = []
    for number, (start, end) in enumerate(pairwise((*duty.edges, until))):
        for officer in duty.officers[number]:
            if officer in point.officers:
                layers = [layer for layer, column in columns if officer in column[number]]
                _add(found, _piece(officer, layers, changes=changes[number], span=(start, end)))
    return tuple(sorted(found, key=_by_start))


def turns_of(layer: Layer, *, since: datetime, until: datetime) -> tuple[Piece, ...]:
    """Return the turns that one layer alone would give, by start."""
    edges = in_order([since, *boundaries(layer, since, until=until)])
    by: Source = "calendar" if isinstance(layer, Imported) else "rotation"
    found: list[Piece] = []
    for (start, end), here in zip(pairwise((*edges, until)), planned_at((layer,), edges), strict=True):
        for officer in here:
            _add(found, Piece(officer, start, end, by, layer.id))
    return tuple(sorted(found, key=_by_start))


def _piece(
    officer: int, layers: Sequence[Layer], *, changes: Sequence[Override], span: tuple[datetime, datetime]
) -> Piece:
    change = max((each.id for each in changes if each.officer_id == officer and each.action != "remove"), default=None)
    if change is not None or not layers:
        return Piece(officer, *span, "override", change or 0)
    return Piece(officer, *span, "calendar" if isinstance(layers[0], Imported) else "rotation", layers[0].id)


def _add(found: list[Piece], piece: Piece) -> None:
    """Add a piece, or lengthen the one that it goes on from."""
    for place in range(len(found) - 1, max(len(found) - 12, -1), -1):
        last = found[place]
        same = (last.officer, last.by, last.number) == (piece.officer, piece.by, piece.number)
        if same and last.ends_at == piece.starts_at:
            found[place] = Piece(last.officer, last.starts_at, piece.ends_at, last.by, last.number)
            return
    found.append(piece)


def _place(layer: Layer) -> tuple[int, bool, int]:
    return layer.layer, isinstance(layer, Imported), layer.id


def _by_start(piece: Piece) -> datetime:
    return piece.starts_at
