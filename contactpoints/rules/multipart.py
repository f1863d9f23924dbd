"""The parts of a form with a file in it, as browsers send them (RFC 7578)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

_BOUNDARY = re.compile(r'multipart/form-data\s*;.*?boundary=("?)([^";]{1,70})\1', re.IGNORECASE)
_NAME = re.compile(rb'[;\s]name="([^"\r\n]*)"')
_FILE = re.compile(rb'[;\s]filename="([^"\r\n]*)"')


@dataclass(frozen=True, slots=True)
class Part:
    """One field: what was sent in it, and the name of the file, "" for none."""

    content: bytes
    filename: str = ""

    @property
    def text(self) -> str:
        """What was typed."""
        return self.content.decode("utf-8", "replace")


def boundary_of(media: str) -> bytes | None:
    """Return what stands between the parts, as the type of the content says; None for what is no such form."""
    found = _BOUNDARY.match(media)
    return found[2].encode("latin-1") if found else None


def parts_in(body: bytes, boundary: bytes) -> Mapping[str, Part]:
    """Return the parts of a form by their names; of a name that comes twice the last. What is cut off is none."""
    parts: dict[str, Part] = {}
    pieces = (b"\r\n" + body).split(b"\r\n--" + boundary)
    for piece in pieces[1:-1]:
        head, between, content = piece.partition(b"\r\n\r\n")
        name, filename = _NAME.search(head), _FILE.search(head)
        if between and name:
            told = filename[1].decode("utf-8", "replace") if filename else ""
            parts[name[1].decode("utf-8", "replace")] = Part(content, told)
    return parts
