"""Two ways in by force. A copy of the whole database opens nothing: no secret stands there as it is given. And
hundreds of sign-ins at once keep nobody else waiting.

What is sealed, and case data, is looked for in `tests/stories/test_canary.py`, in the files and the log as well.
"""

import asyncio
import hashlib
from collections import Counter
from typing import Any

import pytest
from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError

from contactpoints.actions.access import set_pin
from tests.api.conftest import KeyOf
from tests.api.people import PASSWORD, invited, person, sends
from tests.console.test_answer_page import types
from tests.world import START, World

PIN = "70419358"


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
    ada = await person(world)
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
    async with world.runtime.db.session() as session:
        hashes = [
            (await session.fetchval("select password_hash from accounts where password_hash is not null"), PASSWORD),
            (await session.fetchval("select hash from pins where officer_id = $1", 1), PIN),
        ]
    for hashed, plain in hashes:
        with pytest.raises(VerifyMismatchError):
            PasswordHasher().verify(hashed, plain)
    assert world.runtime.tools.pepper.hex() not in "".join(tables.values())
    for key in world.runtime.tools.keyring.keys.values():
        assert key.hex() not in "".join(tables.values())


async def test_hundreds_of_sign_ins_at_once_hash_few_passwords_and_hold_up_no_alert(world: World) -> None:
    async def tries(number: int) -> int:
        said = {"email": f"somebody{number}@example.org", "password": "a wrong one, of many", "device": "storm"}
        return (await sends(world, "POST", "/v1/sessions", said)).status_code

    storm = [asyncio.create_task(tries(number)) for number in range(400)]
    await asyncio.sleep(0.05)
    opened = await world.opens_alert()
    assert not all(each.done() for each in storm), "it was opened while they came"
    heard = Counter(await asyncio.gather(*storm))
    assert opened.status_code == 201
    assert set(heard) <= {401, 429, 503}
    # At 30 ms a hash all of them would keep a processor busy for twelve seconds.
    assert heard[401] <= 60, "each of these was hashed"


async def test_what_a_copy_holds_of_an_open_alert_acknowledges_nothing(world: World) -> None:
    reference, _, _ = await world.wakes_the_first()
    async with world.runtime.db.session() as session:
        copied: Any = await session.fetchrow("select code, page_token from reply_codes limit 1")
    # The words that wait to be sent hold code and link; without a PIN they are of no use.
    for pin in (copied["code"], "", "000000"):
        await types(world, f"/a/{copied['page_token']}", pin)
    assert (await world.get(f"/v1/alerts/{reference}")).json()["state"] == "alerting"
