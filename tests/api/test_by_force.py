"""Two ways in by force. A copy of the whole database opens nothing: no secret stands there as it is given. And
a thousand sign-ins at once keep nobody else waiting.

What is sealed, and case data, is looked for in `tests/stories/test_canary.py`, in the files and the log as well.
"""

import asyncio
import hashlib
import json
import resource
import threading
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError

from contactpoints.actions.access import set_pin
from contactpoints.rules.throttle import ACCOUNT
from contactpoints.web import application
from schemas.networks import network_of
from tests.api.conftest import KeyOf
from tests.api.people import PASSWORD, accepts, invited
from tests.api.test_passkeys import keeper, shows, telephone
from tests.asgi import Answer, asks
from tests.console.test_answer_page import types
from tests.world import START, World

PIN = "70419358"
# KiB of memory and passes over it: the first choice of the password storage cheat sheet for argon2id.
_OWASP = 19_456, 2
# One for passwords, two for PINs, one for what is short: whoever waits has none.
_THREADS = 4
_MEGABYTES = 80


async def _tables(world: World) -> dict[str, str]:
    """Return every table as text, bytes in hexadecimal digits, as PostgreSQL's own tool writes them out."""
    async with world.runtime.db.session() as session:
        names = [row[0] for row in await session.fetch("select tablename from pg_tables where schemaname = 'public'")]
        rows = {name: await session.fetch(f'select t::text from "{name}" as t') for name in names}
    return {name: "\n".join(row[0] for row in kept).lower() for name, kept in rows.items()}


async def _secrets(world: World, key_of: KeyOf) -> dict[str, str]:
    """Let the service make or learn a secret of every kind; return them."""
    officer = world.network["FR"].officers[0]
    await set_pin(world.runtime.db, officer.id, pin=PIN, now=START, tools=world.runtime.tools)
    ada = await accepts(world, await invited(world, "ada@fr.example.org"))
    assert (await ada.signs_in()).status_code == 201
    first = await ada.first_step()
    secretariat = await key_of("secretariat")
    feed = await world.post(f"/v1/officers/{officer.id}/feeds", {}, key=secretariat)
    return {
        "API key": secretariat,
        "password": ada.password,
        "secret of one-time codes": ada.secret,
        "session": ada.token,
        "sign-in under way": first.json()["sign_in"],
        "invitation": await invited(world, "eve@fr.example.org"),
        "feed": feed.json()["address"].rpartition("/")[2].removesuffix(".ics"),
        "PIN": PIN,
        **{f"recovery code {number}": code for number, code in enumerate(ada.recovery_codes)},
    }


async def test_no_secret_stands_in_any_table_and_no_hash_is_of_use_without_the_pepper(
    world: World, key_of: KeyOf
) -> None:
    secrets = await _secrets(world, key_of)
    assert len(secrets) > 10
    reference, _, code = await world.wakes_the_first()
    await world.answers(world.network["FR"].officers[0], f"{code} {PIN}")
    assert (await world.get(f"/v1/alerts/{reference}")).json()["state"] == "acknowledged"
    tables = await _tables(world)
    assert len(tables) > 40
    for what, secret in secrets.items():
        forms = {secret.lower(), secret.encode().hex(), secret.replace("-", "").lower()}
        if not what.endswith(("key", "session", "way", "invitation", "feed")):
            # What can be guessed is not kept as a hash that anybody can make.
            forms |= {getattr(hashlib, name)(secret.encode()).hexdigest() for name in ("md5", "sha1", "sha256")}
        assert [name for name, text in tables.items() if any(form in text for form in forms)] == [], what
    officer = world.network["FR"].officers[0].id
    async with world.runtime.db.session() as session:
        hashes = [
            (await session.fetchval("select password_hash from accounts where password_hash is not null"), PASSWORD),
            (await session.fetchval("select hash from pins where officer_id = $1", officer), PIN),
        ]
    for hashed, plain in hashes:
        assert _costs(hashed) == ("argon2id", *_OWASP), "whoever guesses pays for each try"
        with pytest.raises(VerifyMismatchError):
            PasswordHasher().verify(hashed, plain)
    assert world.runtime.tools.pepper.hex() not in "".join(tables.values())
    for key in world.runtime.tools.keyring.keys.values():
        assert key.hex() not in "".join(tables.values())


def _costs(hashed: str) -> tuple[str, int, int]:
    _, kind, _, costs, *_ = hashed.split("$")
    memory, times, _ = (int(each.partition("=")[2]) for each in costs.split(","))
    return kind, memory, times


def _told(answer: Answer) -> int:
    """Return the status of a sign-in; who is refused hears how long, and nothing that is not so."""
    if answer.status == 503:
        assert answer.headers["retry-after"] == ["2"]
    elif answer.status == 429:
        wait = json.loads(answer.body)["retry_after"]
        assert answer.headers["retry-after"] == [str(wait)]
        assert 0 < wait <= ACCOUNT.every.total_seconds()
    return answer.status


def _in_use() -> tuple[int, int]:
    """Return how many threads this process has, and how many megabytes of memory."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return threading.active_count(), pages * resource.getpagesize() >> 20


async def test_a_thousand_sign_ins_at_once_hash_few_passwords_and_hold_up_nobody_else(world: World) -> None:
    """Each is from another address: a third for one account, a third for an address that has none, the rest for many.

    Fifty come every twentieth of a second, whether those before were answered or not: all within a second, as long as
    the processor, which is theirs and the service's, begins them. Begun at once they take it a fifth of a second.
    """
    device = telephone()
    ada = await keeper(world, device)
    threads, memory = _in_use()
    settings = replace(world.runtime.settings, trusted_proxies=(network_of("127.0.0.1"),))
    app = application(replace(world.runtime, settings=settings))

    async def tries(number: int, email: str) -> int:
        said = json.dumps({"email": email, "password": "a wrong one, of many", "device": "storm"}).encode()
        there = {"X-Forwarded-For": f"2001:db8:{number:x}::1", "Content-Type": "application/json"}
        return _told(await asks(app, "POST", "/v1/sessions", headers=there, body=said))

    stranger = "stranger@example.org"

    async def come() -> dict[str, Counter[int]]:
        begun = []
        for number in range(1_000):
            email = (ada.email, stranger, f"somebody{number}@example.org")[number % 3]
            begun.append((email, asyncio.create_task(tries(number, email))))
            if number % 50 == 49:
                await asyncio.sleep(0.05)
        heard: dict[str, Counter[int]] = {ada.email: Counter(), stranger: Counter(), "others": Counter()}
        for email, each in begun:
            heard[email if email in heard else "others"][await each] += 1
        return heard

    storm = asyncio.create_task(come())
    await asyncio.sleep(0.1)
    opened = await world.opens_alert()
    await world.settles()
    woken = await world.code_of(world.network["FR"].officers[0])
    by_passkey = await shows(world, device)
    by_key = await world.get(opened.json()["links"]["self"])
    assert not storm.done(), "that was while they came"
    most = _in_use()
    by_address = await storm
    heard = sum(by_address.values(), Counter[int]())
    assert [each.status_code for each in (opened, by_passkey, by_key)] == [201, 201, 200]
    assert woken, "the provider has had the words for the officer"
    assert set(heard) == {401, 429, 503}, heard
    assert set(by_address[ada.email]) == set(by_address[stranger]), "nothing tells which of them has an account"
    # At 30 ms a hash all of them would keep a processor busy for half a minute.
    assert heard[503] > 700, "of these no password was hashed"
    assert max(most[0], _in_use()[0]) - threads <= _THREADS, "they wait without a thread of their own"
    assert max(most[1], _in_use()[1]) - memory <= _MEGABYTES
    assert await tries(1_000, "nobody@example.org") == 401, "the wait that was told of was long enough"
    for number, email in enumerate((ada.email, stranger), 1_001):
        assert await tries(number, email) == 429, "somebody guesses there, whether there is an account or not"
    assert (await shows(world, device)).status_code == 201, "whoever has a passkey is locked out by nobody"


async def test_what_a_copy_holds_of_an_open_alert_acknowledges_nothing(world: World) -> None:
    reference, _, _ = await world.wakes_the_first()
    async with world.runtime.db.session() as session:
        copied: Any = await session.fetchrow("select code, page_token from reply_codes limit 1")
    # The words that wait to be sent hold code and link; without a PIN they are of no use.
    for pin in (copied["code"], "", "000000"):
        await types(world, f"/a/{copied['page_token']}", pin)
    assert (await world.get(f"/v1/alerts/{reference}")).json()["state"] == "alerting"
