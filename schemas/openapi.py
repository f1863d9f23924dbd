"""The OpenAPI 3.1 document, assembled from the shapes and from the list of operations that a door hands over.

Nothing is written down twice: bodies come from the pydantic shapes and typed dictionaries, roles and headers from the
operations. Every problem document (RFC 9457) has one form, `Problem`.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Literal, NotRequired

from pydantic import TypeAdapter
from typing_extensions import TypedDict

from schemas.access import Role

Method = Literal["get", "post", "put", "patch", "delete"]
Shown = type[Any]
Way = Literal["validation", "serialization"]
Document = dict[str, Any]
References = dict[tuple[Shown, Way], Document]

_REFERENCE = "#/components/schemas/{model}"
_IN_PATH: Mapping[str, Document] = {
    "id": {"description": "The number of the entry.", "schema": {"type": "integer", "minimum": 1}},
    "code": {"description": "The code of the Party.", "schema": {"type": "string", "pattern": "^[A-Z]{2}$"}},
}
"""What is told of the fields of a path; of any other that it is text."""


class FaultOut(TypedDict):
    """One thing that is wrong with a body: where (RFC 6901 pointer), what (code), and a sentence."""

    pointer: str
    code: str
    detail: str


class Problem(TypedDict):
    """A refusal, as RFC 9457 tells it. `errors` names every fault at once."""

    type: str
    title: str
    status: int
    detail: str
    instance: NotRequired[str]
    errors: NotRequired[list[FaultOut]]


@dataclass(frozen=True, slots=True)
class Parameter:
    """A header or a query field of an operation. Fields of the path are found in the path itself."""

    name: str
    meaning: str
    place: Literal["header", "query"] = "header"
    required: bool = False
    schema: Mapping[str, Any] = field(default_factory=lambda: {"type": "string"})


@dataclass(frozen=True, slots=True)
class Operation:
    """One thing that the API can do.

    `request` is one shape, or several of which the body is one, told apart by `kind`. `responses` has the shapes of
    what is answered in success, None for no body; `problems` the statuses of the refusals that this operation knows,
    `told_more` the shapes of those that tell more than `Problem`.
    `roles` is empty where no key is needed. `media` is the type of the answers in success, `media_in` has types of the
    body besides JSON. `example` is a body. `file` is the type and an example of a body that is no JSON at all.
    `any_query`: query fields that it does not know are passed over, and not refused. `step_up`: of a person it wants a
    second factor that was shown a moment ago.
    """

    method: Method
    path: str
    summary: str
    name: str
    tag: str
    request: Shown | Sequence[Shown] | None = None
    responses: Mapping[int, Shown | None] = field(default_factory=dict)
    problems: tuple[int, ...] = ()
    told_more: Mapping[int, Shown] = field(default_factory=dict)
    parameters: tuple[Parameter, ...] = ()
    roles: tuple[Role, ...] = ()
    media: tuple[str, ...] = ("application/json",)
    media_in: tuple[str, ...] = ()
    file: tuple[str, str] | None = None
    answer_headers: Mapping[str, str] = field(default_factory=dict)
    examples: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    description: str = ""
    any_query: bool = False
    step_up: bool = False


def document(operations: Sequence[Operation], version: str) -> Document:
    """Return the whole document. Raises `ValueError` if two operations have the same name, or method and path."""
    _refuse_duplicates(operations)
    references, definitions = _schemas(operations)
    paths: Document = {}
    for operation in operations:
        told = _operation(operation, references)
        for status in operation.responses:
            if links := _links(operation, operations, status=status):
                told["responses"][str(status)]["links"] = links
        paths.setdefault(operation.path, {})[operation.method] = told
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "contactpoints",
            "version": version,
            "description": "Wakes the officer on duty of a 24/7 contact point and records who acknowledged, and when.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "tags": [{"name": tag} for tag in dict.fromkeys(operation.tag for operation in operations)],
        "paths": paths,
        "components": {
            "schemas": definitions,
            "securitySchemes": {
                "key": {"type": "http", "scheme": "bearer", "description": "An API key, or the token of a session."},
                "session": {"type": "apiKey", "in": "cookie", "name": "__Host-session", "description": "A browser's."},
            },
        },
    }


def _refuse_duplicates(operations: Sequence[Operation]) -> None:
    names = [operation.name for operation in operations]
    places = [(operation.method, operation.path) for operation in operations]
    for kept in (names, places):
        if len(set(kept)) != len(kept):
            raise ValueError("two operations have the same name, or the same method and path")


def _requests(operation: Operation) -> tuple[Shown, ...]:
    if operation.request is None:
        return ()
    return (operation.request,) if isinstance(operation.request, type) else tuple(operation.request)


def _schemas(operations: Sequence[Operation]) -> tuple[References, Document]:
    """Return for each shape, coming in and going out, a reference to its schema, and all schemas by their names."""
    needed: dict[tuple[Shown, Way], None] = {(Problem, "serialization"): None}
    for operation in operations:
        needed.update({(shape, "validation"): None for shape in _requests(operation)})
        outgoing = (*operation.responses.values(), *operation.told_more.values())
        needed.update({(shape, "serialization"): None for shape in outgoing if shape is not None})
    numbered = list(enumerate(needed))
    made, whole = TypeAdapter.json_schemas(
        [(number, way, TypeAdapter(shape)) for number, (shape, way) in numbered], ref_template=_REFERENCE
    )
    return {(shape, way): made[number, way] for number, (shape, way) in numbered}, dict(whole.get("$defs", {}))


def _operation(operation: Operation, references: References) -> Document:
    told: Document = {
        "operationId": operation.name,
        "summary": operation.summary,
        "description": _description(operation),
        "tags": [operation.tag],
        "parameters": _parameters(operation),
        "responses": _responses(operation, references),
        "security": [{"key": []}, {"session": []}] if operation.roles else [],
    }
    shapes = _requests(operation)
    if operation.file:
        media, example = operation.file
        told["requestBody"] = {
            "required": True,
            "content": {media: {"schema": {"type": "string"}, "examples": {"a file": {"value": example}}}},
        }
    if shapes:
        told["requestBody"] = {
            "required": True,
            "content": {
                "application/json": _body(operation, shapes, references=references),
                **{media: {"schema": {"type": "string", "contentMediaType": media}} for media in operation.media_in},
            },
        }
    return told


def _description(operation: Operation) -> str:
    roles = ", ".join(operation.roles)
    passed_over = "Takes no query parameters: what stands behind the question mark is passed over, not refused."
    fresh = "Of a person it takes a second factor of the last ten minutes: see `/v1/sessions/step-up`."
    parts = (
        operation.description,
        passed_over if operation.any_query else "",
        fresh if operation.step_up else "",
        f"Roles: {roles}." if roles else "",
    )
    return "\n\n".join(filter(None, parts))


def _body(operation: Operation, shapes: Sequence[Shown], *, references: References) -> Document:
    schemas = [references[shape, "validation"] for shape in shapes]
    body: Document = {"schema": schemas[0] if len(schemas) == 1 else {"oneOf": schemas}}
    if operation.examples:
        body["examples"] = {name: {"value": dict(value)} for name, value in operation.examples.items()}
    return body


def _links(made: Operation, operations: Sequence[Operation], *, status: int) -> Document:
    """Return what can be done next with what an answer tells of: with what was just made, or was read.

    A path names in braces the field of the answer by which it goes on: ``/v1/posts`` -> ``/v1/posts/{id}``.
    """
    is_new = made.method == "post" and status == 201
    is_read = made.method == "get" and made.path.endswith("}")
    shelf = made.path if is_new else made.path.rpartition("/")[0]
    if "{" in shelf or not (is_new or is_read):
        return {}
    links = {}
    for each in operations:
        found = re.fullmatch(re.escape(shelf) + r"/\{(\w+)\}(?:/[^{}]+)?", each.path)
        if found is None or each.name == made.name:
            continue
        where = f"$response.body#/{found[1]}" if is_new else f"$request.path.{found[1]}"
        told = {found[1]: where}
        if "ETag" in made.answer_headers and any(one.name == "If-Match" for one in each.parameters):
            told["If-Match"] = "$response.header.ETag"
        links[each.name] = {"operationId": each.name, "parameters": told}
    return links


def _parameters(operation: Operation) -> list[Document]:
    in_path = [part[1:-1] for part in operation.path.split("/") if part.startswith("{") and part.endswith("}")]
    return [
        {"name": name, "in": "path", "required": True, **_IN_PATH.get(name, {"schema": {"type": "string"}})}
        for name in in_path
    ] + [
        {
            "name": parameter.name,
            "in": parameter.place,
            "required": parameter.required,
            "description": parameter.meaning,
            "schema": dict(parameter.schema),
        }
        for parameter in operation.parameters
    ]


def _responses(operation: Operation, references: References) -> Document:
    responses: Document = {}
    for status, shape in operation.responses.items():
        answer: Document = {"description": HTTPStatus(status).phrase}
        if shape is not None:
            answer["content"] = {media: {"schema": references[shape, "serialization"]} for media in operation.media}
        if operation.answer_headers:
            answer["headers"] = {
                name: {"description": meaning, "schema": {"type": "string"}}
                for name, meaning in operation.answer_headers.items()
            }
        responses[str(status)] = answer
    for status in operation.problems:
        shape = operation.told_more.get(status, Problem)
        problem = {"application/problem+json": {"schema": references[shape, "serialization"]}}
        responses[str(status)] = {"description": HTTPStatus(status).phrase, "content": problem}
    return responses
