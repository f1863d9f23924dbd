"""Every door that takes a body, every kind of nonsense: refused with a problem and its place, and nothing written."""

import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from contactpoints.api.directory import SHELVES
from contactpoints.api.operations import OPERATIONS
from schemas.examples import example
from schemas.fields import Shape
from schemas.openapi import Operation
from tests.api.conftest import JSON as _JSON
from tests.api.conftest import OF_ACTS, OF_ENTRIES, WITH_BODIES, Doors

_RAW: dict[str, tuple[bytes, str, int]] = {
    "nothing": (b"", _JSON, 400),
    "malformed": (b'{"kind": ', _JSON, 400),
    "two values": (b"{} {}", _JSON, 400),
    "a name twice": (b'{"a": 1, "a": 2}', _JSON, 400),
    "NaN": (b'{"a": NaN}', _JSON, 400),
    "an infinity": (b'{"a": 1e999}', _JSON, 400),
    "a number beyond 2^53": (b'{"a": 123456789012345678901234567890}', _JSON, 400),
    "100,000 brackets": (b"[" * 100_000, _JSON, 400),
    "40,000 objects": (b'{"a":' * 40_000, _JSON, 400),
    "NUL": (b'{"a": "\\u0000"}', _JSON, 400),
    "NUL in a name": (b'{"\\u0000": 1}', _JSON, 400),
    "a lone surrogate": (b'{"a": "\\ud800"}', _JSON, 400),
    "bytes that are no UTF-8": (b'{"a": "\xff"}', _JSON, 400),
    "UTF-16": ('{"a": 1}'.encode("utf-16"), _JSON, 400),
    "a byte order mark": (b"\xef\xbb\xbf{}", _JSON, 400),
    "10 MB": (b'{"a": "' + b"x" * 10_000_000 + b'"}', _JSON, 413),
    "a list": (b"[]", _JSON, 422),
    "a word": (b'"word"', _JSON, 422),
    "null": (b"null", _JSON, 422),
    "an empty object": (b"{}", _JSON, 422),
    "an unknown field": (b'{"surprise": 1}', _JSON, 422),
    "a form": (b"a=1", "application/x-www-form-urlencoded", 415),
    "no type": (b"{}", "", 415),
    "text": (b"{}", "text/plain", 415),
    "another JSON": (b"{}", "application/merge-patch+json", 415),
}


def _is_problem(answer: httpx.Response, status: int) -> bool:
    if answer.status_code != status or answer.headers["Content-Type"] != "application/problem+json":
        return False
    told = answer.json()
    if told["status"] != status or not told["title"]:
        return False
    return status not in (400, 422) or all(fault["code"] and fault["detail"] for fault in told["errors"])


def test_every_door_that_takes_a_body_is_tried() -> None:
    assert len(WITH_BODIES) == 11 + 2 * len(SHELVES) + len(OF_ACTS)
    assert len(OF_ACTS) > 9


def _may_be_empty(operation: Operation) -> bool:
    """Say whether a body may say nothing at all: then there is only nothing there to do it to."""
    shape = operation.request
    return isinstance(shape, type) and issubclass(shape, Shape) and not shape.model_json_schema().get("required")


async def test_no_door_takes_nonsense(doors: Doors) -> None:
    before = await doors.written()
    wrong = []
    for operation in WITH_BODIES:
        for name, (raw, media, status) in _RAW.items():
            answer = await doors.send(operation, raw, media)
            if not _is_problem(answer, 404 if name == "an empty object" and _may_be_empty(operation) else status):
                wrong.append((operation.name, name, answer.status_code, answer.text[:200]))
    assert wrong == []
    assert await doors.written() == before


_OTHERS: tuple[Any, ...] = ({"x": [1]}, [[{}]], True, -1.5, "\x01", "x" * 30_000)


def _mistakes(sound: dict[str, Any]) -> list[tuple[str, Any]]:
    """Return for each field a body in which it is wrong in its kind, and one with a field too many."""
    made: list[tuple[str, Any]] = [("/surprise", sound | {"surprise": "x"})]
    for place, (name, value) in enumerate(sound.items()):
        # Half of them for each field: with the next one comes the other half.
        for other in _OTHERS[place % 2 :: 2]:
            if not isinstance(value, bool) or not isinstance(other, bool):
                made.append((f"/{name}", sound | {name: other}))
    return made


async def test_each_field_of_a_wrong_kind_is_refused_with_its_place(doors: Doors) -> None:
    before = await doors.written()
    wrong = []
    for operation in WITH_BODIES:
        for place, body in _mistakes(doors.sound(operation)):
            answer = await doors.send(operation, json.dumps(body).encode())
            pointers = [fault["pointer"] for fault in answer.json().get("errors", ())]
            if not _is_problem(answer, 422) or not any(pointer.startswith(place) for pointer in pointers):
                wrong.append((operation.name, place, answer.status_code, pointers, str(body)[:200]))
    assert wrong == []
    assert await doors.written() == before


_INSTANTS = {
    "naive": "2026-10-20T08:00:00",
    "the 30th of February": "2026-02-30T08:00:00Z",
    "25 o'clock": "2026-10-20T25:00:00Z",
    "a leap second": "2026-12-31T23:59:60Z",
    "an offset of 99 hours": "2026-10-20T08:00:00+99:00",
    "the year 0": "0000-01-01T00:00:00Z",
    "the year 9999 in the far east": "9999-12-31T23:59:59-14:00",
    "a day": "2026-10-20",
    "a number": 1_792_000_000,
    "another script": "\uff12\uff10\uff12\uff16-10-20T08:00:00Z",
    "words": "tomorrow",
}


@pytest.mark.parametrize(("name", "field"), [("create_override", "starts_at"), ("create_absence", "ends_at")])
async def test_instants_that_are_none_are_refused(doors: Doors, name: str, field: str) -> None:
    operation = next(each for each in OPERATIONS if each.name == name)
    for said, value in _INSTANTS.items():
        answer = await doors.send(operation, json.dumps(doors.sound(operation) | {field: value}).encode())
        assert _is_problem(answer, 422), said
        assert f"/{field}" in {fault["pointer"] for fault in answer.json()["errors"]}, said


async def test_entries_that_refer_to_nothing_are_refused_with_their_place(doors: Doors) -> None:
    before = await doors.written()
    for operation in WITH_BODIES:
        if operation.path not in OF_ENTRIES or operation.method != "post":
            continue
        sound = doors.sound(operation)
        for field in ("party", "contact_point_id", "post_id", "officer_id", "members"):
            if field in sound:
                nobody = "QQ" if field == "party" else [999_999] if field == "members" else 999_999
                answer = await doors.send(operation, json.dumps(sound | {field: nobody}).encode())
                places = [fault["pointer"] for fault in answer.json()["errors"]]
                assert any(place.startswith(f"/{field}") for place in places), (operation.name, field)
    assert await doors.written() == before


async def test_a_chunked_body_without_a_length_is_read_and_bounded(doors: Doors) -> None:
    world, headers = doors.world, {"Authorization": f"Bearer {doors.world.requester}", "Content-Type": _JSON}

    async def parts(raw: bytes, size: int) -> AsyncIterator[bytes]:
        for place in range(0, len(raw), size):
            yield raw[place : place + size]

    body = json.dumps(example("preservation") | {"requested_party": "FR"}).encode()
    sent = headers | {"Idempotency-Key": "chunked"}
    taken = await world.client.post("/v1/alerts", content=parts(body, 7), headers=sent)
    assert taken.status_code == 201
    refused = await world.client.post("/v1/alerts", content=parts(b" " * 1_000_000, 9999), headers=sent)
    assert refused.status_code == 413


async def test_a_header_that_comes_twice_is_refused(doors: Doors) -> None:
    world = doors.world
    body = json.dumps(example("preservation") | {"requested_party": "FR"}).encode()
    sound = [("Authorization", f"Bearer {world.requester}"), ("Content-Type", _JSON), ("Idempotency-Key", "one")]
    for extra, status in (
        (("Idempotency-Key", "two"), 400),
        (("Authorization", f"Bearer {world.contact_point}"), 401),
        (("Content-Type", "text/plain"), 415),
    ):
        answer = await world.client.post("/v1/alerts", content=body, headers=[*sound, extra])
        assert answer.status_code == status, extra
    for raw in (b"key\xe9", b"\xf0\x9f\x92\xa3", b"k" * 3000, b"a b", b" "):
        headers = [(name.encode(), value.encode()) for name, value in sound[:2]] + [(b"Idempotency-Key", raw)]
        assert (await world.client.post("/v1/alerts", content=body, headers=headers)).status_code == 400, raw
    for raw in (b"Bearer \xff\xfe", b"Bearer ", b"Basic abc", b"Bearer " + b"x" * 5000, b"Bearer a\x00b"):
        answer = await world.client.get("/v1/alerts", headers=[(b"Authorization", raw)])
        assert answer.status_code == 401, raw
