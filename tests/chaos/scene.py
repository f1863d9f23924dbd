"""Where processes are killed: the far ends, which outlive them, and everything that must be true whatever happens."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar
from urllib.parse import urlsplit

import asyncpg
import httpx

from contactpoints.actions.access import make_key
from contactpoints.actions.demo_network import Made, load_demo
from contactpoints.actions.seed import load_parties
from contactpoints.rules.access import Actor, Role
from contactpoints.rules.codes import is_reply_code
from contactpoints.runtime import open_runtime
from contactpoints.settings import read_settings
from schemas.examples import example
from tests.chaos.lives import Died, Lives, Victims
from tests.chaos.truth import Truth
from tests.fakes.smtp import FakeSmtp
from tests.fakes.twilio import FakeTwilio, Sent
from tests.processes import PUBLIC, environment
from tests.world import PIN, give_pins

DESK = "desk@requester.example"
INBOUND = f"{PUBLIC}/hooks/twilio/twilio_sms/inbound"
# Longer than every lease.
_A_LEASE = 32.0
# What is looked for here is not in the database, but at a gateway.
_OUTSIDE = ("actions/missed.py", "engine/catch_up.py")
# Longer than every watch takes to find nothing.
_A_LOOK = 0.2
_A_GLANCE = 0.02
_QUIET_WITHIN, _DEATH_WITHIN, _ANSWER_WITHIN = 120.0, 90.0, 180.0
_UNSENT = "(select count(*) from messages where state = 'sending' or state = 'queued' and send_at <= $1)"
_UNDONE = f"""
select {_UNSENT} + (select count(*) from alerts where due_at <= $1)
     + (select count(*) from alert_handovers where taken_at is null and over_at is null and due_at <= $1)
     + (select count(*) from inbound where handled_at is null and (kind = 'reply' or coalesce(lease_until, $1) <= $1))
       as working,
       (select count(*) from messages where state = 'unsure')
     + (select count(*) from inbound where handled_at is null) as waiting
"""

_LEFT_MESSAGES = """
select id, kind, purpose, state, attempts, lease_until, send_at, trace_at from messages
 where state in ('sending', 'queued', 'unsure')
"""
_LEFT_ARRIVALS = "select id, kind, source, lease_until from inbound where handled_at is null"

Answer = TypeVar("Answer")


class Scene:
    """The service and everybody around it. ``lives`` come and go; the far ends and the database stay.

    ``besides``: processes that run at the same time.
    """

    def __init__(self, lives: Lives, far: FakeTwilio, smtp: FakeSmtp, database: Any) -> None:
        self.lives = lives
        self.besides: list[Lives] = []
        self.far = far
        self.smtp = smtp
        self.db = database
        self.client = httpx.AsyncClient(timeout=30)
        self.keys: dict[str, str] = {}
        self.network: Mapping[str | None, Made] = {}
        self.promised: dict[str, str] = {}
        self.taken: set[str] = set()
        self.refused = 0
        self.deaths: list[list[str]] = []
        self.died_at_work = False
        self.died_in_doubt = False
        self.idle: set[str] = set()
        self.in_flight: set[int] = set()
        self._truth = Truth(database, far, smtp)
        self.strangers: set[str] = set()

    def now(self) -> datetime:
        """What everybody's clock says."""
        return datetime.now(UTC) + timedelta(seconds=self.lives.ahead)

    # What people and machines do. Whoever gets no answer tries again, as long as it takes.

    async def request(self, method: str, path: str, **more: Any) -> httpx.Response:
        """Ask until there is an answer other than "try again"; a service that is dead is waited for."""
        async with asyncio.timeout(_ANSWER_WITHIN):
            while True:
                answer = await self._answer(method, path, **more)
                if answer is not None and answer.status_code != 503:
                    return answer
                self.refused += answer is not None
                await asyncio.sleep(0.02)

    async def _answer(self, method: str, path: str, **more: Any) -> httpx.Response | None:
        await self.lives.alive.wait()
        try:
            return await self.client.request(method, f"http://127.0.0.1:{self.lives.port}{path}", **more)
        except httpx.TransportError:
            return None

    async def triggers(self, once: str | None = None, **fields: Any) -> httpx.Response:
        """Trigger an alert, with the same key until it is answered."""
        once = once or secrets.token_hex(8)
        body = example("preservation") | {"requested_party": "GB", "status": "actual", "urgency": "emergency"} | fields
        body.pop("notify", None)
        answer = await self.posts("/v1/alerts", body, once=once)
        if answer.status_code in (200, 201):
            reference = answer.json()["reference"]
            assert self.promised.setdefault(once, reference) == reference
        return answer

    async def posts(self, path: str, body: Mapping[str, Any], *, once: str = "", key: str = "asks") -> httpx.Response:
        """POST as a machine."""
        headers = {"Authorization": f"Bearer {self.keys[key]}"} | ({"Idempotency-Key": once} if once else {})
        return await self.request("POST", path, json=dict(body), headers=headers)

    async def opened(self, **fields: Any) -> str:
        """Trigger an alert and wait until everybody was written to; return its reference."""
        answer = await self.triggers(**fields)
        assert answer.status_code == 201, answer.text
        await self.quiet()
        reference: str = answer.json()["reference"]
        return reference

    def heard(self, reference: str) -> Sent:
        """Return the first text about an alert."""
        return next(each for each in self.far.messages if reference in each.body)

    def code(self, reference: str) -> str:
        """Return the reply code that came with it."""
        return next(word for word in self.heard(reference).body.split() if is_reply_code(word))

    async def replies(self, text: str, *, sender: str | None = None) -> str:
        """Send a text, which Twilio posts until it is taken; return its sid."""
        sender = sender or f"+44770090{300 + len(self.strangers):04d}"
        self.strangers.add(sender)
        came = self.far.receives(sender, text)
        assert await self.far.posts(INBOUND, self.far.inbound_form(came)) == 200
        self.taken.add(came.sid)
        return came.sid

    async def reports(self, sent: Sent, status: str, *, error: int | None = None) -> None:
        """Have Twilio report what became of a text, until it is taken."""
        assert await self.far.report(sent, status, error) == 204

    async def carry(self, url: str, headers: Mapping[str, str], body: bytes) -> int:
        """Carry what Twilio posts to the service."""
        return (await self.request("POST", urlsplit(url).path, content=body, headers=dict(headers))).status_code

    async def passes(self, seconds: float) -> None:
        """Let time pass, or have passed when the service dies of it."""
        with suppress(Died):
            await asyncio.gather(*(each.passes(seconds) for each in (self.lives, *self.besides)))
        await self.lives.alive.wait()

    async def rests(self, point: str, then: Callable[[], None]) -> None:
        """End the engine as an operator does, do something when it comes to a point of that, and begin another."""
        with suppress(Died):
            await self.lives.asks(ends=point)
            then()
            await self.lives.asks(rests=True)
        then()
        await self.lives.alive.wait()

    async def idles(self) -> None:
        """Note which points the service comes by when nothing is to do."""
        await self.lives.asks(arm=None)
        await self.passes(0)
        await asyncio.sleep(_A_LOOK)
        reached = {point for moment in await self.lives.asks(reached=True) for point in moment}
        self.idle = {point for point in reached if not any(file in point for file in _OUTSIDE)}

    async def asks_gateways(self) -> None:
        """Have the service ask its gateways what came while nobody listened, as it does now and then."""
        with suppress(Died):
            await self.lives.asks(ask_gateways=True)
        await self.lives.alive.wait()

    async def sent(self) -> None:
        """Wait until nothing is on its way. No time may pass before: a lease would run out while its holder lives."""
        async with asyncio.timeout(_QUIET_WITHIN):
            while await self.db.fetchval(f"select {_UNSENT}", self.now()):  # noqa: ASYNC110 - it is in the database
                await asyncio.sleep(0.01)

    async def quiet(self) -> None:
        """Wait until nothing is left to do; where that takes time, let it pass."""
        try:
            async with asyncio.timeout(_QUIET_WITHIN):
                while await self._busy():
                    pass
        except TimeoutError:
            left = [*await self.db.fetch(_LEFT_MESSAGES), *await self.db.fetch(_LEFT_ARRIVALS)]
            raise AssertionError(f"it never becomes quiet, at {self.now()}: {left}") from None

    async def _busy(self) -> bool:
        undone = await self.db.fetchrow(_UNDONE, self.now())
        if undone["working"]:
            await asyncio.sleep(_A_GLANCE)
        elif undone["waiting"]:
            await self.passes(6)
        return bool(undone["working"] or undone["waiting"])

    async def dies(
        self,
        point: str,
        acting: Coroutine[Any, Any, Answer],
        *,
        after: float = _A_LEASE,
        again: Callable[[], str | None] = lambda: None,
    ) -> Answer:
        """Let the service die at a point of what is done, and start it again ``after`` so many seconds.

        ``again``: asked after each death where the next life is to die, should it come by there while that is done.
        """
        self.deaths = []
        await self.lives.asks(arm=point)
        act, dying = asyncio.create_task(acting), asyncio.create_task(self.lives.dies())
        try:
            async with asyncio.timeout(_DEATH_WITHIN):
                await asyncio.wait({dying})
            while dying.done():
                self.deaths.append(await dying)
                await self.takes_down()
                if (following := again()) is None:
                    await self.lives.begins(after=after)
                    break
                dying = await self._lives_until(following, act, after=after)
            return await act
        finally:
            act.cancel()
            dying.cancel()
            await asyncio.gather(act, dying, return_exceptions=True)

    async def _lives_until(self, point: str, act: "asyncio.Task[Answer]", *, after: float) -> "asyncio.Task[list[str]]":
        """Begin a life that dies at a point unless all is done before; return its death, come or never to come."""
        await self.lives.begins(after=after, arm=point)
        dying = asyncio.create_task(self.lives.dies())
        await asyncio.wait({act, dying}, return_when=asyncio.FIRST_COMPLETED)
        if not dying.done():
            try:
                await self.lives.asks(arm=None)
            except Died:
                await asyncio.wait({dying})
        return dying

    async def takes_down(self) -> None:
        """Take down what was on its way when a service died, and what it had taken in."""
        rows = await self.db.fetch("select id from messages where state in ('sending', 'unsure')")
        self.in_flight |= {row["id"] for row in rows}
        self.died_in_doubt = bool(rows)
        undone = await self.db.fetchrow(_UNDONE, self.now())
        self.died_at_work = bool(undone["working"] or undone["waiting"])
        await self._truth.check_arrivals(self.taken)

    async def restarts(self) -> None:
        """Kill the service and start it anew: it has nothing in memory."""
        await self.lives.is_killed()
        await self.lives.begins()

    async def ends(self, *, meanwhile: Callable[[], None]) -> None:
        """End the service as an operator does and start it anew: of all that it began it wrote down what came of it.

        ``meanwhile`` is done a moment after it was told to end.
        """
        asyncio.get_running_loop().call_later(_A_GLANCE, meanwhile)
        await self.lives.ends()
        left = await self.db.fetch(_LEFT_MESSAGES)
        assert "sending" not in {row["state"] for row in left}, left
        await self.lives.begins()

    # What must be true.

    async def check(self) -> None:
        """Fail unless nothing accepted is lost, and every duplicate is allowed and marked."""
        await self._truth.check_arrivals(self.taken)
        await self._truth.check(self.promised.values(), known=self.known(), in_flight=self.in_flight)
        assert self.far.complaints == []

    async def check_everything(self) -> None:
        """Look at everything that ever happened once more."""
        self._truth.look_at_everything()
        await self.check()

    def known(self) -> set[str]:
        """Return everybody who may be written to."""
        officers = [each for party in ("GB", None) for each in self.network[party].officers]
        return {address for each in officers for address in (each.sms, each.email)} | {DESK} | self.strangers

    async def acknowledgements(self, reference: str) -> list[Any]:
        """Return the acknowledgements of an alert in the order of their numbers."""
        rows = await self.db.fetch(
            """select k.*, a.acknowledged_at, a.state, i.received_at as arrived_at
                 from acknowledgements k join alerts a on a.id = k.alert_id join inbound i on i.id = k.inbound_id
                where a.reference = $1 order by k.id""",
            reference,
        )
        assert all(row["received_at"] == row["arrived_at"] for row in rows)
        return list(rows)


async def withdrawn(scene: Scene, *references: str) -> None:
    """End alerts, whatever became of them."""
    for reference in references:
        answer = await scene.posts(f"/v1/alerts/{reference}/withdrawal", {"reason": "danger_over"})
        assert answer.status_code == 200, answer.text
    await scene.quiet()


async def released(scene: Scene) -> list[str]:
    """Take every channel out of quarantine again; return why they were in it."""
    why = await scene.db.fetch("select quarantined_why from channels where quarantined_at is not null")
    await scene.db.execute("update channels set quarantined_at = null, quarantined_why = null")
    return [row["quarantined_why"] for row in why]


async def _prepare(scene: Scene, settings: Mapping[str, str], url: str) -> None:
    # A life is too short for the five plans that PostgreSQL makes of each statement before it keeps one.
    await scene.db.execute(f'alter database "{urlsplit(url).path[1:]}" set plan_cache_mode = force_generic_plan')
    read = read_settings(settings, entropy=secrets.token_bytes)
    async with open_runtime(read, database_url=url) as runtime:
        now = runtime.now()
        await load_parties(runtime.db, now)
        scene.network = {made.party: made for made in await load_demo(runtime.db, now)}
        await give_pins(runtime, scene.network["GB"].officers[0], now=now)
        asks = Actor(0, Role.REQUESTER, "US", "Invented Desk", None, (DESK,), "en")
        reads = Actor(0, Role.CONTACT_POINT, "GB", "Contact point", scene.network["GB"].contact_point)
        for name, actor in (("asks", asks), ("answers", reads)):
            scene.keys[name] = await make_key(runtime.db, actor, now=now, entropy=secrets.token_bytes)


async def _rehearse(scene: Scene) -> None:
    """Live once through an alert and its acknowledgement, so that whoever is forked after has everything loaded."""
    await scene.lives.begins(here=True)
    reference = await scene.opened()
    await scene.replies(f"{scene.code(reference)} {PIN}")
    await scene.quiet()
    await scene.lives.ends()


async def _as_it_is(_connection: object) -> None: ...


@asynccontextmanager
async def open_scene(forks: Victims, url: str, *, parts: Sequence[str] = ("web", "engine")) -> AsyncIterator[Scene]:
    """Open a scene on a fresh database, with a service in it that has lived before, or with some ``parts`` of it.

    Without an engine it begins with what the first life may have left to do, such as telling of gaps in rosters.
    """
    scene: Scene

    def now() -> datetime:
        return scene.now()

    async def post(to: str, headers: Mapping[str, str], body: bytes) -> int:
        return await scene.carry(to, headers, body)

    async with FakeTwilio(now=now, post=post) as far, FakeSmtp() as smtp:
        settings = environment(url, far, smtp)
        # Nothing is ever set in a session, so that nothing has to be taken back.
        opening = asyncpg.create_pool(url, min_size=1, max_size=3, reset=_as_it_is)
        async with opening as pool, Lives(forks, settings, parts=parts) as lives:
            scene = Scene(lives, far, smtp, pool)
            await _prepare(scene, settings, url)
            async with scene.client:
                await _rehearse(scene)
                await lives.begins()
                if "engine" in parts:
                    await scene.quiet()
                    await scene.idles()
                yield scene
                await scene.check_everything()
