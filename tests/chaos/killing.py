"""Killing a service at every point of a path, one life after the other, and looking after each what was lost."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import TypeVar

from tests.chaos.points import listed
from tests.chaos.scene import Scene

_TRIES = 3
_ENDS_WITHIN = 120.0

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


async def killed(scene: Scene, story: Story, *, point: str) -> list[str]:
    """Play a story in which the service dies at a point; return at which points that was."""
    told = story(scene)
    await anext(told)
    await scene.dies(point, _act(scene, told))
    died_at = scene.died_at
    await anext(told, None)
    await scene.check()
    return died_at


async def _act(scene: Scene, told: AsyncIterator[None]) -> None:
    await anext(told)
    await scene.quiet()


async def _told(playing: Awaitable[Told], about: str) -> Told:
    """Wait for what is played; whatever goes wrong, or never ends, says what it was about."""
    try:
        async with asyncio.timeout(_ENDS_WITHIN):
            return await playing
    except BaseException as failure:
        failure.add_note(about)
        raise


async def _kill_in(scene: Scene, story: Story, left: dict[str, None], *, tries: int) -> None:
    """Kill the service at every point of a story that is ``left``, and take from there what it died at."""
    vain: Counter[str] = Counter()
    for moment in await _told(passed(scene, story), f"in the story of {story.__name__}"):
        while here := [point for point in moment if point in left and vain[point] < tries]:
            about = f"killed {here[-1]}, in the story of {story.__name__}"
            hit = await _told(killed(scene, story, point=here[-1]), about)
            # Where the service looks whether there is anything to do, it has to die while there is.
            if not scene.died_at_work and scene.idle.issuperset(hit):
                vain.update({here[-1], *hit})
                continue
            for point in hit:
                left.pop(point, None)


async def kill_everywhere(scene: Scene, path: str, *, stories: Sequence[Story]) -> None:
    """Kill the service at every point of a path that a story comes by. Fails with the name of the point.

    Where it died with nothing to do, the next stories come first; only what none of them reached is tried again.
    """
    left = dict.fromkeys(listed(path))
    for story in stories:
        await _kill_in(scene, story, left, tries=1)
    for story in stories if left else ():
        await _kill_in(scene, story, left, tries=_TRIES)
    assert not left, "\n".join(["no story comes by here:", *left])
