"""Killed with -9 at every await of intake, send path and inbound path: nothing accepted is lost, repeats are marked."""

from collections.abc import Sequence

import pytest

from tests.chaos.killing import Story, kill_everywhere
from tests.chaos.lives import Victims
from tests.chaos.points import PATHS
from tests.chaos.scene import open_scene
from tests.chaos.stories import INTAKE, SENDING
from tests.chaos.stories_of_replies import CALLING, HANDING, REPLIES, WAYS_IN

pytestmark = pytest.mark.long

_STORIES = {
    "intake": INTAKE,
    "send path": (*SENDING, *CALLING),
    "inbound path": REPLIES,
    "hand-overs": HANDING,
    "ways in": WAYS_IN,
}


@pytest.mark.parametrize(("path", "stories"), _STORIES.items(), ids=_STORIES)
async def test_a_process_killed_anywhere_loses_nothing(
    victims: Victims, database_url: str, path: str, stories: Sequence[Story]
) -> None:
    async with open_scene(victims, database_url) as scene:
        await kill_everywhere(scene, path, stories=stories)


def test_every_path_is_told_of() -> None:
    assert _STORIES.keys() == PATHS.keys()
