"""Calendars from outside through the doors: told first, taken in whole or not at all, and never twice."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from contactpoints.actions import calendar_reading
from contactpoints.api.calendars import IMPORT_CALENDAR
from contactpoints.rules.calendar_lines import MOST_BYTES
from contactpoints.rules.rosters import on_duty
from contactpoints.store import directory
from tests.api.conftest import KeyOf
from tests.rules.test_rosters import utc
from tests.world import World


def ics(*events: str) -> bytes:
    """Return a file with events: identifier, start and end in UTC, summary."""
    said = []
    for event in events:
        uid, start, end, summary = event.split(" ", 3)
        said += ["BEGIN:VEVENT", f"UID:{uid}", f"DTSTART:{start}", f"DTEND:{end}", f"SUMMARY:{summary}", "END:VEVENT"]
    return "\r\n".join(("BEGIN:VCALENDAR", *said, "END:VCALENDAR", "")).encode()


NIGHT = "night 20261014T180000Z 20261015T060000Z A"
DAY = "day 20261015T060000Z 20261015T180000Z B"


class Calendar:
    """A calendar of the decision maker's post of France, which has nobody else, and the administrator's key."""

    def __init__(self, world: World, key: str, number: int, post: int, officers: tuple[int, ...]) -> None:
        self.world, self.key, self.number, self.post, self.officers = world, key, number, post, officers

    async def send(
        self, data: Any, *, key: str | None = None, media: str = "text/calendar", **asked: str
    ) -> httpx.Response:
        return await self.world.client.post(
            f"/v1/calendars/{self.number}/import",
            content=data,
            params=asked,
            headers={"Authorization": f"Bearer {key or self.key}", "Content-Type": media},
        )

    async def takes(self, data: bytes, **asked: str) -> dict[str, Any]:
        answer = await self.send(data, dry_run="false", **asked)
        assert answer.status_code == 200, answer.text
        counts: dict[str, Any] = answer.json()["counts"]
        return counts

    async def on_duty(self, at: str) -> tuple[int, ...]:
        async with self.world.runtime.db.session() as session:
            france = self.world.network["FR"].contact_point
            point = (await directory.load(session, [france]))[france]
        post = next(post for post in point.posts if post.id == self.post)
        return on_duty(post.layers, post.overrides, absences=point.absences, at=utc(at))


@pytest.fixture
async def calendar(world: World, key_of: KeyOf) -> Calendar:
    key, france = await key_of("administrator", "FR"), world.network["FR"]
    body = {"contact_point_id": france.contact_point, "line": "mutual_assistance", "function": "On call"}
    post = (await world.post("/v1/posts", body, key=key)).json()["id"]
    officers = tuple(officer.id for officer in france.officers)
    told = [{"text": text, "officer_id": officer} for text, officer in zip("AB", officers[:2], strict=True)]
    made = await world.post("/v1/calendars", {"post_id": post, "name": "Outlook", "officers": told}, key=key)
    assert made.status_code == 201, made.text
    return Calendar(world, key, made.json()["id"], post, officers)


async def test_a_rehearsal_tells_and_keeps_nothing_and_the_same_file_again_changes_nothing(calendar: Calendar) -> None:
    first, second, _ = calendar.officers
    told = (await calendar.send(ics(NIGHT, DAY))).json()
    assert (told["dry_run"], told["counts"]["added"]) == (True, 2)
    assert told["added"][0] == {
        "uid": "night",
        "recurrence": "",
        "officer_id": first,
        "starts_at": "2026-10-14T18:00:00Z",
        "ends_at": "2026-10-15T06:00:00Z",
        "zone": "UTC",
        "starts_local": "2026-10-14T18:00:00",
        "ends_local": "2026-10-15T06:00:00",
    }
    assert await calendar.on_duty("2026-10-14T20:00") == ()
    counts = {"added": 2, "changed": 0, "removed": 0, "unchanged": 0, "skipped": 0}
    assert await calendar.takes(ics(NIGHT, DAY), reason="more follows") == counts
    assert await calendar.takes(ics(DAY, NIGHT)) == counts | {"added": 0, "unchanged": 2}
    assert await calendar.on_duty("2026-10-14T20:00") == (first,)
    assert await calendar.on_duty("2026-10-15T06:00") == (second,)
    assert await calendar.on_duty("2026-10-15T18:00") == ()


async def test_what_is_moved_is_changed_and_what_is_missing_goes_for_a_reason(calendar: Calendar) -> None:
    first, second, _ = calendar.officers
    unsaid = await calendar.send(ics(NIGHT, DAY), dry_run="false")
    assert unsaid.status_code == 422, "a first roster too"
    assert {(fault["pointer"], fault["code"]) for fault in unsaid.json()["errors"]} == {
        ("/query/reason", "leaves_uncovered")
    }
    assert await calendar.on_duty("2026-10-15T08:00") == ()
    await calendar.takes(ics(NIGHT, DAY), reason="more follows")
    later = NIGHT.replace("T180000Z", "T170000Z").replace(" A", " B")
    assert (await calendar.takes(ics(later, DAY)))["changed"] == 1
    assert await calendar.on_duty("2026-10-14T17:30") == (second,)
    refused = await calendar.send(ics(later), dry_run="false")
    (fault,) = refused.json()["errors"]
    assert (refused.status_code, fault["pointer"], fault["code"]) == (422, "/query/reason", "leaves_uncovered")
    assert await calendar.on_duty("2026-10-15T08:00") == (second,)
    rehearsed = (await calendar.send(ics(later))).json()
    assert [each["code"] for each in rehearsed["warnings"]] == ["leaves_uncovered"]
    assert (await calendar.takes(ics(later), reason="closed"))["removed"] == 1
    assert await calendar.on_duty("2026-10-15T08:00") == ()
    history = (await calendar.world.get(f"/v1/calendars/{calendar.number}/history", key=calendar.key)).json()
    assert history["items"][0]["reason"] == "closed"
    assert first in calendar.officers


async def test_the_reason_of_a_file_accepts_what_was_told_of_its_post(calendar: Calendar) -> None:
    accepted = "select bool_and(accepted) from gaps where post_id = $1 and starts_at > $2"
    await calendar.takes(ics(NIGHT, DAY), reason="more follows")
    async with calendar.world.runtime.db.session() as session:
        await session.execute("update gaps set accepted = false where post_id = $1", calendar.post)
        await calendar.takes(ics(NIGHT, DAY.replace(" B", " A")))
        now = calendar.world.clock.at
        assert await session.fetchval(accepted, calendar.post, now) is False
        await calendar.takes(ics(NIGHT, DAY), reason="nobody else")
        assert await session.fetchval(accepted, calendar.post, now) is True


async def test_an_override_changes_a_shift_from_outside_and_a_later_file_leaves_it_in_force(calendar: Calendar) -> None:
    await calendar.takes(ics(NIGHT), reason="more follows")
    third = calendar.officers[2]
    body = {"post_id": calendar.post, "action": "replace", "officer_id": third, "reason": "swap"}
    body |= {"starts_at": "2026-10-14T20:00:00Z", "ends_at": "2026-10-14T22:00:00Z"}
    assert (await calendar.world.post("/v1/overrides", body, key=calendar.key)).status_code == 201
    await calendar.takes(ics(NIGHT.replace("T180000Z", "T190000Z")), reason="later")
    assert await calendar.on_duty("2026-10-14T20:30") == (third,)
    assert await calendar.on_duty("2026-10-14T22:00") == (calendar.officers[0],)


async def test_one_fault_and_nothing_is_taken_in(calendar: Calendar) -> None:
    answer = await calendar.send(ics(NIGHT, DAY.replace(" B", " Nobody"), "x 1 2 A"), dry_run="false")
    assert answer.status_code == 422
    assert [(each["pointer"], each["code"]) for each in answer.json()["errors"]] == [
        ("/line/14", "not_valid"),
        ("/line/8", "no_officer"),
    ]
    assert await calendar.on_duty("2026-10-14T20:00") == ()


async def test_a_file_of_fifty_megabytes_is_refused_while_it_comes(calendar: Calendar) -> None:
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        while sent < 50_000_000:
            sent += 100_000
            yield b"X-JUNK:" + b"x" * 99_992 + b"\n"

    answer = await calendar.send(endless())
    assert answer.status_code == 413
    assert (await calendar.send(ics(NIGHT), media="application/json")).status_code == 415
    assert (await calendar.send(b"BEGIN:VCALENDAR\n" + b"x" * MOST_BYTES)).status_code == 413


async def test_a_rule_that_never_ends_ends_with_its_reader(calendar: Calendar, monkeypatch: pytest.MonkeyPatch) -> None:
    # Its second is one of the processor; on a machine that is busy that may be long by the clock on the wall.
    monkeypatch.setattr(calendar_reading, "_PATIENCE", 600.0)
    never = ics(NIGHT).replace(b"SUMMARY", b"RRULE:FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30\r\nSUMMARY")
    (fault,) = (await calendar.send(never)).json()["errors"]
    assert (fault["pointer"], fault["code"]) == ("/line/6", "too_much")


async def test_only_keepers_send_files_and_only_for_their_own(calendar: Calendar, key_of: KeyOf) -> None:
    for key, status in (
        (await key_of("administrator", "US"), 404),
        (calendar.world.contact_point, 403),
        (calendar.world.requester, 404),
        (await key_of("secretariat"), 200),
    ):
        assert (await calendar.send(ics(NIGHT), key=key)).status_code == status, status


async def test_the_example_of_the_document_is_taken(calendar: Calendar) -> None:
    assert IMPORT_CALENDAR.file is not None
    data = IMPORT_CALENDAR.file[1].replace("Weekend A", "A").encode()
    assert (await calendar.takes(data, reason="weekends alone"))["added"] == 4
