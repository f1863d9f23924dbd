"""An officer goes by hand or by a file: only where nothing depends on the officer, and nothing of the officer stays."""

import json
from datetime import timedelta

from tests.api.test_exchange import _bring, _row, france
from tests.world import World

__all__ = ["france"]


async def test_an_officer_whom_an_open_alert_calls_leaves_by_no_file(world: World, france: str) -> None:
    officers = json.loads((await world.get("/v1/export?format=json&kind=officers", key=france)).content)["officers"]
    added = await _bring(world, {"officers": [_row(world)]}, france, how="dry_run=false")
    assert added.status_code == 200
    alert = (await world.opens_alert()).json()
    async with world.runtime.db.transaction() as session:
        new = await session.fetchval("select max(id) from officers")
        await session.execute(
            "update reply_codes set officer_id = $1 where id = (select min(id) from reply_codes)", new
        )
    gone = await _bring(world, {"officers": officers}, france, how="dry_run=false&missing=retire&reason=left")
    (fault,) = gone.json()["errors"]
    assert f"alert:{alert['reference']}" in fault["detail"]
    assert f"/v1/officers/{new}/leaving" in fault["detail"]


async def test_with_an_officer_the_pin_ends_by_hand_and_by_a_file(world: World, france: str) -> None:
    officers = json.loads((await world.get("/v1/export?format=json&kind=officers", key=france)).content)["officers"]
    for by_file in (True, False):
        assert (await _bring(world, {"officers": [_row(world)]}, france, how="dry_run=false")).status_code == 200
        async with world.runtime.db.transaction() as session:
            new = await session.fetchval("select max(id) from officers")
            row = await session.fetchval("select to_jsonb(pins) from pins limit 1")
            await session.execute(
                "insert into pins select * from jsonb_populate_record(null::pins, $1)", row | {"officer_id": new}
            )
        if by_file:
            gone = await _bring(world, {"officers": officers}, france, how="dry_run=false&missing=retire&reason=left")
        else:
            headers = {"Authorization": f"Bearer {france}", "If-Match": '"1"'}
            gone = await world.client.delete(f"/v1/officers/{new}?reason=left", headers=headers)
        assert gone.status_code == 200, gone.text
        async with world.runtime.db.session() as session:
            assert await session.fetchval("select count(*) from pins where officer_id = $1", new) == 0


async def test_where_the_channels_go_by_which_a_step_called_the_alert_climbs_at_once(world: World, france: str) -> None:
    number = (await world.opens_alert()).json()["reference"]
    async with world.runtime.db.transaction() as session:
        channels = await session.fetch(
            """select distinct c.id, c.version from messages m join channels c on c.id = m.channel_id
                 join alerts a on a.id = m.alert_id where a.reference = $1""",
            number,
        )
    for each in channels:
        async with world.runtime.db.session() as session:
            due = await session.fetchval("select due_at from alerts where reference = $1", number)
        assert due > world.clock.at + timedelta(seconds=1)
        headers = {"Authorization": f"Bearer {france}", "If-Match": f'"{each["version"]}"'}
        gone = await world.client.delete(f"/v1/channels/{each['id']}?reason=left", headers=headers)
        assert gone.status_code == 200, gone.text
    async with world.runtime.db.session() as session:
        due = await session.fetchval("select due_at from alerts where reference = $1", number)
    assert due <= world.clock.at
