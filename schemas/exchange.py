"""The directory as a file: what is written out, and the rows that are read in, from JSON or from CSV.

Both hold the same rows, one per entry: its ``id`` (of a Party its code), the ``version`` at which it was written out,
and its fields. A row without a version is new; others in the same file refer to it by its free ``key`` where they would
have a number. A field or column that is left out stays as it is, an empty cell is null or the field left out on
creation. Nothing else leaves by this way: no PIN, no key, no proof of a channel.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import UnionType
from typing import Annotated, Any, Literal, NotRequired, Union, get_args, get_origin

from pydantic.fields import FieldInfo
from typing_extensions import TypedDict

from schemas.calendars import Calendar
from schemas.canonical import canonical
from schemas.directory import (
    Channel,
    ContactPoint,
    Declaration,
    DutyPost,
    Membership,
    Officer,
    Party,
    ProviderSeat,
)
from schemas.faults import BadInput, Fault, at
from schemas.fields import PartyCode, Shape, ShortLine
from schemas.holidays import HolidayCalendar
from schemas.reading import read_json
from schemas.rosters import Absence, EscalationPolicy, Override, Rotation
from schemas.spreadsheet import Sheet, as_meant, csv_lines, is_formula, read_sheet, to_the_second

FORMAT = "contactpoints/1"
MOST_BYTES = 16_777_216
"""How large a file may be that is read in, unpacked."""

SHAPES: Mapping[str, type[Shape]] = {
    "parties": Party,
    "memberships": Membership,
    "declarations": Declaration,
    "providers": ProviderSeat,
    "contact_points": ContactPoint,
    "posts": DutyPost,
    "officers": Officer,
    "channels": Channel,
    "rotations": Rotation,
    "calendars": Calendar,
    "overrides": Override,
    "absences": Absence,
    "holiday_calendars": HolidayCalendar,
    "policies": EscalationPolicy,
}
"""The kinds of entries in the order in which they rely on each other."""

REFERENCES: Mapping[str, str] = {
    "contact_point_id": "contact_points",
    "central_authority_id": "contact_points",
    "backup_id": "contact_points",
    "contact_point": "contact_points",
    "post_id": "posts",
    "post": "posts",
    "officer_id": "officers",
    "members": "officers",
}
"""The fields that hold the number of another entry, or the key of a new one, and of which kind it is."""

_NOT_KEPT = ("starts_which", "ends_which")
"""Fields that say how others are meant, and may be read in."""

_KEY = re.compile(r"[^\W\d_][\w.-]{0,63}")
_A_KEY = "must be a key of your own: a letter, then letters, digits, dots and hyphens; at most 64"


def id_of(kind: str) -> str:
    """Return the field by which an entry of a kind is known."""
    return "code" if kind == "parties" else "id"


def columns_of(kind: str) -> tuple[str, ...]:
    """Return the fields of a row that is written out, in their order."""
    said = (name for name in SHAPES[kind].model_fields if name not in _NOT_KEPT)
    return tuple(dict.fromkeys((id_of(kind), "version", *said)))


def needed_of(kind: str) -> tuple[list[str], list[str]]:
    """Return the columns that a row needs which is new, and the others that it may have."""
    needed = [name for name, info in SHAPES[kind].model_fields.items() if info.is_required()]
    return needed, [each for each in ("key", *columns_of(kind))[kind == "parties" :] if each not in needed]


def json_rows(kind: str, entries: Sequence[Mapping[str, Any]], *, first: bool) -> str:
    """Return entries as rows of JSON, one a line; ``first``: no row of their kind came before."""
    names = columns_of(kind)
    rows = (json.dumps({name: each[name] for name in names}, ensure_ascii=False) for each in entries)
    return "".join(f"{'' if first and not number else ','}\n{row}" for number, row in enumerate(rows))


def csv_rows(kind: str, entries: Sequence[Mapping[str, Any]], *, first: bool, separator: str = ",") -> str:
    """Return entries as rows of CSV; ``first``: with the names of the columns above, and a byte order mark."""
    names = columns_of(kind)
    rows = csv_lines([[_written(each[name]) for name in names] for each in entries], separator=separator)
    return ("\ufeff" + csv_lines([names], separator=separator) if first else "") + rows


def _written(value: Any) -> object:
    match value:
        case list() | dict() if not value:
            return ""
        case list() if all(isinstance(each, int) or _is_bare(each) for each in value):
            return " ".join(map(str, value))
        case list() | dict():
            return canonical(value).decode()
    return value


def _is_bare(each: object) -> bool:
    """Say whether spaces keep a text apart from others in a list."""
    return isinstance(each, str) and not each.startswith("[") and each.split() == [each]


@dataclass(slots=True)
class Row:
    """One row that was read in. ``place`` is its pointer, ``number`` the line of a table, ``fields`` JSON values."""

    kind: str
    place: str
    id: int | str | None = None
    version: int | None = None
    key: str | None = None
    fields: dict[str, Any] = field(default_factory=dict)
    sheet: Sheet | None = None
    number: int = 0

    def fault(self, pointer: str, code: str, *, detail: str) -> Fault:
        """Return a fault of this row; ``pointer`` is that into its body, "" for the whole row."""
        if self.sheet is None:
            return Fault(self.place + pointer, code, detail)
        column, _, rest = pointer.strip("/").partition("/")
        told = self.sheet.fault(self.number, column, code=code, detail=detail)
        return Fault(f"{told.pointer}/{rest}" if rest else told.pointer.rstrip("/"), code, told.detail)


def read_rows(raw: bytes) -> tuple[list[Row], list[Fault]]:
    """Return the rows of a JSON file and their faults. Raises `Unreadable`."""
    value = read_json(raw, most_bytes=MOST_BYTES)
    if not isinstance(value, dict):
        return [], [Fault("", "wrong_type", "must be an object")]
    faults = [
        Fault(at((name,)), "unknown_field", f"is none of format, {', '.join(SHAPES)}")
        for name in value
        if name != "format" and name not in SHAPES
    ]
    if value.get("format") != FORMAT:
        faults.append(Fault("/format", "not_allowed", f"must be {FORMAT}"))
    rows: list[Row] = []
    for kind in SHAPES:
        several = value.get(kind, [])
        if not isinstance(several, list):
            faults.append(Fault(f"/{kind}", "wrong_type", "must be a list"))
            continue
        for number, each in enumerate(several):
            row = Row(kind, f"/{kind}/{number}")
            if not isinstance(each, dict):
                faults.append(row.fault("", "wrong_type", detail="must be an object"))
                continue
            row.fields = dict(each)
            faults += _take_identity(row)
            rows.append(row)
    return rows, [*faults, *_twice(rows)]


def read_sheets(files: Mapping[str, bytes]) -> tuple[list[Row], list[Fault]]:
    """Return the rows of CSV files by their kinds, and their faults."""
    rows: list[Row] = []
    faults: list[Fault] = []
    for kind, shape in SHAPES.items():
        if kind not in files:
            continue
        columns = {*columns_of(kind), *shape.model_fields} | ({"key"} if kind != "parties" else set())
        sheet, wrong = read_sheet(files[kind], f"{kind}.csv", columns=columns)
        faults += wrong
        for line in sheet.lines:
            row = Row(kind, f"/{sheet.name}/{line.number}", sheet=sheet, number=line.number)
            for name, cell in line.cells.items():
                faults += _take_cell(row, name, cell=cell, info=shape.model_fields.get(name))
            faults += _take_identity(row)
            rows.append(row)
    return rows, [*faults, *_twice(rows)]


def _take_cell(row: Row, name: str, *, cell: str, info: FieldInfo | None) -> Iterator[Fault]:
    """Put the value of a cell into the fields of a row; what cannot be read is left for the shape to refuse.

    An empty cell is null, or what the field is where it is left out on creation.
    """
    if is_formula(cell):
        detail = "Begins as a formula does. If it is text, put an apostrophe (') before it."
        yield row.fault(f"/{name}", "formula", detail=detail)
        return
    text = to_the_second(as_meant(cell)) if name.endswith("_at") else as_meant(cell)
    sort = _sort(info.annotation) if info is not None else "text" if name == "key" else "whole"
    if text.strip():
        try:
            row.fields[name] = _value(sort, text)
        except (ValueError, BadInput):
            yield row.fault(f"/{name}", "malformed", detail=_EXPECTED[sort])
    elif sort in _EMPTY:
        row.fields[name] = _EMPTY[sort]()
    elif info is None or _takes_none(info.annotation):
        row.fields[name] = None
    elif info.is_required():
        yield row.fault(f"/{name}", "missing", detail="is required")
    else:
        row.fields[name] = info.get_default()


_EMPTY: Mapping[str, type[Any]] = {"list": list, "numbers": list, "json list": list, "json": dict}
_EXPECTED = {
    "truth": "must be true or false",
    "json": 'must be JSON, as in {"preservation": "executes"}',
    "json list": "must be a list in JSON",
    "list": 'must be words between spaces, or a list in JSON, as in ["Mail Company", "Mailco"]',
}


def _value(sort: str, text: str) -> Any:
    """Return the value of a cell that is not empty; what is no number stays text, as keys are. Raises `ValueError`."""
    match sort:
        case "text":
            return text
        case "whole":
            return _number(text.strip())
        case "truth":
            return ("false", "true").index(text.strip().lower()) == 1
        case "list" if not text.startswith("["):
            return text.split()
        case "numbers":
            return [_number(each) for each in text.split()]
        case _:
            return read_json(text.encode(), most_bytes=MOST_BYTES)


def _number(text: str) -> int | str:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 16 else text


def _sort(annotation: Any) -> str:
    """Return how a cell holds such a field: one of text, whole, truth, list, numbers, json and json list."""
    origin, inside = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _sort(inside[0])
    if origin in (Union, UnionType):
        return _sort(next(each for each in inside if each is not type(None)))
    if origin is tuple:
        return "json list" if _is_shape(inside[0]) else {"whole": "numbers"}.get(_sort(inside[0]), "list")
    if origin is dict:
        return "json"
    return {int: "whole", bool: "truth"}.get(annotation, "text")


def _is_shape(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, Shape)


def _takes_none(annotation: Any) -> bool:
    return type(None) in get_args(annotation)


def _take_identity(row: Row) -> Iterator[Fault]:
    """Move what says which entry a row is from its fields to the row."""
    number = row.fields.get("code") if row.kind == "parties" else row.fields.pop("id", None)
    version, key = row.fields.pop("version", None), row.fields.pop("key", None)
    if row.kind == "parties":
        row.id = number if isinstance(number, str) else None
    elif _whole(number):
        row.id = number
    elif number is not None:
        yield row.fault("/id", "wrong_type", detail="must be the number of an entry; leave it out for a new one")
    if _whole(version):
        row.version = version
    elif version is not None:
        yield row.fault("/version", "wrong_type", detail="must be a whole number, from 1 on")
    if key is not None:
        row.key = key if isinstance(key, str) and _KEY.fullmatch(key) else None
        if row.key is None:
            yield row.fault("/key", "wrong_form", detail=_A_KEY)
    if row.id is None and row.version is not None:
        yield row.fault(f"/{id_of(row.kind)}", "missing", detail="is required where there is a version")
    elif row.kind != "parties" and row.id is not None and row.version is None:
        yield row.fault("/version", "missing", detail="is required: the version at which the entry was written out")


def _whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 1 <= value < 2**53


def _twice(rows: Sequence[Row]) -> Iterator[Fault]:
    first: dict[tuple[str, str, object], Row] = {}
    for row in rows:
        for name, value in ((id_of(row.kind), row.id), ("key", row.key)):
            if value is None:
                continue
            before = first.setdefault((row.kind, name, value), row)
            if before is not row:
                yield row.fault(f"/{name}", "twice", detail=f"stands at {before.place} already")


class ImportQuery(Shape):
    """How a file is read in. Without ``dry_run=false`` nothing is kept; the answer says what would be.

    ``missing=retire`` retires the entries of the kinds in the file that are not in it, of one Party or of all.
    ``restore=true`` keeps numbers and versions of a file that was written out by another installation.
    """

    dry_run: Literal["true", "false"] = "true"
    missing: Literal["keep", "retire"] = "keep"
    restore: Literal["true", "false"] = "false"
    party: PartyCode | None = None
    reason: ShortLine | None = None
    kind: str | None = None


class ExportQuery(Shape):
    """What is written out, and in which form."""

    format: Literal["json", "csv"] | None = None
    party: PartyCode | None = None
    kind: str | None = None
    separator: Literal["comma", "semicolon"] = "comma"


class Difference(TypedDict):
    """One field that changes."""

    field: str
    before: Any
    after: Any


class RowOut(TypedDict):
    """What happens to one entry: where it stands in the file (not for what is retired), and what changes of it."""

    kind: str
    act: Literal["added", "changed", "retired"]
    place: str | None
    id: int | str | None
    key: NotRequired[str]
    fields: NotRequired[list[Difference]]


class CountsOut(TypedDict):
    """How many entries of a kind are added, changed, retired, and left as they are."""

    added: int
    changed: int
    retired: int
    left: int


class ImportWarning(TypedDict):
    """What is kept, and yet doubtful."""

    pointer: str
    code: str
    detail: str


class ImportOut(TypedDict):
    """What an import did, or would do. ``untold``: how many rows and warnings there are beyond those that are told."""

    dry_run: bool
    counts: dict[str, CountsOut]
    rows: list[RowOut]
    warnings: list[ImportWarning]
    untold: int


class ExportOut(TypedDict, total=False):
    """The directory as a file: of each kind its entries, in the order of their numbers."""

    format: Literal["contactpoints/1"]
    parties: list[dict[str, Any]]
    memberships: list[dict[str, Any]]
    declarations: list[dict[str, Any]]
    providers: list[dict[str, Any]]
    contact_points: list[dict[str, Any]]
    posts: list[dict[str, Any]]
    officers: list[dict[str, Any]]
    channels: list[dict[str, Any]]
    rotations: list[dict[str, Any]]
    calendars: list[dict[str, Any]]
    overrides: list[dict[str, Any]]
    absences: list[dict[str, Any]]
    holiday_calendars: list[dict[str, Any]]
    policies: list[dict[str, Any]]
