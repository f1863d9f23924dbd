"""A code goes to an address, and comes back from it: by a reply, by the page behind the link, or read out."""

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import httpx
import pytest

from contactpoints.actions.proving import by_reply
from contactpoints.actions.replies import Arrival
from contactpoints.rules.codes import is_reply_code, new_proof_code
from contactpoints.rules.replies import read_reply
from contactpoints.store import entries
from tests.far_ends import PUBLIC
from tests.world import PIN, START, World, is_proof_code

STRANGER = "+447700900999"
Keys = Callable[..., Awaitable[str]]


async def channel_of(world: World, address: str) -> int:
    async with world.runtime.db.session() as session:
        number: int = await session.fetchval("select id from channels where address = $1", address)
    return number


async def unproven(world: World, *, officer: int = 0) -> tuple[int, int]:
    """Let nobody have proven anything; return the channels of an officer for texts and mail."""
    async with world.runtime.db.session() as session:
        await session.execute("update channels set proven_at = null")
    made = world.network["FR"].officers[officer]
    return await channel_of(world, made.sms), await channel_of(world, made.email)


async def asks(world: World, channel: int, key: str) -> httpx.Response:
    answer = await world.post(f"/v1/channels/{channel}/proof", b"", key=key)
    await world.settles()
    return answer


async def code_sent(world: World, address: str) -> str:
    """Return the code of the last text to an address."""
    said: list[str] = re.findall(r"[0-9A-Z]{7}", (await world.hears(address))[-1]["body"])
    return next(word for word in said if is_proof_code(word))


async def enters(world: World, channel: int, code: str, key: str) -> httpx.Response:
    return await world.post(f"/v1/channels/{channel}/proof/confirmation", {"code": code}, key=key)


async def proven(world: World, channel: int) -> Any:
    async with world.runtime.db.session() as session:
        return await session.fetchval("select proven_at from channels where id = $1", channel)


async def test_a_code_comes_back_from_the_number_and_the_officer_is_told_so(world: World, key_of: Keys) -> None:
    first, key = world.network["FR"].officers[0], await key_of("administrator", "FR")
    sms, mail = await unproven(world)
    answer = await asks(world, sms, key)
    assert (answer.status_code, answer.json()) == (202, {"channel_id": sms, "expires_at": "2026-10-17T00:00:00Z"})
    code = await code_sent(world, first.sms)
    world.clock.at += timedelta(hours=8)
    assert await world.answers(first, f"voici le code : {code[:3]}-{code[3:].lower()}") == (
        "CONFIRMÉ : ce numéro vous joint bien. Merci. Plus rien à faire."
    )
    assert await proven(world, sms) == START + timedelta(hours=8)
    assert await proven(world, mail) is None, "the mailbox is another channel"
    assert await world.answers(first, code) != "", "the same again is answered the same"
    assert await proven(world, sms) == START + timedelta(hours=8)


async def test_a_code_that_comes_from_another_number_proves_nothing(world: World, key_of: Keys) -> None:
    first, second, _ = world.network["FR"].officers
    sms, _ = await unproven(world)
    await asks(world, sms, await key_of("administrator", "FR"))
    code = await code_sent(world, first.sms)
    for sender in (STRANGER, second.sms):
        await world.answers(first, code, sender=sender)
    assert await proven(world, sms) is None
    assert "CONFIRM" in await world.answers(first, code)


async def test_the_page_behind_the_link_proves_a_mailbox_and_opening_it_does_not(world: World, key_of: Keys) -> None:
    first = world.network["FR"].officers[0]
    _, mail = await unproven(world)
    await asks(world, mail, await key_of("administrator", "FR"))
    [letter] = await world.hears(first.email)
    path = str(letter["link"]).removeprefix(PUBLIC)
    code = re.findall(r": ([2-9A-Z]{5})\n", letter["body"])[0]
    await world.client.get(path)
    for typed in ("", "yes", "22222", path, "AAAAA", "BBBBB"):
        assert (await world.client.post(path, data={"code": typed})).status_code == 422
    assert await proven(world, mail) is None
    assert (await world.client.post(path, data={"code": code})).status_code == 303
    assert await proven(world, mail) == START


async def test_a_code_is_read_out_and_entered_and_three_wrong_ones_lock_it(world: World, key_of: Keys) -> None:
    first, key = world.network["FR"].officers[0], await key_of("administrator", "FR")
    sms, mail = await unproven(world)
    assert (await enters(world, sms, "K7QPM3X", key)).status_code == 409, "nobody was asked"
    await asks(world, sms, key)
    code = await code_sent(world, first.sms)
    assert (await enters(world, mail, code, key)).status_code == 409, "a code proves no other channel"
    for left in (2, 1):
        answer = await enters(world, sms, "K7QPM3X", key)
        [fault] = answer.json()["errors"]
        assert (answer.status_code, fault["pointer"], fault["code"]) == (422, "/code", "wrong")
        assert fault["detail"].endswith(f"Tries left: {left}.")
    assert (await enters(world, sms, "K7QPM3X", key)).status_code == 409
    assert (await enters(world, sms, code, key)).status_code == 409, "the right one comes too late"
    assert await proven(world, sms) is None
    await world.passes(minutes=1)
    await asks(world, sms, key)
    answer = await enters(world, sms, f" {(await code_sent(world, first.sms)).lower()} ".strip(), key)
    assert (answer.status_code, answer.json()["proven_at"]) == (200, "2026-10-14T00:01:00Z")


async def test_wrong_codes_from_the_number_are_counted_and_answered(world: World, key_of: Keys) -> None:
    first = world.network["FR"].officers[0]
    sms, _ = await unproven(world)
    await asks(world, sms, await key_of("administrator", "FR"))
    code = await code_sent(world, first.sms)
    wrong = new_proof_code(b"another address".ljust(16))
    said = [await world.answers(first, wrong) for _ in range(3)]
    assert ["restants : 2" in said[0], "restants : 1" in said[1], "plus valable" in said[2]] == [True] * 3
    assert "plus valable" in await world.answers(first, code)
    assert await proven(world, sms) is None


async def test_a_wrong_code_that_two_engines_read_at_once_counts_once(world: World, key_of: Keys) -> None:
    first = world.network["FR"].officers[0]
    sms, _ = await unproven(world)
    await asks(world, sms, await key_of("administrator", "FR"))
    await world.hears(first.sms)
    wrong = new_proof_code(b"another address".ljust(16))
    arrival = Arrival(await _kept(world), "rehearsal", world.clock.at, None, None, first.sms, read_reply(wrong))
    db, now, tools = world.runtime.db, world.clock.at, world.runtime.tools
    async with world.runtime.db.transaction() as session:
        await entries.touch(session, world.network["FR"].contact_point)
        both = [
            asyncio.create_task(by_reply(db, arrival, codes=(wrong,), pins=0, now=now, tools=tools)) for _ in range(2)
        ]
        await asyncio.sleep(0.2)
        assert not any(each.done() for each in both)
    assert sorted(str(said) for said in await asyncio.gather(*both)) == ["done", "proof_wrong"]
    await world.settles()
    [answer] = await world.hears(first.sms)
    assert "restants : 2" in answer["body"]
    assert "restants : 1" in await world.answers(first, wrong)


async def _kept(world: World) -> int:
    async with world.runtime.db.session() as session:
        number: int = await session.fetchval(
            """insert into inbound (source, kind, received_at, sealed, lease_until)
               values ('rehearsal', 'reply', $1::timestamptz, '', $1 + interval '1 hour') returning id""",
            world.clock.at,
        )
    return number


async def test_a_code_ends_after_three_days(world: World, key_of: Keys) -> None:
    first = world.network["FR"].officers[0]
    sms, _ = await unproven(world)
    await asks(world, sms, await key_of("administrator", "FR"))
    code = await code_sent(world, first.sms)
    await world.passes(hours=72)
    assert "CONFIRM" not in await world.answers(first, code)
    assert await proven(world, sms) is None


async def test_codes_of_alerts_and_of_proofs_are_never_mixed_up(world: World, key_of: Keys) -> None:
    sms, _ = await unproven(world)
    await asks(world, sms, await key_of("administrator", "FR"))
    first = world.network["FR"].officers[0]
    proof = await code_sent(world, first.sms)
    reference, first, reply = await world.wakes_the_first()
    assert (is_reply_code(proof), is_proof_code(reply)) == (False, False)
    assert (await world.answers(first, f"{proof} {PIN}")).endswith("Ce numéro est confirmé.")
    assert (await world.get(f"/v1/alerts/{reference}")).json()["acknowledged_at"] is None
    async with world.runtime.db.session() as session:
        await session.execute("update channels set proven_at = null")
    await world.answers(first, f"{reply} {proof} {PIN}")
    assert (await world.get(f"/v1/alerts/{reference}")).json()["state"] == "acknowledged", "the alert goes first"


async def test_a_stranger_who_gets_the_code_says_so_and_the_number_is_out_of_use(world: World, key_of: Keys) -> None:
    first = world.network["FR"].officers[0]
    sms, _ = await unproven(world)
    await asks(world, sms, await key_of("administrator", "FR"))
    code = await code_sent(world, first.sms)
    await world.answers(first, f"MAUVAIS NUMERO {code}")
    assert await proven(world, sms) is None
    async with world.runtime.db.session() as session:
        assert await session.fetchval("select quarantined_why from channels where id = $1", sms) == "wrong_person"
    assert (await asks(world, sms, await key_of("administrator", "FR"))).status_code == 422


async def test_nothing_of_it_stands_in_a_log_and_nobody_is_asked_twice_a_minute(
    world: World, key_of: Keys, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    first, key = world.network["FR"].officers[0], await key_of("administrator", "FR")
    sms, _ = await unproven(world)
    await asks(world, sms, key)
    again = await asks(world, sms, key)
    assert (again.status_code, again.json()["type"]) == (409, "/problems/asked-just-now")
    code = await code_sent(world, first.sms)
    await enters(world, sms, code, key)
    assert code not in caplog.text


@pytest.mark.parametrize(
    ("role", "party", "status"),
    [("administrator", "FR", 202), ("secretariat", None, 202), ("administrator", "US", 404), ("auditor", None, 404)],
)
async def test_who_may_ask(world: World, key_of: Keys, role: str, party: str | None, status: int) -> None:
    sms, _ = await unproven(world)
    key = await key_of(role, party)
    assert (await asks(world, sms, key)).status_code == status
    assert (await enters(world, sms, "K7QPM3X", key)).status_code == (422 if status == 202 else status)
    assert (await enters(world, 99999, "K7QPM3X", key)).status_code == 404
    assert (await enters(world, sms, "K7QPM3X; drop", key)).status_code == 422


async def test_an_old_proof_code_beside_an_open_alert_says_first_that_it_answers_none(
    world: World, key_of: Keys
) -> None:
    first = world.network["FR"].officers[0]
    sms, _ = await unproven(world)
    await asks(world, sms, await key_of("administrator", "FR"))
    old = await code_sent(world, first.sms)
    await world.answers(first, old)
    world.clock.at += timedelta(hours=3)
    reference, _, code = await world.wakes_the_first()
    for text in (old, f"{old} {PIN}"):
        told = await world.answers(first, text)
        assert told.startswith(f"CECI N'EST PAS UN ACCUSÉ DE RÉCEPTION. Appelé pour réf. {reference}"), told
        assert "Plus rien à faire" not in told
    assert (await world.get(f"/v1/alerts/{reference}")).json()["state"] == "alerting"
    assert "AUCUN ACCUSÉ" in await world.answers(first, f"{new_proof_code(b'another wrong code')} {PIN}")
    assert "ACCUS" in await world.answers(first, f"{code} {PIN}")


async def test_digits_beside_a_proof_code_may_be_a_pin_and_a_used_code_is_forgotten_with_its_term(
    world: World, key_of: Keys
) -> None:
    first = world.network["FR"].officers[0]
    sms, _ = await unproven(world)
    await asks(world, sms, await key_of("administrator", "FR"))
    code = await code_sent(world, first.sms)
    assert (await world.answers(first, f"{code} {PIN}")).startswith("CECI N'EST PAS")
    assert await proven(world, sms) == START
    world.clock.at += timedelta(hours=73)
    assert "CONFIRM" not in await world.answers(first, code)
