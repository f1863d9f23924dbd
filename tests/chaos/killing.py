"""Killing a service at every point of a path, one life after the other, and looking after each what was lost."""

import asyncio
import re
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import TypeVar

from tests.chaos.points import listed
from tests.chaos.scene import Scene

_TRIES = 3
# So many leases are over before the patience of the first step is.
_DEATHS = 4
_ENDS_WITHIN = 300.0
# Right after something is committed or answered: what the next life finds, and who still waits, changes nowhere else,
# but for what is on its way.
_LASTING = re.compile(
    r"""after\ (api/metrics\.py:_serve: | leaving\ (
        .*\ db\.transaction$ | store/intake\.py:write: | actions/missed\.py:keep: | actions/reports\.py:handle_due:
        | actions/delivery\.py:(claim|expire|take_over|take_to_trace|settle_doubt):
        | actions/replies\.py:(receive|claim|handle|_finish):))""",
    re.VERBOSE,
)

Told = TypeVar("Told")
Story = Callable[[Scene], AsyncIterator[None]]
"""Prepares, yields, does what the service dies of, yields, and looks at what came of it."""


async def passed(scene: Scene, story: Story) -> list[list[str]]:
    """Play a story in which nobody dies; return at which points the service was, moment by moment."""
    told = story(scene)
    await anext(told)
    await scene.lives.asks(arm=None)
    await _act(scene, told)
    moments: list[list[str]] = await scene.lives.asks(reached=True)
    await anext(told, None)
    await scene.check()
    return moments


async def killed(scene: Scene, story: Story, *, point: str, again: Callable[[], str | None]) -> None:
    """Play a story in which the service dies at a point, and once more wherever ``again`` says; see `Scene.dies`."""
    told = story(scene)
    await anext(told)
    await scene.dies(point, _act(scene, told), again=again)
    await scene.quiet()
    await anext(told, None)
    await scene.check()


async def _act(scene: Scene, told: AsyncIterator[None]) -> None:
    await anext(told)
    await scene.quiet()


async def _told(scene: Scene, playing: Awaitable[Told], *, story: Story) -> Told:
    """Wait for what is played; whatever goes wrong, or never ends, says what it was about."""
    scene.deaths = []
    try:
        async with asyncio.timeout(_ENDS_WITHIN):
            return await playing
    except BaseException as failure:
        failure.add_note(f"in the story of {story.__name__}, with these deaths: {scene.deaths}")
        raise


class _Hunt:
    """Kills the service at every point of a story that is ``left``, and takes from there what it died at.

    A life that follows a death goes the same way once more, so that it may die at a later point of it: what is there
    then is what the first would have left there. Not so where a message is on its way, which is handled as a doubt.

    Where something was just committed or answered it dies once and no more: lives after a later death would mend what
    that one left.
    """

    def __init__(self, scene: Scene, story: Story, left: dict[str, None], *, tries: int) -> None:
        self._scene = scene
        self._story = story
        self._left = left
        self._tries = tries
        self._vain: Counter[str] = Counter()
        self._aim: str | None = None
        self._missed: set[str] = set()
        self._ahead: list[list[str]] = []

    async def goes(self) -> None:
        """Play the story until no moment of it has a point that is left."""
        moments = await _told(self._scene, passed(self._scene, self._story), story=self._story)
        for number, moment in enumerate(moments):
            self._ahead = moments[number:]
            while here := [each for each in moment if each in self._left and self._vain[each] < self._tries]:
                playing = killed(self._scene, self._story, point=here[-1], again=self._next)
                self._aim = here[-1]
                await _told(self._scene, playing, story=self._story)
                if self._aim is not None and self._aim in self._left:
                    self._missed.add(self._aim)

    def _next(self) -> str | None:
        """Take note of a death; return where the life after it is to die."""
        scene, hit = self._scene, self._scene.deaths[-1]
        self._aim = None
        # Where the service looks whether there is anything to do, it has to die while there is.
        if not scene.died_at_work and scene.idle.issuperset(hit):
            self._vain.update(hit)
            return None
        for point in hit:
            if len(scene.deaths) == 1 or not _LASTING.match(point):
                self._left.pop(point, None)
        if scene.died_in_doubt or len(scene.deaths) == _DEATHS or any(map(_LASTING.match, hit)):
            return None
        later = (each for moment in self._ahead if not self._alone(moment) for each in reversed(moment))
        barred = scene.idle | self._missed
        self._aim = next((each for each in later if each in self._left and each not in barred), None)
        return self._aim

    def _alone(self, moment: Sequence[str]) -> bool:
        return any(_LASTING.match(each) for each in moment if each in self._left)


async def kill_everywhere(scene: Scene, path: str, *, stories: Sequence[Story]) -> None:
    """Kill the service at every point of a path that a story comes by. Fails with the name of the point.

    Where it died with nothing to do, the next stories come first; only what none of them reached is tried again.
    """
    left = dict.fromkeys(listed(path))
    for story in stories:
        await _Hunt(scene, story, left, tries=1).goes()
    for story in stories if left else ():
        await _Hunt(scene, story, left, tries=_TRIES).goes()
    assert not left, "\n".join(["no story comes by here:", *left])
