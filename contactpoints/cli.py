"""The command line: `contactpoints migrate | web | engine | all | key | pin`."""

import argparse
import asyncio
import getpass
import logging
import os
import secrets
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from contactpoints.actions.access import make_key, set_pin
from contactpoints.actions.seed import load_parties
from contactpoints.rules.access import Actor, Role
from contactpoints.rules.refusals import Invalid, Refusal
from contactpoints.runtime import Runtime, open_runtime
from contactpoints.serving import doors, keep_watch
from contactpoints.settings import BadSetting, Settings, read_settings
from contactpoints.store import embedded, migrate

_DATABASE = "contactpoints"


@asynccontextmanager
async def _database(settings: Settings) -> AsyncIterator[str]:
    """Lend the address of the database: the one that was set, else the embedded one, started for us."""
    if settings.database_url:
        yield settings.database_url
        return
    async with embedded.postgres() as server:
        yield await server.ensure_database(_DATABASE)


@asynccontextmanager
async def _opened(settings: Settings) -> AsyncIterator[Runtime]:
    async with _database(settings) as url:
        if not settings.database_url:
            await migrate.upgrade(url)
        async with open_runtime(settings, database_url=url) as runtime:
            yield runtime


async def _stopped() -> asyncio.Event:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    return stop


async def _migrate(settings: Settings, _: argparse.Namespace) -> None:
    async with _database(settings) as url:
        await migrate.upgrade(url)
        async with open_runtime(settings, database_url=url) as runtime:
            print(f"{await load_parties(runtime.db, runtime.now())} Parties added, as seed data to be confirmed.")


async def _serve(settings: Settings, asked: argparse.Namespace) -> None:
    stop = await _stopped()
    async with _opened(settings) as runtime:
        watch = asyncio.create_task(keep_watch(runtime, stop)) if asked.command in ("engine", "all") else None
        if asked.command == "engine":
            await stop.wait()
        else:
            async with doors(runtime, port=settings.port, host=settings.host) as port:
                print(f"contactpoints answers at http://localhost:{port}", flush=True)
                await stop.wait()
        if watch is not None:
            await watch


async def _key(settings: Settings, asked: argparse.Namespace) -> None:
    actor = Actor(0, Role(asked.role), asked.party, asked.authority, asked.contact_point, tuple(asked.notify))
    async with _opened(settings) as runtime:
        print(await make_key(runtime.db, actor, now=runtime.now(), entropy=secrets.token_bytes))


async def _pin(settings: Settings, asked: argparse.Namespace) -> None:
    pin = getpass.getpass("PIN: ") if sys.stdin.isatty() else sys.stdin.readline().strip()
    async with _opened(settings) as runtime:
        await set_pin(runtime.db, asked.officer, pin=pin, now=runtime.now(), tools=runtime.tools)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="contactpoints", description="A 24/7 directory of national contact points.")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("migrate", help="bring the database to this version and load the Parties").set_defaults(
        act=_migrate
    )
    for name, told in (("web", "the doors"), ("engine", "the watch"), ("all", "doors and watch in one process")):
        commands.add_parser(name, help=f"run {told}").set_defaults(act=_serve)
    key = commands.add_parser("key", help="make an API key; its secret is shown once")
    key.add_argument("action", choices=["create"])
    key.add_argument("--role", required=True, choices=[role.value for role in Role])
    key.add_argument("--party", help="ISO 3166-1 alpha-2; none for secretariat and auditor")
    key.add_argument("--authority", required=True, help="whose key it is")
    key.add_argument("--contact-point", type=int)
    key.add_argument("--notify", action="append", default=[], help="where news of alerts go; up to 3")
    key.set_defaults(act=_key)
    pin = commands.add_parser("pin", help="set an officer's PIN, read from the terminal or from standard input")
    pin.add_argument("action", choices=["set"])
    pin.add_argument("--officer", type=int, required=True)
    pin.set_defaults(act=_pin)
    return parser


def main() -> int:
    """Run one command; return 0, or 1 after one sentence about what is wrong."""
    asked = _parser().parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    try:
        settings = read_settings(os.environ, entropy=secrets.token_bytes)
        asyncio.run(asked.act(settings, asked))
    except Invalid as invalid:
        print("; ".join(fault.detail for fault in invalid.faults), file=sys.stderr)
        return 1
    except (BadSetting, embedded.EmbeddedUnavailable, Refusal) as failure:
        print(failure, file=sys.stderr)
        return 1
    return 0
