"""What happens on the ways in and out while processes are killed.

Each story prepares, yields, does what the service dies of, yields, and looks at what came of it.
"""

import asyncio
import secrets
from collections.abc import AsyncIterator

from contactpoints.store.sealing import secret_hash
from tests.chaos.killing import Story
from tests.chaos.points import the_point
from tests.chaos.scene import DESK, Scene, released, withdrawn

_LOOKS, _A_LOOK = 50, 0.02
# Every other time by each channel, whatever is rolled back; the first time always.
_BREAKS = """
drop sequence if exists breaking_sms, breaking_email;
create sequence breaking_sms;
create sequence breaking_email;
create or replace function breaks() returns trigger language plpgsql as $$ begin
    if new.code = 'message_accepted' and nextval('breaking_' || (new.data ->> 'channel')) % 2 = 1
    then raise 'it breaks'; end if; return new; end $$;
create trigger breaks before insert on timeline for each row execute function breaks();
"""

# A channel goes into quarantine in the very moment in which the first step is written down.
_BARS = """
create or replace function bars() returns trigger language plpgsql as $$ begin
    update channels set quarantined_at = now(), quarantined_why = 'stop' where id = new.channel_id; return new; end $$;
create trigger bars before insert on messages for each row when (new.purpose = 'alert' and new.step = 1)
    execute function bars();
"""


async def _until(scene: Scene, query: str, *arguments: object) -> None:
    """Wait until something is true that comes at once, or where the service dies before, much later."""
    for _ in range(_LOOKS):
        if await scene.db.fetchval(query, *arguments):
            break
        await asyncio.sleep(_A_LOOK)


async def a_trigger(scene: Scene) -> AsyncIterator[None]:
    """Somebody triggers an alert to a Party whose route is in memory."""
    first = await scene.opened()
    yield
    answer = await scene.triggers()
    yield
    assert answer.status_code in (200, 201)
    await withdrawn(scene, first, answer.json()["reference"])


async def a_trigger_by_a_person(scene: Scene) -> AsyncIterator[None]:
    """Somebody of the authority triggers an alert in a session, which is looked up each time."""
    first = await scene.opened()
    key, scene.keys["asks"] = scene.keys["asks"], await _signed_in(scene)
    yield
    answer = await scene.triggers()
    yield
    scene.keys["asks"] = key
    assert answer.status_code in (200, 201)
    await withdrawn(scene, first, answer.json()["reference"])


async def _signed_in(scene: Scene) -> str:
    token = f"cs_{secrets.token_hex(16)}"
    await scene.db.execute(
        """with actor as (insert into actors (kind) values ('account') returning id),
                account as (insert into accounts (id, name, email, role, party, authority, created_at, accepted_at)
                            select id, 'Ada', $2, 'requester', 'US', 'Invented Desk', now(), now() from actor
                            on conflict (email) do update set name = excluded.name returning id)
           insert into sessions (token_hash, account_id, factors, device, created_at, seen_at, proven_at)
           select $1, id, '{password,totp}', 'a desk', now(), now(), now() from account""",
        secret_hash(token),
        DESK,
    )
    return token


async def the_first_trigger(scene: Scene) -> AsyncIterator[None]:
    """Somebody triggers an alert when nothing is in memory yet."""
    await scene.restarts()
    yield
    answer = await scene.triggers()
    yield
    assert answer.status_code in (200, 201)
    await withdrawn(scene, answer.json()["reference"])


async def a_repeated_trigger(scene: Scene) -> AsyncIterator[None]:
    """The same key again, whose answer got lost."""
    once = secrets.token_hex(8)
    first = await scene.opened(once=once)
    yield
    answer = await scene.triggers(once)
    yield
    assert answer.status_code == 200
    assert answer.headers["Idempotency-Replayed"] == "true"
    assert answer.json()["reference"] == first
    await withdrawn(scene, first)


async def a_repeated_trigger_to_who_is_gone(scene: Scene) -> AsyncIterator[None]:
    """The same key again, when the contact point is none any more."""
    once = secrets.token_hex(8)
    first = await scene.opened(once=once)
    await scene.db.execute("update contact_points set retired_at = now() where party = 'GB'")
    await scene.restarts()
    yield
    answer = await scene.triggers(once)
    yield
    assert answer.json()["reference"] == first
    await scene.db.execute("update contact_points set retired_at = null where party = 'GB'")
    await withdrawn(scene, first)


async def a_trigger_after_a_change(scene: Scene) -> AsyncIterator[None]:
    """The route in memory is not the directory's any more."""
    first = await scene.opened()
    await scene.db.execute("update posts set function = function")
    yield
    answer = await scene.triggers()
    yield
    await withdrawn(scene, first, answer.json()["reference"])


async def a_trigger_into_a_gap(scene: Scene) -> AsyncIterator[None]:
    """Nobody is on duty at the first line: the second is called, and an alarm is raised with it."""
    post = scene.network["GB"].posts["first"]
    await scene.db.execute("update rotations set retired_at = now() where post_id = $1", post)
    await scene.db.execute("delete from alarms")
    await scene.restarts()
    yield
    answer = await scene.triggers()
    yield
    assert answer.json()["warnings"]
    assert await scene.db.fetchval("select count(*) from alarms where reason = 'nobody_on_duty'") == 1
    await scene.db.execute("update rotations set retired_at = null where post_id = $1", post)
    await withdrawn(scene, answer.json()["reference"])


async def a_trigger_to_nobody(scene: Scene) -> AsyncIterator[None]:
    """There is no such Party: nothing is accepted, and nothing is written."""
    yield
    answer = await scene.triggers(requested_party="XX")
    yield
    assert answer.status_code == 422


async def a_trigger_with_faults(scene: Scene) -> AsyncIterator[None]:
    """What is asked is wrong in itself, and there is no such Party either: all is told at once."""
    yield
    answer = await scene.triggers(requested_party="XX", urgency="very")
    yield
    assert {each["pointer"] for each in answer.json()["errors"]} == {"/requested_party", "/urgency"}


async def a_text_taken_in_doubt(scene: Scene) -> AsyncIterator[None]:
    """Twilio takes the text and hangs up before it answers: it is found there."""
    scene.far.drop(accepts=True, times=1)
    yield
    answer = await scene.triggers()
    yield
    await withdrawn(scene, answer.json()["reference"])


async def a_text_lost_in_doubt(scene: Scene) -> AsyncIterator[None]:
    """Twilio hangs up before it takes the text: it is not found there, and sent again."""
    scene.far.drop(times=1)
    yield
    answer = await scene.triggers()
    yield
    await withdrawn(scene, answer.json()["reference"])


async def a_text_in_doubt_for_long(scene: Scene) -> AsyncIterator[None]:
    """Twilio takes the text, hangs up, and lists nothing for long: the text is sent again, marked as a repeat."""
    scene.far.drop(accepts=True, times=1)
    scene.far.answers(503, times=20)
    yield
    answer = await scene.triggers()
    await scene.sent()
    await scene.takes_down()
    for _ in range(5):
        await scene.passes(6)
        await scene.sent()
    scene.far.mend()
    await scene.passes(12)
    yield
    await withdrawn(scene, answer.json()["reference"])


async def an_outcome_that_breaks_its_batch(scene: Scene) -> AsyncIterator[None]:
    """What came of a message cannot be written down with others, but alone."""
    await scene.db.execute(_BREAKS)
    yield
    answer = await scene.triggers()
    await _until(scene, "select least(a.last_value, b.last_value) > 1 from breaking_sms a, breaking_email b")
    await scene.db.execute("drop trigger breaks on timeline")
    yield
    await withdrawn(scene, answer.json()["reference"])


async def a_text_refused_for_good(scene: Scene) -> AsyncIterator[None]:
    """Twilio says that the number does not exist: it goes into quarantine, its Party is alarmed."""
    await scene.db.execute("delete from alarms")
    scene.far.answers(400, 21211, to=scene.network["GB"].officers[0].sms)
    yield
    answer = await scene.triggers()
    yield
    assert await released(scene) == ["channel_refused"]
    scene.far.mend()
    await withdrawn(scene, answer.json()["reference"])


async def a_text_cancelled_as_it_is_claimed(scene: Scene) -> AsyncIterator[None]:
    """Both channels of the first officer go into quarantine before the messages leave: the next step is called."""
    await scene.db.execute("delete from alarms")
    await scene.db.execute(_BARS)
    yield
    answer = await scene.triggers()
    await _until(scene, "select step > 1 from alerts where reference = $1", answer.json()["reference"])
    yield
    await scene.db.execute("drop trigger bars on messages")
    assert await released(scene) == ["stop"] * 2
    await withdrawn(scene, answer.json()["reference"])


async def a_gateway_that_is_down(scene: Scene) -> AsyncIterator[None]:
    """Twilio takes nothing for minutes, and an alarm is raised by mail."""
    await scene.db.execute("delete from alarms")
    scene.far.answers(503)
    answer = await scene.triggers()
    for _ in range(5):
        await scene.quiet()
        await scene.passes(31)
    yield
    while not await scene.db.fetchval("select 1 from alarms where reason = 'gateway'"):
        await scene.quiet()
        await scene.passes(31)
    yield
    scene.far.mend()
    await scene.passes(31)
    await scene.quiet()
    await withdrawn(scene, answer.json()["reference"])


async def an_end_with_a_text_on_its_way(scene: Scene) -> AsyncIterator[None]:
    """The engine is ended while Twilio takes its time: what came of the text is still written down."""
    scene.far.hang()
    yield
    answer = await scene.triggers()
    while not await scene.db.fetchval("select 1 from messages where state = 'sending'"):  # noqa: ASYNC110 - as above
        await asyncio.sleep(0.01)
    nothing_else = the_point("send path", r"before .*dispatcher.py:land:.* asyncio.wait")
    await scene.rests(nothing_else, scene.far.mend)
    yield
    await withdrawn(scene, answer.json()["reference"])


async def an_end_of_the_service(scene: Scene) -> AsyncIterator[None]:
    """All of it is ended while Twilio takes its time: what came of it is written down, and the next life goes on."""
    scene.far.hang()
    answer = await scene.triggers()
    while not await scene.db.fetchval("select 1 from messages where state = 'sending'"):  # noqa: ASYNC110 - as above
        await asyncio.sleep(0.01)
    await scene.ends(meanwhile=scene.far.mend)
    await scene.quiet()
    await scene.check()
    yield
    yield
    await withdrawn(scene, answer.json()["reference"])


async def a_report(scene: Scene) -> AsyncIterator[None]:
    """Twilio reports a text as delivered."""
    reference = await scene.opened()
    yield
    await scene.reports(scene.heard(reference), "delivered")
    yield
    assert await scene.db.fetchval("select count(*) from timeline where code = 'message_delivered'")
    await withdrawn(scene, reference)


_BREAKS_REPORTS = """
drop sequence if exists breaking_reports;
create sequence breaking_reports;
create or replace function breaks_reports() returns trigger language plpgsql as $$ begin
    if nextval('breaking_reports') % 2 = 1 then raise 'it breaks'; end if; return new; end $$;
create trigger breaks_reports before insert on timeline for each row when (new.code = 'message_delivered')
    execute function breaks_reports();
"""


async def a_report_that_breaks_its_batch(scene: Scene) -> AsyncIterator[None]:
    """A report cannot be written down with others, but alone."""
    reference = await scene.opened()
    await scene.db.execute(_BREAKS_REPORTS)
    yield
    await scene.reports(scene.heard(reference), "delivered")
    yield
    await scene.quiet()
    await scene.db.execute("drop trigger breaks_reports on timeline")
    assert await scene.db.fetchval("select count(*) from timeline where code = 'message_delivered'")
    await withdrawn(scene, reference)


async def a_report_that_tells_nothing(scene: Scene) -> AsyncIterator[None]:
    """Twilio reports a text as sent after it reported it as delivered."""
    reference = await scene.opened()
    await scene.reports(scene.heard(reference), "delivered")
    yield
    await scene.reports(scene.heard(reference), "sent")
    yield
    await withdrawn(scene, reference)


async def a_report_of_an_unknown_number(scene: Scene) -> AsyncIterator[None]:
    """Twilio reports that a text will never arrive: the channel goes into quarantine."""
    await scene.db.execute("delete from alarms")
    reference = await scene.opened()
    yield
    await scene.reports(scene.heard(reference), "undelivered", error=30005)
    yield
    assert await released(scene) == ["channel_refused"]
    await withdrawn(scene, reference)


async def a_report_of_a_bad_line(scene: Scene) -> AsyncIterator[None]:
    """Twilio reports that a text did not arrive this time."""
    reference = await scene.opened()
    yield
    await scene.reports(scene.heard(reference), "undelivered", error=30003)
    yield
    await withdrawn(scene, reference)


INTAKE: tuple[Story, ...] = (
    a_trigger,
    a_trigger_by_a_person,
    the_first_trigger,
    a_trigger_into_a_gap,
    a_repeated_trigger,
    a_repeated_trigger_to_who_is_gone,
    a_trigger_after_a_change,
    a_trigger_to_nobody,
    a_trigger_with_faults,
)
SENDING: tuple[Story, ...] = (
    a_text_taken_in_doubt,
    a_text_lost_in_doubt,
    a_text_in_doubt_for_long,
    a_trigger,
    an_end_with_a_text_on_its_way,
    an_end_of_the_service,
    an_outcome_that_breaks_its_batch,
    a_text_refused_for_good,
    a_text_cancelled_as_it_is_claimed,
    a_gateway_that_is_down,
    a_report,
    a_report_that_breaks_its_batch,
    a_report_that_tells_nothing,
    a_report_of_an_unknown_number,
    a_report_of_a_bad_line,
)
