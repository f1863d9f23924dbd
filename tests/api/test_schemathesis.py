"""Every operation, as a machine that knows the paper alone would use and abuse it, by keys of every role.

Schemathesis makes the requests, right and wrong ones, and walks along the links of the document: from what was made or
read to what is changed and ended. Whatever it sends by one of those who may, everybody sends again: a key of each role,
somebody in a session, nobody, and somebody with a wrong key. Nothing breaks, each answer is on paper, whoever may not
hears so, and no operation answers whoever shows no key or a wrong one.

In a whole run half a minute, always with the same seed, one request of each operation. `script/test fuzz` goes on for
FUZZ_SECONDS (300), round after round; with each round every operation is first asked for by another of its roles.
"""

import asyncio
import json
import os
import re
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, get_args

import pytest
import requests
import schemathesis
from schemathesis.checks import not_a_server_error
from schemathesis.config import SchemathesisConfig
from schemathesis.core.failures import FailureGroup
from schemathesis.engine import events, from_schema
from schemathesis.specs.openapi import checks
from starlette.types import ASGIApp

from contactpoints.api.document import whole
from contactpoints.api.operations import OPERATIONS
from contactpoints.serving import doors
from contactpoints.web import application
from schemas.access import Role
from schemas.networks import network_of
from schemas.openapi import Operation
from tests.api.conftest import KeyOf, placed
from tests.api.people import person
from tests.asgi import asks
from tests.far_ends import PUBLIC
from tests.world import World

SECONDS = float(os.environ.get("FUZZ_SECONDS", "0"))
_FIRST_SEED = int(os.environ.get("FUZZ_SEED", "4"))
_ROUND = 100.0
_USES = {"person": 60}
_FEW_USES = 20
# Those whom nobody knows, and what they show.
_UNKNOWN = {"nobody": "", "a wrong key": "cp_wrong"}
WHO = (*get_args(Role), "person", *_UNKNOWN)
_OWN = {"authorization", "x-forwarded-for", "host", "cookie"}
_PRINTING = ("auditor", *_UNKNOWN)
_ON_PAPER = [
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
]
# What a stream holds is looked at in a test of its own.
_CHECKS = {"engine": _ON_PAPER, "follow_timeline": [not_a_server_error, *_ON_PAPER[:3]]}
# Nothing is made up for these; they are asked for as they are.
_LEFT_OUT = {
    "follow_timeline": "a stream does not end",
    "print_directory": "to print takes a second",
    "engine": "nobody is on watch here, so that it rightly says 503",
}
_PLACES = {(each.method.upper(), each.path): place for place, each in enumerate(OPERATIONS)}
_BY_NAME = {each.name: each for each in OPERATIONS}
_PARTIES = ["FR", "US", "JP"]
_ON = {"enabled": True}
_INSTANT = {"format": "date-time"}


def _reached(shapes: Mapping[str, Any], told: object) -> set[str]:
    """Return the names of the shapes that a part of the document refers to, and those that they do."""
    found: set[str] = set()
    ahead = [told]
    while ahead:
        new = set(re.findall(r"#/components/schemas/(\w+)", json.dumps(ahead.pop()))) - found
        found |= new
        ahead += [shapes[name] for name in new]
    return found


def _here(body: Any, world: World) -> Any:
    """Return an example with what is there."""
    if not isinstance(body, dict):
        return body
    return placed(body, world) | ({"requested_party": "FR"} if "requested_party" in body else {})


def _grounded(world: World, reference: str) -> dict[str, Any]:
    """Return the document as somebody reads it who knows what is there: numbers of entries, Parties, versions."""
    document = json.loads(json.dumps(whole()))
    of_france = placed(dict.fromkeys(("post_id", "post", "contact_point_id", "backup_id", "officer_id")), world)
    there: dict[str, Any] = {name: {"enum": [number]} for name, number in of_france.items()}
    there |= {name: {"enum": _PARTIES} for name in ("requested_party", "party", "code")}
    asked = there | {
        "id": {"enum": [1, 2, 3]},
        "reference": {"enum": [reference]},
        "If-Match": {"enum": ['"1"', '"2"']},
    }
    asked |= {"as_of": _INSTANT, "at": _INSTANT, "to": _INSTANT}
    shapes = document["components"]["schemas"]
    operations = [told for methods in document["paths"].values() for told in methods.values()]
    # What is answered may tell of more than one would ask for.
    coming_in = shapes.keys() - _reached(shapes, [each["responses"] for each in operations])
    narrow = {
        name: shapes[name] | {"properties": {each: there.get(each, told) for each, told in fields.items()}}
        for name in coming_in
        if (fields := shapes[name].get("properties"))
    }

    def known(told: dict[str, Any]) -> dict[str, Any]:
        for content in told.get("requestBody", {}).get("content", {}).values():
            content["examples"] = {
                name: {"value": _here(each["value"], world)} for name, each in content.get("examples", {}).items()
            }
        # A cursor cannot be guessed.
        known = [each for each in told["parameters"] if each["name"] != "cursor"]
        free = [each["name"] for each in known if each["schema"] == {"type": "string"}]
        narrow = {name: more for name, more in asked.items() if name in free or more != _INSTANT}
        return told | {
            "parameters": [each | {"schema": each["schema"] | narrow.get(each["name"], {})} for each in known]
        }

    paths = {path: {way: known(told) for way, told in methods.items()} for path, methods in document["paths"].items()}
    return {**document, "paths": paths, "components": document["components"] | {"schemas": shapes | narrow}}


@dataclass
class Callers:
    """Who calls: for each role a key, and now and then another, for what is sent may revoke or disable it."""

    make: Callable[[str], str]
    uses: Counter[str] = field(default_factory=Counter)
    keys: dict[str, str] = field(default_factory=dict)

    def key_for(self, operation: Operation, turn: int) -> str:
        """Return the key of one of the roles that may, each in its turn; nothing where none is needed."""
        if not operation.roles:
            return ""
        place = _PLACES[operation.method.upper(), operation.path]
        role: str = operation.roles[(place + turn) % len(operation.roles)]
        # A key has no session.
        return self.key_of("person" if operation.path.startswith("/v1/sessions") else role)

    def key_of(self, role: str) -> str:
        """Return a key of a role, or the token of a person's session."""
        if self.uses[role] % _USES.get(role, _FEW_USES) == 0:
            self.keys[role] = self.make(role)
        self.uses[role] += 1
        return self.keys[role]


@dataclass
class Heard:
    """What came of it: the statuses that each operation answered, who heard which, and what was wrong."""

    statuses: dict[str, Counter[int]] = field(default_factory=dict)
    by: dict[tuple[str, str], Counter[int]] = field(default_factory=dict)
    wrong: set[str] = field(default_factory=set)

    def hear(self, event: events.EngineEvent) -> None:
        match event:
            case events.ScenarioFinished():
                for number, asked in event.recorder.interactions.items():
                    operation = event.recorder.cases[number].value.operation
                    status = asked.response.status_code if asked.response else 0
                    self.statuses.setdefault(operation.label, Counter())[status] += 1
                found = [each.failure_info for checks in event.recorder.checks.values() for each in checks]
                for each in filter(None, found):
                    self.wrong.add(f"{each.failure.title}: {each.failure.message}\n{each.code_sample}")
            case events.NonFatalError() | events.FatalError():
                self.wrong.add(repr(event))

    def all(self) -> Counter[int]:
        return sum(self.statuses.values(), Counter())

    def judge(self, case: schemathesis.Case[Any], answer: schemathesis.Response, *, who: str) -> None:
        """Look at what somebody heard who sent the same as another."""
        operation = _operation_of(case)
        self.by.setdefault((operation.name, who), Counter())[answer.status_code] += 1
        try:
            case.validate_response(answer, checks=_CHECKS.get(operation.name, [not_a_server_error, *_ON_PAPER]))
        except FailureGroup as found:
            self.wrong.update(f"{who}, {operation.name}: {each.title}: {each.message}" for each in found.exceptions)
        if operation.roles and answer.status_code not in _heard_by(operation, who):
            told = answer.content[:200]
            self.wrong.add(f"{who} may not {operation.name}, and heard {answer.status_code}: {told!r}")


def _operation_of(case: schemathesis.Case[Any]) -> Operation:
    return OPERATIONS[_PLACES[case.operation.method.upper(), case.operation.path]]


def _heard_by(operation: Operation, who: str) -> Collection[int]:
    """Return what somebody may hear who may not; and of whoever may, that it is on paper, which is looked at anyway."""
    if who in _UNKNOWN:
        # What is no address is told to everybody.
        return (401, 404)
    role = "secretariat" if who == "person" else who
    # What makes no sense may be told before it is asked who may.
    return range(100, 600) if role in operation.roles else (403, 404, 422)


@dataclass
class Others:
    """Those who send what another has sent."""

    app: ASGIApp
    callers: Callers
    loop: asyncio.AbstractEventLoop
    reference: str

    def ask(
        self, request: requests.PreparedRequest, whom: Collection[str], *, head_alone: bool = False
    ) -> list[tuple[str, schemathesis.Response]]:
        """Let all of them ask, one after another. Blocks: for a thread."""
        answers = self._ask(request, {who: self._key_of(who) for who in whom}, head_alone=head_alone)
        # What was sent may have ended a session, or revoked a key.
        gone = [who for who, answer in answers.items() if answer.status_code == 401 and who not in _UNKNOWN]
        for who in gone:
            self.callers.uses[who] = 0
        answers |= self._ask(request, {who: self._key_of(who) for who in gone}, head_alone=head_alone)
        return list(answers.items())

    def _key_of(self, who: str) -> str:
        return _UNKNOWN[who] if who in _UNKNOWN else self.callers.key_of(who)

    def _ask(
        self, request: requests.PreparedRequest, keys: Mapping[str, str], *, head_alone: bool
    ) -> dict[str, schemathesis.Response]:
        given = {name: str(value) for name, value in request.headers.items() if name.lower() not in _OWN}
        given["X-Forwarded-For"] = f"2001:db8:{self.callers.uses.total():x}::2"
        body = request.body.encode() if isinstance(request.body, str) else request.body or b""
        assert isinstance(body, bytes)
        method, url = request.method or "", request.url or ""

        async def asked(key: str) -> schemathesis.Response:
            headers = given | ({"Authorization": f"Bearer {key}"} if key else {})
            told = await asks(self.app, method, url, headers=headers, body=body, head_alone=head_alone)
            return schemathesis.Response(told.status, told.headers, told.body, request, 0.0, True)

        async def one_after_another() -> dict[str, schemathesis.Response]:
            return {who: await asked(key) for who, key in keys.items()}

        return asyncio.run_coroutine_threadsafe(one_after_another(), self.loop).result()


def _run(document: dict[str, Any], port: int, *, others: Others, turn: int, seconds: float, **phases: Any) -> Heard:
    """Let Schemathesis loose for so many seconds; for 0 as long as it takes to ask each once. Blocks: for a thread."""
    config = {
        "seed": _FIRST_SEED + turn,
        **({"max-time": seconds} if seconds else {}),
        "base-url": f"http://127.0.0.1:{port}",
        "workers": 1,
        "request-timeout": 120,
        "continue-on-failure": True,
        # What no paper can say, as that a shift ends after it begins, is told by 422. Whoever has no key asks anyway.
        "checks": {"positive_data_acceptance": {"enabled": False}, "ignored_auth": {"enabled": bool(SECONDS)}},
        "generation": {
            "database": "none",
            "no-shrink": not SECONDS,
            "max-examples": 20 if SECONDS else 6 if "stateful" in phases else 1,
            "mode": "positive" if "stateful" in phases else "all",
        },
        "phases": {
            each: phases.get(each, {"enabled": False}) for each in ("examples", "coverage", "fuzzing", "stateful")
        },
    }
    read = schemathesis.openapi.from_dict(document, config=SchemathesisConfig.from_dict(config))
    schema, callers = read.exclude(operation_id=[*_LEFT_OUT]), others.callers

    class Shown:
        def get(self, case: schemathesis.Case[Any], _: schemathesis.AuthContext) -> str:
            return callers.key_for(OPERATIONS[_PLACES[case.operation.method.upper(), case.operation.path]], turn)

        def set(self, case: schemathesis.Case[Any], key: str, _: schemathesis.AuthContext) -> None:
            # Whoever guesses without a key is slowed, by address: here hundreds look what happens without one.
            case.headers["X-Forwarded-For"] = f"2001:db8:{callers.uses.total():x}::1"
            if key:
                case.headers["Authorization"] = f"Bearer {key}"

    schema.auth(refresh_interval=None)(Shown)
    if "stateful" in phases:
        # Whoever makes something up makes nothing that could be gone on with.
        schema.hook("map_body")(_of_an_example)
    heard = Heard()

    def after_call(_: schemathesis.HookContext, case: schemathesis.Case[Any], response: schemathesis.Response) -> None:
        # By another method it is another operation, or none.
        if response.request.method == case.operation.method.upper():
            for who, answer in others.ask(response.request, WHO):
                heard.judge(case, answer, who=who)

    schema.hook(after_call)
    for event in from_schema(schema).execute():
        heard.hear(event)
    if "stateful" not in phases:
        _as_they_are(read, others, heard)
    return heard


def _as_they_are(schema: schemathesis.BaseSchema, others: Others, heard: Heard) -> None:
    """Ask for what was left out: of a stream for its head, and one of those who may prints."""
    for name in _LEFT_OUT:
        operation = _BY_NAME[name]
        case = schema[operation.path][operation.method.upper()].Case(path_parameters={"reference": others.reference})
        request = requests.Request(operation.method.upper(), f"{PUBLIC}{case.formatted_path}").prepare()
        whom = _PRINTING if name == "print_directory" else WHO
        for who, answer in others.ask(request, whom, head_alone="text/event-stream" in operation.media):
            heard.judge(case, answer, who=who)


def _of_an_example(context: schemathesis.HookContext, body: Any) -> Any:
    operation = context.operation
    assert operation is not None
    examples = (
        operation.definition.raw.get("requestBody", {}).get("content", {}).get("application/json", {}).get("examples")
    )
    return list(examples.values())[len(str(body)) % len(examples)]["value"] if examples else body


def _callers(world: World, key_of: KeyOf) -> Callers:
    loop, made = asyncio.get_running_loop(), Counter[str]()

    async def make(role: str) -> str:
        made[role] += 1
        if role == "person":
            return (await person(world, f"person{made[role]}@example.org", role="secretariat", party=None)).token
        return await key_of(role, None if role in ("secretariat", "auditor") else "FR")

    return Callers(lambda role: asyncio.run_coroutine_threadsafe(make(role), loop).result())


@pytest.mark.long
async def test_nothing_breaks_and_every_answer_is_on_paper(world: World, key_of: KeyOf) -> None:
    reference = (await world.opens_alert()).json()["reference"]
    document = _grounded(world, reference)
    links = {"stateful": _ON | {"max-steps": 8, "inference": {"algorithms": []}}}
    more = {"examples": _ON, "coverage": _ON} if SECONDS else {}
    settings = replace(world.runtime.settings, trusted_proxies=(network_of("127.0.0.1"),))
    behind_a_proxy = replace(world.runtime, settings=settings)
    app, callers = application(behind_a_proxy), _callers(world, key_of)
    others = Others(app, callers, asyncio.get_running_loop(), reference)
    async with doors(behind_a_proxy, port=0) as port:
        for turn in range(max(1, round(SECONDS / _ROUND))):
            single, walked = [
                await asyncio.to_thread(_run, document, port, others=others, turn=turn, seconds=seconds, **phases)
                for seconds, phases in (
                    (_ROUND * 0.7 if SECONDS else 0, {"fuzzing": _ON} | more),
                    (_ROUND * 0.3 if SECONDS else 0, links),
                )
            ]
            for heard in (single, walked):
                assert heard.wrong == set()
                assert not [status for status in heard.all() if not 200 <= status < 500], heard.statuses
            if not SECONDS:
                everybody = {(each.name, who) for each in OPERATIONS for who in WHO}
                printing = {("print_directory", who) for who in WHO if who not in _PRINTING}
                assert everybody - single.by.keys() == printing, "everybody asked for each operation"
                reached = sum(any(status < 300 for status in each) for each in single.statuses.values())
                assert reached > 60, single.statuses
                assert {200, 201} <= walked.all().keys(), "what was made was gone on with"
            # How far it comes within its seconds is the machine's business.
            assert any(status < 300 for status in single.all()), single.statuses
