"""`python -m contactpoints.demo`: one emergency, start to end, over the real HTTP API on a compressed clock.

Everything is invented, lives in its own folder and reaches nobody: the gateways are rehearsals.
"""

import argparse
import asyncio
import json
import secrets
import shutil
import signal
import socket
import sys
import tempfile
import time
import urllib.request
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from contactpoints.actions.access import make_key, set_pin
from contactpoints.actions.demo_network import Made, load_demo
from contactpoints.actions.seed import load_parties
from contactpoints.rules.access import Actor, Role
from contactpoints.rules.codes import is_reply_code
from contactpoints.runtime import Runtime, open_runtime
from contactpoints.serving import doors, keep_watch, run_process
from contactpoints.settings import Settings
from contactpoints.store import embedded, migrate
from contactpoints.store.sealing import Keyring
from schemas.examples import example

_SCALE = 60.0
_PATIENCE = 60.0
_PORT = 8000
# How long nothing more must have happened before the last word is said, in seconds.
_STILL = 1.0
_PIN = "482913"
_ASKS, _ASKED = "US", "FR"


class StoryFailed(Exception):
    """The demo did not go as it should."""


@dataclass(frozen=True, slots=True)
class Stage:
    """Where the story plays: the address of the service, the keys, and the contact point that is asked."""

    url: str
    requester: str
    contact_point: str
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


def _say(text: str = "") -> None:
    print(text, flush=True)


async def _prepare(runtime: Runtime, address: str) -> Stage:
    now = runtime.now()
    await load_parties(runtime.db, now)
    network = await load_demo(runtime.db, now)
    asked = next(made for made in network if made.party == _ASKED)
    for officer in asked.officers:
        await set_pin(runtime.db, officer.id, pin=_PIN, now=now, tools=runtime.tools)
    requester = Actor(0, Role.REQUESTER, _ASKS, "Invented Emergency Desk", None, ("desk@requester.example",), "en")
    reader = Actor(0, Role.CONTACT_POINT, _ASKED, "Contact point", asked.contact_point)
    return Stage(
        address,
        await make_key(runtime.db, requester, now=now, entropy=secrets.token_bytes),
        await make_key(runtime.db, reader, now=now, entropy=secrets.token_bytes),
        asked,
    )


def _body() -> dict[str, Any]:
    return example("preservation") | {"requested_party": _ASKED, "status": "actual", "urgency": "emergency"}


async def play(stage: Stage) -> None:
    """Play the story and print it. Raises `StoryFailed` when something is missing after a minute."""
    alert = await stage.call("POST", "/v1/alerts", body=_body(), once=secrets.token_hex(8))
    reference, post = alert["reference"], alert["duty_post"]
    _say(f"An emergency: {_ASKS} asks {_ASKED} to preserve data. Reference {reference}.")
    _say(f"It is {post['local_time'][11:16]} at {post['contact_point']} ({post['zone']}).")
    _say(f"What is sent can be read at {stage.url}/rehearsal while the story plays.")
    _say(f"The clock runs {_SCALE:.0f} times faster; the first officer stays silent.\n")
    until = time.monotonic() + _PATIENCE
    seen, answered, still_since = 0, False, time.monotonic()
    codes: set[str] = set()
    while time.monotonic() < until:
        page = await stage.call("GET", f"/v1/alerts/{reference}/timeline?after={seen}")
        for fact in page["items"]:
            _say(_line(fact, ZoneInfo(post["zone"])))
            codes.add(fact["code"])
        seen = page["last"]
        if not answered and await _answers(stage, reference):
            answered = True
        if page["items"]:
            still_since = time.monotonic()
        elif time.monotonic() - still_since > _STILL and await _complete(stage, reference, codes=codes):
            return
        await asyncio.sleep(0.1)
    raise StoryFailed(f"after {_PATIENCE:.0f} s the timeline holds only {', '.join(sorted(codes))}")


async def _answers(stage: Stage, reference: str) -> bool:
    """Let the officer of the second line answer the SMS, once it is there; say whether that happened."""
    second = stage.asked.officers[1]
    for message in (await stage.call("GET", "/rehearsal/messages"))["items"]:
        if message["reference"] == reference and message["address"] == second.sms and message["purpose"] == "alert":
            code = next(word for word in message["body"].split() if is_reply_code(word))
            _say(f'{"":17}second line reads: "{message["body"]}"')
            _say(f'{"":17}second line sends: "{code.lower()} ok, {"*" * len(_PIN)}"')
            text = {"sender": second.sms, "text": f"{code.lower()} ok, {_PIN}"}
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
    _say(f"\nAcknowledged after {alert['seconds_to_acknowledge']:.1f} s by {alert['acknowledgement']['function']}.")
    return bool(alert["state"] == "acknowledged")


def _line(fact: Mapping[str, Any], zone: ZoneInfo) -> str:
    at = datetime.fromisoformat(fact["at"])
    return f"{at:%H:%M:%S} {at.astimezone(zone):%H:%M:%S}  {_words(fact['code'], fact['data'])}"


def _words(code: str, data: Mapping[str, Any]) -> str:
    line = ", ".join(data.get("lines", ())) or data.get("line") or ""
    channels = " and ".join(data.get("channels", ()))
    told = {
        "opened": "opened: written down, nothing can be lost now",
        "step_started": f"step {data.get('step')}: calling {line.replace('_', ' ')} by {channels}",
        "step_skipped": f"step {data.get('step')}: nobody called, {str(data.get('reason', '')).replace('_', ' ')}",
        "step_incomplete": f"step {data.get('step')}: {str(data.get('reason')).replace('_', ' ')} at {line}",
        "message_accepted": f"the gateway has the {data.get('channel')} ({str(data.get('purpose')).replace('_', ' ')})",
        "acknowledged": f"ACKNOWLEDGED by {data.get('function')} ({line} line), by {data.get('channel')}",
        "stand_down_sent": f"stand-down to {line or 'nobody'} by {channels}",
        "requester_told": f"the requester is told: {str(data.get('news')).replace('_', ' ')}",
    }
    return told.get(code, code.replace("_", " "))


def _farewell(stage: Stage) -> None:
    body = json.dumps(_body())
    _say(f"\nThe service stays up at {stage.url}; Ctrl-C ends it. PIN of every officer of {_ASKED}: {_PIN}")
    _say(f"  what was sent, and answering it: {stage.url}/rehearsal")
    _say(f"  key of the requester:     {stage.requester}")
    _say(f"  key of the contact point: {stage.contact_point}")
    _say("Trigger the next one:\n")
    _say(f"curl -s {stage.url}/v1/alerts -H 'Authorization: Bearer {stage.requester}' \\")
    _say(f"  -H 'Content-Type: application/json' -H \"Idempotency-Key: $RANDOM$RANDOM\" \\\n  -d '{body}'")


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


async def run(folder: Path, *, once: bool) -> None:
    """Start everything, play the story, and stay until a signal unless ``once``."""
    keyring = Keyring({"demo": secrets.token_bytes(32)}, secrets.token_bytes)
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(embedded.postgres(folder))
        url = await server.ensure_database("contactpoints_demo")
        await migrate.upgrade(url)
        port = _free_port(0 if once else _PORT)
        address = f"http://localhost:{port}"
        settings = Settings(keyring, secrets.token_bytes(32), url, address, True, _SCALE, port)
        runtime = await stack.enter_async_context(open_runtime(settings, database_url=url))
        await stack.enter_async_context(doors(runtime, port=port))
        quiet = asyncio.Event()
        watch = asyncio.create_task(keep_watch(runtime, quiet))
        try:
            await _show(runtime, address, once=once, stop=stop)
        finally:
            quiet.set()
            await watch


async def _show(runtime: Runtime, address: str, *, once: bool, stop: asyncio.Event) -> None:
    """Play the story, and stay until ``stop`` unless ``once``; ``stop`` ends the story too."""
    stage = await _prepare(runtime, address)
    story, stopped = asyncio.create_task(play(stage)), asyncio.create_task(stop.wait())
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
    await stopped
    _say("\nGoodbye. Everything was invented, and nothing of it is left.")


def main() -> int:
    """Run the demo; return 0 when the story went as it should."""
    parser = argparse.ArgumentParser(description="One emergency, start to end, with invented people.")
    parser.add_argument("--once", action="store_true", help="end after the story; 0 if it went well")
    once = parser.parse_args().once
    folder = Path(tempfile.mkdtemp(prefix="contactpoints-demo-"))
    folder.chmod(0o755)
    try:
        run_process(run(folder, once=once))
    except (StoryFailed, embedded.EmbeddedUnavailable) as failure:
        print(f"The demo failed: {failure}", file=sys.stderr)
        return 1
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
