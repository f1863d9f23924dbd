"""The pages of the administration: accounts, keys and two persons, by plain forms, and for whom they are there."""

import asyncio
import re
from datetime import timedelta
from html import unescape

import httpx

from tests.api.people import Person, person
from tests.console.browsers import Browser
from tests.robot import Forms
from tests.world import World

ACCOUNTS, KEYS, TWO = (f"/administration/{each}" for each in ("accounts", "keys", "two-persons"))


def browser(somebody: Person) -> Browser:
    return Browser(somebody.world, {"__Host-session": somebody.token})


async def keeper(world: World, email: str = "ada@fr.example.org", **fields: object) -> Browser:
    """Return the browser of somebody who is signed in: an administrator of France unless it is said."""
    return browser(await person(world, email, **fields))


def says(answer: httpx.Response, *words: str, status: int = 200) -> None:
    assert answer.status_code == status, (answer.status_code, answer.headers.get("Location"), answer.text[-3000:])
    for each in words:
        assert each in unescape(answer.text), (each, answer.text)


def hidden(answer: httpx.Response, name: str) -> str:
    return next(form[2][name] for form in Forms(answer.text).found if name in form[2])


async def test_an_account_is_invited_changed_and_ended_and_no_page_shows_the_link(world: World) -> None:
    ada = await keeper(world)
    new = {"name": "Ben <b>", "email": "ben@fr.example.org", "role": "requester", "authority": "Desk", "language": "fr"}
    says(await ada.asks("GET", f"{ACCOUNTS}/new"), "Opens alerts to other Parties", 'name="officer_id"')
    refused = await ada.asks("POST", ACCOUNTS, data={"name": "Ben <b>", "email": "ben", "officer_id": "9999"})
    says(refused, "This is needed.", 'id="f-email-fault"', status=422)
    assert refused.text.count('class="fault"') >= 4, refused.text
    assert "Ben &lt;b&gt;" in refused.text
    once = {"once": hidden(refused, "once")}
    made, twice = [await ada.asks("POST", ACCOUNTS, data=new | once) for _ in range(2)]
    assert made.status_code == 303, made.text
    assert twice.headers["Location"] == made.headers["Location"]
    shown = await ada.asks("GET", made.headers["Location"])
    says(shown, "on its way by mail", "ben@fr.example.org", "Français", "invited")
    await world.settles()
    sent = (await world.get("/rehearsal/messages")).json()["items"]
    (link,) = {each["link"] for each in sent if each["purpose"] == "pin_link" and "/invitation/" in each["link"]}
    assert link.rpartition("/")[2] not in shown.text
    for other in (new, new | once | {"name": "Another"}):
        says(await ada.asks("POST", ACCOUNTS, data=other), "taken already", status=422)
    says(await ada.asks("GET", f"{ACCOUNTS}?text=BEN@"), "Ben <b>")
    assert "Ada" not in (await ada.asks("GET", f"{ACCOUNTS}?text=ben@")).text

    path = made.headers["Location"].partition("?")[0]
    form = await ada.asks("GET", f"{path}/change")
    fields = new | {"was": hidden(form, "was"), "name": "Ben Example"}
    for _ in range(2):
        assert (await ada.asks("POST", f"{path}/change", data=fields | {"authority": "Bureau"})).status_code == 303
    stale = await ada.asks("POST", f"{path}/change", data=fields)
    says(stale, "How it stands now", "Invented desk", 'value="Desk"', "Bureau", status=409)
    again = await ada.asks("POST", f"{path}/change", data=fields | {"was": hidden(stale, "was")})
    assert again.headers["Location"] == f"{path}?said=changed"
    fields["was"] = hidden(await ada.asks("GET", f"{path}/change"), "was")
    at_once = [ada.asks("POST", f"{path}/change", data=fields | {"authority": each}) for each in ("East", "West")]
    assert sorted(each.status_code for each in await asyncio.gather(*at_once)) == [303, 409]
    first, other = [{"once": hidden(await ada.asks("GET", path), "once")} for _ in range(2)]
    for sent_by, links in ((first, 2), (first, 2), (other, 3)):
        assert (await ada.asks("POST", f"{path}/invitation", data=sent_by)).status_code == 303
        async with world.runtime.db.session() as session:
            assert await session.fetchval("select count(*) from messages where purpose = 'pin_link'") == links
    assert (await ada.asks("POST", f"{path}/end", data={"sure": "yes"})).status_code == 303
    over = await ada.asks("GET", f"{path}?said=ended")
    says(over, "nobody comes in by it any more")
    assert [each for each in Forms(over.text).found if path in each[1]] == []
    says(await ada.asks("POST", f"{path}/invitation", data={"sure": "yes"}), "cannot be done", status=409)
    async with world.runtime.db.session() as session:
        kept = await session.fetch(
            "select operation, problem, entry_key from audit where operation like '%end' or problem = 'conflict'"
        )
    assert {(f"page {ACCOUNTS}/{{number}}/invitation", "conflict", path.rpartition("/")[2])} <= {
        tuple(row) for row in kept
    }


async def test_the_administration_is_there_for_its_own_party_and_wants_a_fresh_factor(world: World) -> None:
    ben = await person(world, "ben@us.example.org", party="US", role="administrator")
    number = ben.account
    people = {
        "administrator": await keeper(world),
        "secretariat": await keeper(world, "eva@net.example.org", role="secretariat", party=None),
        "auditor": await keeper(world, "kim@net.example.org", role="auditor", party=None),
        "requester": await keeper(world, "joe@fr.example.org", role="requester"),
    }
    theirs = {name: (await each.asks("GET", f"{ACCOUNTS}/{number}")).status_code for name, each in people.items()}
    assert theirs == {"administrator": 404, "secretariat": 200, "auditor": 200, "requester": 404}
    for path in ("", "/accounts", "/keys", "/roles", "/two-persons"):
        heard = {name: await each.asks("GET", f"/administration{path}") for name, each in people.items()}
        assert [each.status_code for each in heard.values()] == [200, 200, 200, 404], path
        assert "ben@us" not in heard["administrator"].text
    assert Forms((await people["auditor"].asks("GET", f"{ACCOUNTS}/{number}")).text).found[1:] == []
    end = f"{ACCOUNTS}/{number}/end"
    assert (await people["administrator"].asks("POST", end, data={"sure": "yes"})).status_code == 404
    says(await people["auditor"].asks("POST", end, data={"sure": "yes"}), "not yours to decide", status=403)
    invited = {"name": "Max", "email": "max@net.example.org", "role": "auditor", "authority": "Court", "language": "es"}
    eva, chosen = people["secretariat"], {"party": "FR", "act": "choose"}
    says(await eva.asks("POST", ACCOUNTS, data=invited | chosen), 'value="Max"', "max@net", 'name="officer_id"')
    anew = await eva.asks("POST", f"{ACCOUNTS}/{number}/change", data=chosen | {"name": "Max", "was": "before"})
    says(anew, 'value="Max"', 'value="before"', 'value="FR" selected')
    made = await eva.asks("POST", ACCOUNTS, data=invited)
    assert made.status_code == 303, made.text
    says(
        await people["secretariat"].asks("POST", ACCOUNTS, data=invited | {"role": "requester", "party": "FR"}),
        "not yours to decide",
        status=403,
    )

    world.clock.at += timedelta(minutes=11)
    kept = await people["administrator"].asks("POST", ACCOUNTS, data={"name": "Kept Name", "role": "administrator"})
    says(kept, "nothing was sent", 'value="Kept Name"', status=403)
    again = await people["administrator"].asks("GET", f"{ACCOUNTS}/new")
    assert again.headers["Location"] == f"/account/again?next={ACCOUNTS}/new"


NEW_KEY = {
    "authority": "Invented desk",
    "notify": "desk@us.example.org",
    "language": "en",
    "expires_at": "2026-12-01T00:00",
    "limits/kinds/preservation": "yes",
    "limits/addresses": "192.0.2.0/24\n127.0.0.1",
    "limits/hours/1/hours_from": "08:00",
    "limits/hours/1/hours_until": "18:00",
    "limits/hours/1/zone": "Europe/Paris",
    "limits/hours/1/weekdays/0": "yes",
    "call_back/persons/0/name": "Ben Example",
    "call_back/persons/0/function": "Head",
    "call_back/persons/0/phone": "+12025550143",
    "call_back/required": "yes",
}


async def test_a_key_is_made_once_and_its_secret_shown_once(world: World) -> None:
    us = await keeper(world, "ada@us.example.org", party="US")
    form = await us.asks("GET", f"{KEYS}/new")
    new = NEW_KEY | {"once": hidden(form, "once")}
    wrong = {
        "limits/addresses": "300.1.2.3",
        "limits/hours/1/hours_until": "25:00",
        "call_back/persons/0/phone": "12",
        "expires_at": "2020-01-01T00:00",
        "signing/required": "yes",
    }
    refused = await us.asks("POST", KEYS, data=new | wrong)
    says(refused, "300.1.2.3", "25:00", 'id="f-limits-hours-0-hours_until-fault"', "Ben Example", status=422)
    assert refused.text.count('class="fault"') >= 4, refused.text
    assert hidden(refused, "once") == new["once"]
    leading = re.findall(r'<a href="#(f-[^"]+)">([^:<]+): ', refused.text)
    assert {"Networks from which it is used", "Until", "Telephone"} <= {label for _, label in leading}, leading
    assert all(f'id="{field}"' in refused.text for field, _ in leading)
    more = await us.asks("POST", KEYS, data=new | {"more": "yes"})
    says(more, 'name="call_back/persons/4/name"', 'value="Ben Example"')

    made = await us.asks("POST", KEYS, data=new)
    says(made, "shown only now")
    secret = unescape(made.text).partition('id="secret" type="text" value="')[2].partition('"')[0]
    assert (await world.get("/v1/alerts", key=secret)).status_code == 200
    twice = await us.asks("POST", KEYS, data=new)
    says(twice, "made by this form already", status=409)
    assert secret not in twice.text
    listed = await us.asks("GET", f"{KEYS}?text=invented")
    number = max(int(part.partition('"')[0]) for part in listed.text.split(f'href="{KEYS}/')[1:] if part[0].isdigit())
    path = f"{KEYS}/{number}"
    one = await us.asks("GET", path)
    assert "(administrator, US)</dd>" in one.text.partition("<dt>Made</dt>")[2], "who made it is named"
    says(
        one,
        "192.0.2.0/24",
        "Monday, 08:00\N{EN DASH}18:00 Europe/Paris",
        "Ben Example, Head",
        "Every request has to name",
    )
    assert secret not in one.text + listed.text


async def test_a_key_is_changed_rotated_and_revoked_and_another_party_s_does_not_exist(world: World) -> None:
    us = await keeper(world, "ada@us.example.org", party="US")
    made = await us.asks("POST", KEYS, data=NEW_KEY)
    secret = unescape(made.text).partition('id="secret" type="text" value="')[2].partition('"')[0]
    path = re.findall(rf'class="button" href="({KEYS}/[0-9]+)"', made.text)[0]
    change = await us.asks("GET", f"{path}/change")
    version = hidden(change, "version")
    sent = NEW_KEY | {"version": version, "expires_at": "2026-11-01T00:00"}
    for _ in range(2):
        assert (await us.asks("POST", f"{path}/change", data=sent)).headers["Location"] == f"{path}?said=changed"
    stale = await us.asks("POST", f"{path}/change", data=sent | {"expires_at": "2026-10-31T00:00"})
    says(stale, "Kept now", "2026-11-01T00:00", "2026-10-31T00:00", status=409)
    assert hidden(stale, "version") == str(int(version) + 1)
    faulty = await us.asks("POST", f"{path}/change", data=sent | {"version": "2", "notify": "nobody"})
    says(faulty, "nobody</textarea>", status=422)

    says(await us.asks("POST", f"{path}/rotation", data={"ends_at": "2030-01-01T00:00"}), "2030-01-01", status=422)
    rotated = await us.asks("POST", f"{path}/rotation", data={"ends_at": "", "holder_id": ""})
    says(rotated, "shown only now", "The one before goes on")
    in_its_place = re.findall(rf'class="button" href="{KEYS}/([0-9]+)"', rotated.text)[0]
    again = await us.asks("POST", f"{path}/rotation", data={"ends_at": ""})
    says(again, f"Key {in_its_place} was made in its place already", status=409)
    assert (await us.asks("POST", f"{path}/revocation", data={"sure": "yes"})).status_code == 303
    says(await us.asks("GET", path), "revoked")
    assert (await world.get("/v1/alerts", key=secret)).status_code == 401
    fr, eva = await keeper(world), await keeper(world, "eva@net.example.org", role="secretariat", party=None)
    for door in (path, f"{path}/change"):
        assert (await fr.asks("GET", door)).status_code == 404
    assert (await fr.asks("POST", f"{path}/revocation", data={"sure": "yes"})).status_code == 404
    assert (await eva.asks("GET", path)).status_code == 200
    assert (await eva.asks("GET", f"{KEYS}/new")).status_code == 404


async def test_two_persons_are_asked_for_where_every_authority_has_them(world: World) -> None:
    us = await keeper(world, "ada@us.example.org", party="US")
    before = await us.asks("GET", TWO)
    says(before, "One person suffices", "Ask for two persons")
    says(await us.asks("POST", TWO, data={"required": "yes"}), "could open no alert", status=409)
    async with world.runtime.db.session() as session:
        await session.execute("update api_keys set revoked_at = now() where party = 'US'")
    world.clock.at += timedelta(seconds=1)
    for name in ("joe", "kim"):
        await person(world, f"{name}@us.example.org", party="US", role="requester", name=name)
    switched = await us.asks("POST", TWO, data={"required": "yes"})
    assert switched.headers["Location"] == f"{TWO}?said=two_persons"
    french = await keeper(world, "eve@fr.example.org", language="fr")
    says(await french.asks("GET", TWO), "Une personne suffit", "Deux personnes")
    eva = await keeper(world, "eva@net.example.org", role="secretariat", party=None)
    says(await eva.asks("GET", f"{TWO}?party=US"), "Authorities of this Party")
    says(await eva.asks("POST", TWO, data={"required": "yes"}), "not yours to decide", status=403)
