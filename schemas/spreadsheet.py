"""Tables as spreadsheets write and read them: CSV (RFC 4180) in which no cell is ever a formula, read back exactly.

A spreadsheet carries out what begins with one of `=`, `+`, `-` or `@`, and with it whoever made the file: so an
apostrophe is put before such a beginning, wherever a cell could begin under another separator than ours, too. Reading
takes away one apostrophe from just these places, and so gives back what was written, whatever that was.
"""

import csv
import io
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from schemas.faults import Fault

# With the full-width forms: some spreadsheets take those, too.
_BEGINS = "[=+\\-@\t\r\uff1d\uff0b\uff0d\uff20]"
_CELL = '(^|[,;\t\r\n"])'
_BARE = re.compile(f"{_CELL}('*)(?={_BEGINS})")
_KEPT = re.compile(f"{_CELL}'('*)(?={_BEGINS})")
_FORMULA = re.compile(_BEGINS)
# A telephone number as somebody types it, without the apostrophe.
_NUMBER = re.compile(r"\+[0-9]{6,15}")
_SEPARATORS = (",", ";")
_MARK = b"\xef\xbb\xbf"
_WORDS: Mapping[object, str] = {None: "", True: "true", False: "false"}

# One cell may hold ten public keys.
csv.field_size_limit(1 << 20)


def csv_lines(rows: Sequence[Sequence[object]], *, separator: str = ",") -> str:
    """Return rows as CSV: CRLF, quoted where needed, empty for None, no cell that a spreadsheet would carry out."""
    kept = io.StringIO()
    writer = csv.writer(kept, delimiter=separator, lineterminator="\r\n")
    writer.writerows([_cell(value) for value in row] for row in rows)
    return kept.getvalue()


def _cell(value: object) -> object:
    if value is None or isinstance(value, bool):
        return _WORDS[value]
    return harmless(value) if isinstance(value, str) else value


def harmless(text: str) -> str:
    """Return a text as it may stand in a cell."""
    return _BARE.sub(r"\1'\2", text)


def as_meant(cell: str) -> str:
    """Return the text that stands in a cell: what `harmless` was given."""
    return _KEPT.sub(r"\1\2", cell)


_TO_THE_MINUTE = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2})(Z|[+-][0-9]{2}:[0-9]{2})?")


def to_the_second(cell: str) -> str:
    """Return a time with its seconds, as instants have it, where people left those out; anything else as it is."""
    found = _TO_THE_MINUTE.fullmatch(cell.strip())
    return f"{found[1]}:00{found[2] or ''}" if found else cell


def is_formula(cell: str) -> bool:
    """Say whether a spreadsheet would carry out this cell. A telephone number that somebody typed is none."""
    return _FORMULA.match(cell) is not None and not _NUMBER.fullmatch(cell)


@dataclass(frozen=True, slots=True)
class Line:
    """One row of a table: the line of the file in which it begins, from 1 on, and its cells by their columns."""

    number: int
    cells: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table as it was read; ``order`` holds the place of each column, from 0 on."""

    name: str
    order: Mapping[str, int]
    lines: Sequence[Line]

    def fault(self, line: int, column: str, *, code: str, detail: str) -> Fault:
        """Return a fault of one cell, told as people find it: by file, line and column."""
        return Fault(f"/{self.name}/{line}/{column}", code, f"{_told(line, column, order=self.order)}: {detail}")


def _told(line: int, column: str, *, order: Mapping[str, int]) -> str:
    place = order.get(column)
    if place is None:
        return f"Line {line}" + (f", column {column}" if column else "")
    return f"Line {line}, column {letters(place)} ({column})"


def letters(place: int) -> str:
    """Return the name that spreadsheets give to a column: A for 0, Z for 25, AA for 26."""
    name, rest = "", place + 1
    while rest:
        rest, letter = divmod(rest - 1, 26)
        name = chr(ord("A") + letter) + name
    return name


def read_sheet(raw: bytes, name: str, *, columns: Collection[str]) -> tuple[Sheet, list[Fault]]:
    """Return the table in a CSV file, and everything that is wrong with it as a table.

    UTF-8 with or without a byte order mark; comma or semicolon. ``columns``: those that it may have.
    """
    empty = Sheet(name, {}, ())
    if b"\x00" in raw:
        return empty, [Fault(f"/{name}", "not_utf8", "Holds U+0000, as UTF-16 does. Save it as CSV in UTF-8.")]
    try:
        text = raw.removeprefix(_MARK).decode("utf-8")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        detail = f"Line {line}: is not UTF-8. Save it as CSV in UTF-8."
        return empty, [Fault(f"/{name}/{line}", "not_utf8", detail)]
    first = text.partition("\n")[0]
    separator = max(_SEPARATORS, key=first.count)
    if "\t" in first and separator not in first:
        return empty, [Fault(f"/{name}/1", "separator", "Line 1: cells are parted by commas or semicolons, not tabs.")]
    records = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    found: list[tuple[int, list[str]]] = []
    begun = 1
    try:
        for record in records:
            found.append((begun, record))
            begun = records.line_num + 1
    except csv.Error:
        detail = f"Line {begun}: is no row of a CSV file; look at its quotation marks."
        return empty, [Fault(f"/{name}/{begun}", "malformed", detail)]
    return _sheet(found, name, columns=columns)


def _sheet(found: Sequence[tuple[int, list[str]]], name: str, *, columns: Collection[str]) -> tuple[Sheet, list[Fault]]:
    heads = [each.strip() for each in found[0][1]] if found else []
    faults = list(_wrong_heads(heads, name, columns=columns))
    order = {head: place for place, head in enumerate(heads)}
    sheet = Sheet(name, order, [])
    if faults:
        return sheet, faults
    lines: list[Line] = []
    for number, cells in found[1:]:
        if not any(cells):
            continue
        if len(cells) > len(heads):
            detail = f"Line {number}: has {len(cells)} cells, and the first line {len(heads)}."
            faults.append(Fault(f"/{name}/{number}", "too_long", detail))
            continue
        rest = [""] * (len(heads) - len(cells))
        lines.append(Line(number, dict(zip(heads, [*cells, *rest], strict=True))))
    return Sheet(name, order, lines), faults


def _wrong_heads(heads: Sequence[str], name: str, *, columns: Collection[str]) -> Iterator[Fault]:
    if not any(heads):
        yield Fault(f"/{name}/1", "missing", "Line 1: names the columns, and there is none.")
        return
    for place, head in enumerate(heads):
        where = f"Line 1, column {letters(place)}"
        if head not in columns:
            yield Fault(f"/{name}/1", "unknown_field", f"{where}: is none of {', '.join(sorted(columns))}.")
        elif head in heads[:place]:
            yield Fault(f"/{name}/1/{head}", "duplicate_name", f"{where} ({head}): stands more than once.")
