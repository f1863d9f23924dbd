"""The API on paper: `/openapi.json` for machines, and `/docs`, one page for people that asks no other host."""

import base64
import hashlib
import json
from collections.abc import Iterator, Sequence
from functools import cache
from html import escape
from importlib.metadata import version
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from contactpoints.api.operations import OPERATIONS
from contactpoints.runtime import Runtime
from schemas.openapi import Document, document

_STYLE = """
body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1a1a1a;background:#fff}
code,pre{font:14px/1.4 ui-monospace,monospace}pre{background:#f4f4f4;padding:.75rem;overflow:auto}
section{border-top:1px solid #ccc;padding:.5rem 0}b.method{text-transform:uppercase}
table{border-collapse:collapse;margin:.5rem 0}td,th{text-align:left;vertical-align:top;padding:.2rem .8rem .2rem 0}
"""
_SEAL = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
_HEADERS = {
    "Content-Security-Policy": f"default-src 'none'; style-src 'sha256-{_SEAL}'; frame-ancestors 'none'; "
    "base-uri 'none'; form-action 'none'",
}
_REFERENCE = "#/components/schemas/"


@cache
def whole() -> Document:
    """Return the OpenAPI document of this version."""
    return document(OPERATIONS, version("contactpoints"))


async def openapi(_runtime: Runtime, _request: Request) -> Response:
    """Tell machines what they can do here."""
    return Response(json.dumps(whole(), ensure_ascii=False), media_type="application/json")


async def docs(_runtime: Runtime, _request: Request) -> Response:
    """Tell people the same."""
    return Response(_page(), media_type="text/html", headers=_HEADERS)


@cache
def _page() -> str:
    told = whole()
    title = f"{escape(told['info']['title'])} {escape(told['info']['version'])}"
    parts = [
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title>',
        f'<meta name="viewport" content="width=device-width"><style>{_STYLE}</style>',
        f"<h1>{title}</h1><p>{escape(told['info']['description'])}</p>",
        '<p>The same for machines: <a href="/openapi.json">/openapi.json</a>. Send an API key as '
        "<code>Authorization: Bearer …</code>. Refusals are problem documents (RFC 9457).</p>",
    ]
    tags = [each["name"] for each in told["tags"]]
    parts.append(_contents(told, tags))
    for tag in tags:
        parts.append(f'<h2 id="tag-{escape(tag)}">{escape(tag)}</h2>')
        for path, methods in told["paths"].items():
            parts += [
                "".join(_operation(path, method, operation=operation))
                for method, operation in methods.items()
                if tag in operation["tags"]
            ]
    parts.append('<h2 id="shapes">shapes</h2>')
    parts += ["".join(_shape(name, schema)) for name, schema in sorted(told["components"]["schemas"].items())]
    return "\n".join(parts)


def _contents(told: Document, tags: Sequence[str]) -> str:
    """Return the table of contents: what can be done, by subject, each a link."""
    parts = ["<nav><h2>Contents</h2>"]
    for tag in tags:
        listed = [
            f'<li><a href="#{escape(each["operationId"])}">{escape(each["summary"])}</a>'
            f" <code>{method.upper()} {escape(path)}</code>"
            for path, methods in told["paths"].items()
            for method, each in methods.items()
            if tag in each["tags"]
        ]
        heading = f'<a href="#tag-{escape(tag)}">{escape(tag)}</a> ({len(listed)})'
        parts += [f"<details><summary>{heading}</summary><ul>", *listed, "</ul></details>"]
    return "".join((*parts, '<p><a href="#shapes">shapes</a></p></nav>'))


def _operation(path: str, method: str, *, operation: Document) -> Iterator[str]:
    name = escape(operation["operationId"])
    yield f'<section id="{name}"><h3><b class="method">{method}</b> <code>{escape(path)}</code></h3>'
    yield f"<p>{escape(operation['summary'])}.</p>"
    yield from (f"<p>{escape(part)}</p>" for part in operation["description"].split("\n\n") if part)
    if operation["parameters"]:
        yield "<table>"
        for each in operation["parameters"]:
            needed = "required" if each["required"] else ""
            told = escape(each.get("description", ""))
            place = escape(each["in"])
            yield f"<tr><td><code>{escape(each['name'])}</code><td>{place}<td>{needed}<td>{told}"
        yield "</table>"
    for media, body in operation.get("requestBody", {}).get("content", {}).items():
        yield f"<p>Body, {escape(media)}: {_type(body['schema'])}</p>"
        for kind, example in body.get("examples", {}).items():
            shown = escape(json.dumps(example["value"], indent=2, ensure_ascii=False))
            yield f"<details><summary>Example: {escape(kind)}</summary><pre>{shown}</pre></details>"
    yield "<table>"
    for status, answer in operation["responses"].items():
        bodies = "; ".join(f"{escape(m)}: {_type(b['schema'])}" for m, b in answer.get("content", {}).items())
        yield f"<tr><td>{status}<td>{escape(answer['description'])}<td>{bodies}"
    yield "</table></section>"


def _shape(name: str, schema: Document) -> Iterator[str]:
    yield f'<section id="shape-{escape(name)}"><h3>{escape(name)}</h3><p>{escape(schema.get("description", ""))}</p>'
    needed = schema.get("required", ())
    yield "<table>"
    for field, told in schema.get("properties", {}).items():
        yield f"<tr><td><code>{escape(field)}</code><td>{_need(told, field in needed)}<td>{_type(told)}"
    yield "</table></section>"


def _need(schema: Document, required: bool) -> str:
    if "default" not in schema:
        return "required" if required else ""
    return f"default <code>{escape(json.dumps(schema['default']))}</code>"


def _type(schema: Document) -> str:
    """Return a schema in one line of HTML; shapes are links."""
    if "$ref" in schema:
        name = escape(str(schema["$ref"]).removeprefix(_REFERENCE))
        return f'<a href="#shape-{name}">{name}</a>'
    for word in ("anyOf", "oneOf"):
        if word in schema:
            return " or ".join(map(_type, schema[word]))
    if "enum" in schema or "const" in schema:
        return ", ".join(
            f"<code>{escape(json.dumps(each))}</code>" for each in schema.get("enum", [schema.get("const")])
        )
    if schema.get("type") == "array":
        return f"list of {_type(schema.get('items', {}))}"
    if "propertyNames" in schema:
        return f"object: {_type(schema['additionalProperties'])} for each of {_type(schema['propertyNames'])}"
    limits: dict[str, Any] = {name: schema[name] for name in _LIMITS if name in schema}
    told = ", ".join(f"{name} {value}" for name, value in limits.items())
    return escape(str(schema.get("type", "anything"))) + (f" ({escape(told)})" if told else "")


_LIMITS = ("format", "minLength", "maxLength", "minimum", "maximum", "pattern")


def routes() -> list[Route]:
    """Return the addresses of this file."""
    return [Route("/openapi.json", openapi, methods=["GET"]), Route("/docs", docs, methods=["GET"])]
