"""The demo as a stranger sees it: the story that the README shows, every later alert, and a goodbye at the end."""

import asyncio
import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import httpx

README = (Path(__file__).parent.parent.parent / "README.md").read_text(encoding="utf-8")
_DEMO = (sys.executable, "-m", "contactpoints.demo")
# A shell that keeps what curl would be called with, each word closed by NUL.
_NO_CURL = """curl() { printf '%s\\0' "$@"; }\n"""

# What is another each time: the time, where it was said, the port, the reference and the code.
_NEW_EACH_TIME = re.compile(
    r"(\d{4}-\d\d-\d\d )?\d\d:\d\d(:\d\d)?|localhost:\d+/[\w/]*|[A-Z2-9]{4}-[A-Z2-9]{4}|\b[A-Za-z2-9]{7}\b|\d\.\d s"
)
# Where the deadline is another day's, its date takes the room of the link.
_LINK = re.compile(r" ou ouvrez http://localhost:\d+/a/\w+")


def _told(text: str) -> list[str]:
    """Return what is told, without what is new each time, without line breaks and in an order of its own."""
    assert max(map(len, text.splitlines())) <= 80
    joined = re.sub(r"\n {19}(?! |second line)", " ", text)
    return sorted(_NEW_EACH_TIME.sub("~", _LINK.sub("", line)) for line in joined.splitlines() if line.strip())


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port


def _environment(port: int) -> dict[str, str]:
    return {**{name: text for name, text in os.environ.items() if name != "COLUMNS"}, "CONTACTPOINTS_PORT": str(port)}


def _pasted(command: str) -> list[str]:
    """Return what curl is called with when a command is pasted into the plainest shell there is."""
    pasted = subprocess.run(["sh", "-c", _NO_CURL + command], capture_output=True, check=True, text=True)
    return pasted.stdout.split("\0")[:-1]


async def _trigger(command: str, *, party: str) -> str:
    """Send what a pasted command would send, but to ``party``; return the reference."""
    _, url, *rest = await asyncio.to_thread(_pasted, command)
    options = list(zip(rest[::2], rest[1::2], strict=True))
    headers: Mapping[str, str] = dict(text.split(": ") for option, text in options if option == "-H")
    assert re.fullmatch(r"\d+-\d+", headers["Idempotency-Key"])
    body = json.loads(dict(options)["-d"]) | {"requested_party": party}
    async with httpx.AsyncClient() as client:
        answer = await client.post(url, headers={**headers, "Idempotency-Key": party}, json=body)
    assert answer.status_code == 201, answer.text
    reference: str = answer.json()["reference"]
    return reference


class _Terminal:
    """What the demo says, as far as it was read."""

    def __init__(self, words: asyncio.StreamReader) -> None:
        self._words = words
        self.said = ""

    async def reads(self, *until: str) -> str:
        """Read on until all of it was said; return all that was said since."""
        before = len(self.said)
        async with asyncio.timeout(240):
            while not all(text in self.said[before:] for text in until):
                line = (await self._words.readline()).decode()
                assert line, self.said
                self.said += line
        return self.said[before:]


async def test_the_demo_tells_what_the_readme_shows_and_every_later_alert_and_says_goodbye() -> None:
    port = _free_port()
    process = await asyncio.create_subprocess_exec(
        *_DEMO, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT, env=_environment(port)
    )
    assert process.stdout is not None
    terminal = _Terminal(process.stdout)
    try:
        said = await terminal.reads("]}'\n")
        assert f"stays up at http://localhost:{port};" in said, "the port that was asked for"
        keys = re.findall(r"^  (.+):  +(cp_\S+)$", said, re.MULTILINE)
        assert [whose for whose, _ in keys] == [
            *("key of the requester", "key of the contact point", "key of an administrator"),
            *("a second one approves", "key of the secretariat"),
        ]
        assert [each for each in said.partition("\nTrigger")[0].splitlines() if len(each) > 80] == []
        async with httpx.AsyncClient(base_url=f"http://localhost:{port}") as client:
            assert (await client.get("/rehearsal")).status_code == 200
            assert f"http://localhost:{port}/demo" in said
            assert "Come in as Camille Frêne" in (await client.get("/demo")).text
            pressed = {"Sec-Fetch-Site": "same-origin"}
            came = await client.post("/demo", data={"who": "officer"}, headers=pressed)
            assert came.headers["Set-Cookie"].startswith("__Host-session=cs_")
            for _, key in keys:
                mine = await client.get("/v1/address-changes", headers={"Authorization": f"Bearer {key}"})
                assert mine.status_code == 200
        command = said[said.index("curl ") :]
        first, second = [await _trigger(command, party=party) for party in ("FR", "JP")]
        later = await terminal.reads(*(f"{each}  Step 2: called by SMS: the first line\n" for each in (first, second)))
        assert later.count("An emergency: US asks ") == 2
        process.send_signal(signal.SIGINT)
        async with asyncio.timeout(30):
            last = (await process.stdout.read()).decode()
            assert await process.wait() == 0
    finally:
        if process.returncode is None:
            process.terminate()
            await process.wait()
    assert last.rstrip().endswith("\nGoodbye. Everything was invented, and nothing of it is left.")
    sample = re.findall(r"^```\n(The clock runs.*?)^```$", README, re.MULTILINE | re.DOTALL)[0]
    assert _told(said.partition("\nThe service stays up")[0]) == _told(sample)


def test_a_port_that_is_taken_or_none_is_refused_by_name() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        for port, fault in ((taken.getsockname()[1], "where nobody can listen"), (70000, "is a number from 0")):
            run = subprocess.run(
                [*_DEMO, "--once"], capture_output=True, text=True, env=_environment(port), timeout=180
            )
            assert run.returncode == 1
            assert re.match(f"The demo failed: CONTACTPOINTS_PORT .*{fault}", run.stderr), run.stderr
