"""Killing a service at every point of a path, one life after the other, and looking after each what was lost."""

from collections.abc import AsyncIterator, Callable, Sequence

from tests.chaos.points import listed
from tests.chaos.scene import Scene

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


async def kill_everywhere(scene: Scene, path: str, *, stories: Sequence[Story]) -> None:
    """Kill the service at every point of a path that a story comes by. Fails with the name of the point."""
    left = dict.fromkeys(listed(path))
    for story in stories:
        for moment in await passed(scene, story):
            while here := [point for point in moment if point in left]:
                try:
                    hit = await killed(scene, story, point=here[-1])
                except BaseException as failure:
                    failure.add_note(f"killed {here[-1]}, in the story of {story.__name__}")
                    raise
                for point in hit:
                    left.pop(point, None)
    assert not left, "\n".join(["no story comes by here:", *left])
