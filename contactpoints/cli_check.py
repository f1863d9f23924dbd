"""The command line about weaknesses: `contactpoints check`, for people and (`--json`) for machines."""

import argparse
import json
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import TypeAlias

from contactpoints.actions.weaknesses import ask
from contactpoints.clock import Clock
from contactpoints.rules.refusals import Conflict, Refusal
from contactpoints.rules.weaknesses import Weakness, away, not_made, of_setup, of_stored, worst_first
from contactpoints.set_up import setup_of
from contactpoints.settings import PREFIX, BadSetting, Settings
from contactpoints.store import embedded
from contactpoints.store.database import Database, DatabaseFault

Lent: TypeAlias = Callable[[Settings], AbstractAsyncContextManager[str]]


def add(commands: "argparse._SubParsersAction[argparse.ArgumentParser]", lent: Lent) -> None:
    """Add the command, which asks the database whose address ``lent`` lends."""
    check = commands.add_parser("check", help="name what is weak about settings, keys and accounts, and the remedy")
    check.add_argument("--json", action="store_true", help="for machines")

    async def run(settings: Settings, asked: argparse.Namespace) -> None:
        found = of_setup(setup_of(settings))
        if settings.database_url or embedded.is_made():
            found += await _stored(settings, lent)
        else:
            found.append(not_made())
        _tell(worst_first(found), as_json=asked.json)

    check.set_defaults(act=run)


async def _stored(settings: Settings, lent: Lent) -> list[Weakness]:
    """Return what is weak about what the database holds; an embedded one that does not run is started for as long."""
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
            return of_stored(stored)
    except (Refusal, DatabaseFault, embedded.EmbeddedUnavailable) as failure:
        return [away(str(failure))]


@asynccontextmanager
async def _database(settings: Settings, lent: Lent) -> AsyncIterator[Database]:
    async with lent(settings) as url:
        db = Database(url, most=2)
        await db.open()
        try:
            yield db
        finally:
            await db.close()


def tell_unreadable(bad: BadSetting) -> None:
    """Print for machines which settings cannot be read; nothing else was looked at."""
    _print([Weakness("danger", name, "{told}", {"told": told}) for name, told in bad.faults.items()])


def _print(found: Iterable[Weakness]) -> None:
    told = [{"severity": each.severity, "about": each.about, "told": each.told} for each in found]
    print(json.dumps({"weaknesses": told}))


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
    hints = f"{count['hint'] or 'no'} hint{'' if count['hint'] == 1 else 's'}"
    if bad := count["danger"] + count["warning"]:
        told = f"{bad} weakness{'es' if bad > 1 else ''} found, {count['danger']} of them a danger"
        raise Conflict(f"{told}; {hints}.")
    if found and not as_json:
        print(f"No weakness was found; {hints}.")
