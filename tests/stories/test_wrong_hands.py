"""Scenario 7 of the domain brief, from outside: numbers in other hands, STOP, guesses, and who is alarmed of it."""

import secrets

import pytest

from contactpoints.actions.access import make_key, set_pin
from contactpoints.rules.access import Actor, Role
from contactpoints.rules.delivery import Draft
from contactpoints.store import outbox
from schemas.examples import example
from tests.world import PIN, START, World

STRANGER = "+447700900999"
KEEPER = "keeper@fr.example.org"


@pytest.fixture(autouse=True)
async def keeper(world: World) -> None:
    """An administrator of the Party that is alarmed, and one of another Party who must hear nothing."""
    for party, address in (("FR", KEEPER), ("JP", "keeper@jp.example.org")):
        actor = Actor(0, Role.ADMINISTRATOR, party, "Keeper", None, (address,), "fr")
        await make_key(world.runtime.db, actor, now=START, entropy=secrets.token_bytes)


async def alarms(world: World) -> list[str]:
    """Return the subjects of what the Party's administrator heard, and check that the secretariat heard as often."""
    mine = [each["subject"] for each in await world.hears(KEEPER)]
    secretariat = world.network[None].officers[0]
    for address in (secretariat.sms, secretariat.email):
        theirs = [each for each in await world.hears(address) if each["purpose"] == "alarm"]
        assert len(theirs) == len(mine)
    assert await world.hears("keeper@jp.example.org") == []
    return mine


async def steps(world: World, reference: str) -> list[int]:
    """Return the steps that called somebody so far."""
    return [data["step"] for data in await world.facts(reference, "step_started")]


@pytest.mark.parametrize(
    ("text", "answer", "headline"),
    [
        ("who is this?", "ne recevra plus de messages", "mauvais destinataire"),
        ("STOP", "plus aucun message", "STOP"),
    ],
)
async def test_a_stranger_on_a_recycled_number_is_left_alone_and_the_party_alarmed(
    world: World, text: str, answer: str, headline: str
) -> None:
    first, second, _ = world.network["FR"].officers
    reference = (await world.opens_alert()).json()["reference"]
    await world.settles()
    said = await world.answers(first, text)
    assert answer in said
    assert reference not in said
    [subject] = await alarms(world)
    assert headline in subject
    await world.passes(hours=2)
    assert await world.hears(first.sms) == []
    assert await world.hears(second.sms) != []
    [told] = await world.facts(reference, "alarm_raised")
    assert told["told"] == ["administrator", "secretariat"]
    assert (await world.get(f"/v1/alerts/{reference}")).json()["state"] in ("alerting", "exhausted")
    assert await alarms(world) == []


async def test_a_second_stop_raises_no_second_alarm_and_what_comes_after_is_answered_five_times_an_hour(
    world: World,
) -> None:
    first = world.network["FR"].officers[0]
    answers = [await world.answers(first, "STOP") for _ in range(7)]
    assert [bool(said) for said in answers] == [True] * 5 + [False] * 2
    assert len(await alarms(world)) == 1
    await world.passes(hours=1, seconds=1)
    assert await world.answers(first, "STOP")


async def test_what_was_queued_for_a_number_that_said_stop_never_leaves_and_the_alert_climbs_at_once(
    world: World,
) -> None:
    first, second, _ = world.network["FR"].officers
    await _by_sms_alone(world)
    reference = (await world.opens_alert()).json()["reference"]
    await world.post("/rehearsal/replies", {"sender": first.sms, "text": "STOP"})
    await world.settles()
    heard = [each["body"] for each in await world.hears(first.sms)]
    assert [reference in each for each in heard] == [False]
    assert reference in (await world.hears(second.sms))[0]["body"]


async def _by_sms_alone(world: World) -> None:
    """Leave the first officer without a mailbox."""
    async with world.runtime.db.session() as session:
        await session.execute(
            "update channels set retired_at = $2 where kind = 'email' and officer_id = $1",
            world.network["FR"].officers[0].id,
            START,
        )


async def test_a_delivered_step_climbs_at_once_when_its_only_number_is_a_strangers(world: World) -> None:
    first, second, _ = world.network["FR"].officers
    await _by_sms_alone(world)
    reference = (await world.opens_alert()).json()["reference"]
    await world.settles()
    async with world.runtime.db.session() as session:
        await session.execute("update messages set state = 'delivered', delivered_at = $1", START)
    await world.answers(first, "Mauvais numéro")
    assert reference in (await world.hears(second.sms))[0]["body"]


async def test_a_step_with_a_mailbox_left_does_not_climb(world: World) -> None:
    first, second, _ = world.network["FR"].officers
    reference = (await world.opens_alert()).json()["reference"]
    await world.settles()
    await world.answers(first, "STOP")
    assert await world.hears(second.sms) == []
    assert await steps(world, reference) == [1]


async def test_wrong_person_with_the_code_but_without_the_pin_acknowledges_nothing(world: World) -> None:
    reference, first, code = await world.wakes_the_first()
    said = await world.answers(first, f"{code} wrong number", sender=STRANGER)
    assert said.startswith("Thank you.")
    assert len(await alarms(world)) == 1
    await world.passes(hours=1)
    assert await world.hears(first.sms) == []
    assert (await world.get(f"/v1/alerts/{reference}")).json()["acknowledged_at"] is None


async def test_code_and_right_pin_count_whatever_else_is_written(world: World) -> None:
    reference, first, code = await world.wakes_the_first()
    assert "ACCUSÉ DE RÉCEPTION" in await world.answers(first, f"who is this? {code} {PIN}")
    assert (await world.get(f"/v1/alerts/{reference}")).json()["state"] == "acknowledged"
    assert await alarms(world) == []


async def test_three_wrong_pins_lock_the_code_call_the_next_officer_and_alarm_once(world: World) -> None:
    reference, first, code = await world.wakes_the_first()
    for _ in range(3):
        await world.answers(first, f"{code} 111222", sender=STRANGER)
    assert len(await alarms(world)) == 1
    # The second step would repeat the message to the officer whose code is locked.
    assert await steps(world, reference) == [1, 3]
    assert "bloqué" in await world.answers(first, f"{code} {PIN}")
    [told] = await world.facts(reference, "alarm_raised")
    assert (told["reason"], told["line"]) == ("code_locked", "first")


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("CMBSE4K 482913", "do not know this code"),
        ("hello", "was not understood"),
        ("help", "To acknowledge, reply with the code"),
        ("STOP", "no more messages"),
        ("wrong number", "No more messages"),
    ],
)
async def test_an_unknown_sender_is_answered_neutrally_and_alarms_nobody(world: World, text: str, answer: str) -> None:
    reference = (await world.opens_alert()).json()["reference"]
    await world.settles()
    said = await world.answers(world.network["FR"].officers[0], text, sender=STRANGER)
    assert answer in said
    assert reference not in said
    assert await alarms(world) == []


async def test_an_unknown_sender_is_answered_five_times_in_all(world: World) -> None:
    first = world.network["FR"].officers[0]
    answers = [await world.answers(first, "hello", sender=STRANGER) for _ in range(6)]
    assert [bool(said) for said in answers] == [True] * 5 + [False]
    await world.passes(hours=48)
    assert await world.answers(first, "hello", sender=STRANGER) == ""


async def test_an_officer_is_answered_in_the_own_language(world: World) -> None:
    assert "n'a pas été compris" in await world.answers(world.network["FR"].officers[0], "bonjour")


@pytest.mark.parametrize(
    ("change", "answer"),
    [
        ("update pins set locked_at = set_at", "bloqué"),
        ("update pins set expires_at = set_at", "expiré"),
        ("delete from pins", "pas encore de PIN"),
    ],
)
async def test_a_pin_that_cannot_be_used_is_answered_so_and_the_next_officer_is_called(
    world: World, change: str, answer: str
) -> None:
    reference, first, code = await world.wakes_the_first()
    async with world.runtime.db.session() as session:
        await session.execute(change)
    assert answer in await world.answers(first, f"{code} {PIN}")
    assert len(await alarms(world)) == ("bloqué" in answer)
    assert (await world.get(f"/v1/alerts/{reference}")).json()["acknowledged_at"] is None
    assert len(await steps(world, reference)) == 2


async def test_words_about_an_exercise_say_so_first_to_strangers_and_keepers_too(world: World) -> None:
    first = world.network["FR"].officers[0]
    await world.opens_alert(status="exercise")
    await world.settles()
    said = [await world.answers(first, text) for text in ("bonjour", "HELP", "who is this?")]
    subjects = await alarms(world)
    assert [each.startswith("EXERCISE") for each in [*said, *subjects]] == [True] * 4


@pytest.mark.parametrize(
    "change",
    ["update pins set locked_at = set_at", "update pins set expires_at = set_at", "delete from pins"],
)
async def test_a_pin_that_cannot_be_used_costs_no_try_and_the_new_one_acknowledges(world: World, change: str) -> None:
    reference, first, code = await world.wakes_the_first()
    async with world.runtime.db.session() as session:
        await session.execute(change)
    for _ in range(3):
        await world.answers(first, f"{code} {PIN}")
    async with world.runtime.db.session() as session:
        await session.execute("delete from pins where officer_id = $1", first.id)
    await set_pin(world.runtime.db, first.id, pin="739104", now=START, tools=world.runtime.tools)
    assert "ACCUSÉ DE RÉCEPTION" in await world.answers(first, f"{code} 739104")
    assert (await world.get(f"/v1/alerts/{reference}")).json()["state"] == "acknowledged"


@pytest.mark.parametrize(("said", "heard"), [("who is this?", 2), ("STOP", 1)])
async def test_news_that_wait_for_their_turn_end_with_stop_alone(world: World, said: str, heard: int) -> None:
    await world.far.reply(world.client, STRANGER, said)
    async with world.runtime.db.session() as session:
        waiting = Draft("news", "sms", STRANGER, "en", "how it stands")
        await outbox.enqueue(session, [(None, waiting)], now=world.clock.at)
    await world.settles()
    assert len(await world.hears(STRANGER)) == heard


async def test_stop_from_a_requesters_own_number_ends_the_news_to_it_and_nothing_else(world: World) -> None:
    number, first = "+12025550143", world.network["FR"].officers[0]
    references = []
    for _ in range(2):
        opened = await world.post(
            "/v1/alerts",
            example("preservation")
            | {"requested_party": "FR", "status": "actual", "urgency": "emergency"}
            | {"notify": [number, "desk@requester.example"]},
            once=secrets.token_hex(8),
        )
        assert opened.status_code == 201, opened.text
        references.append(opened.json()["reference"])
    await world.passes(minutes=61)
    assert len(await world.hears(number)) > 1
    await world.far.reply(world.client, number, "who is this?")
    await world.settles()
    assert len(await world.hears(number)) == 1, "the answer to a wrong person"
    await world.passes(minutes=61)
    assert len(await world.hears(number)) > 1, "only STOP ends the news"
    await world.far.reply(world.client, number, "STOP")
    await world.settles()
    assert len(await world.hears(number)) == 1, "the answer to STOP"
    await world.hears("desk@requester.example")
    await world.passes(minutes=61)
    assert await world.hears(number) == []
    assert len(await world.hears("desk@requester.example")) > 1
    assert await world.hears(first.sms) != []
    for reference in references:
        told = await world.facts(reference, "requester_told", key=world.requester)
        assert [data for data in told if data["news"] == "stopped"] == [{"news": "stopped", "channels": ["sms"]}]


@pytest.mark.parametrize("words", ["{code} non {pin}", "{code} no"])
async def test_whoever_writes_no_has_not_taken_it_and_the_calls_go_on(world: World, words: str) -> None:
    first, second, _ = world.network["FR"].officers
    reference = (await world.opens_alert()).json()["reference"]
    await world.settles()
    code = await world.code_of(first)
    said = await world.answers(first, words.format(code=code, pin=PIN))
    assert "vous avez écrit non" in said
    assert (await world.get(f"/v1/alerts/{reference}")).json()["state"] == "alerting"
    assert [each["meaning"] for each in await world.facts(reference, "reply_received")] == ["unclear"]
    await world.passes(hours=1)
    assert await world.hears(second.sms) != [], "the next line is called"
    await world.answers(first, f"{code} {PIN}")
    assert (await world.get(f"/v1/alerts/{reference}")).json()["state"] == "acknowledged"
