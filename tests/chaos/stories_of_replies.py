"""What is answered while processes are killed; see `tests.chaos.stories`."""

import asyncio
import secrets
from collections import Counter
from collections.abc import AsyncIterator

from tests.chaos.killing import Story
from tests.chaos.points import the_point
from tests.chaos.scene import INBOUND, Scene, released, withdrawn
from tests.chaos.stories import a_report
from tests.world import PIN

_LONGER_THAN_A_LOCK = 2.4


async def a_right_reply(scene: Scene) -> AsyncIterator[None]:
    """The officer answers with code and PIN."""
    reference = await scene.opened()
    yield
    sent = scene.heard(reference)
    sid = await scene.replies(f"yes {scene.code(reference)} {PIN}", sender=sent.to)
    yield
    [row] = await scene.acknowledgements(reference)
    assert row["state"] == "acknowledged"
    assert row["provider_code"] == sid
    assert row["acknowledged_at"] == row["arrived_at"]


async def a_reply_that_comes_second(scene: Scene) -> AsyncIterator[None]:
    """The officer answers once more: the first acknowledgement stands, the second is added."""
    reference = await scene.opened()
    sent, words = scene.heard(reference), f"{scene.code(reference)} {PIN}"
    first = await scene.replies(words, sender=sent.to)
    await scene.quiet()
    yield
    await scene.replies(words, sender=sent.to)
    yield
    rows = await scene.acknowledgements(reference)
    assert rows[0]["provider_code"] == first
    assert len(rows) == 2
    assert rows[0]["acknowledged_at"] == rows[0]["arrived_at"]


async def a_reply_that_was_first(scene: Scene) -> AsyncIterator[None]:
    """The service died over a reply, and the one after it was faster: the first acknowledgement is the earlier one."""
    reference = await scene.opened()
    words = f"{scene.code(reference)} {PIN}"
    over = the_point("inbound path", r"after .*replies.py:_handle:.*find_codes")
    early = await scene.dies(over, scene.replies(words), after=0)
    late = await scene.replies(words)
    while not await scene.acknowledgements(reference):  # noqa: ASYNC110 - what is awaited is in the database
        await asyncio.sleep(0.01)
    await scene.sent()
    yield
    await scene.passes(32)
    yield
    rows = await scene.acknowledgements(reference)
    assert [row["provider_code"] for row in rows] == [late, early]
    assert rows[0]["acknowledged_at"] == rows[1]["arrived_at"]


async def a_withdrawal_meanwhile(scene: Scene) -> AsyncIterator[None]:
    """The alert is withdrawn while the PIN is looked at."""
    reference = await scene.opened()
    yield
    async with scene.db.acquire() as other, other.transaction():
        await other.execute("select 1 from pins for update")
        sid = await scene.replies(f"{scene.code(reference)} {PIN}")
        while not await scene.db.fetchval("select 1 from pg_locks where not granted"):  # noqa: ASYNC110 - as above
            await asyncio.sleep(0.005)
        await scene.posts(f"/v1/alerts/{reference}/withdrawal", {"reason": "danger_over"})
    yield
    assert await outcome(scene, sid) == "withdrawn"
    assert await scene.acknowledgements(reference) == []


async def a_reply_that_meets_a_lock(scene: Scene) -> AsyncIterator[None]:
    """Somebody works on the alert for longer than a reply waits: it comes up again at once."""
    reference = await scene.opened()
    yield
    async with scene.db.acquire() as other, other.transaction():
        await other.execute("select 1 from alerts where reference = $1 for update", reference)
        sid = await scene.replies(f"{scene.code(reference)} {PIN}")
        await asyncio.sleep(_LONGER_THAN_A_LOCK)
    yield
    assert [row["provider_code"] for row in await scene.acknowledgements(reference)] == [sid]


async def a_reply_that_nobody_can_read(scene: Scene) -> AsyncIterator[None]:
    """What Twilio signed is no message."""
    yield
    assert await scene.far.posts(INBOUND, {"Body": secrets.token_hex(4)}) == 200
    yield
    assert await scene.db.fetchval("select outcome from inbound order by id desc limit 1") == "unreadable"


async def a_wrong_pin(scene: Scene) -> AsyncIterator[None]:
    """The third wrong PIN: the code is locked, the Party is alarmed, the next officer is called at once."""
    await scene.db.execute("delete from alarms")
    await scene.db.execute("update pins set wrong_tries = 0, locked_at = null")
    reference = await scene.opened()
    for _ in range(2):
        await scene.replies(f"{scene.code(reference)} 111999")
        await scene.quiet()
    yield
    await scene.replies(f"{scene.code(reference)} 111999")
    yield
    rows = await scene.db.fetch(
        """select t.code from timeline t join alerts a on a.id = t.alert_id
            where a.reference = $1 and t.code in ('pin_wrong', 'code_locked', 'acknowledged')""",
        reference,
    )
    assert Counter(row["code"] for row in rows) == {"pin_wrong": 3, "code_locked": 1}
    await withdrawn(scene, reference)


async def a_pin_that_is_locked(scene: Scene) -> AsyncIterator[None]:
    """The officer's PIN is locked: that is answered, and the Party is alarmed."""
    await scene.db.execute("delete from alarms")
    reference = await scene.opened()
    await scene.db.execute("update pins set locked_at = now()")
    yield
    sid = await scene.replies(f"{scene.code(reference)} {PIN}")
    yield
    await scene.db.execute("update pins set wrong_tries = 0, locked_at = null")
    assert await outcome(scene, sid) == "pin_locked"
    await withdrawn(scene, reference)


async def a_reply_without_a_pin(scene: Scene) -> AsyncIterator[None]:
    """The officer forgets the PIN and is asked for it."""
    reference = await scene.opened()
    yield
    sid = await scene.replies(scene.code(reference))
    yield
    assert await outcome(scene, sid) == "add_your_pin"
    await withdrawn(scene, reference)


async def a_reply_that_says_no(scene: Scene) -> AsyncIterator[None]:
    """The officer writes "no" beside code and PIN: nothing is taken, and that is answered."""
    reference = await scene.opened()
    yield
    sid = await scene.replies(f"{scene.code(reference)} {PIN} no")
    yield
    assert await outcome(scene, sid) == "says_no"
    assert await scene.acknowledgements(reference) == []
    await withdrawn(scene, reference)


async def a_reply_after_the_holder_has_left(scene: Scene) -> AsyncIterator[None]:
    """Whoever had the alert has left; an officer who was asked to take it over answers, and has it."""
    reference, has = await _acknowledged(scene)
    first, other = (next(e for e in scene.network["GB"].officers if (e.sms == has) is same) for same in (True, False))
    await _handed_over(scene, reference, to=other.id)
    await scene.quiet()
    code = await scene.db.fetchval(
        "select code from reply_codes r join alerts a on a.id = r.alert_id where a.reference = $1 and officer_id = $2",
        *(reference, other.id),
    )
    await scene.db.execute("update officers set retired_at = now() where id = $1", first.id)
    yield
    sid = await scene.replies(f"{code} {PIN}", sender=other.sms)
    yield
    await scene.db.execute("update officers set retired_at = null where id = $1", first.id)
    assert await outcome(scene, sid) == "acknowledged"
    assert len(await scene.acknowledgements(reference)) == 2


async def a_reply_to_what_is_over(scene: Scene) -> AsyncIterator[None]:
    """The alert was withdrawn meanwhile."""
    reference = await scene.opened()
    await withdrawn(scene, reference)
    yield
    sid = await scene.replies(f"{scene.code(reference)} {PIN}")
    yield
    assert await outcome(scene, sid) == "withdrawn"


async def a_reply_to_a_locked_code(scene: Scene) -> AsyncIterator[None]:
    """A right PIN after three wrong ones."""
    await scene.db.execute("update pins set wrong_tries = 0, locked_at = null")
    reference = await scene.opened()
    for _ in range(3):
        await scene.replies(f"{scene.code(reference)} 111999")
        await scene.quiet()
    yield
    sid = await scene.replies(f"{scene.code(reference)} {PIN}")
    yield
    assert await outcome(scene, sid) == "code_locked"
    await withdrawn(scene, reference)


async def a_stop(scene: Scene) -> AsyncIterator[None]:
    """An officer says STOP: nobody may write there any more, and the Party is alarmed."""
    await scene.db.execute("delete from alarms")
    await scene.db.execute("delete from answered_strangers")
    reference = await scene.opened()
    yield
    await scene.replies("STOP", sender=scene.heard(reference).to)
    yield
    assert await released(scene) == ["stop"]
    await withdrawn(scene, reference)


async def a_wrong_person(scene: Scene) -> AsyncIterator[None]:
    """A stranger quotes the code: the channels that it was sent to reach the wrong person."""
    await scene.db.execute("delete from alarms")
    reference = await scene.opened()
    yield
    await scene.replies(f"wrong person {scene.code(reference)}")
    yield
    assert await released(scene) == ["wrong_person"]
    await withdrawn(scene, reference)


async def a_stranger(scene: Scene) -> AsyncIterator[None]:
    """Somebody writes something."""
    yield
    sid = await scene.replies("hello there")
    yield
    assert await outcome(scene, sid) == "unknown"


async def an_answer_by_a_machine(scene: Scene) -> AsyncIterator[None]:
    """An officer's machine brings code and PIN; where it hears nothing, it brings them again."""
    reference = await scene.opened()
    officer = next(each for each in scene.network["GB"].officers if each.sms == scene.heard(reference).to)
    body = {"officer": officer.id, "reply_code": scene.code(reference), "pin": PIN}
    yield
    answer = await scene.posts(f"/v1/alerts/{reference}/acknowledgements", body, key="answers")
    yield
    assert answer.status_code == 200, answer.text
    rows = await scene.acknowledgements(reference)
    assert rows[0]["acknowledged_at"] == min(row["received_at"] for row in rows)


async def an_answer_on_the_page(scene: Scene) -> AsyncIterator[None]:
    """The officer opens the link and types the PIN; the form is sent again where no answer comes."""
    reference = await scene.opened()
    path = await page(scene, reference)
    yield
    answer = await scene.request("POST", path, data={"pin": PIN, "once": secrets.token_hex(8)})
    yield
    assert answer.status_code == 303, answer.text
    assert len(await scene.acknowledgements(reference)) == 1


async def a_slip_on_the_page(scene: Scene) -> AsyncIterator[None]:
    """The officer opens the link and types another PIN."""
    await scene.db.execute("update pins set wrong_tries = 0, locked_at = null")
    reference = await scene.opened()
    path = await page(scene, reference)
    yield
    answer = await scene.request("POST", path, data={"pin": "111999", "once": secrets.token_hex(8)})
    yield
    assert answer.status_code in (422, 303), answer.text
    assert await scene.acknowledgements(reference) == []
    await withdrawn(scene, reference)


async def a_reply_that_nobody_heard(scene: Scene) -> AsyncIterator[None]:
    """The reply came while nobody listened; the gateway's list has it."""
    reference = await scene.opened()
    sent = scene.heard(reference)
    came = scene.far.receives(sent.to, f"{scene.code(reference)} {PIN}")
    yield
    while not await scene.db.fetchval("select 1 from inbound where provider_code = $1", came.sid):
        await scene.asks_gateways()
    yield
    [row] = await scene.acknowledgements(reference)
    assert row["provider_code"] == came.sid


async def a_call_to_take_over_in_doubt(scene: Scene) -> AsyncIterator[None]:
    """Twilio hangs up on the text that calls another officer to take the alert over: it is sent again, and says so."""
    reference, has = await _acknowledged(scene)
    other = next(each for each in scene.network["GB"].officers if each.sms != has)
    scene.far.drop(times=1)
    yield
    await _handed_over(scene, reference, to=other.id)
    yield
    told = [each.body for each in scene.far.messages if each.to == other.sms and reference in each.body]
    assert told
    assert all("TAKE OVER" in each for each in told)
    await withdrawn(scene, reference)


async def a_hand_over_that_nobody_answers(scene: Scene) -> AsyncIterator[None]:
    """Another officer was asked to take the alert over and stays silent: whoever has it is told, once."""
    reference, has = await _acknowledged(scene)
    await _handed_over(scene, reference, to=next(e.id for e in scene.network["GB"].officers if e.sms != has))
    await scene.quiet()
    yield
    await scene.db.execute("update alert_handovers set due_at = $1 where over_at is null", scene.now())
    yield
    told = await scene.db.fetch(
        """select m.address from messages m join alerts a on a.id = m.alert_id
            where a.reference = $1 and m.purpose = 'handing' and m.kind = 'sms'""",
        reference,
    )
    assert [row["address"] for row in told] == [has]
    whys = "select h.why from alert_handovers h join alerts a on a.id = h.alert_id where a.reference = $1"
    assert await scene.db.fetchval(whys, reference) == "silence"


async def _acknowledged(scene: Scene) -> tuple[str, str]:
    """Open an alert and have its first officer answer; return its reference and that officer's number."""
    reference = await scene.opened()
    await scene.replies(f"{scene.code(reference)} {PIN}")
    await scene.quiet()
    return reference, scene.heard(reference).to


async def _handed_over(scene: Scene, reference: str, *, to: int) -> None:
    path = f"/v1/alerts/{reference}/handovers"
    handed = await scene.posts(path, {"officer": to}, once=secrets.token_hex(8), key="answers")
    assert handed.status_code == 200, handed.text


async def page(scene: Scene, reference: str) -> str:
    """Return the path of the page behind the first officer's link."""
    token = await scene.db.fetchval(
        "select page_token from reply_codes r join alerts a on a.id = r.alert_id where a.reference = $1", reference
    )
    return f"/a/{token}"


async def outcome(scene: Scene, sid: str) -> str:
    """Return what came of a reply."""
    what: str = await scene.db.fetchval("select outcome from inbound where provider_code = $1", sid)
    return what


REPLIES: tuple[Story, ...] = (
    a_right_reply,
    a_reply_that_comes_second,
    a_reply_that_was_first,
    a_withdrawal_meanwhile,
    a_reply_that_meets_a_lock,
    a_wrong_pin,
    a_pin_that_is_locked,
    a_reply_without_a_pin,
    a_reply_that_says_no,
    a_reply_after_the_holder_has_left,
    a_reply_to_what_is_over,
    a_reply_to_a_locked_code,
    a_stop,
    a_wrong_person,
    a_stranger,
    a_reply_that_nobody_can_read,
)
WAYS_IN: tuple[Story, ...] = (
    a_right_reply,
    a_stop,
    a_wrong_person,
    a_report,
    an_answer_by_a_machine,
    an_answer_on_the_page,
    a_slip_on_the_page,
    a_reply_that_nobody_heard,
)
CALLING: tuple[Story, ...] = (a_call_to_take_over_in_doubt,)
HANDING: tuple[Story, ...] = (a_hand_over_that_nobody_answers,)
