"""Health and measures: what a watchdog, a load balancer and Prometheus are told."""

import asyncio
import re
from datetime import timedelta

from prometheus_client.parser import text_string_to_metric_families

from contactpoints.actions import lateness
from contactpoints.api.document import whole
from contactpoints.api.metrics import Metrics
from tests.api.people import person
from tests.api.test_document import fits
from tests.console.browsers import Browser
from tests.world import World


async def _measures(world: World) -> dict[tuple[str, ...], float]:
    """Return each sample's value by its name and the values of its labels; asked of a process that has just begun."""
    answer = await world.get("/metrics")
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    families = text_string_to_metric_families(answer.text)
    return {(s.name, *s.labels.values()): s.value for family in families for s in family.samples}


async def test_a_process_is_ready_only_with_its_tables(world: World) -> None:
    assert (await world.get("/readyz")).status_code == 200
    async with world.runtime.db.session() as session:
        await session.execute("delete from alembic_version")
    answer = await world.get("/readyz")
    assert answer.status_code == 503
    assert answer.headers["Retry-After"]
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert (await world.get("/healthz")).status_code == 200


async def test_the_watchdog_hears_of_every_kind_of_work_that_waits(world: World) -> None:
    await world.opens_alert()
    assert (await world.get("/healthz/engine")).status_code == 200
    world.clock.at += timedelta(seconds=30)
    assert (await world.get("/healthz/engine")).status_code == 200
    world.clock.at += timedelta(seconds=1)
    late = await world.get("/healthz/engine")
    assert (late.status_code, late.json()) == (503, {"status": "late", "late_seconds": 31.0})
    assert (await world.get("/readyz")).status_code == 200, "a late engine is no reason to take web out of rotation"
    await world.settles()
    assert (await world.get("/healthz/engine")).status_code == 200


async def test_an_engine_that_leaves_no_sign_of_life_is_told_though_nothing_is_due(world: World) -> None:
    browser = Browser(world, cookies={"__Host-session": (await person(world)).token})
    board, health = "/board", "/administration/health"
    assert (await world.get("/healthz/engine")).json() == {"status": "on time", "late_seconds": 0.0}
    assert "No engine has looked yet" in (await browser.asks("GET", board)).text
    engine = (await browser.asks("GET", health)).text.partition("has not looked yet")[0].rpartition('<span class="')[2]
    assert engine.startswith("told alarm"), "as on the board"
    await lateness.note_look(world.runtime.db)
    async with world.runtime.db.session() as session:
        await session.execute("update engine_watch set looked_at = looked_at + interval '1 hour'")
    assert (await world.get("/healthz/engine")).status_code == 200
    assert "The engine is on time" in (await browser.asks("GET", board)).text
    async with world.runtime.db.session() as session:
        await session.execute("update engine_watch set looked_at = now() - interval '10 minutes'")
    silent = await world.get("/healthz/engine")
    assert (silent.status_code, silent.json()["status"]) == (503, "silent")
    told = whole()["paths"]["/healthz/engine"]["get"]["responses"]["503"]["content"]["application/json"]["schema"]
    assert fits(silent.json(), told)
    says = (await browser.asks("GET", board)).text
    assert re.search(r"No engine has looked for \d+ min: nobody is called", says)
    assert "stands still" in (await browser.asks("GET", health)).text
    await world.opens_alert()
    world.clock.at += timedelta(seconds=31)
    assert "The engine is 31 s late" in (await browser.asks("GET", board)).text
    assert ">late<" in (await browser.asks("GET", health)).text


async def test_a_sender_that_died_makes_the_engine_late(world: World) -> None:
    await world.opens_alert()
    await world.settles()
    async with world.runtime.db.session() as session:
        await session.execute("update messages set state = 'sending', lease_until = $1", world.clock.at)
    world.clock.at += timedelta(seconds=31)
    assert (await world.get("/healthz/engine")).status_code == 503


async def test_a_reply_that_nobody_reads_makes_the_engine_late(world: World) -> None:
    await world.post("/rehearsal/replies", {"sender": "+33199000000", "text": "hello"})
    world.clock.at += timedelta(seconds=31)
    assert (await world.get("/healthz/engine")).json()["late_seconds"] == 31.0


async def test_measures_tell_queues_alerts_lateness_and_outcomes(world: World) -> None:
    await world.opens_alert()
    world.clock.at += timedelta(seconds=4)
    heard = asyncio.Event()
    world.runtime.bell.subscribe(lambda _: heard.set())
    if not world.runtime.bell.connected:
        await asyncio.wait_for(heard.wait(), 60)
    told = await _measures(world)
    assert told["contactpoints_bell_connected",] == 1
    assert told["contactpoints_late_seconds", "messages"] == 4
    assert told["contactpoints_late_seconds", "timers"] == 0
    assert told["contactpoints_queue_depth", "sms", "queued"] == 1
    assert told["contactpoints_queue_age_seconds", "email", "queued"] == 4
    assert told["contactpoints_open_alerts", "alerting", "actual"] == 1
    assert told["contactpoints_database_up",] == 1
    assert ("contactpoints_clock_offset_seconds",) in told
    assert told["contactpoints_request_seconds_count", "POST", "/v1/alerts", "201"] == 1


async def test_measures_tell_how_attempts_and_acknowledgements_went(world: World) -> None:
    fresh = Metrics(world.runtime, lambda: 0, gap=0)
    await fresh.text()
    await world.opens_alert()
    await world.settles()
    officer = world.network["FR"].officers[0]
    code = await world.code_of(officer)
    world.clock.at += timedelta(seconds=45)
    await world.answers(officer, f"{code} 482913")
    world.clock.at += timedelta(seconds=11)
    text = (await fresh.text()).decode()
    assert re.search(r'contactpoints_recent_attempts\{gateway="\w+",outcome="accepted"\} [1-9]', text)
    assert 'contactpoints_acknowledged_seconds_sum{late="no",status="actual"} 45.0' in text
    assert 'contactpoints_acknowledged_seconds_bucket{late="no",le="30.0",status="actual"} 0.0' in text
    assert 'acknowledged_seconds_count{late="no",status="actual"} 1.0' in (await fresh.text()).decode()


async def test_no_label_holds_an_address_a_reference_or_a_name(world: World) -> None:
    reference = (await world.opens_alert()).json()["reference"]
    await world.settles()
    await world.get(f"/v1/alerts/{reference}")
    await world.get(f"/{reference}")
    text = (await world.get("/metrics")).text
    officer = world.network["FR"].officers[0]
    for secret in (reference, officer.sms, officer.email, officer.name, "Invented Desk"):
        assert secret not in text
    assert 'route="/v1/alerts/{reference}"' in text
    assert 'route="none"' in text
