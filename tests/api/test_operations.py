"""The paper and the doors agree: every example is taken, and nobody hears a status that is not on paper."""

import json
import secrets
from collections.abc import Iterator, Mapping
from typing import Any

import httpx

from contactpoints.api.directory import SHELVES
from contactpoints.api.operations import OPERATIONS
from contactpoints.web import application
from schemas.access import Role
from schemas.openapi import Operation
from tests.api.conftest import Bodies, KeyOf, placed
from tests.asgi import asks
from tests.world import PIN, World


async def _ask(
    world: World, method: str, path: str, *, key: str, body: bytes | None, tag: str = '"1"'
) -> httpx.Response:
    return await world.client.request(method, path, content=body, headers=_headers(key, body=body, tag=tag))


def _headers(key: str, *, body: bytes | None, tag: str) -> dict[str, str]:
    headers = {"Authorization": f"Bearer {key}", "Idempotency-Key": secrets.token_hex(4)}
    headers |= {"If-Match": tag} if tag else {}
    return headers | ({"Content-Type": "application/json"} if body is not None else {})


def test_every_operation_with_a_body_has_an_example() -> None:
    assert [each.name for each in OPERATIONS if each.request is not None and not each.examples] == []


async def test_every_example_of_an_entry_is_taken(world: World, key_of: KeyOf) -> None:
    secretariat = await key_of("secretariat")
    by_name = {each.name: each for each in OPERATIONS}
    for shelf in SHELVES:
        examples = by_name[f"create_{shelf.kind}"].examples
        assert by_name[f"change_{shelf.kind}"].examples == examples
        for name, example in examples.items():
            async with world.runtime.db.session() as session:  # there is only one secretariat
                await session.execute("update contact_points set retired_at = $1 where secretariat", world.clock.at)
            content = json.dumps(placed(example, world)).encode()
            made = await _ask(world, "POST", shelf.path, key=secretariat, body=content)
            assert made.status_code == 201, (name, made.text)
            changed = await _ask(world, "PUT", made.headers["Location"], key=secretariat, body=content)
            assert changed.status_code == 200, (name, changed.text)


async def test_every_example_about_an_alert_is_taken(world: World) -> None:
    officer = world.network["FR"].officers[0]
    by_name = {each.name: each for each in OPERATIONS}
    for name, example in by_name["open_alert"].examples.items():
        body = json.dumps({**example, "requested_party": "FR"}).encode()
        opened = await _ask(world, "POST", "/v1/alerts", key=world.requester, body=body)
        assert opened.status_code == 201, (name, opened.text)
    await world.settles()
    await world.unheard()
    one = "/v1/alerts/" + (await world.opens_alert()).json()["reference"]
    await world.settles()
    real: dict[str, Any] = {"officer": officer.id, "reply_code": await world.code_of(officer), "pin": PIN}
    for act, key in (
        ("decline_alert", world.contact_point),
        ("acknowledge_alert", world.contact_point),
        ("close_alert", world.requester),
        ("withdraw_alert", world.requester),
    ):
        if act == "withdraw_alert":
            one = "/v1/alerts/" + (await world.opens_alert()).json()["reference"]
        for example in by_name[act].examples.values():
            body = json.dumps({name: real.get(name, value) for name, value in example.items()}).encode()
            answer = await _ask(world, "POST", one + by_name[act].path.rpartition("}")[2], key=key, body=body)
            assert answer.status_code == 200, (act, answer.text)


class _Walk:
    """Tries every operation with one key after another, right and wrong, and collects what is answered."""

    def __init__(self, world: World, bodies: Bodies, reference: str, places: dict[str, str]) -> None:
        self.world, self.bodies, self.reference, self.places = world, bodies, reference, places
        self.app = application(world.runtime)
        self.heard: dict[str, set[int]] = {}

    def _body(self, operation: Operation) -> dict[str, Any] | None:
        if operation.request is None:
            return None
        if operation.tag == "directory":
            return self.bodies[_shelf(operation)]
        sound = dict(next(iter(operation.examples.values())))
        return sound | {"requested_party": "FR"} if operation.name == "open_alert" else sound

    def _path(self, operation: Operation, *, there: bool) -> str:
        path = operation.path
        path = path.replace("{reference}", self.reference if there else "AAAA-AAAA")
        path = path.replace("{party}", "FR" if there else "QQ").replace("{code}", "ZZ" if there else "%00")
        if "{id}" not in path:
            return path
        return path.replace("{id}", self.places.get(_shelf(operation), "/1").rpartition("/")[2] if there else "4711")

    def _tries(
        self, operation: Operation, *, also_wrong: bool, also_long: bool
    ) -> Iterator[tuple[str, bytes | None, str]]:
        path, body = self._path(operation, there=True), self._body(operation)
        sound = None if body is None else json.dumps(body).encode()
        yield path, sound, '"1"'
        yield self._path(operation, there=False), sound, '"1"'
        if not also_wrong:
            return
        yield path, sound, ""
        yield path, sound, '"4711"'
        if sound is not None:
            too_long = [b'"' + b"x" * 300_000 + b'"'] if also_long else []
            yield from ((path, bad, '"1"') for bad in (b"{}", b"{", *too_long))
        else:
            yield f"{path}?limit=x&after=x&cursor=x&state=x&format=x&from=x", None, '"1"'

    async def tries(self, operation: Operation, key: str, *, also_wrong: bool, also_long: bool) -> None:
        """Try one operation with one key, on what is there and what is not; ``also_wrong`` says more of nonsense."""
        # A stream has no end; its head says how it would begin.
        method = "HEAD" if "stream" in operation.path else operation.method.upper()
        for path, body, tag in self._tries(operation, also_wrong=also_wrong, also_long=also_long):
            answer = await asks(self.app, method, path, headers=_headers(key, body=body, tag=tag), body=body or b"")
            self.heard.setdefault(operation.name, set()).add(answer.status)


def _shelf(operation: Operation) -> str:
    return operation.path.split("/")[2].replace("-", "_")


def _talks_nonsense(operation: Operation, keys: Mapping[Role, str]) -> str:
    """Return the key of somebody who may do it: whoever may not is refused whatever it says."""
    return next((key for role, key in keys.items() if role in operation.roles), keys["secretariat"])


async def test_nobody_hears_a_status_that_is_not_on_paper(world: World, key_of: KeyOf, bodies: Bodies) -> None:
    secretariat = await key_of("secretariat")
    places = {}
    for shelf in SHELVES:
        made = await _ask(world, "POST", shelf.path, key=secretariat, body=json.dumps(bodies[shelf.name]).encode())
        places[shelf.name] = made.headers["Location"]
    walk = _Walk(world, bodies, (await world.opens_alert()).json()["reference"], places)
    keys = [
        *("cp_nobody", world.requester, await key_of("requester", "JP"), world.contact_point),
        *(
            await key_of("contact_point", "JP"),
            await key_of("administrator", "FR"),
            await key_of("auditor"),
            secretariat,
        ),
    ]
    of: dict[Role, str] = {
        "requester": world.requester,
        "contact_point": world.contact_point,
        "secretariat": secretariat,
    }
    for key in keys:
        # To print takes a second; what that is answered stands in test_printed. Where no key is asked for, one will do.
        for operation in (each for each in OPERATIONS if each.name != "print_directory"):
            if not operation.roles and key != secretariat:
                continue
            await walk.tries(
                operation, key, also_wrong=key == _talks_nonsense(operation, of), also_long=key == secretariat
            )
    told = {each.name: {*each.responses, *each.problems} for each in OPERATIONS}
    assert {name: more for name, heard in walk.heard.items() if (more := heard - told[name])} == {}
    for status in (200, 201, 400, 401, 403, 404, 409, 412, 413, 422, 428):
        assert any(status in heard for heard in walk.heard.values()), f"{status} was never provoked"
