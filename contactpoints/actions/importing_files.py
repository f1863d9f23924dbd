"""A file of the directory as it comes, by API or by page: taken apart into rows, with the faults of the file itself."""

import io
import zipfile
from collections.abc import Mapping, Sequence

from contactpoints.rules.refusals import Invalid, UnsupportedMediaType
from schemas.exchange import MOST_BYTES, SHAPES, Row, read_rows, read_sheets
from schemas.faults import Fault

ZIP = "application/zip"


def unknown_kind() -> Fault:
    """Return the fault of a kind of entries that there is not."""
    return Fault("/query/kind", "not_allowed", f"One of {', '.join(SHAPES)}.")


def read_file(raw: bytes, media: str, *, kind: str | None = None) -> tuple[list[Row], Sequence[Fault]]:
    """Return the rows of a file and their faults; ``kind``: of a table that comes alone.

    Raises `Unreadable`, `Invalid` or `UnsupportedMediaType`.
    """
    if media == "application/json":
        return read_rows(raw)
    if media == "text/csv":
        if kind is None or kind not in SHAPES:
            raise Invalid([unknown_kind()])
        return read_sheets({kind: raw})
    if media == ZIP:
        return read_sheets(_unpacked(raw))
    raise UnsupportedMediaType(f"Send application/json, text/csv or {ZIP}.")


def _unpacked(raw: bytes) -> Mapping[str, bytes]:
    """Return the tables in a zip file by their kinds. Raises `Invalid` for what is none, or unpacks to too much."""
    names = {f"{kind}.csv": kind for kind in SHAPES}
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as parts:
            listed = parts.infolist()
            strange = [each for each in listed if each.filename not in names]
            twice = len({each.filename for each in listed}) != len(listed)
            if strange or twice:
                detail = f"May hold each of {', '.join(names)} once, and nothing else."
                raise Invalid([Fault("", "unknown_field", detail)])
            if sum(each.file_size for each in listed) > MOST_BYTES:
                raise Invalid([Fault("", "too_large", f"May have at most {MOST_BYTES} bytes when it is unpacked.")])
            # No part gives more than it says: reading ends there.
            return {names[each.filename]: parts.read(each) for each in listed}
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError, ValueError):
        raise Invalid([Fault("", "malformed", "Is no zip file that can be read here.")]) from None
