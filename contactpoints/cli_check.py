"""The command line about weaknesses: `contactpoints check`, for people and (`--json`) for machines."""

import argparse
import json
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import asdict
from typing import TypeAlias
from urllib.parse import urlsplit

from contactpoints.actions.weaknesses import ask
from contactpoints.clock import Clock
from contactpoints.rules.refusals import Conflict, Refusal
from contactpoints.rules.weaknesses import Line, Setup, Weakness, away, of_setup, of_stored, worst_first
from contactpoints.setting_files import seen_by_others
from contactpoints.settings import PREFIX, BadSetting, Settings
from contactpoints.store import embedded
from contactpoints.store.database import Database, DatabaseFault, tls_of
from notifiers.catalogue import CATALOGUE, is_loopback
from notifiers.smtp_lines import SmtpOptions
from notifiers.twilio import TwilioOptions

Lent: TypeAlias = Callable[[Settings], AbstractAsyncContextManager[str]]


def add(commands: "argparse._SubParsersAction[argparse.ArgumentParser]", lent: Lent) -> None:
    """Add the command, which asks the database whose address ``lent`` lends."""
    check = commands.add_parser("check", help="name what is weak about settings, keys and accounts, and the remedy")
    check.add_argument("--json", action="store_true", help="for machines")

    async def run(settings: Settings, asked: argparse.Namespace) -> None:
        found = of_setup(_setup(settings))
        try:
            async with _database(settings, lent) as db:
                clock = Clock()
                await clock.correct(db)
                stored = await ask(
                    db,
                    now=clock.now(),
                    clock_off=-clock.offset,
                    keyring=settings.keyring,
                    pepper=settings.pin_pepper,
                    here=not settings.database_url,
                )
                found += of_stored(stored)
        except (Refusal, DatabaseFault, embedded.EmbeddedUnavailable) as failure:
            found.append(away(str(failure)))
        _tell(worst_first(found), as_json=asked.json)

    check.set_defaults(act=run)


@asynccontextmanager
async def _database(settings: Settings, lent: Lent) -> AsyncIterator[Database]:
    async with lent(settings) as url:
        db = Database(url, most=2)
        await db.open()
        try:
            yield db
        finally:
            await db.close()


def _setup(settings: Settings) -> Setup:
    kinds: Counter[str] = Counter(each.kind for each in CATALOGUE if each.name in settings.notifiers and each.settings)
    public, url = urlsplit(settings.public_url), urlsplit(settings.database_url)
    return Setup(
        public=(public.scheme, public.hostname or ""),
        rehearsal=settings.rehearsal,
        line=Line(url.hostname, tls_of(settings.database_url) or "prefer", len(url.password or "")),
        host=settings.host,
        keys=settings.keyring.keys,
        pepper=settings.pin_pepper,
        proxies=settings.trusted_proxies,
        gateways=kinds,
        open_files=[name for name, path in settings.files.items() if seen_by_others(path)],
        plain_lines=[
            setting
            for each in CATALOGUE
            if each.name in settings.notifiers and (setting := _plain(settings.notifiers[each.name], each.switch))
        ],
    )


def _plain(options: object, switch: str) -> str:
    """Return by which setting a gateway on another host is spoken to without TLS; nothing where it is not."""
    match options:
        case TwilioOptions(api_base=str(base)) if base.startswith("http:") and not is_loopback(
            urlsplit(base).hostname or ""
        ):
            return switch.replace("ACCOUNT_SID", "API_BASE")
        case SmtpOptions(tls="none", host=host) if not is_loopback(host):
            return "SMTP_TLS"
    return ""


def tell_unreadable(bad: BadSetting) -> None:
    """Print for machines which settings cannot be read; nothing else was looked at."""
    _print([Weakness("danger", name, told) for name, told in bad.faults.items()])


def _print(found: Iterable[Weakness]) -> None:
    print(json.dumps({"weaknesses": [asdict(each) for each in found]}))


def _tell(found: list[Weakness], *, as_json: bool) -> None:
    """Print each weakness in a line, and how many there are. Raises `Conflict` where more than hints were found."""
    count = Counter(each.severity for each in found)
    if as_json:
        _print(found)
    else:
        for each in found:
            about = f"{PREFIX}{each.about}" if each.about.isupper() else each.about
            print(f"{each.severity}: {about} {each.told}")
        if not found:
            print("Nothing weak was found.")
    hints = f"{count['hint']} hint{'' if count['hint'] == 1 else 's'}"
    if bad := count["danger"] + count["warning"]:
        told = f"{bad} weakness{'es' if bad > 1 else ''} found, {count['danger']} of them a danger"
        raise Conflict(f"{told}; and {hints}.")
    if found and not as_json:
        print(f"No weakness was found; {hints}.")
