"""A chain climbs to another contact point: every record says whose line has answered."""

import csv

from contactpoints.demo_timeline import words
from tests.console.test_account_pages import says
from tests.console.test_alert_pages import _browser
from tests.console.test_answer_page import look, types
from tests.stories.test_handed_over import hands
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
    [here] = (await world.get("/v1/duty/FR")).json()["items"]
    assert (here["promptness"]["alerts"], here["promptness"]["acknowledged"]) == (1, 0), "its own answers alone"

    async with world.runtime.db.session() as session:
        name = await session.fetchval("select name from officers where id = $1", secretary.id)
        mine = await session.fetchval("select name from officers where id = $1", first.id)
    page = await (await _browser(world, "contact_point", "FR")).opens(f"/alerts/{reference}")
    says(page, line, 200)
    says(page, mine, 200)
    assert name not in page.text, "names stay in their house"
    says(await (await _browser(world, "requester", "US")).opens("/alerts"), line, 200)


async def test_what_another_house_has_is_handed_over_by_its_name_and_its_officer_reads_no_names_of_the_house(
    world: World,
) -> None:
    france, others = world.network["FR"], world.network[None]
    await _execute(world, "update policies set retired_at = now()")
    await _follows(world, [{"contact_point": others.contact_point, "post": others.posts["first"]}])
    reference = (await world.opens_alert()).json()["reference"]
    await world.settles()
    secretary, third = others.officers[0], france.officers[2]
    await world.answers(secretary, f"{await world.code_of(secretary)} {PIN}")
    asked = await _browser(world, "contact_point", "FR")
    assert "Ada Example" in (await asked.sends(f"/alerts/{reference}/request")).text
    assert (await asked.sends(f"/alerts/{reference}/note", words="He is known here.", once="ab")).status_code == 303
    assert (await hands(world, reference, third.id)).status_code == 200
    await world.settles()

    line = f"the first line of {others.name}"
    for key in (world.contact_point, world.requester):
        [fact] = await world.facts(reference, "handed_over", key=key)
        assert fact["from_contact_point"] == others.name
        assert words("handed_over", fact).endswith(f"it stays with {line}")
    theirs = await _path(world, third.id)
    says(await look(world, theirs), f"Elle reste avec la première ligne de {others.name} jusqu", 200)
    mine = await _path(world, secretary.id)
    says(await look(world, mine), f"the team leader of {france.name} was called to take it over", 200)
    read = await types(world, f"{mine}/request", PIN)
    says(read, "He is known here.", 200)
    says(read, "the contact point, FR,", 200)
    says(read, "The contact point that was called,", 200)
    assert "Ada Example" not in read.text, "names stay in their house"
    readings = (await world.get(f"/v1/alerts/{reference}/readings", key=world.contact_point)).json()["items"]
    assert [(each["line"], each["contact_point"]) for each in readings] == [(None, None), ("first", others.name)]
    behind = (await asked.opens(f"/alerts/{reference}")).text.partition('id="readings"')[2]
    assert f"<li>{line}, " in behind
    assert f"{line}, FR" not in behind

    assert (await types(world, theirs, PIN)).status_code == 303
    [taken] = await world.facts(reference, "taken_over")
    assert taken["from_contact_point"] == others.name
    says(await look(world, theirs), f"reprise de : la première ligne de {others.name}", 200)
    says(await look(world, mine), f"It is handed over: the team leader of {france.name} has it now", 200)


async def _path(world: World, officer: int) -> str:
    async with world.runtime.db.session() as session:
        return f"/a/{await session.fetchval('select page_token from reply_codes where officer_id = $1', officer)}"
