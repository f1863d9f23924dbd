"""The directory as a PDF: A4, large letters, one contact point after the other, the Party above each.

Letters of most alphabets are in the fonts that come with us (DejaVu); of a text with others the rest is printed, and a
box stands for each that is lacking.
"""

import logging
import re
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from fpdf import FPDF
from fpdf.enums import AccessPermission, EncryptionMethod, XPos, YPos

from contactpoints.rules.address_book import Block, Front, Person

# What a font lacks would be told in the log, letter by letter: of names.
logging.getLogger("fpdf").setLevel(logging.ERROR)

# Alphabets whose letters change with their neighbours or run from right to left; shaping takes ten times as long.
_JOINED = re.compile("[\u0300-\u036f\u0590-\u0dff\u0e00-\u109f\u1780-\u17ff\ufb1d-\ufdff\ufe70-\ufeff]")

_FONTS = Path(__file__).with_name("fonts")
_FONT = "DejaVu"
_EDGE, _LABEL, _INDENT = 16, 34, 6
_SMALL, _PLAIN, _LARGE, _HUGE = 9, 11, 14, 22
_LINE = 5.6


class _Pages(FPDF):
    """Pages with the day and the number at their foot."""

    def __init__(self, front: Front) -> None:
        super().__init__(format="A4")
        self._front = front
        self.add_font(_FONT, fname=_FONTS / "DejaVuSans.ttf")
        self.add_font(_FONT, style="B", fname=_FONTS / "DejaVuSans-Bold.ttf")
        self.set_margins(_EDGE, _EDGE)
        self.set_auto_page_break(True, margin=_EDGE + 6)

    def footer(self) -> None:
        """Print the foot of a page."""
        self.set_y(-_EDGE)
        self.set_font(_FONT, size=_SMALL)
        self.cell(0, 6, self._front.foot)
        self.set_x(_EDGE)
        page = self._front.page.format(page=self.page_no(), pages="{nb}")
        self.cell(0, 6, page, align="R")

    def lines(self, text: str, *, size: int = _PLAIN, bold: bool = False, indent: float = 0) -> None:
        """Print a text below what stands there, over as many lines as it takes."""
        self.set_font(_FONT, style="B" if bold else "", size=size)
        self.set_text_shaping(_JOINED.search(text) is not None)
        self.set_x(_EDGE + indent)
        self.multi_cell(0, size * 0.5, text, align="L", new_x=XPos.LMARGIN, new_y=YPos.NEXT)

    def fact(self, label: str, text: str, *, indent: float = 0, bold: bool = False) -> None:
        """Print a label, and beside it a text."""
        self.set_x(_EDGE + indent)
        self.set_font(_FONT, size=_SMALL)
        self.set_text_shaping(_JOINED.search(text) is not None)
        self.cell(_LABEL, _LINE, label)
        self.set_font(_FONT, style="B" if bold else "", size=_LARGE if bold else _PLAIN)
        self.multi_cell(0, _LINE, text, align="L", new_x=XPos.LMARGIN, new_y=YPos.NEXT)


def draw(front: Front, blocks: Sequence[Block], *, now: datetime, password: str | None, owner: str) -> bytes:
    """Return the PDF. With a ``password`` it is encrypted (AES-256) and opens with it; ``owner`` is kept by nobody."""
    pages = _Pages(front)
    pages.set_title(front.title)
    pages.set_creation_date(now)
    if password is not None:
        pages.set_encryption(
            owner_password=owner,
            user_password=password,
            encryption_method=EncryptionMethod.AES_256,
            permissions=AccessPermission.all(),
        )
    pages.add_page()
    pages.lines(front.title, size=_HUGE, bold=True)
    for line in front.lines:
        pages.ln(2)
        pages.lines(line)
    pages.ln(4)
    party = ""
    for each in blocks:
        if pages.will_page_break(60):
            pages.add_page()
        if each.party != party:
            party = each.party
            _party(pages, party)
        _block(pages, each, nobody=front.nobody)
    return bytes(pages.output())


def _party(pages: _Pages, name: str) -> None:
    pages.ln(3)
    pages.start_section(name)
    pages.lines(name, size=_LARGE, bold=True)
    pages.line(_EDGE, pages.get_y(), pages.w - _EDGE, pages.get_y())
    pages.ln(2)


def _block(pages: _Pages, block: Block, *, nobody: str) -> None:
    for name in block.names:
        pages.lines(name, bold=True)
    for function in block.functions:
        pages.lines(function)
    for label, text in block.facts:
        pages.fact(label, text)
    for person in block.people:
        _person(pages, person)
    if not block.people:
        pages.lines(nobody, size=_SMALL)
    pages.ln(4)


def _person(pages: _Pages, person: Person) -> None:
    if pages.will_page_break(_LINE * (2 + len(person.ways))):
        pages.add_page()
    pages.ln(1)
    pages.lines(person.name, bold=True, indent=_INDENT)
    pages.lines(person.about, size=_SMALL, indent=_INDENT)
    for label, address in person.ways:
        pages.fact(label, address, indent=_INDENT, bold=True)
