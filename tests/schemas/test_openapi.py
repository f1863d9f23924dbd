"""The OpenAPI document: valid, complete, and in step with the shapes that judge the bodies."""

import json
from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from schemas.access import KeyOut, NewKey
from schemas.acknowledgements import AcknowledgementPage
from schemas.alerts import OPEN_SHAPES, AlertOut, AlertPage, TimelinePage
from schemas.directory import ContactPoint, ContactPointOut
from schemas.duty import DutyList
from schemas.examples import EXAMPLES
from schemas.openapi import Operation, Parameter, document

OPEN = Operation(
    "post",
    "/v1/alerts",
    "Open an alert",
    "open_alert",
    "alerts",
    request=tuple(OPEN_SHAPES.values()),
    responses={201: AlertOut, 200: AlertOut},
    problems=(400, 401, 422),
    parameters=(Parameter("Idempotency-Key", "The same key opens one alert.", required=True),),
    roles=("requester",),
    answer_headers={"Location": "Where the alert is."},
    examples=EXAMPLES,
)
OPERATIONS = (
    OPEN,
    Operation("get", "/v1/alerts", "List alerts", "list_alerts", "alerts", responses={200: AlertPage}),
    Operation("get", "/v1/alerts/{reference}/timeline", "Facts", "timeline", "alerts", responses={200: TimelinePage}),
    Operation(
        "get",
        "/v1/acknowledgements",
        "Acknowledgements",
        "acknowledgements",
        "alerts",
        responses={200: AcknowledgementPage},
        media=("application/json", "text/csv"),
    ),
    Operation("post", "/v1/keys", "Make a key", "make_key", "access", request=NewKey, responses={201: KeyOut}),
    Operation(
        "put",
        "/v1/contact-points/{id}",
        "Change a contact point",
        "change_contact_point",
        "directory",
        request=ContactPoint,
        responses={200: ContactPointOut},
        problems=(412, 428),
    ),
    Operation("get", "/v1/duty", "Who answers now", "duty", "directory", responses={200: DutyList}),
    Operation("get", "/healthz", "Alive", "healthz", "health", responses={204: None}),
)


@pytest.fixture(scope="module")
def made() -> dict[str, Any]:
    return document(OPERATIONS, "1.2.3")


def test_the_document_is_valid_openapi_3_1(made: dict[str, Any]) -> None:
    assert made["openapi"] == "3.1.0"
    assert list(OpenAPIV31SpecValidator(json.loads(json.dumps(made))).iter_errors()) == []


def test_the_body_of_an_alert_is_one_of_the_kinds(made: dict[str, Any]) -> None:
    body = made["paths"]["/v1/alerts"]["post"]["requestBody"]["content"]["application/json"]
    names = [choice["$ref"].rsplit("/", 1)[1] for choice in body["schema"]["oneOf"]]
    kinds = [made["components"]["schemas"][name]["properties"]["kind"] for name in names]

    assert [kind["const"] for kind in kinds] == list(OPEN_SHAPES)
    assert set(body["examples"]) == set(EXAMPLES)


def test_shapes_are_closed_and_their_limits_told(made: dict[str, Any]) -> None:
    person = made["components"]["schemas"]["Preservation"]

    assert person["additionalProperties"] is False
    assert person["properties"]["mla_intent"]["const"] is True
    assert person["properties"]["facts_summary"]["maxLength"] == 20_000
    assert person["properties"]["issued_at"]["format"] == "date-time"


def test_an_operation_tells_its_parameters_roles_and_problems(made: dict[str, Any]) -> None:
    told = made["paths"]["/v1/alerts"]["post"]
    timeline = made["paths"]["/v1/alerts/{reference}/timeline"]["get"]

    assert told["parameters"][0]["name"] == "Idempotency-Key"
    assert told["parameters"][0]["required"] is True
    assert told["security"] == [{"key": []}, {"session": []}]
    assert told["description"] == "Roles: requester."
    assert set(told["responses"]) == {"201", "200", "400", "401", "422"}
    assert list(told["responses"]["422"]["content"]) == ["application/problem+json"]
    assert timeline["parameters"] == [
        {"name": "reference", "in": "path", "required": True, "schema": {"type": "string"}}
    ]
    assert timeline["security"] == []


def test_an_answer_in_two_forms_is_told_as_two(made: dict[str, Any]) -> None:
    answer = made["paths"]["/v1/acknowledgements"]["get"]["responses"]["200"]

    assert list(answer["content"]) == ["application/json", "text/csv"]


def test_two_operations_cannot_have_one_name() -> None:
    with pytest.raises(ValueError, match="two operations"):
        document((OPEN, OPEN), "1")
