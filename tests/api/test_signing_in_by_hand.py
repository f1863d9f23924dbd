"""The page about signing in by hand: each of its requests is sent as it stands there, and is answered as it says."""

import itertools
import re
import shlex
from datetime import timedelta
from pathlib import Path

import httpx

from tests.api.people import PASSWORD, accepts, invited
from tests.world import World

PAPER = Path(__file__).parents[2] / "docs" / "signing-in.md"


async def _sends(world: World, command: str, **told: str) -> httpx.Response:
    """Send what a command of curl sends, with the values of its variables."""
    joined = re.sub(r"\$([A-Z_]+)", lambda name: told[name[1]], command.replace("\\\n", " "))
    program, silent, *words = shlex.split(joined)
    assert (program, silent) == ("curl", "-s")
    method = "POST"
    if words[0] == "-X":
        method, words = words[1], words[2:]
    url, headers = words[0], [each for flag, each in itertools.pairwise(words) if flag == "-H"]
    body = words[words.index("-d") + 1] if "-d" in words else None
    named = dict(each.split(": ", 1) for each in headers)
    return await world.client.request(method, url, headers=named, content=body)


async def test_every_request_on_the_page_is_answered_as_it_says(world: World) -> None:
    ada = await accepts(world, await invited(world, "ada@fr.example.org"))
    commands = re.findall(r"```sh\n(.*?)```", PAPER.read_text(encoding="utf-8"), re.DOTALL)
    first, second, invites, steps_up, ends = commands
    told = {"HOST": "", "EMAIL": ada.email, "PASSWORD": PASSWORD}
    sign_in = (await _sends(world, first, **told)).json()["sign_in"]
    begun = await _sends(world, second, **told, SIGN_IN=sign_in, CODE=ada.code())
    ada.token = begun.json()["token"]
    assert (await _sends(world, invites, **told, TOKEN=ada.token)).status_code == 201
    world.clock.at += timedelta(minutes=11)
    refused = await _sends(world, invites, **told, TOKEN=ada.token)
    assert (refused.status_code, refused.json()["type"]) == (403, "/problems/step-up-needed")
    fresh = (await _sends(world, steps_up, **told, TOKEN=ada.token, CODE=ada.code())).json()["token"]
    again = await _sends(world, invites, **told, TOKEN=fresh)
    assert again.json()["errors"][0]["code"] == "taken", "by now there is such an account"
    assert (await _sends(world, ends, **told, TOKEN=fresh)).status_code == 204
    assert (await _sends(world, invites, **told, TOKEN=fresh)).status_code == 401
