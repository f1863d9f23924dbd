"""The commands as processes of their own, with real settings, against a fake Twilio and a mail server."""

import asyncio
import os
import re
import secrets
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from urllib.parse import urlsplit

import httpx
import pytest

from contactpoints.actions.access import make_key, set_pin
from contactpoints.actions.demo_network import Made, load_demo
from contactpoints.actions.seed import load_parties
from contactpoints.rules.access import Actor, Role
from contactpoints.rules.codes import is_reply_code
from contactpoints.runtime import open_runtime
from contactpoints.settings import read_settings
from schemas.examples import example
from tests.fakes import twilio
from tests.fakes.line import Line
from tests.fakes.smtp import FakeSmtp
from tests.fakes.twilio import FakeTwilio
from tests.processes import PUBLIC, environment

PIN = "482913"
_RUN = "import sys; from contactpoints.cli import main; sys.exit(main())"


async def prepare(settings: Mapping[str, str], database_url: str) -> tuple[Made, str]:
    """Put the invented network into the database; return who is asked, and the requester's key."""
    read = read_settings(settings, entropy=secrets.token_bytes)
    async with open_runtime(read, database_url=database_url) as runtime:
        now = runtime.now()
        await load_parties(runtime.db, now)
        made = next(each for each in await load_demo(runtime.db, now) if each.party == "GB")
        await set_pin(runtime.db, made.officers[0].id, pin=PIN, now=now, tools=runtime.tools)
        actor = Actor(0, Role.REQUESTER, "US", "Invented Desk", None, ("desk@requester.example",), "en")
        return made, await make_key(runtime.db, actor, now=now, entropy=secrets.token_bytes)


class Process:
    """A command that runs; ``said`` is what it wrote so far."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.said = ""
        self._listening = asyncio.create_task(self._listen())

    async def _listen(self) -> None:
        assert self.process.stdout is not None
        while line := await self.process.stdout.readline():
            self.said += line.decode()

    async def says(self, pattern: str) -> str:
        async with asyncio.timeout(90):
            while not (found := re.search(pattern, self.said)):
                assert self.process.returncode is None, self.said
                await asyncio.sleep(0.02)
        return found[1]

    async def ends(self) -> int:
        if self.process.returncode is None:
            self.process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(60):
            await self._listening
            return await self.process.wait()


@asynccontextmanager
async def running(command: str, settings: Mapping[str, str]) -> AsyncIterator[Process]:
    process = Process(
        await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", _RUN, command),
            env={**os.environ, **settings},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
    )
    try:
        yield process
    finally:
        assert await process.ends() == 0, process.said


async def noted(client: httpx.AsyncClient, reference: str, code: str) -> bool:
    """Say whether a fact is on the timeline, or comes within a minute and more."""
    for _ in range(1_500):
        if code in (await client.get(f"/v1/alerts/{reference}/timeline")).text:
            return True
        await asyncio.sleep(0.05)
    return False


@pytest.mark.parametrize("commands", [("web", "engine"), ("all",)])
async def test_an_alert_goes_out_and_is_acknowledged_by_a_signed_text(
    database_url: str, commands: tuple[str, ...]
) -> None:
    ports: list[str] = []

    async def post(url: str, headers: Mapping[str, str], body: bytes) -> int:
        path = urlsplit(url).path
        async with httpx.AsyncClient() as proxy:
            return (await proxy.post(f"http://127.0.0.1:{ports[0]}{path}", content=body, headers=headers)).status_code

    async with FakeTwilio(post=post) as far, FakeSmtp() as smtp:
        settings = environment(database_url, far, smtp)
        made, key = await prepare(settings, database_url)
        first = made.officers[0]
        async with AsyncExitStack() as stack:
            processes = [await stack.enter_async_context(running(each, settings)) for each in commands]
            ports.append(await processes[0].says(r"http://localhost:(\d+)"))
            service = f"http://127.0.0.1:{ports[0]}"
            headers = {"Authorization": f"Bearer {key}"}
            async with httpx.AsyncClient(base_url=service, headers=headers, timeout=60) as client:
                body = example("preservation") | {"requested_party": "GB", "status": "actual", "urgency": "emergency"}
                body.pop("notify", None)
                opened = await client.post("/v1/alerts", json=body, headers={"Idempotency-Key": "one"})
                assert opened.status_code == 201, opened.text
                reference = opened.json()["reference"]

                (text,) = await far.hears(first.sms, least=1, within=90)
                (mail,) = await smtp.gets(first.email, least=1, within=90)
                assert reference in text
                assert reference in mail["Subject"]
                sent = next(each for each in far.messages if each.to == first.sms)
                assert await far.report(sent, "delivered") == 204
                code = next(word for word in text.split() if is_reply_code(word))
                answer = f"yes, {code} {PIN}"
                assert await far.reply(first.sms, answer, url=f"{PUBLIC}/hooks/twilio/twilio_sms/inbound") == 200
                (said,) = await far.hears(first.sms, least=1, within=90)
                assert f"{reference}: ACKNOWLEDGED" in said
                (news,) = await smtp.gets("desk@requester.example", least=1, within=90)
                assert reference in news["Subject"]
                alert = (await client.get(f"/v1/alerts/{reference}")).json()
                assert (alert["state"], alert["acknowledgement"]["channel"]) == ("acknowledged", "sms")
                assert await noted(client, reference, "message_delivered")
    told = "".join(each.said for each in processes)
    page = re.findall(r"/a/([\w-]+)", mail.as_string())
    assert page
    unsayable = [first.sms, first.email, code, PIN, key, twilio.TOKEN, "desk@requester", *page]
    assert [each for each in unsayable if each in told] == []
    assert far.complaints == []
    # Whoever is on duty at the secretariat hears of the gaps of those who have nobody to listen.
    assert len([each for each in far.messages if "ALARM -" not in each.body]) == 2
    letters = [each for each in smtp.letters if "ALARM" not in str(each.mail["Subject"])]
    assert len(letters) == 2


async def test_a_process_that_starts_before_its_database_waits_for_it(database_url: str) -> None:
    far = urlsplit(database_url)
    async with FakeTwilio() as texts, FakeSmtp() as smtp, Line(far.hostname or "", far.port or 0) as line:
        settings = environment(database_url.replace(f":{far.port}/", f":{line.port}/"), texts, smtp)
        await line.cut()
        async with running("web", settings) as web, running("engine", settings) as engine:
            for each in (web, engine):
                await each.says("(waiting for the database)")
            await line.mend()
            port = await web.says(r"http://localhost:(\d+)")
            async with httpx.AsyncClient() as client:
                assert (await client.get(f"http://127.0.0.1:{port}/readyz")).status_code == 200


async def test_a_database_that_says_no_stops_the_process_at_once(database_url: str) -> None:
    async with FakeTwilio() as texts, FakeSmtp() as smtp:
        settings = environment(database_url + "_of_nobody", texts, smtp)
        with pytest.raises(AssertionError, match="InvalidCatalogName"):
            async with running("web", settings) as web:
                await web.says("(anything)")
