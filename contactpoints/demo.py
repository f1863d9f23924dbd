"""`python -m contactpoints.demo`: one emergency, start to end, over the real HTTP API on a compressed clock.

Everything is invented, lives in its own folder and reaches nobody: the gateways are rehearsals.
"""

import argparse
import asyncio
import base64
import json
import os
import secrets
import shlex
import shutil
import signal
import socket
import sys
import tempfile
import textwrap
import time
import urllib.request
from collections.abc import Mapping
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from contactpoints.actions.access import make_key
from contactpoints.actions.demo_network import Made, give_pins, load_demo
from contactpoints.actions.demo_people import PIN, load_people
from contactpoints.actions.seed import load_parties
from contactpoints.demo_timeline import EVENTS, Teller, say
from contactpoints.rules.access import Actor, Role
from contactpoints.rules.codes import is_reply_code
from contactpoints.runtime import Runtime, open_runtime
from contactpoints.serving import doors, keep_watch, must_be_free, run_process
from contactpoints.settings import PREFIX, BadSetting, Settings, read_settings
from contactpoints.store import embedded, migrate
from schemas.examples import example

_SCALE = 60
_PATIENCE = 60.0
_PORT = 8000
# How long nothing more must have happened before the last word is said, in seconds.
_STILL = 1.0
# How long until it is looked again whether anything happened, in seconds.
_PAUSE = 0.2
_ASKS, _ASKED, _NEWCOMER = "US", "FR", "NL"


class StoryFailed(Exception):
    """The demo did not go as it should."""


@dataclass(frozen=True, slots=True)
class Stage:
    """Where the story plays: the address of the service, the keys, and the contact point that is asked.

    The key of the auditor tells the story: it sees what either side sees. What one administrator's key asks for,
    ``second`` or the secretariat's approves.
    """

    url: str
    requester: str
    contact_point: str
    auditor: str
    administrator: str
    second: str
    secretariat: str
    asked: Made

    async def call(self, method: str, path: str, *, key: str | None = None, body: Any = None, once: str = "") -> Any:
        """Make one HTTP request, as any client would; return the JSON of the answer."""
        return await asyncio.to_thread(self._call, method, path, key=key or self.requester, body=body, once=once)

    def _call(self, method: str, path: str, *, key: str, body: Any, once: str) -> Any:
        headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json", "Idempotency-Key": once}
        data = None if body is None else json.dumps(body).encode()
        asked = urllib.request.Request(self.url + path, data, headers, method=method)
        with urllib.request.urlopen(asked, timeout=10) as answer:
            raw = answer.read()
        return json.loads(raw) if raw else None


async def _prepare(runtime: Runtime, address: str) -> Stage:
    now = runtime.now()
    await load_parties(runtime.db, now)
    network = await load_demo(runtime.db, now)
    asked = next(made for made in network if made.party == _ASKED)
    await give_pins(runtime.db, network, pin=PIN, now=now, tools=runtime.tools)
    await load_people(runtime.db, asked, asks=_ASKS, now=now)
    readers = (
        Actor(0, Role.REQUESTER, _ASKS, "Invented Emergency Desk", None, ("desk@requester.example",), "en"),
        Actor(0, Role.CONTACT_POINT, _ASKED, "Contact point", asked.contact_point),
        Actor(0, Role.AUDITOR, None, "Terminal of the demo"),
        Actor(0, Role.ADMINISTRATOR, _NEWCOMER, "Administrator of a Party without an entry"),
        Actor(0, Role.ADMINISTRATOR, _NEWCOMER, "Another administrator there"),
        Actor(0, Role.SECRETARIAT, None, "Secretariat"),
    )
    keys = [await make_key(runtime.db, each, now=now, entropy=secrets.token_bytes) for each in readers]
    return Stage(address, keys[0], keys[1], keys[2], keys[3], keys[4], keys[5], asked)


def _body() -> dict[str, Any]:
    return example("preservation") | {"requested_party": _ASKED, "status": "actual", "urgency": "emergency"}


async def play(stage: Stage, teller: Teller) -> None:
    """Play the story and print it. Raises `StoryFailed` when something is missing after a minute."""
    say(f"The clock runs {_SCALE} times faster; the first officer stays silent.")
    say(f"What is sent can be read meanwhile: {stage.url}/rehearsal")
    reference = (await stage.call("POST", "/v1/alerts", body=_body(), once=secrets.token_hex(8)))["reference"]
    until = time.monotonic() + _PATIENCE
    answered, still_since = False, time.monotonic()
    codes: set[str] = set()
    while time.monotonic() < until:
        told = await teller.look()
        codes |= set(told)
        if not answered and await _answers(stage, reference):
            answered = True
        if told:
            still_since = time.monotonic()
        elif time.monotonic() - still_since > _STILL and await _complete(stage, reference, codes=codes):
            return
        await asyncio.sleep(_PAUSE)
    raise StoryFailed(f"after {_PATIENCE:.0f} s the timeline holds only {', '.join(sorted(codes))}")


async def _answers(stage: Stage, reference: str) -> bool:
    """Let the officer of the second line answer the SMS, once it is there; say whether that happened."""
    second = stage.asked.officers[1]
    for message in (await stage.call("GET", "/rehearsal/messages"))["items"]:
        if message["reference"] == reference and message["address"] == second.sms and message["purpose"] == "alert":
            code = next(word for word in message["body"].split() if is_reply_code(word))
            say(f'{"":{EVENTS}}second line reads: "{message["body"]}"', EVENTS)
            say(f'{"":{EVENTS}}second line sends: "{code.lower()} ok, {"*" * len(PIN)}"', EVENTS)
            text = {"sender": second.sms, "text": f"{code.lower()} ok, {PIN}"}
            await stage.call("POST", "/rehearsal/replies", body=text)
            return True
    return False


async def _complete(stage: Stage, reference: str, *, codes: set[str]) -> bool:
    if not {"acknowledged", "stand_down_sent", "requester_told"} <= codes:
        return False
    sent = (await stage.call("GET", "/rehearsal/messages"))["items"]
    about = [each["purpose"] for each in sent if each["reference"] == reference and each["state"] == "accepted"]
    if not {"stand_down", "news", "answer"} <= set(about):
        return False
    alert = await stage.call("GET", f"/v1/alerts/{reference}")
    say()
    say(f"Acknowledged after {alert['seconds_to_acknowledge']:.1f} s by {alert['acknowledgement']['function']}.")
    return bool(alert["state"] == "acknowledged")


def _farewell(stage: Stage) -> None:
    print(
        f"""
The service stays up at {stage.url}; Ctrl-C ends it.
Every later alert is told here, too.

  come in, as each role:           {stage.url}/demo
  what was sent, and answering it: {stage.url}/rehearsal
  the API, to read:                {stage.url}/docs
  PIN of every officer:      {PIN}
  key of the requester:      {stage.requester}
  key of the contact point:  {stage.contact_point}
  key of an administrator:   {stage.administrator}
    ({_NEWCOMER}, which has no entry yet: docs/guides shows how to make one)
  a second one approves:     {stage.second}
  key of the secretariat:    {stage.secretariat}

Trigger the next one:

{next_one(stage.url, stage.requester)}""",
        flush=True,
    )


def next_one(url: str, key: str) -> str:
    """Return the command that triggers the next alert, for any POSIX shell."""
    # Broken between fields alone: a line break within a text would be no JSON.
    body = json.dumps(_body(), separators=(",\n", ": ")).replace(" ", "\0").replace("\n", " ")
    lines = textwrap.wrap(body, 76, break_long_words=False, break_on_hyphens=False)
    quoted = shlex.quote("\n   ".join(lines).replace("\0", " "))
    return f"""curl -sS {url}/v1/alerts \\
  -H 'Authorization: Bearer {key}' \\
  -H 'Content-Type: application/json' \\
  -H "Idempotency-Key: $(date +%s)-$$" \\
  -d {quoted}"""


def _free_port(wanted: int) -> int:
    """Return ``wanted`` where nobody listens there, else any free port: links name it before the doors open."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", wanted))
        except OSError:
            probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def _settings(environment: Mapping[str, str], *, once: bool) -> Settings:
    """Return the demo's own settings; only the port may be asked for. Raises `BadSetting` for one that is taken."""
    asked = environment.get(f"{PREFIX}PORT", "").strip().lstrip("0")
    secret = base64.b64encode(secrets.token_bytes(32)).decode()
    own = {
        "REHEARSAL": "1",
        "KEYRING": f"demo:{secret}",
        "PIN_PEPPER": secret,
        "TIME_SCALE": str(_SCALE),
        "PORT": asked or str(_free_port(0 if once else _PORT)),
    }
    settings = read_settings({PREFIX + name: value for name, value in own.items()}, entropy=secrets.token_bytes)
    must_be_free(settings.host, settings.port)
    return replace(settings, demo=True)


async def run(folder: Path, settings: Settings, *, once: bool) -> None:
    """Start everything, play the story, and stay until a signal unless ``once``."""
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(embedded.postgres(folder))
        url = await server.ensure_database("contactpoints_demo")
        await migrate.upgrade(url)
        runtime = await stack.enter_async_context(open_runtime(settings, database_url=url))
        await stack.enter_async_context(doors(runtime, port=settings.port))
        quiet = asyncio.Event()
        watch = asyncio.create_task(keep_watch(runtime, quiet))
        try:
            await _show(runtime, settings.public_url, once=once, stop=stop)
        finally:
            quiet.set()
            await watch


async def _show(runtime: Runtime, address: str, *, once: bool, stop: asyncio.Event) -> None:
    """Play the story, and stay until ``stop`` unless ``once``; ``stop`` ends the story too."""
    stage = await _prepare(runtime, address)
    teller = Teller(lambda path: stage.call("GET", path, key=stage.auditor))
    story, stopped = asyncio.create_task(play(stage, teller)), asyncio.create_task(stop.wait())
    await asyncio.wait([story, stopped], return_when=asyncio.FIRST_COMPLETED)
    if not story.done():
        story.cancel()
        if once:
            raise StoryFailed("it was told to end before the story did")
    else:
        await story
        if once:
            stopped.cancel()
            return
        _farewell(stage)
    while not stopped.done():
        # A service that is too busy to answer is asked again.
        with suppress(OSError):
            await teller.look()
        await asyncio.wait([stopped], timeout=_PAUSE)
    say()
    say("Goodbye. Everything was invented, and nothing of it is left.")


def main() -> int:
    """Run the demo; return 0 when the story went as it should."""
    parser = argparse.ArgumentParser(description="One emergency, start to end, with invented people.")
    parser.add_argument("--once", action="store_true", help="end after the story; 0 if it went well")
    once = parser.parse_args().once
    folder = Path(tempfile.mkdtemp(prefix="contactpoints-demo-"))
    folder.chmod(0o755)
    try:
        run_process(run(folder, _settings(os.environ, once=once), once=once))
    except (StoryFailed, BadSetting, embedded.EmbeddedUnavailable) as failure:
        print(f"The demo failed: {failure}", file=sys.stderr)
        return 1
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
