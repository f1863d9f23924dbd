"""An officer leaves on a page: what depends on the officer is given to others, tried first, and done at once."""

from datetime import timedelta
from html import unescape

from tests.console.browsers import Filled
from tests.console.test_alert_pages import _browser
from tests.console.test_answer_page import look
from tests.console.test_directory_pages import desk
from tests.world import PIN, World


async def test_an_officer_leaves_by_a_plan_that_was_tried(world: World) -> None:
    ada, (first, second) = await desk(world), world.network["FR"].officers[:2]
    path, post = f"/directory/officers-{first.id}/leaving", world.network["FR"].posts["first"]
    reference, _, code = await world.wakes_the_first()
    await world.answers(first, f"{code} {PIN}")
    async with world.runtime.db.session() as session:
        await session.execute(
            "insert into feeds (token_hash, post_id, created_at, created_by) values ('x', $1, $2, 'Ada')",
            *(post, world.clock.at),
        )
    assert path in await ada.opens(f"/directory/officers-{first.id}")
    page = await ada.opens(path)
    for each in (
        "Première ligne: takes turns there",
        "The next shifts",
        "camille.frene@fr.example.org",
        "ends at once",
        f'<a href="/rosters/{post}/feeds">',
        "could still read there who is on duty",
        f'<span class="mono whole">{reference}</span> Acknowledged',
        "once the officer has left, nobody has it",
    ):
        assert each in page, each
    assert 'value="leave"' not in page, "it is tried first"
    form = await ada.form(path)
    whom = [name for name in form if name.startswith("who/")]
    unread = unescape((await ada.sends(path, 422, **form | {"act": "leave"})).text)
    assert unread.count("This is needed.") == 2 * len(whom), "above and beside"
    nobody = form | dict.fromkeys(whom, "nobody")
    reason = unescape((await ada.sends(path, 422, **nobody | {"act": "look"})).text)
    assert 'id="f-reason-fault"' in reason
    gaps = unescape((await ada.sends(path, 200, **nobody | {"act": "look", "reason": "moves on"})).text)
    assert 'value="moves on"' in gaps
    assert "nothing is done yet" in gaps
    given = form | dict.fromkeys(whom, str(second.id)) | {"reason": "moves on"}
    strange = unescape((await ada.sends(path, 422, **given | {whom[0]: "999999", "act": "look"})).text)
    assert f'id="f-{whom[0].replace("/", "-")}-fault"' in strange
    tried = await ada.sends(path, 200, **given | {"act": "look"})
    assert "Sacha Tilleul" in unescape(tried.text)
    async with world.runtime.db.session() as session:
        assert await session.fetchval("select retired_at from officers where id = $1", first.id) is None
        await session.execute("update rotations set version = version + 1 where id = $1", int(whom[0].split(":")[1]))
    again = Filled(tried.text).form("/leaving") | {"act": "leave"}
    outdated = await ada.sends(path, 409, **again)
    assert "has changed meanwhile" in outdated.text
    meant = Filled(outdated.text).form("/leaving")
    assert {name: meant[name] for name in whom} == dict.fromkeys(whom, str(second.id)), "what was chosen stays"
    await ada.sends(path, 412, **meant | {"act": "leave", "version": "7"})
    done = await ada.sends(path, **meant | {"act": "leave"})
    assert "Retired" in await ada.opens(done.headers["Location"])
    asks = await _browser(world, "requester", "US")
    left = (await asks.opens(f"/alerts/{reference}")).text
    assert "NOBODY HAS IT NOW: whoever had it" in left
    assert f"<title>NOBODY HAS IT - {reference} - " in left
    assert (await ada.sends(path, **meant | {"act": "leave"})).headers["Location"] == done.headers["Location"]
    async with world.runtime.db.session() as session:
        members = await session.fetch("select members from rotations where retired_at is null")
        acts = await session.fetch("select outcome from audit where operation = 'page /directory/{entry}/leaving'")
    assert not any(first.id in row["members"] for row in members)
    assert {"rehearsed", "done", "refused"} == {row["outcome"] for row in acts}


async def test_an_alert_that_was_left_behind_is_taken_by_whoever_answers_next(world: World) -> None:
    (first, second, *_), (reference, _, code) = world.network["FR"].officers, await world.wakes_the_first()
    await world.passes(minutes=6)
    own = await world.code_of(second)
    await world.answers(first, f"{code} {PIN}")
    async with world.runtime.db.session() as session:
        token = await session.fetchval("select page_token from reply_codes where officer_id = $1", second.id)
        await session.execute("update officers set language = 'en'")
        await session.execute("update officers set retired_at = $2 where id = $1", first.id, world.clock.at)
    page = (await look(world, f"/a/{token}")).text
    assert "nobody has it now" in page
    assert 'name="pin"' in page, "it can be taken"
    asks = await _browser(world, "contact_point", "FR")
    assert "nobody has it now" in (await asks.opens("/board")).text
    assert "NOBODY HAS IT NOW" in (await asks.opens(f"/alerts/{reference}")).text
    assert "NOBODY HAS IT" in (await asks.opens("/alerts")).text
    await world.passes(minutes=1)
    assert "already" not in (await world.answers(second, f"{own} {PIN}")).lower()
    assert "It is yours now" in (await look(world, f"/a/{token}")).text
    assert "NOBODY HAS IT NOW" not in (await asks.opens(f"/alerts/{reference}")).text
    assert "nobody has it now" not in (await asks.opens("/board")).text
    assert "NOBODY HAS IT" not in (await asks.opens("/alerts")).text


async def test_who_leaves_is_for_their_own_house_and_wants_a_fresh_factor_in_french_too(world: World) -> None:
    ada = await desk(world)
    japan, france = world.network["JP"].officers[0].id, world.network["FR"].officers[2].id
    for path in (f"officers-{japan}", f"contact-points-{world.network['FR'].contact_point}", "officers-99999"):
        await ada.opens(f"/directory/{path}/leaving", 404)
        await ada.sends(f"/directory/{path}/leaving", 404, act="leave", version="1")
    path = f"/directory/officers-{france}/leaving"
    form = await ada.form(path)
    world.clock.at += timedelta(minutes=11)
    assert (await ada.browser.asks("GET", path)).headers["Location"].startswith("/account/again")
    kept = await ada.sends(path, 403, **form | {"act": "look", "reason": "gone"})
    assert 'value="gone"' in kept.text
    await ada.person.steps_up()
    ada.browser.cookies["__Host-session"] = ada.person.token
    async with world.runtime.db.session() as session:
        await session.execute("update accounts set language = 'fr'")
    assert "Ce qui dépend de cet officier" in await ada.opens(path)
