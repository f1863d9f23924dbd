"""Web and engine as processes of their own, as the Procfile runs them: each dies alone, and the other goes on."""

import asyncio

import pytest

from tests.chaos import lives
from tests.chaos.lives import Lives, Victims
from tests.chaos.points import the_point
from tests.chaos.scene import Scene, open_scene
from tests.world import PIN

pytestmark = pytest.mark.long

_A_LEASE = 32.0
_WITHIN = 40.0


async def _engine_dies_alone(scene: Scene, engine: Lives) -> None:
    """The engine dies with a text that it has just handed over; the web process takes the next alert meanwhile."""
    await engine.asks(arm=the_point("send path", r"after .*:_send:.*notifier.send"))
    assert (await scene.triggers()).status_code == 201
    await engine.dies()
    await scene.takes_down()
    assert scene.in_flight
    texts = len(scene.far.messages)
    assert (await scene.triggers()).status_code == 201
    assert len(scene.far.messages) == texts
    await scene.lives.passes(_A_LEASE)
    await engine.begins(after=_A_LEASE)
    await scene.quiet()
    await scene.check()


async def _web_dies_before_it_answers(scene: Scene) -> None:
    """The web process dies with an alert that is committed: the engine sends it, and the repeat hears of the same."""
    await scene.lives.asks(arm=the_point("intake", r"after .*api/alerts.py:open_alert:.*by_known_caller"))
    texts = len(scene.far.messages)
    asking = asyncio.create_task(scene.triggers())
    await scene.lives.dies()
    await scene.takes_down()
    async with asyncio.timeout(_WITHIN):
        while len(scene.far.messages) == texts:  # noqa: ASYNC110 - it comes from the far end
            await asyncio.sleep(0.01)
    await scene.lives.begins()
    answer = await asking
    assert (answer.status_code, answer.headers["Idempotency-Replayed"]) == (200, "true")
    await scene.quiet()
    await scene.check()


async def _web_dies_over_a_reply(scene: Scene) -> None:
    """The web process dies with a reply that is kept and not answered: the engine acknowledges by it."""
    reference = await scene.opened()
    await scene.lives.asks(arm=the_point("ways in", r"after .*api/hooks.py:twilio_inbound:.*_keep"))
    replying = asyncio.create_task(scene.replies(f"{scene.code(reference)} {PIN}"))
    await scene.lives.dies()
    await scene.takes_down()
    async with asyncio.timeout(_WITHIN):
        while not await scene.acknowledgements(reference):  # noqa: ASYNC110 - it is in the database
            await asyncio.sleep(0.01)
    await scene.lives.begins()
    sid = await replying
    await scene.quiet()
    assert [row["provider_code"] for row in await scene.acknowledgements(reference)] == [sid]
    await scene.check()


async def test_each_goes_on_without_the_other(victims: Victims, database_url: str) -> None:
    with lives.others(victims) as more:
        async with (
            open_scene(victims, database_url, parts=("web",)) as scene,
            Lives(more, scene.lives.environment, parts=("engine",)) as engine,
        ):
            await engine.begins()
            scene.besides.append(engine)
            await scene.quiet()
            await _engine_dies_alone(scene, engine)
            await _web_dies_before_it_answers(scene)
            await _web_dies_over_a_reply(scene)
