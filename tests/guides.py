"""Playing a guide: every command in it is sent to the service, and what the guide shows is compared with the answers.

In a guide, commands stand in blocks marked ``sh``, each beginning with ``ask`` (the guide says what that is); a block
marked ``text`` or ``json`` is what the last one answers, the latter as far as it is told; a picture is what the last
command with the name of its file behind ``>`` answers. A command that is to be refused has ``# refused: 422`` in front.
Comments in angle brackets are stage directions: ``at`` moves the clock, ``everybody`` lets every officer of the guide's
own contact point do what they do by themselves.
"""

import json
import re
import shlex
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx

from tests.world import World

_BLOCK = re.compile(
    r"^```(?P<kind>sh|text|json)\n(?P<block>.*?)^```$"
    r"|^<!-- (?P<stage>.+?) -->$|^!\[.*?\]\((?P<picture>.+?)\)$",
    re.MULTILINE | re.DOTALL,
)
_REFUSED = re.compile(r"^# refused: (\d{3})$", re.MULTILINE)

Direction = Callable[[World, str], Awaitable[None]]


@dataclass
class Played:
    """A guide while it is played: its text as it should be, and the pictures by their names."""

    text: str
    pictures: dict[str, str]


async def play(told: str, world: World, *, key: str, directions: Mapping[str, Direction]) -> Played:
    """Play a guide; return it as the service would have it. Fails where a command is answered otherwise than told."""
    answer, pictures, right, upto = "", dict[str, str](), "", 0
    for found in _BLOCK.finditer(told):
        if found["stage"]:
            name, _, argument = found["stage"].partition(" ")
            await directions[name](world, argument)
        elif found["kind"] == "sh":
            refused = _REFUSED.search(found["block"])
            for words in _commands(found["block"]):
                response = await _ask(world, words, key=key)
                wanted = int(refused[1]) if refused else None
                assert response.status_code == wanted or (wanted is None and response.is_success), (
                    f"{' '.join(words[:3])}: {response.status_code} {response.text}"
                )
                answer = response.text
                if ">" in words:
                    pictures[words[words.index(">") + 1]] = answer
        elif found["kind"] == "text":
            right += f"{told[upto : found.start()]}```text\n{answer.strip()}\n```"
            upto = found.end()
        elif found["kind"] == "json":
            _compare(json.loads(found["block"]), json.loads(answer), place="")
        else:
            assert Path(found["picture"]).name in pictures, f"nothing draws {found['picture']}"
    return Played(right + told[upto:], pictures)


def _commands(block: str) -> Iterator[list[str]]:
    words: list[str] = []
    for word in shlex.split(block, comments=True):
        if word == "ask" and words:
            yield words
            words = []
        words.append(word)
    if words and words[0] == "ask":
        yield words


async def _ask(world: World, words: list[str], *, key: str) -> httpx.Response:
    _, method, path, *more = words[: words.index(">")] if ">" in words else words
    headers = {"Authorization": f"Bearer {key}"}
    if more and more[0]:
        headers["Content-Type"] = "application/json"
    if len(more) > 1:
        headers["If-Match"] = f'"{more[1]}"'
    return await world.client.request(method, path, headers=headers, content=more[0] if more and more[0] else None)


def _compare(told: Any, answered: Any, *, place: str) -> None:
    """Fail where the answer has not got what is told of it; of a list that many are told as there are."""
    if isinstance(told, dict):
        for name, value in told.items():
            assert name in answered, f"{place}: the answer has no {name}"
            _compare(value, answered[name], place=f"{place}/{name}")
    elif isinstance(told, list):
        assert len(told) == len(answered), f"{place}: {len(answered)} of them"
        for number, (one, other) in enumerate(zip(told, answered, strict=True)):
            _compare(one, other, place=f"{place}/{number}")
    else:
        assert told == answered, place


async def at(world: World, instant: str) -> None:
    """Move the clock to an instant."""
    await world.passes(seconds=(datetime.fromisoformat(instant) - world.clock.at).total_seconds())
