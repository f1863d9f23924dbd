"""The guides tell the truth: their commands are answered as they say, and their pictures are the service's own.

``WRITE_GUIDES=1 python -m pytest tests/test_guides.py`` writes texts and pictures anew.
"""

import os
from pathlib import Path

import pytest

from tests.api.conftest import KeyOf, key_of
from tests.guides import at, play
from tests.world import World

__all__ = ["key_of"]
GUIDES = Path(__file__).parent.parent / "docs" / "guides"
PARTY = "NL"


@pytest.mark.parametrize("name", sorted(path.name for path in GUIDES.glob("*.md")))
async def test_a_guide_is_played_as_it_is_told(name: str, world: World, key_of: KeyOf) -> None:
    key = await key_of("administrator", PARTY)
    played = await play(GUIDES / name, world, key=key, directions={"at": at, "everybody": everybody})
    files = {GUIDES / name: played.text} | {GUIDES / "pictures" / each: text for each, text in played.pictures.items()}
    for path, text in files.items():
        if os.environ.get("WRITE_GUIDES"):
            path.write_text(text, encoding="utf-8")
        assert path.read_text(encoding="utf-8") == text, path.name


async def everybody(world: World, act: str) -> None:
    """Let every officer of the guide's contact point set a PIN and prove the channels, as their links and codes ask."""
