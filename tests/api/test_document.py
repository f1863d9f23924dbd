"""The API on paper says what the doors do: no route is unlisted, no operation is stale, every answer has its shape."""

import re
from html.parser import HTMLParser
from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator
from starlette.routing import Route

from contactpoints.api.document import whole
from contactpoints.api.operations import OPERATIONS
from contactpoints.web import application
from schemas.examples import EXAMPLES
from tests.api.conftest import KeyOf, example_of
from tests.api.people import person
from tests.world import World

_EMPTY = (
    "list_providers",
    "list_overrides",
    "list_absences",
    "list_calendars",
    "list_holiday_calendars",
    "list_policies",
    "list_address_changes",
    "list_swaps",
    "list_passkeys",
    "list_retention_due",
    "list_proposals",
)  # of this contact point
_WATCHED = ("/healthz", "/healthz/engine", "/readyz", "/metrics")


def test_the_document_is_valid_openapi_3_1() -> None:
    assert whole()["openapi"] == "3.1.0"
    assert list(OpenAPIV31SpecValidator(whole()).iter_errors()) == []


async def test_routes_and_operations_are_the_same(world: World) -> None:
    routes = [route for route in application(world.runtime).routes if isinstance(route, Route)]
    served = {
        (method.lower(), route.path)
        for route in routes
        if route.path.startswith("/v1/") or route.path in _WATCHED
        for method in (route.methods or {"GET"}) - {"HEAD"}
    }
    assert served == {(operation.method, operation.path) for operation in OPERATIONS}


# By the certificate anybody checks what was printed; whoever has an account comes in by the others.
_BEFORE_A_KEY = (
    *("read_certificate", "look_at_invitation", "accept_invitation", "sign_in", "sign_in_with_code"),
    *("ask_acceptance_with_passkey", "accept_invitation_with_passkey", "ask_sign_in_with_passkey"),
    "sign_in_with_passkey",
)


def test_every_operation_behind_a_key_tells_its_roles_and_what_it_refuses() -> None:
    for operation in OPERATIONS:
        behind_a_key = operation.path.startswith("/v1/") and operation.name not in _BEFORE_A_KEY
        assert bool(operation.roles) is behind_a_key, operation.name
        signs_in = operation.name.startswith("sign_in")
        assert (401 in operation.problems) is (behind_a_key or signs_in), operation.name
        assert operation.request is None or {413, 415, 422} <= set(operation.problems), operation.name


def test_shapes_have_plain_names() -> None:
    assert [name for name in whole()["components"]["schemas"] if "__" in name or "-" in name] == []


def test_summaries_are_english() -> None:
    assert [each.summary for each in OPERATIONS if re.search(r"\ba [aeio]", each.summary)] == []


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []
        self.places: set[str] = set()
        self.tags: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = dict(attrs)
        self.tags.add(tag)
        self.links += [value for name in ("href", "src") if (value := told.get(name))]
        self.places |= {f"#{told['id']}"} if told.get("id") else set()


async def test_the_page_for_people_asks_no_other_host_and_runs_no_script(world: World) -> None:
    answer = await world.client.get("/docs")
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("text/html")
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")
    page = _Page()
    page.feed(answer.text)
    assert not page.tags & {"script", "link", "img", "iframe"}
    assert all(link in page.places or link == "/openapi.json" for link in page.links)
    assert {f"#{operation.name}" for operation in OPERATIONS} <= page.places
    assert {f"#{operation.name}" for operation in OPERATIONS} <= set(page.links), "the table of contents"
    for kind in EXAMPLES:
        assert f"Example: {kind}" in answer.text
    assert "default <code>900</code>" in answer.text
    kinds = ", ".join(f"<code>&quot;{kind}&quot;</code>" for kind in EXAMPLES)
    assert f"for each of {kinds}" in answer.text, "the keys of capabilities"


async def test_the_document_is_served(world: World) -> None:
    answer = await world.client.get("/openapi.json")
    assert answer.json() == whole()
    assert not re.search(r"https?://", answer.text.replace("https://json-schema.org", ""))


def fits(value: Any, schema: dict[str, Any]) -> bool:
    """Say whether a value has the fields of a schema, no others and none that is required missing, and known words."""
    shapes = whole()["components"]["schemas"]
    if "$ref" in schema:
        return fits(value, shapes[schema["$ref"].rsplit("/", 1)[1]])
    if "anyOf" in schema:
        return any(fits(value, each) for each in schema["anyOf"])
    if schema.get("type") == "array":
        return isinstance(value, list) and all(fits(each, schema.get("items", {})) for each in value)
    if schema.get("type") == "object" and "properties" in schema:
        known, needed = schema["properties"], set(schema.get("required", ()))
        if not isinstance(value, dict) or not needed <= set(value) <= set(known):
            return False
        return all(fits(each, known[name]) for name, each in value.items())
    if "enum" in schema and value not in schema["enum"]:
        return False
    types: dict[str, Any] = {"string": str, "integer": int, "number": (int, float), "boolean": bool, "null": type(None)}
    return "type" not in schema or isinstance(value, (types | {"object": dict})[schema["type"]])


@pytest.fixture
async def played(world: World) -> str:
    reference: str = (await world.opens_alert()).json()["reference"]
    await world.settles()
    officer = world.network["FR"].officers[0]
    await world.answers(officer, f"{await world.code_of(officer)} 482913")
    noted = await world.post(f"/v1/alerts/{reference}/notes", {"text": "Called."}, once="a-note")
    assert noted.status_code == 201, noted.text
    return reference


async def test_what_is_answered_has_the_shape_that_is_told(world: World, played: str, key_of: KeyOf) -> None:
    auditor, ada = await key_of("auditor"), await person(world)
    france = world.network["FR"]
    who = {"contact_point_id": france.contact_point, "officer_id": france.officers[0].id}
    officer = await person(world, "cleo@fr.example.org", role="contact_point", **who)
    keys = {"/v1/me/officer": officer.token} | {
        "/v1/audit": auditor,
        "/v1/accounts": ada.token,
        "/v1/sessions": ada.token,
        "/v1/passkeys": ada.token,
    }
    assert (await world.get("/v1/audit", key=world.contact_point)).status_code == 403, "and stands in the log"
    for operation in OPERATIONS:
        if operation.method != "get" or "json" not in operation.media[0] or re.search("{(id|code)}", operation.path):
            continue
        path = example_of(operation).replace("{reference}", played).replace("{party}", "FR")
        answer = await world.get(path, key=keys.get(operation.path, world.contact_point))
        told = whole()["paths"][operation.path]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
        assert answer.status_code == 200, operation.path
        assert fits(answer.json(), told), operation.path
        items = answer.json().get("items", ["no list"])
        assert items or operation.name in _EMPTY, f"{operation.name} proved nothing"
