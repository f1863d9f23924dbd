"""What a rehearsal "sent" can all be read, page by page, by machines and by people."""

import re
from typing import Any

from tests.world import World


async def _many(world: World) -> int:
    """Send an alert, and have the messages a hundred times; return how many there are."""
    await world.opens_alert()
    await world.settles()
    async with world.runtime.db.session() as session:
        await session.execute(
            """insert into messages (purpose, kind, address, body, language, rank, exercise, repeat, queued_at,
                                     attempts, state, first_accepted_at)
               select 'alarm', 'sms', address, body, language, rank, exercise, true, queued_at, 1, 'accepted', queued_at
                 from (select * from messages where kind = 'sms' order by id limit 1) m, generate_series(1, 100)"""
        )
        count: int = await session.fetchval("select count(*) from messages where attempts > 0")
    return count


async def test_machines_read_page_by_page_until_nothing_is_left(world: World) -> None:
    count = await _many(world)
    seen: list[int] = []
    cursor: str | None = ""
    while cursor is not None:
        answer: Any = (await world.get(f"/rehearsal/messages?limit=40{cursor and f'&cursor={cursor}'}")).json()
        assert len(answer["items"]) <= 40
        seen += [each["id"] for each in answer["items"]]
        cursor = answer["next_cursor"]
    assert len(seen) == count
    assert seen == sorted(set(seen), reverse=True)
    assert (await world.get("/rehearsal/messages?limit=0")).status_code == 422


async def test_people_read_on_and_answer_from_what_is_old(world: World) -> None:
    await _many(world)
    async with world.runtime.db.session() as session:
        first = await session.fetchval("select min(id) from messages where kind = 'sms' and attempts > 0")
    newest = (await world.client.get("/rehearsal")).text
    assert 'http-equiv="refresh"' in newest
    assert f'"/rehearsal/{first}"' not in newest
    link = re.search(r"/rehearsal\?before=\d+", newest)
    assert link is not None
    older = (await world.client.get(link[0])).text
    assert f'"/rehearsal/{first}"' in older
    assert 'http-equiv="refresh"' not in older
    assert (await world.client.get(f"/rehearsal/{first}")).status_code == 200
    assert (await world.client.get("/rehearsal?before=x")).status_code == 404
