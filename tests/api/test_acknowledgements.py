"""Acknowledgements as JSON by pages and as CSV: the same rows, whoever asks and however."""

import csv
import io
from datetime import timedelta
from typing import Any

import httpx
import pytest

from contactpoints.api.acknowledgements import Page, lines
from schemas.acknowledgements import AcknowledgementOut
from schemas.spreadsheet import csv_lines
from tests.world import PIN, World

_LIST = "/v1/acknowledgements"


async def _asks(world: World, path: str, accept: str = "*/*", *, key: str | None = None) -> httpx.Response:
    sent = {"Authorization": f"Bearer {key or world.requester}", "Accept": accept}
    return await world.client.get(path, headers=sent)


def _rows(answer: httpx.Response) -> list[dict[str, str]]:
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8; header=present"
    return list(csv.DictReader(io.StringIO(answer.text, newline="")))


@pytest.fixture
async def answered(world: World) -> list[str]:
    """Three alerts a day apart, each acknowledged; the last one twice."""
    officer, other = world.network["FR"].officers[:2]
    references: list[str] = []
    for _ in range(3):
        references.append((await world.opens_alert()).json()["reference"])
        await world.settles()
        await world.answers(officer, f"{await world.code_of(officer)} {PIN}")
        world.clock.at += timedelta(days=1)
    references.append((await world.opens_alert()).json()["reference"])
    await world.passes(minutes=6)
    code = await world.code_of(other)
    await world.answers(officer, f"{await world.code_of(officer)} {PIN}")
    await world.answers(other, f"{code} {PIN}")
    return references


async def test_csv_has_every_field_and_every_row_of_the_pages(world: World, answered: list[str]) -> None:
    pages: list[dict[str, Any]] = []
    cursor = ""
    while cursor is not None:
        page = (await _asks(world, f"{_LIST}?limit=2{cursor and '&cursor=' + cursor}")).json()
        pages += page["items"]
        cursor = page["next_cursor"]
    rows = _rows(await _asks(world, _LIST, "text/csv"))
    assert len(rows) == 5
    assert list(rows[0]) == list(AcknowledgementOut.__annotations__)
    words = {None: "", True: "true", False: "false"}
    assert rows == [
        {name: words[value] if isinstance(value, bool | None) else str(value) for name, value in item.items()}
        for item in ({name: item[name] for name in AcknowledgementOut.__annotations__} for item in pages)
    ]
    assert [row["first"] for row in rows[:2]] == ["false", "true"]


async def test_what_is_asked_for_decides_the_form(world: World, answered: list[str]) -> None:
    for path, accept, form in (
        (_LIST, "*/*", "application/json"),
        (_LIST, "text/csv", "text/csv"),
        (_LIST, "text/csv;q=0.9, application/json;q=0.1", "text/csv"),
        (_LIST, "application/json, text/csv", "application/json"),
        (f"{_LIST}?format=csv", "application/json", "text/csv"),
        (f"{_LIST}?format=json", "text/csv", "application/json"),
    ):
        answer = await _asks(world, path, accept)
        assert answer.headers["Content-Type"].startswith(form), (path, accept)
        assert answer.headers["Vary"] == "Accept"
    wrong = await _asks(world, f"{_LIST}?format=xml")
    assert wrong.json()["errors"][0]["pointer"] == "/query/format"


async def test_a_span_of_days_is_half_open(world: World, answered: list[str]) -> None:
    for asked, expected in (
        ("from=2026-10-15&to=2026-10-16", answered[1:2]),
        ("from=2026-10-17", answered[3:] * 2),
        ("to=2026-10-15T00:00:00Z", answered[:1]),
        ("to=2026-10-15T02:00:00%2B02:00", answered[:1]),
        (f"reference={answered[2]}", answered[2:3]),
    ):
        rows = _rows(await _asks(world, f"{_LIST}?format=csv&{asked}"))
        assert [row["reference"] for row in rows] == expected, asked
    for asked, pointer in (
        ("from=yesterday", "/query/from"),
        ("to=2026-02-30", "/query/to"),
        ("to=2026-10-15T00:00:00", "/query/to"),
    ):
        refused = await _asks(world, f"{_LIST}?{asked}", "text/csv")
        assert refused.status_code == 422
        assert refused.json()["errors"][0]["pointer"] == pointer


async def test_each_side_sees_its_own(world: World, answered: list[str]) -> None:
    assert len(_rows(await _asks(world, _LIST, "text/csv", key=world.contact_point))) == 5
    assert (await _asks(world, _LIST, "text/csv", key="cp_nobody")).status_code == 401
    assert (await _asks(world, f"{_LIST}?reference=XXXX", "text/csv")).status_code == 404


def test_no_cell_is_a_formula_and_every_cell_is_read_back() -> None:
    cells = ["=1+1", "+33", "-2", "@x", "\tx", 'a "b", c', "line\r\nbreak", "plain", -1.5, None, True]
    (read,) = csv.reader(io.StringIO(csv_lines([cells]), newline=""))
    assert read[:5] == ["'=1+1", "'+33", "'-2", "'@x", "'\tx"]
    assert read[5:] == ['a "b", c', "line\r\nbreak", "plain", "-1.5", "", "true"]
    assert csv_lines([["a", "b"], [1, 2]]) == "a,b\r\n1,2\r\n"


async def test_page_follows_page_until_the_last() -> None:
    item = dict.fromkeys(AcknowledgementOut.__annotations__, 0)
    pages = {None: ([item | {"number": 3}], 3), 3: ([item | {"number": 2}], 2), 2: ([item | {"number": 1}], None)}

    async def turn(after: int | None) -> Page:
        return pages[after]

    text = "".join([part async for part in lines(await turn(None), turn)])
    assert [row["number"] for row in csv.DictReader(io.StringIO(text, newline=""))] == ["3", "2", "1"]
