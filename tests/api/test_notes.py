"""Notes on an alert: both sides write and read them, nobody else does, and they go with its data key."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from contactpoints.actions import notes
from contactpoints.actions.retention import erase_ended
from schemas.notes import MOST_SIGNS
from schemas.retention import RETENTION_CLASSES
from tests.api.conftest import KeyOf
from tests.api.test_erasure import _erased
from tests.console.test_account_pages import says
from tests.console.test_alert_pages import _acts, _browser
from tests.console.test_answer_page import page_of, types
from tests.world import PIN, World

_WORDS = "The suspect <Jonas> logs in at 23:00; we go on then."


async def _adds(world: World, reference: str, text: str, *, key: str | None = None, once: str = "one") -> Any:
    return await world.post(f"/v1/alerts/{reference}/notes", {"text": text}, key=key, once=once)


async def _stored(world: World) -> str:
    async with world.runtime.db.session() as session:
        tables = ("alert_notes", "timeline", "messages", "audit", "alerts", "readings")
        return "".join([str(await session.fetch(f"select t::text from {table} t")) for table in tables])


async def test_both_sides_write_and_read_notes_and_nobody_else_does(world: World, key_of: KeyOf) -> None:
    reference, _, _ = await world.wakes_the_first()
    made = await asyncio.gather(*(_adds(world, reference, _WORDS) for _ in range(3)))
    assert sorted(each.status_code for each in made) == [200, 200, 201], (
        "the same, sent at the same instant, counts once"
    )
    assert {each.json()["number"] for each in made} == {made[0].json()["number"]}
    assert (await _adds(world, reference, "Other words")).json()["type"] == "/problems/idempotency-key-reused"
    assert (await _adds(world, reference, "x", once="")).json()["type"] == "/problems/idempotency-key-required"
    for text in ("", "  ", "x" * (MOST_SIGNS + 1)):
        assert (await _adds(world, reference, text, once="two")).status_code == 422, text[:5]
    theirs = await _adds(world, reference, "Seen.", key=world.contact_point)
    assert (theirs.status_code, theirs.json()["side"]) == (201, "contact_point")
    assert _WORDS not in await _stored(world)

    path = f"/v1/alerts/{reference}/notes"
    read = (await world.get(path, key=world.contact_point)).json()["items"]
    assert [(each["text"], each["side"], each["by"] is None) for each in read] == [
        (_WORDS, "requester", True),
        ("Seen.", "contact_point", False),
    ]
    assert len((await world.get(f"{path}?limit=1")).json()["items"]) == 1
    assert [fact["by"] for fact in await world.facts(reference, "note_added")] == ["requester", "contact_point"]
    readers = [fact["by"] for fact in await world.facts(reference, "request_read")]
    assert readers == ["contact_point", "requester"], "it is a reading of the particulars"
    for role, party, expected in (
        ("secretariat", None, 403),
        ("administrator", "FR", 403),
        ("contact_point", "JP", 404),
    ):
        key = await key_of(role, party)
        assert (await world.get(path, key=key)).status_code == expected
        assert (await _adds(world, reference, "x", key=key, once="three")).status_code == expected


async def test_a_note_is_written_on_the_page_and_goes_with_the_data_key(world: World) -> None:
    asks, asked = await _browser(world, "requester", "US"), await _browser(world, "contact_point", "FR")
    reference, _, _ = await world.wakes_the_first()
    here = f"/alerts/{reference}"
    assert "note" in _acts(await asks.opens(here))
    faulty = await asked.sends(f"{here}/note", words="")
    says(faulty, 'id="f-words-fault"')
    typed = {"words": _WORDS, "once": "a"}
    for _ in range(2):
        assert (await asked.sends(f"{here}/note", **typed)).headers["Location"] == f"{here}?done=note"
    says(await asked.sends(f"{here}/note", **typed | {"words": "Other <words>"}), "Other <words>", 409)
    page = await asks.opens(here)
    says(page, "A note was written: the contact point", 200)
    assert "Jonas" not in page.text, "words are shown where the particulars are"
    read = await asks.sends(f"{here}/request")
    says(read, _WORDS, 200)
    assert read.text.count("&lt;Jonas&gt;") == 1
    assert len(await world.facts(reference, "request_read")) == 1

    await world.post(f"/v1/alerts/{reference}/withdrawal", {"reason": "danger_over"})
    kept = (await world.get(f"/v1/alerts/{reference}/retention")).json()
    ends = world.clock.at + RETENTION_CLASSES[kept["class"]].period
    assert await _erased(world, at=ends - timedelta(seconds=1)) == 0
    world.clock.at = ends
    assert await erase_ended(world.runtime.db, now=ends) == 1
    async with world.runtime.db.session() as session:
        assert [bytes(row["sealed"]) for row in await session.fetch("select sealed from alert_notes")] == [b""]
    (gone,) = await world.facts(reference, "erased")
    assert gone["notes"] == 1
    assert (await world.get(f"/v1/alerts/{reference}/notes")).status_code == 410
    assert (await _adds(world, reference, "x", once="late")).status_code == 410


async def test_a_page_tells_the_latest_notes_and_how_many_are_older_and_leads_to_those(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(notes, "_ON_A_PAGE", 2)
    asks, stranger = await _browser(world, "requester", "US"), await _browser(world, "contact_point", "JP")
    reference, _, _ = await world.wakes_the_first()
    link = await page_of(world, reference)
    await types(world, link, PIN)
    here = f"/alerts/{reference}"
    says(await asks.opens(f"{here}/notes"), "Nobody has written a note.", 200)
    for text in ("First <words>", "Second words", "Third words", "Fourth words"):
        await _adds(world, reference, text, once=text[:3])
    assert (await asks.sends(f"{here}/note", words="Fifth words", once="5")).status_code == 303

    read = await asks.sends(f"{here}/request", **{"for": "print"})
    says(read, "Older notes that are not listed here: 3", 200)
    assert [text in read.text for text in ("Third", "Fourth words", "Fifth words")] == [False, True, True]
    pages = [read.text]
    while "older_than=" in pages[-1]:
        further = pages[-1].partition(f'href="{here}/notes?older_than=')[2].partition('"')[0]
        pages.append((await asks.opens(f"{here}/notes?older_than={further}")).text)
    assert len(pages) == 3
    assert [text in pages[1] for text in ("Second words", "Third words", "Fourth")] == [True, True, False]
    assert "First &lt;words&gt;" in pages[2]
    assert "Who asks" not in pages[2], "the notes alone"
    says(await asks.opens(f"{here}/notes?older_than=1"), "There are no older notes.", 200)
    says(await asks.opens(f"{here}/notes?older_than=x"), "The address is not complete", 404)
    readers = [fact["by"] for fact in await world.facts(reference, "request_read")]
    assert readers == ["requester"] * 5, "each page is a reading of the particulars"

    assert (await stranger.opens(f"{here}/notes")).status_code == 404
    told = await world.client.post(f"{link}/request", data={"pin": PIN})
    assert "Notes plus anciennes qui ne figurent pas ici : 3" in told.text
    assert [text in told.text for text in ("Third", "Fourth words", "Fifth words")] == [False, True, True]
    assert "Ada Example" in read.text
    assert "Ada Example" not in told.text, "people are told by function outside their house"
    assert len(await world.facts(reference, "request_read")) == 6
