"""Every door that takes a body, every kind of nonsense: refused with a problem and its place, and nothing written."""

import json
import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from contactpoints.api.directory import SHELVES
from contactpoints.api.operations import OPERATIONS
from schemas.examples import example
from schemas.fields import Shape
from schemas.openapi import Operation
from tests.api.conftest import Bodies, KeyOf, placed
from tests.world import PIN, World

_JSON = "application/json"
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


@dataclass
class Doors:
    """Every door that takes a body, with an address that exists, a key that may, and a body that would be taken."""

    world: World
    key: str
    bodies: Bodies
    places: dict[str, tuple[str, str]]
    reference: str

    def sound(self, operation: Operation) -> dict[str, Any]:
        if operation in OF_ACTS or operation.path.endswith("/resending"):
            return placed(next(iter(operation.examples.values())), self.world)
        if "/v1/alerts" not in operation.path:
            return self.bodies[self.shelf(operation)]
        last = operation.path.rsplit("/", 1)[1]
        machine = {"officer": 1, "reply_code": "ABCD-1234", "pin": PIN}
        opened = example("preservation") | {"requested_party": "FR"}
        return {
            "alerts": opened,
            "preview": opened,
            "withdrawal": {"reason": "other"},
            "closure": {"reason": "other"},
            "acknowledgements": machine,
        }[last]

    def shelf(self, operation: Operation) -> str:
        return next(shelf.name for shelf in SHELVES if operation.path in (shelf.path, shelf.one))

    def owner(self, operation: Operation) -> str:
        """Return the number of what an act is done to; where there is nothing, the body is looked at all the same."""
        of = operation.path.split("/")[2].replace("-", "_")
        return self.places[of][0].rsplit("/", 1)[1] if of in self.places else "1"

    async def send(self, operation: Operation, raw: bytes, media: str = _JSON) -> httpx.Response:
        alerts = "/v1/alerts" in operation.path
        theirs = self.world.contact_point if operation.path.endswith("/acknowledgements") else self.world.requester
        headers = {"Authorization": f"Bearer {theirs if alerts else self.key}"}
        headers |= {"Content-Type": media} if media else {}
        headers |= {"Idempotency-Key": secrets.token_hex(4)} if alerts else {}
        path = operation.path.replace("{reference}", self.reference)
        if operation in OF_ACTS:
            path, headers["If-Match"] = path.replace("{id}", self.owner(operation)), '"1"'
        elif operation.method == "put":
            path, headers["If-Match"] = self.places[self.shelf(operation)]
        return await self.world.client.request(operation.method, path, content=raw, headers=headers)

    async def written(self) -> dict[str, Any]:
        """Return how many rows there are of each kind, and the sum of all versions."""
        async with self.world.runtime.db.session() as session:
            names = [row[0] for row in await session.fetch("select tablename from pg_tables where schemaname='public'")]
            counts = {name: await session.fetchval(f'select count(*) from "{name}"') for name in names}
            for shelf in SHELVES:
                counts[f"{shelf.name} changed"] = await session.fetchval(f"select sum(version) from {shelf.name}")
        return counts


# Files have their own nonsense, see test_files_that_are_none.
WITH_BODIES = [each for each in OPERATIONS if each.request is not None and each.tag != "files"]
OF_ENTRIES = {path for shelf in SHELVES for path in (shelf.path, shelf.one)}
OF_ACTS = [each for each in WITH_BODIES if each.path not in OF_ENTRIES and "/v1/alerts" not in each.path]


@pytest.fixture
async def doors(world: World, key_of: KeyOf, bodies: Bodies) -> Doors:
    key = await key_of("secretariat")
    places: dict[str, tuple[str, str]] = {}
    for shelf in SHELVES:
        headers = {"Authorization": f"Bearer {key}", "Content-Type": _JSON}
        content = json.dumps(bodies[shelf.name])
        made = await world.client.post(shelf.path, content=content, headers=headers)
        assert made.status_code == 201, made.text
        places[shelf.name] = (made.headers["Location"], made.headers["ETag"])
    reference = (await world.opens_alert()).json()["reference"]
    return Doors(world, key, bodies, places, reference)


def _is_problem(answer: httpx.Response, status: int) -> bool:
    if answer.status_code != status or answer.headers["Content-Type"] != "application/problem+json":
        return False
    told = answer.json()
    if told["status"] != status or not told["title"]:
        return False
    return status not in (400, 422) or all(fault["code"] and fault["detail"] for fault in told["errors"])


def test_every_door_that_takes_a_body_is_tried() -> None:
    assert len(WITH_BODIES) == 6 + 2 * len(SHELVES) + len(OF_ACTS)
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
    for name, value in sound.items():
        for other in _OTHERS:
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
