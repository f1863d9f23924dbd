"""The command line: `contactpoints migrate | web | engine | all`, then what keeps keys, people and the directory."""

import argparse
import asyncio
import getpass
import importlib
import itertools
import logging
import os
import pwd
import secrets
import signal
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, nullcontext, suppress
from typing import Any

from contactpoints import cli_check, cli_keys
from contactpoints.actions import accounts, auditing, resealing
from contactpoints.actions.access import lock_pin, set_pin
from contactpoints.actions.exporting import as_json
from contactpoints.actions.importing import How, bring_in
from contactpoints.actions.invitations import Invitation
from contactpoints.actions.mail_links import Mailed, ask_pin
from contactpoints.actions.proofs import ask_mailbox
from contactpoints.actions.seed import load_parties
from contactpoints.cli_keys import must_be_ahead, read_told
from contactpoints.rules.access import Actor, Role
from contactpoints.rules.refusals import Conflict, Invalid, Refusal, Unavailable, slug
from contactpoints.runtime import Runtime, open_runtime
from contactpoints.serving import doors, keep_watch, must_be_free, run_process
from contactpoints.settings import BadSetting, Settings, read_settings
from contactpoints.store import acting, embedded
from contactpoints.store.database import DatabaseFault
from schemas.access import NewPin
from schemas.accounts import NewAccount
from schemas.exchange import read_rows
from schemas.faults import Fault
from schemas.reading import BadInput, validate

_log = logging.getLogger(__name__)
_DATABASE = "contactpoints"
_PAUSE = 1.0


def _migrations() -> Any:
    """Return the module that migrates. With Alembic it would take a tenth of the memory of every process."""
    return importlib.import_module("contactpoints.store.migrate")


@asynccontextmanager
async def _database(settings: Settings) -> AsyncIterator[str]:
    """Lend the address of the database: the one that was set, else the embedded one, started for us."""
    if settings.database_url:
        yield settings.database_url
        return
    _log.info("starting the embedded database; where there is none yet it is made, which can take minutes")
    async with embedded.postgres() as server:
        yield await server.ensure_database(_DATABASE)


@asynccontextmanager
async def _opened(settings: Settings) -> AsyncIterator[Runtime]:
    async with _database(settings) as url:
        if not settings.database_url:
            await _migrations().upgrade(url)
        async with open_runtime(settings, database_url=url) as runtime:
            if not settings.database_url:
                await load_parties(runtime.db, runtime.now())
            try:
                yield runtime
            except Refusal as refusal:
                await _note_refused(runtime, refusal)
                raise


async def _note_refused(runtime: Runtime, refusal: Refusal) -> None:
    if (act := acting.current()) is not None:
        codes = ", ".join(sorted({each.code for each in getattr(refusal, "faults", ())}))
        await auditing.note_refused(
            *(runtime.note_refused, act),
            status=None,
            problem=slug(type(refusal)),
            detail=codes or str(refusal),
            now=runtime.now(),
        )


async def _stopped() -> asyncio.Event:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    return stop


async def _migrate(settings: Settings, _: argparse.Namespace) -> None:
    async with _database(settings) as url:
        await _migrations().upgrade(url)
        async with open_runtime(settings, database_url=url) as runtime:
            print(f"{await load_parties(runtime.db, runtime.now())} Parties added, as seed data to be confirmed.")


async def _patiently(stack: AsyncExitStack, settings: Settings, *, stop: asyncio.Event) -> Runtime | None:
    """Open everything as soon as the database answers; None when told to stop before.

    A machine may start before its database does, and a process that gave up then would be silence.
    """
    while not stop.is_set():
        try:
            return await stack.enter_async_context(_opened(settings))
        except Unavailable as away:
            _log.warning("waiting for the database: %s", away)
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), _PAUSE)
    return None


async def _serve(settings: Settings, asked: argparse.Namespace) -> None:
    if asked.command != "engine":
        # A second process on a taken port ends here, before it starts a database or wakes anybody.
        must_be_free(settings.host, settings.port)
    stop = await _stopped()
    async with AsyncExitStack() as stack:
        runtime = await _patiently(stack, settings, stop=stop)
        if runtime is None:
            return
        watch = None
        async with AsyncExitStack() as open_doors:
            if asked.command != "engine":
                opening = doors(runtime, port=settings.port, host=settings.host, prepared=True)
                port = await open_doors.enter_async_context(opening)
                here = f"http://localhost:{port}"
                print(f"contactpoints answers at {here}", flush=True)
                if asked.command == "all":
                    await _invite_first(runtime, here)
            if asked.command != "web":
                watch = asyncio.create_task(keep_watch(runtime, stop))
                # A process whose watch has ended would look alive and wake nobody.
                watch.add_done_callback(lambda _: stop.set())
            await stop.wait()
        if watch is not None:
            await watch


async def _invite_first(runtime: Runtime, here: str) -> None:
    invitation = await accounts.make_first(runtime.db, now=runtime.now(), tools=runtime.tools)
    if invitation is not None:
        print(f"Nobody can sign in yet. {_link(invitation, runtime.settings.public_url or here)}", flush=True)


def _link(invitation: Invitation, host: str) -> str:
    until = f"{invitation.expires_at:%Y-%m-%d %H:%M} UTC"
    return f"This link makes an account, once, until {until}, and is shown only here:\n{host}{invitation.path}"


async def _invite(settings: Settings, asked: argparse.Namespace) -> None:
    said = validate(NewAccount, {name: getattr(asked, name) for name in NewAccount.model_fields})
    async with _opened(settings) as runtime:
        made = await accounts.make_at_command_line(runtime.db, said, now=runtime.now(), tools=runtime.tools)
        print(_link(made, runtime.settings.public_url))


async def _rotate(settings: Settings, _: argparse.Namespace) -> None:
    keyring = settings.keyring
    async with _opened(settings) as runtime:
        await auditing.note(runtime.db, now=runtime.now(), told={"by": keyring.first})
        made = await resealing.reseal(runtime.db, keyring=keyring, told=_progress)
        rows = await resealing.depending(runtime.db)
    print(f"{made.done} rows were sealed again by the key {keyring.first}.")
    for name in dict.fromkeys((*keyring.keys, *rows)):
        print(f"  {name}: {rows.get(name, 0)} rows depend on it")
    if made.unopened:
        raise Conflict(
            f"{made.unopened} rows were sealed by a key that is not in the keyring: put it back, at the end."
        )
    others = [name for name in keyring.keys if name != keyring.first]
    needless = ", ".join(name for name in others if not rows.get(name))
    if made.done and others:
        print(f"Once every process runs with {keyring.first} as its first key, run this again until it says 0.")
    elif needless:
        print(f"Nothing depends on it: {needless} may be removed from CONTACTPOINTS_KEYRING.")
        print("A new key, which has sealed nothing yet, goes in front first.")


def _progress(what: str, total: resealing.Resealed) -> None:
    print(f"{what}: {total.done} rows so far", file=sys.stderr, flush=True)


async def _set_pin(settings: Settings, asked: argparse.Namespace) -> None:
    new = read_told(NewPin, asked)
    pin = _typed_twice() if sys.stdin.isatty() else sys.stdin.readline().strip()
    async with _opened(settings) as runtime:
        now = runtime.now()
        must_be_ahead(new.expires_at, now)
        await set_pin(runtime.db, new.officer, pin=pin, now=now, tools=runtime.tools, expires_at=new.expires_at)
    print(f"The PIN of officer {new.officer} is set.")


def _typed_twice() -> str:
    pin = getpass.getpass("PIN: ")
    if getpass.getpass("The same PIN again: ") != pin:
        raise Invalid([Fault("/pin", "not_the_same", "The two were not the same; nothing was changed.")])
    return pin


async def _lock_pin(settings: Settings, asked: argparse.Namespace) -> None:
    async with _opened(settings) as runtime:
        await lock_pin(runtime.db, asked.officer, now=runtime.now())
    print(f"The PIN of officer {asked.officer} is locked: it acknowledges nothing until another is set.")


async def _mail_pin_link(settings: Settings, asked: argparse.Namespace) -> None:
    async with _opened(settings) as runtime:
        print(_told(await ask_pin(runtime.db, asked.officer, actor=None, now=runtime.now(), tools=runtime.tools)))


async def _mail_address_link(settings: Settings, asked: argparse.Namespace) -> None:
    async with _opened(settings) as runtime:
        print(_told(await ask_mailbox(runtime.db, asked.channel, actor=None, now=runtime.now(), tools=runtime.tools)))


def _told(mailed: Mailed) -> str:
    until = f"{mailed.expires_at:%Y-%m-%d %H:%M} UTC"
    return f"A link is on its way to channel {mailed.channel}; it works once, until {until}."


_OPERATOR = Actor(0, Role.SECRETARIAT, None, "command line")


async def _export(settings: Settings, asked: argparse.Namespace) -> None:
    async with _opened(settings) as runtime:
        await auditing.note(runtime.db, now=runtime.now(), told={"party": asked.party})
        sys.stdout.write((await as_json(runtime.db, actor=_OPERATOR, party=asked.party)).decode())


async def _import(settings: Settings, asked: argparse.Namespace) -> None:
    rows, faults = read_rows(sys.stdin.buffer.read())
    how = How("operator", dry_run=asked.dry_run, retire_missing=asked.retire_missing, reason=asked.reason)
    async with _opened(settings) as runtime:
        told = await bring_in(
            runtime.db, rows, faults=faults, actor=_OPERATOR, how=how, now=runtime.now(), tools=runtime.tools
        )
        if asked.dry_run:
            await auditing.note(runtime.db, now=runtime.now(), told={"counts": told["counts"]}, outcome="rehearsed")
    for kind, counts in told["counts"].items():
        print(f"{kind}: {', '.join(f'{number} {act}' for act, number in counts.items())}")
    for warning in told["warnings"]:
        print(f"{warning['pointer']}: {warning['detail']}", file=sys.stderr)
    print("Nothing was kept: this was a rehearsal." if asked.dry_run else "All of it is kept.")


def _add_directory(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    acts = commands.add_parser("directory", help="write the directory out, and read it in, as JSON").add_subparsers(
        dest="act_", required=True
    )
    out = acts.add_parser("export", help="write it to standard output")
    out.add_argument("--party", help="only what this Party keeps")
    out.set_defaults(act=_export)
    bring = acts.add_parser("import", help="read it from standard input: all of it or nothing")
    bring.add_argument("--dry-run", action="store_true", help="only tell what would change")
    bring.add_argument("--retire-missing", action="store_true", help="retire what the file lacks of the kinds it has")
    bring.add_argument(
        "--reason", help="why; needed where it leaves a minute uncovered, in 90 days from now or from where it is felt"
    )
    bring.set_defaults(act=_import)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="contactpoints", description="A 24/7 directory of national contact points.")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("migrate", help="bring the database to this version and load the Parties").set_defaults(
        act=_migrate
    )
    for name, told in (("web", "the doors"), ("engine", "the watch"), ("all", "doors and watch in one process")):
        commands.add_parser(name, help=f"run {told}").set_defaults(act=_serve)
    cli_keys.add(commands, _opened)
    cli_check.add(commands, _database)
    ring = commands.add_parser("keyring", help="seal again what older keys sealed, so that they can be removed")
    ring.add_argument("action", choices=["rotate"])
    ring.set_defaults(act=_rotate)
    _add_pins(commands)
    _add_invitations(commands)
    _add_directory(commands)
    address = commands.add_parser("address", help="mail the one-time link that verifies an e-mail address")
    address.add_argument("action", choices=["verify"])
    address.add_argument("--channel", type=int, required=True, metavar="NUMBER")
    address.set_defaults(act=_mail_address_link)
    return parser


def _add_pins(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    acts = commands.add_parser("pin", help="set and lock PINs of officers").add_subparsers(dest="act_", required=True)
    make = acts.add_parser("set", help="set or reset a PIN, read from the terminal or from standard input")
    make.add_argument("--officer", type=int, required=True, metavar="NUMBER")
    make.add_argument("--expires", dest="expires_at", metavar="DATE", help="2027-01-31, or an instant with its offset")
    make.set_defaults(act=_set_pin)
    lock = acts.add_parser("lock", help="make a PIN useless at once, until another is set")
    lock.add_argument("--officer", type=int, required=True, metavar="NUMBER")
    lock.set_defaults(act=_lock_pin)
    mail = acts.add_parser("link", help="mail an officer the one-time link to set a PIN")
    mail.add_argument("--officer", type=int, required=True, metavar="NUMBER")
    mail.set_defaults(act=_mail_pin_link)


def _add_invitations(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    make = commands.add_parser("invite", help="make an account for a person; its link is shown once")
    make.add_argument("--name", required=True)
    make.add_argument("--email", required=True, help="by which the person signs in")
    make.add_argument("--role", default=Role.SECRETARIAT.value, choices=[role.value for role in Role])
    make.add_argument("--party", help="ISO 3166-1 alpha-2; none for secretariat and auditor")
    make.add_argument("--authority", default="Secretariat", help="the office whose person it is")
    make.add_argument("--contact-point", type=int, dest="contact_point_id", metavar="NUMBER")
    make.add_argument("--officer", type=int, dest="officer_id", metavar="NUMBER")
    make.add_argument("--openid", metavar="PROVIDER", help="which organisation's sign-in opens the account too")
    make.add_argument("--language", default="en", help="of what is said to the person: en, fr or es")
    make.set_defaults(act=_invite)


def _act(arguments: Sequence[str]) -> acting.Act:
    """Return what the audit log is told: which command, without what was said to it, by whose account."""
    command = " ".join(itertools.takewhile(str.isalpha, arguments))
    try:
        account = pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        account = f"account {os.getuid()}"
    return acting.Act(command, actor="operator", name=account)


def main(arguments: Sequence[str] | None = None, environment: Mapping[str, str] = os.environ) -> int:
    """Run one command, that of this process by default; return 0, or 1 after one sentence about what is wrong."""
    asked = _parser().parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    logging.getLogger("alembic").setLevel(logging.WARNING)
    try:
        settings = read_settings(environment, entropy=secrets.token_bytes)
        # What a process does that serves is somebody else's act, or nobody's.
        with nullcontext() if asked.act is _serve else acting.acting(_act(arguments or sys.argv[1:])):
            run_process(asked.act(settings, asked))
    except (Invalid, BadInput) as wrong:
        told = (f"{fault.pointer.strip('/') or 'all of it'}: {fault.detail}".rstrip(".") for fault in wrong.faults)
        print("; ".join(told) + ".", file=sys.stderr)
        return 1
    except (BadSetting, embedded.EmbeddedUnavailable, Refusal, DatabaseFault) as failure:
        if isinstance(failure, BadSetting) and getattr(asked, "json", False):
            cli_check.tell_unreadable(failure)
        print(failure, file=sys.stderr)
        return 1
    return 0
