"""A night on duty, for stories: the real doors and the real engine on a clock that only the test moves."""

import json
import secrets
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import httpx
from argon2 import PasswordHasher

from contactpoints.actions.access import make_key, set_pin
from contactpoints.actions.demo_network import Made, MadeOfficer, load_demo
from contactpoints.actions.seed import load_parties
from contactpoints.actions.tools import Tools
from contactpoints.clock import Clock
from contactpoints.engine.catch_up import catch_up, inquirable
from contactpoints.engine.dispatcher import Lane
from contactpoints.engine.run import carry_on, end_handovers, read_replies, read_reports
from contactpoints.engine.tracer import end_old_doubts, trace
from contactpoints.rules.access import Actor, Role
from contactpoints.rules.codes import REST_OF_A_PROOF, code_rest, is_reply_code
from contactpoints.runtime import Runtime, open_runtime
from contactpoints.serving import desk_of
from contactpoints.settings import Settings
from contactpoints.store.sealing import Keyring, peppered
from contactpoints.web import application
from schemas.examples import example
from tests.far_ends import PUBLIC, FarEnd, Rehearsal

PIN = "482913"
START = datetime(2026, 10, 14, 0, 0, tzinfo=UTC)


def is_proof_code(text: str) -> bool:
    """Say whether ``text`` could be a code by which an address is proven, in capitals and without spaces."""
    return code_rest(text) == REST_OF_A_PROOF


class HandClock(Clock):
    """A clock that moves only when it is told."""

    def __init__(self) -> None:
        super().__init__()
        self.at = START

    def now(self) -> datetime:
        return self.at


@dataclass
class World:
    """The service and everybody around it."""

    runtime: Runtime
    clock: HandClock
    client: httpx.AsyncClient
    network: dict[str | None, Made]
    requester: str
    contact_point: str
    far: FarEnd
    running: AsyncExitStack
    heard: set[int | str] = field(default_factory=set)

    async def opens_alert(self, *, once: str | None = None, key: str | None = None, **fields: Any) -> httpx.Response:
        """Trigger an alert to France, as the requesting authority of the United States."""
        body = example("preservation") | {"requested_party": "FR", "status": "actual", "urgency": "emergency"} | fields
        body.pop("notify", None)
        return await self.post("/v1/alerts", body, key=key, once=once or secrets.token_hex(8))

    async def wakes_the_first(self) -> tuple[str, MadeOfficer, str]:
        """Trigger an alert; return its reference, the officer it calls first, and the reply code of the SMS."""
        first = self.network["FR"].officers[0]
        reference = (await self.opens_alert()).json()["reference"]
        await self.settles()
        return reference, first, await self.code_of(first)

    async def post(self, path: str, body: Any, *, key: str | None = None, once: str = "") -> httpx.Response:
        """POST a body, JSON unless it is bytes."""
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        headers = {"Authorization": f"Bearer {key or self.requester}", "Content-Type": "application/json"}
        if once:
            headers["Idempotency-Key"] = once
        return await self.client.post(path, content=content, headers=headers)

    async def get(self, path: str, *, key: str | None = None) -> httpx.Response:
        """GET an address."""
        return await self.client.get(path, headers={"Authorization": f"Bearer {key or self.requester}"})

    async def restarts(self) -> None:
        """End the service and start it anew; it knows nothing but its database."""
        await self.running.aclose()
        service = _service(self.runtime.settings, self.clock)
        self.runtime, self.client = await self.running.enter_async_context(service)

    async def catches_up(self) -> None:
        """Let the engine ask its gateways what came while nobody listened, as it does every half minute."""
        desk = desk_of(self.runtime)
        for gateway in inquirable(desk):
            await catch_up(desk, gateway)
        await self.settles()

    async def settles(self) -> None:
        """Let the engine work until nothing is due."""
        desk = desk_of(self.runtime)
        lanes = [Lane(desk, kind) for kind in self.runtime.tools.gateways]
        done = 1
        while done:
            done = await carry_on(desk) + await read_replies(desk) + await end_handovers(desk)
            done += await read_reports(desk)
            for lane in lanes:
                done += await lane.claim()
                await lane.land()
            done += await end_old_doubts(desk) + await trace(desk)

    async def passes(self, **duration: float) -> None:
        """Move the clock on, stopping wherever something falls due, and let the engine work there."""
        until = self.clock.at + timedelta(**duration)
        await self.settles()
        while (due := await self._next_due()) is not None and due <= until:
            self.clock.at = max(due, self.clock.at)
            await self.settles()
        self.clock.at = until
        await self.settles()

    async def _next_due(self) -> datetime | None:
        async with self.runtime.db.session() as session:
            due: datetime | None = await session.fetchval(
                """select least((select min(greatest(due_at, coalesce(retry_at, due_at))) from alerts),
                                (select min(greatest(due_at, coalesce(retry_at, due_at))) from alert_handovers
                                  where coalesce(taken_at, over_at) is null),
                                (select min(send_at) from messages),
                                (select min(trace_at) from messages), (select min(lease_until) from messages))"""
            )
        return due

    async def hears(self, address: str) -> list[dict[str, Any]]:
        """Return what reached an address since it was last asked, oldest first."""
        return [each for each in await self._new() if each["address"] == address and self._marked(each)]

    async def unheard(self) -> dict[str, int]:
        """Return how many messages reached whom and were asked for by nobody; from now on they count as heard."""
        return Counter(each["address"] for each in await self._new() if self._marked(each))

    async def _new(self) -> list[dict[str, Any]]:
        return [each for each in await self.far.reached(self.client) if each["id"] not in self.heard]

    def _marked(self, message: dict[str, Any]) -> bool:
        self.heard.add(message["id"])
        return True

    async def answers(self, officer: MadeOfficer, text: str, *, sender: str | None = None) -> str:
        """Send an SMS as an officer would; return the answer, or nothing."""
        await self.hears(sender or officer.sms)
        await self.far.reply(self.client, sender or officer.sms, text)
        await self.settles()
        return " ".join(each["body"] for each in await self.hears(sender or officer.sms))

    async def code_of(self, officer: MadeOfficer) -> str:
        """Read the reply code out of the SMS that an officer got."""
        texts: list[str] = [each["body"] for each in await self.hears(officer.sms)]
        return next(word for text in texts for word in text.split() if is_reply_code(word))

    async def timeline(self, reference: str) -> list[str]:
        """Return the codes of the facts that the requester sees."""
        page = (await self.get(f"/v1/alerts/{reference}/timeline")).json()
        return [fact["code"] for fact in page["items"]]

    async def facts(self, reference: str, code: str, *, key: str | None = None) -> list[dict[str, Any]]:
        """Return the data of the facts of a kind: as the contact point sees them, or whose ``key`` it is."""
        page = (await self.get(f"/v1/alerts/{reference}/timeline", key=key or self.contact_point)).json()
        return [fact["data"] for fact in page["items"] if fact["code"] == code]


@asynccontextmanager
async def _service(settings: Settings, clock: Clock) -> AsyncIterator[tuple[Runtime, httpx.AsyncClient]]:
    async with open_runtime(settings, database_url=settings.database_url, clock=clock) as runtime:
        transport = httpx.ASGITransport(application(runtime))
        async with httpx.AsyncClient(transport=transport, base_url=PUBLIC) as client:
            yield runtime, client


@dataclass(frozen=True)
class Prepared:
    """What is in a database with the invented network: who is who, and the secrets of two keys."""

    network: dict[str | None, Made]
    requester: str
    contact_point: str


PREPARED: dict[str, Prepared] = {}
"""Name of a database, after a slash -> what was put into the template that it was copied from."""


def light_hash(secret: str, *, tools: Tools) -> str:
    """Return a PIN or a password as it is kept, but judged within no time: a hash says itself how much work it is."""
    return PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(peppered(tools.pepper, secret))


async def give_pins(runtime: Runtime, first: MadeOfficer, *, now: datetime) -> None:
    """Give every officer the same PIN, ``first`` by the service itself; it is judged within no time."""
    await set_pin(runtime.db, first.id, pin=PIN, now=now, tools=runtime.tools)
    async with runtime.db.session() as session:
        await session.execute("update pins set hash = $1", light_hash(PIN, tools=runtime.tools))
        await session.execute(
            "insert into pins (officer_id, hash, set_at) select o.id, p.hash, p.set_at from officers o, pins p"
            " on conflict do nothing"
        )


async def prepare(runtime: Runtime) -> Prepared:
    """Put the invented network into an empty database, with two keys and the same PIN for everybody."""
    await load_parties(runtime.db, START)
    network = {made.party: made for made in await load_demo(runtime.db, START)}
    await give_pins(runtime, network["FR"].officers[0], now=START)
    asks = Actor(0, Role.REQUESTER, "US", "Invented Desk", None, ("desk@requester.example",), "en")
    reads = Actor(0, Role.CONTACT_POINT, "FR", "Contact point", network["FR"].contact_point)
    keys = [await make_key(runtime.db, who, now=START, entropy=secrets.token_bytes) for who in (asks, reads)]
    return Prepared(network, *keys)


def settings_of(database_url: str) -> Settings:
    """Return the settings of every world: a rehearsal."""
    return Settings(Keyring({"test": bytes(32)}, secrets.token_bytes), b"p" * 32, database_url, PUBLIC, True, 1.0, 0)


@asynccontextmanager
async def open_world(
    database_url: str, *, far: FarEnd | None = None, clock: HandClock | None = None
) -> AsyncIterator[World]:
    """Open the service on a fresh database, with the invented network in it; rehearse unless messages go elsewhere."""
    far, clock = far or Rehearsal(), clock or HandClock()
    async with AsyncExitStack() as running:
        settings = far.wire(settings_of(database_url))
        runtime, client = await running.enter_async_context(_service(settings, clock))
        made = PREPARED.get(urlsplit(database_url).path) or await prepare(runtime)
        yield World(runtime, clock, client, made.network, made.requester, made.contact_point, far, running)
