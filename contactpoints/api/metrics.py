"""Measures for Prometheus at `/metrics`. No label holds an address, a reference or a name.

Web and engine are separate processes: what concerns the whole service is read from the database at the moment of
asking, so that every web process tells the same (take one, or the largest; never the sum). Only the requests, the
streams and the acknowledgements' histogram are this process's own counts since it began.
"""

import asyncio
import time
from collections.abc import Callable
from datetime import datetime, timedelta

from prometheus_client import CollectorRegistry, Gauge, Histogram, ProcessCollector, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from contactpoints.actions.zone_data import installed
from contactpoints.rules.refusals import Unavailable
from contactpoints.runtime import Runtime
from contactpoints.store import measures, zone_data
from contactpoints.store.database import DatabaseFault

_ANSWER_SECONDS = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5)
_ACKNOWLEDGED_SECONDS = (30, 60, 120, 180, 300, 600, 900, 1800, 3600, 7200, 14_400)
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"})
# An acknowledgement with a smaller number may be committed after one with a larger: those so young are left for later.
_SETTLED = timedelta(seconds=10)


class Metrics:
    """The measures of one process, in a registry of its own."""

    def __init__(self, runtime: Runtime, streams: Callable[[], int], *, gap: float = 1.0) -> None:
        """``streams`` says how many are followed just now. The database is asked once in ``gap`` seconds."""
        self._gap = gap
        self._runtime = runtime
        self._turn = asyncio.Lock()
        self._measured_at = float("-inf")
        self._last: int | None = None
        self.registry = made = CollectorRegistry()
        ProcessCollector(registry=made)

        def gauge(name: str, meaning: str, *labels: str) -> Gauge:
            return Gauge(f"contactpoints_{name}", meaning, labels, registry=made)

        self.requests = Histogram(
            "contactpoints_request_seconds",
            "Seconds until an answer began, by the route's template",
            ("method", "route", "status"),
            registry=made,
            buckets=_ANSWER_SECONDS,
        )
        self._acknowledged = Histogram(
            "contactpoints_acknowledged_seconds",
            "Seconds from an alert to its first acknowledgement, of those recorded since this process began",
            ("status", "late"),
            registry=made,
            buckets=_ACKNOWLEDGED_SECONDS,
        )
        self._late = gauge("late_seconds", "How late the oldest due work is, by kind; 0 when nothing is due", "work")
        self._depth = gauge("queue_depth", f"What waits, counted up to {measures.MOST}", "kind", "state")
        self._age = gauge("queue_age_seconds", "Age of the oldest that waits", "kind", "state")
        self._alerts = gauge("open_alerts", f"Alerts nobody has taken, up to {measures.MOST}", "state", "status")
        self._attempts = gauge("recent_attempts", "How attempts at the newest messages ended", "gateway", "outcome")
        self._ends = gauge("recent_ends", "Why the newest alerts were withdrawn or closed", "reason", "status")
        self._fallback = gauge("fallback", "1 while anybody at the secretariat, the last fallback, can be called")
        self._zones = gauge("zone_data_agrees", "1 while the database was reckoned by this process's time-zone data")
        self._database = gauge("database_up", "1 when the database answered just now")
        gauge("streams", "Timelines and boards followed just now").set_function(streams)
        gauge("bell_connected", "1 while this process hears the doorbell").set_function(
            lambda: float(runtime.bell.connected)
        )
        gauge("clock_offset_seconds", "The database's clock less this machine's").set_function(
            lambda: runtime.clock.offset.total_seconds()
        )

    async def text(self) -> bytes:
        """Return everything in Prometheus's text format. Without a database, what this process knows by itself."""
        async with self._turn:
            if time.monotonic() - self._measured_at >= self._gap:
                await self._measure()
                self._measured_at = time.monotonic()
        # Of a hundred routes and all that they answered these are thousands of lines: alerts do not wait for them.
        return await self._runtime.tools.threads.short(generate_latest, self.registry)

    async def _measure(self) -> None:
        now = self._runtime.now()
        for stale in (self._late, self._depth, self._age, self._alerts, self._attempts, self._ends):
            stale.clear()
        try:
            async with self._runtime.db.session() as session:
                told = await measures.measure(session, now=now, kinds=self._runtime.tools.gateways)
                if self._last is None:
                    self._last = await measures.last_acknowledgement(session)
                self._zones.set(await zone_data.version(session) in (None, installed()))
                news = await measures.acknowledged(session, after=self._last, before=now - _SETTLED)
        except (Unavailable, DatabaseFault):
            self._database.set(0)
            return
        self._database.set(1)
        self._tell(told, now=now)
        for row in news:
            late = "yes" if row["late"] else "no"
            self._acknowledged.labels(row["status"], late).observe(row["seconds"])
            self._last = row["id"]

    def _tell(self, told: measures.Measured, *, now: datetime) -> None:
        self._fallback.set(told.fallback)
        for work, since in told.due_since.items():
            self._late.labels(work).set((now - since).total_seconds() if since else 0)
        for row in told.queues:
            self._depth.labels(row["kind"], row["state"]).set(row["depth"])
            self._age.labels(row["kind"], row["state"]).set((now - row["since"]).total_seconds())
        for row in told.alerts:
            self._alerts.labels(row["state"], row["status"]).set(row["depth"])
        for row in told.attempts:
            self._attempts.labels(row["gateway"], row["outcome"]).set(row["depth"])
        for row in told.ends:
            self._ends.labels(row["reason"], row["status"]).set(row["depth"])


class Counted:
    """Counts every answer, by the route's template and never by its address."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._requests = metrics.requests

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on; an exception counts as 500, which is what the caller gets."""
        if scope["type"] == "http":
            await self._serve(scope, receive, send=send)
        else:
            await self._app(scope, receive, send)

    async def _serve(self, scope: Scope, receive: Receive, *, send: Send) -> None:
        began = time.perf_counter()
        answered = False

        def count(status: int) -> None:
            route = getattr(scope.get("route"), "path", "none")
            method = scope["method"] if scope["method"] in _METHODS else "other"
            self._requests.labels(method, route, str(status)).observe(time.perf_counter() - began)

        async def counting(message: Message) -> None:
            nonlocal answered
            if message["type"] == "http.response.start":
                answered = True
                count(message["status"])
            await send(message)

        try:
            await self._app(scope, receive, counting)
        except Exception:
            if not answered:
                count(500)
            raise


async def _metrics(_runtime: Runtime, request: Request) -> Response:
    """Tell the measures."""
    metrics: Metrics = request.app.state.metrics
    return Response(await metrics.text(), media_type=CONTENT_TYPE_PLAIN_0_0_4)


def routes() -> list[Route]:
    """Return the addresses of this file."""
    return [Route("/metrics", _metrics, methods=["GET"])]
