"""The page of an alert that waits for a second person."""

import secrets

import httpx

from tests.api.people import Person
from tests.desks import Desk
from tests.far_ends import PUBLIC
from tests.world import World


async def test_a_second_person_releases_on_the_page_that_the_mail_names(world: World, desk: Desk) -> None:
    await desk.switches(True)
    told = await desk.proposes(desk.key)
    ((mail,),) = await desk.heard(desk.bob)
    number = told["id"]
    path = f"/proposals/{number}"
    assert f"{PUBLIC}{path}." in mail

    async def page(who: Person | None, act: str = "", site: str = "same-origin", **form: str) -> httpx.Response:
        cookie = {} if who is None else {"Cookie": f"__Host-session={who.token}"}
        return await world.client.request(
            "POST" if act else "GET", f"{path}{act}", data=form, headers={**cookie, "Sec-Fetch-Site": site}
        )

    assert (await page(None)).headers["Location"] == f"/signin?next={path}"
    assert (await page(desk.administrator)).status_code == 404
    summary = (await desk.ada.asks("GET", f"{told['links']['request']}")).json()["particulars"]["facts_summary"]
    closed, mine, open_ = await page(desk.bob), await page(desk.ada, "/request"), await page(desk.bob, "/request")
    assert [(summary in each.text, "/release" in each.text) for each in (closed, mine, open_)] == [
        (False, False),
        (True, False),
        (True, True),
    ]
    refused = [
        await page(desk.ada, "/release"),
        await page(desk.bob, "/release", site="cross-site"),
        await page(desk.bob, "/refusal", reason="because"),
    ]
    assert [each.status_code for each in refused] == [422, 403, 422]
    assert "Another person of your authority" in refused[0].text
    assert "choose a reason" in refused[2].text
    assert (await desk.alerts(), (await page(desk.bob, "/release")).headers["Location"]) == (0, path)
    alert = (await desk.bob.asks("GET", told["links"]["self"])).json()["alert"]
    assert f"It is alert {alert}." in (await page(desk.eve)).text
    assert [(await page(each, "/release")).status_code for each in (desk.bob, desk.eve)] == [303, 422]
    assert await desk.alerts() == 1
    async with world.runtime.db.session() as session:
        rows = await session.fetch(
            "select outcome, operation, actor, entry, entry_key from audit where operation like 'page /proposals/%'"
            " order by id"
        )
    release, refusal = (f"page /proposals/{{number}}/{act}" for act in ("release", "refusal"))
    acts = [
        ("refused", release, desk.ada),
        ("refused", refusal, desk.bob),
        ("done", release, desk.bob),
        ("refused", release, desk.eve),
    ]
    assert [tuple(row.values()) for row in rows if row["entry"] == "proposals"] == [
        (outcome, asked, f"account:{who.account}", "proposals", str(number)) for outcome, asked, who in acts
    ]


async def test_a_second_person_refuses_or_the_first_withdraws_on_the_page(world: World, desk: Desk) -> None:
    await desk.switches(True)
    for who, act, form, said in (
        (desk.eve, "refusal", {"reason": "duplicate"}, "It has been asked for already."),
        (desk.ada, "withdrawal", {}, "It was withdrawn"),
    ):
        number = (await desk.proposes(once=secrets.token_hex(8)))["id"]
        headers = {"Cookie": f"__Host-session={who.token}", "Sec-Fetch-Site": "same-origin"}
        for _ in range(2):
            done = await world.client.post(f"/proposals/{number}/{act}", data=form, headers=headers)
            assert done.status_code == 303, "pressed twice, and told the same"
        other = headers | {"Cookie": f"__Host-session={desk.bob.token}"}
        done = await world.client.post(f"/proposals/{number}/{act}", data=form, headers=other)
        assert done.status_code == 422, "somebody else has ended it"
        assert said in (await world.client.get(f"/proposals/{number}", headers=headers)).text
    assert await desk.alerts() == 0
