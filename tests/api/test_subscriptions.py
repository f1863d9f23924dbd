"""A calendar is fetched from a real https server; what is good stays, and nothing of our own house is ever reached."""

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from contactpoints.engine import fetching
from contactpoints.engine.fetching import NotFetched, fetch, is_public
from contactpoints.engine.subscriber import fetch_one
from contactpoints.rules.calendar_lines import MOST_BYTES
from contactpoints.rules.rosters import on_duty
from contactpoints.serving import desk_of
from contactpoints.store import directory
from tests.api.conftest import KeyOf
from tests.rules.test_rosters import utc
from tests.world import START, World

SECRET = "/very/secret/duty.ics"


def ics(*events: tuple[str, str, str]) -> bytes:
    said = [
        line
        for uid, start, end in events
        for line in ("BEGIN:VEVENT", f"UID:{uid}", f"DTSTART:{start}", f"DTEND:{end}", "SUMMARY:A", "END:VEVENT")
    ]
    return "\r\n".join(("BEGIN:VCALENDAR", *said, "END:VCALENDAR", "")).encode()


DUTY = ics(("one", "20261014T060000Z", "20261020T060000Z"))


@dataclass
class Server:
    """A far end on this machine: what it answers, what it was asked, and who trusts it."""

    port: int
    trusted: ssl.SSLContext
    status: int = 200
    body: bytes = DUTY
    headers: dict[str, str] = field(default_factory=dict)
    asked: list[dict[str, str]] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"https://localhost:{self.port}{SECRET}"

    async def fetch(self, **more: Any) -> fetching.Fetched:
        return await fetch(self.url, allowed=lambda _: True, trusted=self.trusted, **more)


def _certificate(folder: Path) -> tuple[Path, Path]:
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(START - timedelta(days=3650))
        .not_valid_after(START + timedelta(days=3650))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    there, secret = folder / "cert.pem", folder / "key.pem"
    there.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    secret.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return there, secret


@asynccontextmanager
async def _serving(folder: Path) -> AsyncIterator[Server]:
    certificate, key = _certificate(folder)
    ours = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ours.load_cert_chain(certificate, key)
    server = Server(0, ssl.create_default_context(cafile=str(certificate)))

    async def answer(request: web.Request) -> web.Response:
        server.asked.append(dict(request.headers))
        if server.headers.get("ETag") and request.headers.get("If-None-Match") == server.headers["ETag"]:
            return web.Response(status=304)
        return web.Response(status=server.status, body=server.body, headers=server.headers)

    app = web.Application()
    app.router.add_get("/{where:.*}", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=ours)
    await site.start()
    server.port = runner.addresses[0][1]
    try:
        yield server
    finally:
        await runner.cleanup()


@pytest.fixture
async def calendars(tmp_path: Path) -> AsyncIterator[Server]:
    async with _serving(tmp_path) as made:
        yield made


@pytest.mark.parametrize(
    "address",
    [
        *(
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "224.0.0.1",
        ),
        *(
            "::1",
            "fe80::1%eth0",
            "fd00::1",
            "::ffff:127.0.0.1",
            "64:ff9b::a9fe:a9fe",
            "2002:7f00:1::",
            "255.255.255.255",
        ),
    ],
)
async def test_nothing_of_our_own_house_is_reached(address: str) -> None:
    assert not is_public(address)
    host = f"[{address}]" if ":" in address else address
    with pytest.raises(NotFetched, match="private_address"):
        await fetch(f"https://{host.replace('%eth0', '')}/x.ics")


async def test_a_name_that_leads_home_and_what_is_no_https_are_refused(calendars: Server) -> None:
    assert is_public("93.184.216.34")
    assert is_public("2606:2800:220:1::1")
    with pytest.raises(NotFetched, match="private_address"):
        await fetch(calendars.url, trusted=calendars.trusted)
    with pytest.raises(NotFetched, match="not_https"):
        await fetch(calendars.url.replace("https", "http"), allowed=lambda _: True)
    assert calendars.asked == []


async def test_what_is_fetched_is_bounded_and_a_stranger_is_not_trusted(calendars: Server) -> None:
    calendars.headers = {"ETag": '"1"'}
    got = await calendars.fetch()
    assert (got.data, got.etag) == (DUTY, '"1"')
    assert (await calendars.fetch(etag='"1"')).data is None
    with pytest.raises(NotFetched, match="certificate"):
        await fetch(calendars.url, allowed=lambda _: True)
    for change, why in (
        ({"status": 302, "headers": {"Location": "https://localhost/"}}, "redirected"),
        ({"status": 500, "headers": {}}, "not_answered"),
        ({"status": 200, "headers": {"Content-Encoding": "gzip"}}, "packed"),
        ({"headers": {}, "body": b"x" * (MOST_BYTES + 1)}, "too_large"),
    ):
        for name, value in change.items():
            setattr(calendars, name, value)
        with pytest.raises(NotFetched, match=why):
            await calendars.fetch()


class Subscribed:
    """A calendar of a post of France that has nobody else, fetched from a server of the test."""

    def __init__(self, world: World, key: str, calendars: Server, *, post: int, path: str) -> None:
        self.world, self.key, self.calendars, self.post, self.path = world, key, calendars, post, path
        self.officer = world.network["FR"].officers[0].id

    async def put(self, address: str) -> int:
        headers = {"Authorization": f"Bearer {self.key}"}
        answer = await self.world.client.put(self.path, json={"address": address}, headers=headers)
        assert SECRET not in answer.text
        return answer.status_code

    async def fetched(self) -> dict[str, Any]:
        desk = desk_of(self.world.runtime)
        assert await fetch_one(desk, allowed=lambda _: True, trusted=self.calendars.trusted) == 1
        stands: dict[str, Any] = (await self.world.get(self.path, key=self.key)).json()
        assert stands["host"] == "localhost"
        return stands

    async def on_duty(self) -> tuple[int, ...]:
        france = self.world.network["FR"].contact_point
        async with self.world.runtime.db.session() as session:
            point = (await directory.load(session, [france]))[france]
        found = next(each for each in point.posts if each.id == self.post)
        return on_duty(found.layers, found.overrides, absences=(), at=utc("2026-10-16T00:00"))

    async def alarms(self) -> list[str]:
        async with self.world.runtime.db.session() as session:
            raised = await session.fetch("select reason from alarms where reason like 'calendar%' order by 1")
        return [each["reason"] for each in raised]


@pytest.fixture
async def subscribed(world: World, key_of: KeyOf, calendars: Server) -> Subscribed:
    key, france = await key_of("administrator", "FR"), world.network["FR"]
    body = {"contact_point_id": france.contact_point, "line": "mutual_assistance", "function": "On call"}
    post = (await world.post("/v1/posts", body, key=key)).json()["id"]
    told = [{"text": "A", "officer_id": france.officers[0].id}]
    made = await world.post("/v1/calendars", {"post_id": post, "name": "Group", "officers": told}, key=key)
    path = f"/v1/calendars/{made.json()['id']}/subscription"
    return Subscribed(world, key, calendars, post=post, path=path)


async def test_a_subscribed_calendar_is_kept_up_and_never_emptied_in_silence(
    world: World, subscribed: Subscribed, calendars: Server, caplog: pytest.LogCaptureFixture
) -> None:
    assert await subscribed.put("http://localhost/x.ics") == 422
    assert await subscribed.put("https://user:word@localhost/x.ics") == 422
    assert await subscribed.put(calendars.url) == 200
    assert (await subscribed.fetched())["trouble"] is None
    assert await subscribed.on_duty() == (subscribed.officer,)
    assert await fetch_one(desk_of(world.runtime)) == 0, "not before half an hour is over"

    provisional = ("far", "20270601T060000Z", "20270602T060000Z")
    for body in (ics(("one", "20261014T060000Z", "20261020T060000Z"), provisional), DUTY):
        calendars.body = body
        world.clock.at += timedelta(minutes=30)
        assert (await subscribed.fetched())["trouble"] is None, "what is far away holds nothing back"

    gap = ics(("two", "20261016T060000Z", "20261020T060000Z"))
    for bad, code in ((ics(), "no_shifts"), (gap, "leaves_uncovered"), (b"<html>", "no_calendar")):
        calendars.body = bad
        world.clock.at += timedelta(minutes=30)
        stands = await subscribed.fetched()
        assert (stands["trouble"], stands["faults"][0]["code"]) == ("held_back", code)
        assert await subscribed.on_duty() == (subscribed.officer,)
    assert await subscribed.alarms() == ["calendar_held"]
    async with world.runtime.db.session() as session:
        kept = await session.fetchval("select to_jsonb(subscriptions)::text from subscriptions")
    assert SECRET not in kept + caplog.text


async def test_a_calendar_that_does_not_come_is_told_after_hours_and_stays_in_force(
    world: World, subscribed: Subscribed, calendars: Server
) -> None:
    await subscribed.put(calendars.url)
    await subscribed.fetched()
    calendars.status = 503
    for hours, reasons in ((1, []), (4, ["calendar_stale"])):
        world.clock.at += timedelta(hours=hours)
        assert (await subscribed.fetched())["trouble"] == "not_answered"
        assert await subscribed.alarms() == reasons
    ended = await world.client.delete(subscribed.path, headers={"Authorization": f"Bearer {subscribed.key}"})
    assert ended.status_code == 204
    assert (await world.get(subscribed.path, key=subscribed.key)).status_code == 404
    assert await subscribed.on_duty() == (subscribed.officer,)


async def test_a_file_that_has_not_changed_is_read_again_once_a_week_and_after_the_calendar_has_changed(
    world: World, subscribed: Subscribed, calendars: Server
) -> None:
    calendars.body = ics(("one", "20261014T060000Z", "20261110T060000Z"))
    calendars.headers["ETag"] = '"one"'
    await subscribed.put(calendars.url)

    async def asked(after: timedelta) -> bool:
        world.clock.at += after
        await subscribed.fetched()
        return "If-None-Match" in calendars.asked[-1]

    assert [await asked(timedelta(minutes=each)) for each in (0, 31, 31)] == [False, False, True]
    async with world.runtime.db.session() as session:
        await session.execute("update calendars set changed_at = $1", world.clock.at)
    assert [await asked(timedelta(minutes=each)) for each in (31, 31)] == [False, True]
    assert [await asked(timedelta(days=7)), await asked(timedelta(minutes=31))] == [False, True]
