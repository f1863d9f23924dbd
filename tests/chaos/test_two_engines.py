"""Two services at once on one database: nothing is done twice, and when one is killed the other goes on."""

import asyncio

import pytest

from tests.chaos import lives
from tests.chaos.lives import Lives, Victims
from tests.chaos.points import the_point
from tests.chaos.scene import Scene, open_scene

pytestmark = pytest.mark.long

_ALERTS = 60
# The text and the answer of the rehearsal, whose alert took its first step only.
_REHEARSED = 2
_PATIENCE, _A_LEASE = 181.0, 32.0


async def _steps(scene: Scene) -> dict[int, int]:
    """Return how many alerts took each step. Fails where one took a step twice."""
    rows = await scene.db.fetch(
        """select data ->> 'step' as step, count(*) as times, count(distinct alert_id) as alerts
             from timeline where code = 'step_started' group by 1"""
    )
    assert all(row["times"] == row["alerts"] for row in rows), "a step was taken twice"
    return {int(row["step"]): row["alerts"] for row in rows}


async def _stuck(scene: Scene) -> None:
    """Wait until only what the dead one held is on its way."""
    before = None
    while (
        now := await scene.db.fetch("select id, state from messages where state in ('queued', 'sending')")
    ) != before:
        before = now
        await asyncio.sleep(0.5)


async def test_nothing_is_done_twice_and_one_goes_on_without_the_other(victims: Victims, database_url: str) -> None:
    with lives.others(victims) as more:
        async with open_scene(victims, database_url) as scene, Lives(more, scene.lives.environment) as other:
            await other.begins()
            await asyncio.gather(*(scene.triggers() for _ in range(_ALERTS)))
            await scene.quiet()
            assert await _steps(scene) == {1: _ALERTS + 1}
            await asyncio.gather(scene.lives.passes(_PATIENCE), other.passes(_PATIENCE))
            await scene.quiet()
            assert await _steps(scene) == {1: _ALERTS + 1, 2: _ALERTS}
            await scene.check()
            alerts = [each for each in scene.far.messages if "ALARM -" not in each.body]
            assert len(alerts) == 2 * _ALERTS + _REHEARSED, "no text twice"

            # The other one dies with what it has just handed over, and has not written down.
            sent = the_point("send path", r"after .*:_send:.*notifier.send")
            await other.asks(arm=sent)
            await asyncio.gather(scene.lives.passes(_PATIENCE), other.passes(_PATIENCE), return_exceptions=True)
            assert await other.dies()
            await scene.takes_down()
            await _stuck(scene)
            assert scene.in_flight
            await scene.passes(_A_LEASE)
            await scene.quiet()
            assert await _steps(scene) == {1: _ALERTS + 1, 2: _ALERTS, 3: _ALERTS}
            await scene.check()
