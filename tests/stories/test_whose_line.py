"""A chain climbs to another contact point: every record says whose line has answered."""

import csv

from contactpoints.demo_timeline import words
from tests.console.test_account_pages import says
from tests.console.test_alert_pages import _browser
from tests.stories.test_nobody_there import DESK
from tests.stories.test_on_whom_nobody_can_count import _execute, _follows
from tests.world import PIN, World


async def test_an_answer_of_the_secretariat_is_never_told_as_one_of_the_party_asked(world: World) -> None:
    france, others = world.network["FR"], world.network[None]
    await _execute(world, "update policies set retired_at = now()")
    posts = [{"contact_point": made.contact_point, "post": made.posts["first"]} for made in (france, others)]
    await _follows(world, posts[:1], posts[1:])
    reference, first, _ = await world.wakes_the_first()
    await world.passes(minutes=6)
    secretary = others.officers[0]
    await world.hears(DESK)
    await world.answers(secretary, f"{await world.code_of(secretary)} {PIN}")

    line = f"the first line of {others.name}"
    [news] = [each["body"] for each in await world.hears(DESK)]
    assert f"ACKNOWLEDGED by {line} at " in news
    down = " ".join(each["body"] for each in await world.hears(first.sms))
    assert f"prise en charge par {others.name[:20]}" in down
    [fact] = await world.facts(reference, "acknowledged", key=world.requester)
    assert fact["contact_point"] == others.name
    assert words("acknowledged", fact) == f"ACKNOWLEDGED by {line}, by SMS"
    [own, theirs] = await world.facts(reference, "step_started", key=world.requester)
    assert "contact_points" not in own
    assert theirs["contact_points"] == [others.name]
    assert words("step_started", theirs).endswith(f": {line}")

    alert = (await world.get(f"/v1/alerts/{reference}")).json()
    assert alert["acknowledgement"]["contact_point"] == others.name
    listed = (await world.get("/v1/acknowledgements")).json()["items"][0]
    assert (listed["contact_point"], listed["contact_point_id"]) == (others.name, others.contact_point)
    table = await world.client.get(
        "/v1/acknowledgements", headers={"Authorization": f"Bearer {world.requester}", "Accept": "text/csv"}
    )
    assert next(csv.DictReader(table.text.splitlines()))["contact_point"] == others.name

    async with world.runtime.db.session() as session:
        name = await session.fetchval("select name from officers where id = $1", secretary.id)
        mine = await session.fetchval("select name from officers where id = $1", first.id)
    page = await (await _browser(world, "contact_point", "FR")).opens(f"/alerts/{reference}")
    says(page, line, 200)
    says(page, mine, 200)
    assert name not in page.text, "names stay in their house"
    says(await (await _browser(world, "requester", "US")).opens("/alerts"), line, 200)
