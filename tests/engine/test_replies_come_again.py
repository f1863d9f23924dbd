"""A reply that met a locked alert is read again at once, and not only when its lease has ended."""

from datetime import timedelta

from contactpoints.engine.run import read_replies
from contactpoints.serving import desk_of
from tests.world import PIN, World


async def test_a_reply_to_a_locked_alert_is_read_again_a_second_later(world: World) -> None:
    reference, first, code = await world.wakes_the_first()
    await world.post("/rehearsal/replies", {"sender": first.sms, "text": f"{code} {PIN}"})
    received_at = world.clock.at
    busy = await world.runtime.db.dedicated()
    async with busy.transaction():
        await busy.execute("select 1 from alerts for update")
        assert await read_replies(desk_of(world.runtime)) == 1
    await busy.close()
    world.clock.at += timedelta(seconds=2)
    await world.settles()
    alert = (await world.get(f"/v1/alerts/{reference}")).json()
    assert alert["state"] == "acknowledged"
    assert alert["seconds_to_acknowledge"] == 0
    assert received_at < world.clock.at


async def test_a_form_sent_to_a_locked_alert_is_read_by_the_engine_a_second_later(world: World) -> None:
    reference = (await world.opens_alert()).json()["reference"]
    await world.settles()
    async with world.runtime.db.session() as session:
        token = await session.fetchval("select page_token from reply_codes")
    busy = await world.runtime.db.dedicated()
    async with busy.transaction():
        await busy.execute("select 1 from alerts for update")
        answer = await world.client.post(f"/a/{token}", data={"pin": PIN})
        assert answer.status_code >= 400
    await busy.close()
    world.clock.at += timedelta(seconds=2)
    await world.settles()
    assert (await world.get(f"/v1/alerts/{reference}")).json()["state"] == "acknowledged"
