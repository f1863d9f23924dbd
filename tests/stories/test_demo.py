"""The demo as a stranger sees it: the story that the README shows, and a goodbye at the end."""

import asyncio
import re
import signal
import sys
from pathlib import Path

import httpx

README = (Path(__file__).parent.parent.parent / "README.md").read_text(encoding="utf-8")

# What is another each time: the time, where it was said, the port, the reference and the code.
_NEW_EACH_TIME = re.compile(
    r"\d\d:\d\d(:\d\d)?|localhost:\d+/[\w/]*|[A-Z2-9]{4}-[A-Z2-9]{4}|\b[A-Za-z2-9]{7}\b|\d\.\d s"
)


def _told(text: str) -> list[str]:
    """Return what is told, without what is new each time, without line breaks and in an order of its own."""
    joined = re.sub(r"\n {19}(?!second)", " ", text)
    return sorted(" ".join(_NEW_EACH_TIME.sub("~", line).split()) for line in joined.splitlines() if line.strip())


async def test_the_demo_tells_what_the_readme_shows_stays_up_and_says_goodbye() -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "contactpoints.demo"),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    assert process.stdout is not None
    said = ""
    try:
        async with asyncio.timeout(90):
            while "-d '{" not in said:
                line = (await process.stdout.readline()).decode()
                assert line, said
                said += line
        address = re.findall(r"stays up at (http://localhost:\d+)", said)[0]
        async with httpx.AsyncClient(base_url=address) as client:
            assert (await client.get("/rehearsal")).status_code == 200
        process.send_signal(signal.SIGINT)
        async with asyncio.timeout(30):
            last = (await process.stdout.read()).decode()
            assert await process.wait() == 0
    finally:
        if process.returncode is None:
            process.terminate()
            await process.wait()
    assert last.strip().startswith("Goodbye.")
    sample = re.findall(r"^```\n(An emergency.*?)^```$", README, re.MULTILINE | re.DOTALL)[0]
    assert _told(said.partition("\nThe service stays up")[0]) == _told(sample)
