"""PostgreSQL stops at once and starts again while triggers and replies arrive: nothing accepted is lost."""

import asyncio
import os
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from contactpoints.store import embedded, migrate
from tests.chaos.lives import Victims
from tests.chaos.scene import INBOUND, Scene, open_scene
from tests.fakes.twilio import sign
from tests.folders import new_folder
from tests.world import PIN

pytestmark = pytest.mark.long

_TRIGGERS = 12
# Two of this test, and the rehearsal's.
_BEFORE = 3


@pytest.fixture
def home() -> Iterator[Path]:
    folder = new_folder("stops")
    yield folder
    shutil.rmtree(folder)


async def _stops(server: embedded.Server) -> None:
    """Stop PostgreSQL as if its machine had lost power: sessions are cut, and it has to recover when it starts."""
    os.kill(server.pid, signal.SIGQUIT)
    await asyncio.to_thread(server.stop)


async def _settles(scene: Scene) -> None:
    """Wait until all is quiet. What was claimed in the instant of the stop comes up again when its lease runs out."""
    try:
        async with asyncio.timeout(4):
            await scene.quiet()
    except TimeoutError:
        await scene.takes_down()
        await scene.passes(32)
        await scene.quiet()


async def test_what_arrives_meanwhile_is_refused_or_kept(victims: Victims, home: Path) -> None:
    server = await asyncio.to_thread(embedded.start, home, fsync=False)
    url = await server.ensure_database("stops")
    await migrate.upgrade(url)
    async with open_scene(victims, url) as scene:
        acknowledged, missed = await scene.opened(), await scene.opened()
        arriving = [asyncio.create_task(scene.triggers()) for _ in range(_TRIGGERS)]
        while len(scene.promised) < _BEFORE + 3:  # noqa: ASYNC110 - in the middle of them
            await asyncio.sleep(0.001)
        await _stops(server)
        arriving.append(asyncio.create_task(scene.triggers()))
        replying = asyncio.create_task(scene.replies(f"{scene.code(acknowledged)} {PIN}"))
        # This one is posted once, refused, and never posted again: the gateway's list has it.
        came = scene.far.receives(scene.heard(missed).to, f"{scene.code(missed)} {PIN}")
        form = scene.far.inbound_form(came)
        signature = {"X-Twilio-Signature": sign(INBOUND, form, token=scene.far.token)}
        here = f"http://127.0.0.1:{scene.lives.port}{urlsplit(INBOUND).path}"
        once = await scene.client.post(here, data=form, headers=signature)
        assert once.status_code == 503
        server = await asyncio.to_thread(embedded.start, home, fsync=False)
        answers = await asyncio.gather(*arriving)
        assert {answer.status_code for answer in answers} <= {200, 201}
        sid = await replying
        assert scene.refused
        while not await scene.db.fetchval("select 1 from inbound where provider_code = $1", came.sid):
            await scene.asks_gateways()
        await _settles(scene)
        await scene.check()
        assert [row["provider_code"] for row in await scene.acknowledgements(acknowledged)] == [sid]
        assert [row["provider_code"] for row in await scene.acknowledgements(missed)] == [came.sid]
    server.stop()
