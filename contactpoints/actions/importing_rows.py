"""One row of a file that is read in: what it refers to, what the entry becomes, and what of it changes."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from contactpoints.actions.directory_checks import Found
from contactpoints.store.entries import Entry, Key, Owner, Register
from schemas.exchange import REFERENCES, SHAPES, Difference, Row
from schemas.faults import BadInput, Fault
from schemas.fields import Shape
from schemas.partly import judged
from schemas.rows import faults_of_said

Numbers = Mapping[tuple[str, str], int]
"""Of which kind and key an entry is -> its number."""

_MISSING = object()
_WITH_REFERENCES = frozenset({*REFERENCES, "steps"})
LINKS = ("central_authority_id", "backup_id")
"""What a contact point names of its own kind."""
NO_ENTRY = "There is no such entry."
NOT_THE_FIRST = (
    "The officer has or had channels: another one is entered at POST /v1/channels, by itself and not in a file, and"
    " waits there for a second person."
)

_AT_ONCE = 50
"""How many rows are looked at before whoever else waits for this process has a turn."""

_T = TypeVar("_T")


@dataclass(slots=True)
class Planned:
    """A row with the entry that it is about: ``kept`` as it is now (None: a new one), ``body`` as it shall be.

    ``body`` is as far sound as there is nothing ``found``, and None where nothing of it can be judged; the places of
    what is found are those in the body. ``waits``: it relies on another row, which has faults.
    """

    row: Row
    key: Key
    kept: Entry | None
    owner: Owner | None = None
    body: Shape | None = None
    values: dict[str, Any] = field(default_factory=dict)
    found: Found = field(default_factory=Found)
    waits: bool = False

    @property
    def sound(self) -> bool:
        """Say whether the row may be written, as far as is known yet."""
        return not self.waits and not self.found.faults

    @property
    def address(self) -> str | None:
        """Return the address of a channel as it will be kept; None where it has a fault."""
        said = getattr(self.body, "address", None)
        return None if said is None or self.found.wrong("/address") else str(self.found.replaced.get("address", said))

    @property
    def changes(self) -> bool:
        """Say whether the row says anything else than what is kept."""
        kept = self.kept
        return kept is None or any(kept.get(name, _MISSING) != value for name, value in self.row.fields.items())


def resolve(row: Row, numbers: Numbers) -> Iterator[Fault]:
    """Put the numbers of entries where a row has their keys. Yields a fault for every key that no row has."""
    for name in _WITH_REFERENCES.intersection(row.fields):
        value = row.fields[name]
        if not isinstance(value, int):
            faults: list[Fault] = []
            row.fields[name] = _resolved(f"/{name}", value=value, name=name, numbers=numbers, faults=faults)
            yield from faults


def _resolved(place: str, *, value: Any, name: str, numbers: Numbers, faults: list[Fault]) -> Any:
    match value:
        case dict():
            return {
                each: _resolved(f"{place}/{each}", value=inner, name=each, numbers=numbers, faults=faults)
                for each, inner in value.items()
            }
        case list():
            return [
                _resolved(f"{place}/{number}", value=inner, name=name, numbers=numbers, faults=faults)
                for number, inner in enumerate(value)
            ]
        case str() if name in REFERENCES:
            number = numbers.get((REFERENCES[name], value))
            if number is None:
                detail = f"No row of {REFERENCES[name]} in this file has this key; entries that exist have numbers."
                faults.append(Fault(place, "unknown_key", detail))
            return number
    return value


def referred(row: Row) -> Iterator[tuple[str, str, int]]:
    """Yield the place, the kind and the number of every entry that a row refers to."""
    for name in _WITH_REFERENCES.intersection(row.fields):
        yield from _referred(f"/{name}", value=row.fields[name], name=name)


def _referred(place: str, *, value: Any, name: str) -> Iterator[tuple[str, str, int]]:
    match value:
        case dict():
            for each, inner in value.items():
                yield from _referred(f"{place}/{each}", value=inner, name=each)
        case list():
            for number, inner in enumerate(value):
                yield from _referred(f"{place}/{number}", value=inner, name=name)
        case int() if name in REFERENCES:
            yield place, REFERENCES[name], value


def read_body(planned: Planned, *, kind: str, apart: Iterable[str]) -> None:
    """Take the body that the entry shall have: what the row says, and of the rest what is kept; and its faults.

    ``apart``: the places of what cannot be judged, although it has no fault of its own.
    """
    shape, kept = SHAPES[kind], planned.kept or {}
    said = {name: kept[name] for name in shape.model_fields if name in kept} | planned.row.fields
    told = {each.pointer for each in planned.found.faults}
    try:
        planned.body, faults = judged(shape, said, apart={*apart, *told})
    except BadInput as bad:
        faults = bad.faults
    planned.found.faults += [each for each in faults if each.pointer not in told]


def read_said(planned: Planned, *, kind: str) -> None:
    """Take the faults of what a row says of an entry that there is not: what it leaves out is no fault then."""
    told = {each.pointer for each in planned.found.faults}
    faults = faults_of_said(SHAPES[kind], planned.row.fields)
    planned.found.faults += [each for each in faults if each.pointer not in told]


def wait_for_each_other(plans: Sequence[Planned], gone: Sequence[Planned]) -> None:
    """Let contact points wait that link to others of the same file which will not be there: the ``gone`` ones."""
    linking: dict[Key, list[Planned]] = {}
    for plan in plans:
        for _, _, number in referred(plan.row):
            linking.setdefault(number, []).append(plan)
    left = list(gone)
    while left:
        key = left.pop().key
        for plan in linking.pop(key, ()):
            if plan.sound and plan.kept is None:
                left.append(plan)
            plan.waits = True
            if plan.body is not None:
                links = {name: None for name in LINKS if getattr(plan.body, name) == key}
                plan.body = plan.body.model_copy(update=links)


def moved(planned: Planned, register: Register) -> Iterator[Fault]:
    """Yield the fault of a row that would give an entry to another owner, or make it another Party's."""
    fixed = register.owner or ("code" if register.key == "code" else "party")
    if planned.kept is None or planned.found.wrong(f"/{fixed}"):
        return
    if planned.row.fields.get(fixed, planned.kept[fixed]) != planned.kept[fixed]:
        yield Fault(f"/{fixed}", "fixed", "Cannot be changed; add another entry instead.")


def readdressed(planned: Planned, *, kind: str) -> Iterator[Fault]:
    """Yield the fault of a channel that would be given another kind, or an address without a second person."""
    if kind != "channels" or planned.kept is None:
        return
    if getattr(planned.body, "kind", None) not in (None, planned.kept["kind"]):
        yield Fault("/kind", "fixed", "A channel stays of its kind; retire it and add another.")
    if planned.address not in (None, planned.kept["address"]):
        detail = "An address is changed at PUT /v1/channels/{id}, by itself and not in a file."
        yield Fault("/address", "one_by_one", detail)


def stale(planned: Planned, *, restoring: bool) -> Iterator[Fault]:
    """Yield the fault of a row that was written out before the entry was changed by somebody else."""
    kept, row = planned.kept, planned.row
    if kept is None:
        return
    if restoring and row.version is not None and row.version > kept["version"]:
        return
    if restoring or row.version != kept["version"]:
        said = "this row has no version" if row.version is None else f"this row was written out at {row.version}"
        detail = f"The entry is at version {kept['version']} now, and {said}. Write it out again."
        yield Fault("/version", "stale", detail)


def differences(planned: Planned) -> list[Difference]:
    """Return what changes of an entry that exists."""
    kept = planned.kept or {}
    return [
        Difference(field=name, before=kept[name], after=value)
        for name, value in planned.values.items()
        if kept[name] != value
    ]


def target(planned: Planned, *, restoring: bool) -> int:
    """Return the version at which the entry will be."""
    if restoring and planned.row.version is not None:
        return planned.row.version
    return 1 if planned.kept is None else planned.kept["version"] + 1


def owner_key(planned: Planned, register: Register) -> int | None:
    """Return the number of the entry above, None where the row does not tell a number."""
    said = (planned.kept or planned.row.fields).get(register.owner or "")
    return said if isinstance(said, int) and not isinstance(said, bool) else None


def party_of(planned: Planned, kind: str) -> str | None:
    """Return the Party of a contact point; of the other entries that belong to none above, their own."""
    said = (planned.kept or planned.row.fields).get("code" if kind == "parties" else "party")
    return said if isinstance(said, str) else None


def by_few(several: Sequence[Any], count: int) -> Iterator[Sequence[Any]]:
    """Yield so many at a time."""
    for start in range(0, len(several), count):
        yield several[start : start + count]


async def breathing(several: Iterable[_T]) -> AsyncIterator[_T]:
    """Yield one after the other; now and then whoever else waits for this process has a turn."""
    for number, each in enumerate(several):
        if number % _AT_ONCE == _AT_ONCE - 1:
            await asyncio.sleep(0)
        yield each
