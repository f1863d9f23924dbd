"""The page of numbers: whose they are, by which choice, as pictures, tables and CSV; and what a choice cannot be."""

import re
from collections.abc import Mapping, Sequence
from html import unescape

import httpx
import pytest

from schemas.spreadsheet import read_sheet
from tests.api.people import Person, person
from tests.world import PIN, World

_MORE = """
insert into alerts overriding system value
select (jsonb_populate_record(a, jsonb_build_object(
    'id', 1000 + n, 'reference', 'MADE-' || n, 'state', 'closed', 'due_at', null, 'step', 2, 'exhausted_at', null,
    'opened_at', $1::timestamptz - n * interval '1 day',
    'acknowledged_at', $1::timestamptz - n * interval '1 day' + n * interval '1 minute') || $2)).*
  from alerts a, unnest($3::int[]) n where a.reference = $4
"""
_MADE: tuple[tuple[list[int], dict[str, str | None]], ...] = (
    ([1, 2, 3, 4, 5, 100], {}),
    # Nobody has answered that one, and it is still due: it comes from another index than those that have ended.
    (
        [6],
        {"acknowledged_at": None, "exhausted_at": "2026-10-01T00:00:00Z", "state": "exhausted"}
        | {"due_at": "2030-01-01T00:00:00Z"},
    ),
    ([7], {"requested_party": "JP"}),
    ([8, 9, 10], {"status": "exercise"}),
)


async def looks(world: World, who: Person, path: str, **query: str) -> httpx.Response:
    headers = {"Authorization": ""} | {"Cookie": f"__Host-session={who.token}"}
    return await world.client.get(path, params=query, headers=headers)


def rows(answer: httpx.Response, columns: Sequence[str]) -> list[Mapping[str, str]]:
    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    sheet, faults = read_sheet(answer.content, "numbers", columns=answer.text.splitlines()[0].split(","))
    assert not faults
    return [{name: line.cells[name] for name in columns} for line in sheet.lines]


@pytest.fixture
async def busy(world: World) -> World:
    """One alert that was answered as they are, and ten that are made out of it: one silent, one of another Party."""
    reference, first, code = await world.wakes_the_first()
    await world.passes(seconds=240)
    await world.answers(first, f"{code} {PIN}")
    async with world.runtime.db.session() as session:
        for numbers, more in _MADE:
            await session.execute(_MORE, world.clock.at, more, numbers, reference)
    return world


async def test_numbers_are_of_the_own_party_or_of_each_and_those_of_the_network_of_every_member(busy: World) -> None:
    ada = await person(busy)
    page = await looks(busy, ada, "/numbers")
    assert page.status_code == 200, page.text
    for words in (
        "<dd>7</dd>",
        "<dd>6</dd>",
        "France",
        'id="table-over_time"',
        'id="p-delivery-title"',
        "not counted here: 3",
    ):
        assert words in page.text, words
    assert "Japan" not in page.text
    assert "style=" not in page.text
    assert not [each for each in busy.network["FR"].officers if each.sms in page.text or each.email in page.text]
    assert (await looks(busy, ada, "/numbers", party="JP")).status_code == 404
    assert (await looks(busy, ada, "/numbers/parties.csv", party="JP")).status_code == 404
    asker = await person(busy, "asker@us.example.org", role="requester", party="US")
    assert (await looks(busy, asker, "/numbers", party="FR")).status_code == 404
    assert (await looks(busy, asker, "/numbers", party="US")).status_code == 404, "a requester's own has none either"
    for who, party in ((asker, ""), (ada, "network")):
        query = {"party": party} if party else {}
        whole = await looks(busy, who, "/numbers", **query)
        assert whole.status_code == 200, whole.text
        assert "<dd>8</dd>" in whole.text, "of France and of Japan"
        told = unescape(re.sub(r"<select.*?</select>", "", whole.text, flags=re.DOTALL))
        assert not [each for each in ("Japan", "JP", "France", ">FR<", "FR ·") if each in told]
        for what in ("parties", "steps", "over_time", "delivery", "hours"):
            sheet = (await looks(busy, who, f"/numbers/{what}.csv", **query)).text
            assert not re.search(r"\b(FR|JP)\b", sheet), what
        steps = rows(await looks(busy, who, "/numbers/steps.csv", **query), ("party", "step_2", "never"))
        assert [tuple(each.values()) for each in steps] == [("network", "7", "1")]


async def test_a_choice_is_told_as_csv_and_one_that_cannot_be_beside_its_fields_in_french(busy: World) -> None:
    eve = await person(busy, "eve@network.example.org", role="auditor", party=None)
    parties = rows(await looks(busy, eve, "/numbers/parties.csv"), ("party", "alerts", "acknowledged"))
    assert [tuple(each.values()) for each in parties] == [("FR", "7", "6"), ("JP", "1", "1")]
    theirs = busy.network[None].posts["first"]
    for others in ("0", "1"):
        told = rows(await looks(busy, eve, "/numbers/parties.csv"), ("party", "acknowledged_by_others"))
        assert [tuple(each.values()) for each in told] == [("FR", others), ("JP", "0")]
        async with busy.runtime.db.session() as session:
            await session.execute("update reply_codes set post_id = $1", theirs)
    assert "or the secretariat: 1. The time belongs" in (await looks(busy, eve, "/numbers")).text
    steps = rows(await looks(busy, eve, "/numbers/steps.csv", party="FR"), ("step_1", "step_2", "never", "exhausted"))
    assert [tuple(each.values()) for each in steps] == [("0", "6", "1", "1")]
    chosen = {"status": "exercise", "from": "2026-10-01", "every": "month"}
    months = rows(await looks(busy, eve, "/numbers/over_time.csv", **chosen), ("begins", "by", "alerts"))
    assert {(each["begins"], each["alerts"]) for each in months if each["by"] == "all"} == {("2026-10-01", "3")}
    sent = rows(await looks(busy, eve, "/numbers/delivery.csv"), ("kind", "country", "refused"))
    assert ("sms", "FR", "0") in [tuple(each.values()) for each in sent]
    assert (await looks(busy, eve, "/numbers/officers.csv")).status_code == 404
    assert (await looks(busy, eve, "/numbers", party="XX")).status_code == 404
    apart = await looks(busy, eve, "/numbers", apart="parties")
    assert apart.status_code == 200
    assert apart.text.count('id="p-over_time-') == 2 * 2, "a picture each for France and Japan, with title and words"
    fatou = await person(busy, "fatou@fr.example.org", language="fr")
    for path in ("/numbers", "/numbers/hours.csv"):
        page = await looks(busy, fatou, path, **{"from": "<14/10>", "to": "2026-10-14", "every": "week"})
        assert page.status_code == 422
        assert "est pas une date : elle" in unescape(page.text)
        assert 'value="&lt;14/10&gt;"' in page.text
    assert "Aucune urgence" in (await looks(busy, fatou, "/numbers", **{"from": "2026-01-01", "to": "2026-01-02"})).text
