"""The guides tell the truth: their commands are answered as they say, and their pictures are the service's own.

``WRITE_GUIDES=1 python -m pytest tests/test_guides.py`` writes texts and pictures anew.
"""

import os
import re
import subprocess
from datetime import date, timedelta
from pathlib import Path

import pytest

from tests.api.conftest import KeyOf, key_of
from tests.far_ends import PUBLIC
from tests.guides import at, play
from tests.world import PIN, World, is_proof_code

__all__ = ["key_of"]
_FOLDER = Path(__file__).parent.parent / "docs" / "guides"
GUIDES = {path: path.read_text(encoding="utf-8") for path in sorted(_FOLDER.glob("*.md"))}
PICTURES = {path: path.read_text(encoding="utf-8") for path in _FOLDER.glob("pictures/*.svg")}
PARTY = "NL"


@pytest.mark.parametrize("guide", GUIDES, ids=lambda path: path.stem)
async def test_a_guide_is_played_as_it_is_told(guide: Path, world: World, key_of: KeyOf) -> None:
    key = await key_of("administrator", PARTY)

    async def after(world: World, other: str) -> None:
        await play(GUIDES[_FOLDER / f"{other}.md"], world, key=key, directions=directions, variables=variables)

    variables: dict[str, str] = {}
    directions = {"at": at, "everybody": everybody, "after": after}
    played = await play(GUIDES[guide], world, key=key, directions=directions, variables=variables)
    drawn = {_FOLDER / "pictures" / name: text for name, text in played.pictures.items()}
    if os.environ.get("WRITE_GUIDES"):
        _write({guide: played.text} | drawn)
    else:
        assert played.text == GUIDES[guide]
        assert drawn.items() <= PICTURES.items()


def _write(files: dict[Path, str]) -> None:
    for path, text in files.items():
        path.write_text(text, encoding="utf-8")


def test_what_the_guides_commands_are_made_of_works_in_a_shell() -> None:
    (functions,) = re.findall(r"^```\n(SERVICE=.*?)^```$", GUIDES[_FOLDER / "your-first-roster.md"], re.M | re.S)
    stub = """curl() { printf '%s' '{"id":18,"channel_id":7,"address_change":{"id":4}}'; }\n"""
    tried = "enter A_B /v1/posts '{}' >/dev/null; echo $A_B; day 0; day 9"
    done = subprocess.run(
        ["sh", "-euc", f"{functions.replace('...', '')}{stub}{tried}"], capture_output=True, check=True
    )
    number, monday, later = done.stdout.decode().split()
    assert number == "18"
    first = date.fromisoformat(monday)
    assert first.weekday() == 0
    assert date.fromisoformat(later) - first == timedelta(days=9)
    assert -timedelta(days=1) <= date.today() - first <= timedelta(days=7)  # noqa: DTZ011 - by the clock of the shell


def test_every_picture_is_in_a_guide() -> None:
    shown = "".join(GUIDES.values())
    assert [path.name for path in PICTURES if f"(pictures/{path.name})" not in shown] == []


async def everybody(world: World, act: str) -> None:
    """Let officers do what their texts and mails ask: send a code back, confirm an address, set a PIN."""
    await world.settles()
    for each in await world.far.reached(world.client):
        if each["id"] in world.heard:
            continue
        world.heard.add(each["id"])
        if each["kind"] == "sms":
            codes = [word for word in re.findall(r"[0-9A-Z]{7}", each["body"]) if is_proof_code(word)]
            await world.far.reply(world.client, each["address"], codes[0])
        elif each["link"]:
            code = re.findall(r": ([2-9A-Z]{5})\n", each["body"])[0]
            form = {"code": code} | ({"pin": PIN, "again": PIN} if act == "sets-a-pin" else {})
            answer = await world.client.post(str(each["link"]).removeprefix(PUBLIC), data=form)
            assert answer.status_code == 303, answer.text
    await world.settles()
    world.heard |= {each["id"] for each in await world.far.reached(world.client)}
