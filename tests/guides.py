"""Playing a guide: every command in it is sent to the service, and what the guide shows is compared with the answers.

In a guide, commands stand in blocks marked ``sh``, each beginning with ``ask`` or ``enter`` (the guide says what they
are), with variables for what was entered, and for days after the Monday of the week in which it is played; a block
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
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx

from tests.world import World

_BLOCK = re.compile(
    r"^```(?P<kind>sh|text|json)\n(?P<block>.*?)^```$"
    r"|^<!-- (?P<stage>.+?) -->$|^!\[.*?\]\((?P<picture>.+?)\)$",
    re.MULTILINE | re.DOTALL,
)
_DAY = re.compile(r"\b([A-Z]+)=\$\(day (\d+)\)")
_NAME = re.compile(r"\$([A-Z_]+)")
_MARKED = re.compile("\x01([A-Z_]+)\x02")
_REFUSED = re.compile(r"^# refused: (\d{3})$", re.MULTILINE)

Direction = Callable[[World, str], Awaitable[None]]


@dataclass
class Played:
    """A guide while it is played: its text as it should be, and the pictures by their names."""

    text: str
    pictures: dict[str, str]


async def play(
    told: str, world: World, *, key: str, directions: Mapping[str, Direction], variables: dict[str, str]
) -> Played:
    """Play a guide; return it as the service would have it. Fails where a command is answered otherwise than told."""
    answer, pictures, right, upto = "", dict[str, str](), "", 0
    for found in _BLOCK.finditer(told):
        if found["stage"]:
            name, _, argument = found["stage"].partition(" ")
            await directions[name](world, argument)
        elif found["kind"] == "sh":
            refused = _REFUSED.search(found["block"])
            for unread in _commands(_without_days(found["block"], variables, now=world.clock.at)):
                words = [_MARKED.sub(lambda name: variables[name[1]], word) for word in unread]
                response = await _ask(world, words, key=key)
                wanted = int(refused[1]) if refused else None
                assert response.status_code == wanted or (wanted is None and response.is_success), (
                    f"{' '.join(words[:3])}: {response.status_code} {response.text}"
                )
                answer = response.text
                if words[0] == "enter":
                    variables[words[1]] = str(response.json()["id"])
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


def _without_days(block: str, variables: dict[str, str], *, now: datetime) -> str:
    """Take the days that a block names into the variables, and mark where it uses any."""
    monday = now.date() - timedelta(days=now.weekday())
    for name, days in _DAY.findall(block):
        variables[name] = f"{monday + timedelta(days=int(days))}"
    return _NAME.sub("\x01\\1\x02", _DAY.sub("", block))


def _commands(block: str) -> Iterator[list[str]]:
    words: list[str] = []
    for word in shlex.split(block, comments=True):
        if word in ("ask", "enter") and words:
            yield words
            words = []
        words.append(word)
    if words:
        yield words


async def _ask(world: World, words: list[str], *, key: str) -> httpx.Response:
    act, method, path, *more = words[: words.index(">")] if ">" in words else words
    method = "POST" if act == "enter" else method
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
