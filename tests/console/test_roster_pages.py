"""The pages of rosters: which posts there are, who is on duty and why, where cover fails, and nobody else's."""

import re
from datetime import UTC, datetime
from html import unescape
from urllib.parse import parse_qsl

import httpx

from contactpoints.console.roster_forms import filled_by, filling
from contactpoints.rules.roster_windows import window_of
from tests.api.people import person
from tests.console.test_account_pages import Browser, says
from tests.robot import Forms
from tests.world import START, World


async def desk(world: World, *, zone: str = "", **fields: str | None) -> Browser:
    """Return the browser of somebody who has signed in."""
    somebody = await person(world, f"{fields.get('role', 'ada')}@fr.example.org", **fields)
    cookies = {"__Host-session": somebody.token} | ({"zone": zone} if zone else {})
    return Browser(world, cookies=cookies)


async def test_a_roster_is_a_picture_with_a_table_behind_it_and_another_partys_is_not_there(world: World) -> None:
    ada = await desk(world, zone="America/New_York", language="fr")
    post, other = (world.network[party].posts["first"] for party in ("FR", "US"))
    listed = await ada.opens("/rosters")
    says(listed, "Couverture des 28 prochains jours", 200)
    assert re.findall(r'href="/rosters/(\d+)"', listed.text) == [
        str(each) for each in world.network["FR"].posts.values()
    ]
    month = await ada.opens(f"/rosters/{post}?on=2026-10-14")
    says(month, "Semaine par semaine, niveau 1", 200)
    past = "Ce qui est passé est montré tel que"
    assert past in unescape(month.text)
    assert past not in unescape((await ada.opens(f"/rosters/{post}?on=2026-11-14")).text), "what is to come"
    told = re.sub(r"\s+", " ", re.sub(r"<[^>]*>", "", unescape(month.text)))
    assert "horloges reculées de 1 h" in told, "the change of clocks, in the reader's language"
    assert "2026-10-20 09:00 Paris · 03:00 New York" in told
    assert f'href="/rosters/{post}?view=month&amp;on=2026-11-01"' in month.text
    week = await ada.opens(f"/rosters/{post}?view=week&on=2026-10-25")
    says(week, "2026-10-19 - 2026-10-25", 200)
    assert ['data-row="7"' in month.text, 'data-row="4"' in week.text] == [True, True], "a week and a day further down"
    for path, said, fields in (
        ("?view=week&on=zz", "comme 2026-10-14", ["on"]),
        ("?on=0001-01-01", "trop tôt", ["on"]),
        ("?view=x&on=9999-12-31", "trop tard", ["view", "on"]),
    ):
        wrong = await ada.opens(f"/rosters/{post}{path}")
        says(wrong, said, 422)
        assert re.findall(r'href="#f-(\w+)"', wrong.text) == fields
        assert [each for each in fields if f'id="f-{each}"' not in wrong.text] == []
    for path in (f"/rosters/{other}", "/rosters/999999", "/rosters/x", "/rosters?party=US"):
        assert (await ada.opens(path)).status_code == 404, path
    auditor = await desk(world, role="auditor", party=None)
    says(await auditor.opens("/rosters"), "Choose a Party to see", 200)
    says(await auditor.opens("/rosters?party=USA"), "There is no such Party.", 422)
    assert f"/rosters/{other}" in (await auditor.opens("/rosters?party=US")).text
    narrowed = await auditor.opens("/rosters?party=US&q=%C3%A0+nobody+has+this")
    says(narrowed, "No duty post has all of these words.", 200)
    assert 'value="US" selected' in narrowed.text
    assert re.findall(r'href="/rosters/(\d+)"', (await auditor.opens("/rosters?party=US&q=LEADER")).text) == [
        str(world.network["US"].posts["team_leader"])
    ]
    says(await auditor.opens(f"/rosters/{other}"), "Who is on duty", 200)


def form_of(answer: httpx.Response, action: str) -> dict[str, str]:
    """Return the fields of the first form of a page that is sent to an address that ends so."""
    return next(fields for _, path, fields in Forms(answer.text).found if path.endswith(action))


async def kept(world: World, table: str) -> int:
    async with world.runtime.db.session() as session:
        number: int = await session.fetchval(f"select count(*) from {table} where retired_at is null")
    return number


async def test_a_change_is_looked_at_before_it_counts_and_is_published_once(world: World) -> None:
    made = world.network["FR"]
    ada, post, (first, *_) = await desk(world), made.posts["first"], made.officers
    path, before = f"/rosters/{post}/change", await kept(world, "absences")
    typed = {"view": "month", "on": "2026-10-01", "zone": "Europe/Paris", "officer_id": str(first.id), "action": "away"}
    wrong = await ada.sends(path, **typed | {"starts_at": "2026-10-25T02:30", "ends_at": "2026-10-20T09:00"})
    says(wrong, "This time comes twice")
    says(wrong, "has to come after the beginning")
    assert 'value="2026-10-25T02:30"' in wrong.text, "what was typed stays"
    typed |= {"starts_at": "2026-10-14T12:00", "ends_at": "2026-10-16T09:00"}
    look = await ada.sends(path, **typed, act="look")
    says(look, "not covered any more", 200)
    assert await kept(world, "absences") == before, "it was only looked at"
    seen = form_of(look, "/change")
    says(await ada.sends(path, **seen | {"act": "publish"}), "or say here why it is changed")
    says(await ada.sends(path, **seen | {"act": "edit"}), 'value="2026-10-16T09:00"', 200)
    async with world.runtime.db.session() as session:
        await session.execute("update contact_points set revision = revision + 1 where party = 'FR'")
    moved = await ada.sends(path, **seen | {"act": "publish", "accept": "the others know"})
    says(moved, "has changed here since you looked", 409)
    for _ in range(2):
        answer = await ada.sends(path, **form_of(moved, "/change") | {"act": "publish", "accept": "the others know"})
        assert answer.headers["Location"] == f"/rosters/{post}?view=month&on=2026-10-14&said=published"
    assert await kept(world, "absences") == before + 1, "sent twice, kept once"
    page = await ada.opens(f"/rosters/{post}?on=2026-10-14")
    gap, history = (re.sub(r"<[^>]*>", "", each) for each in page.text.split('id="history"'))
    for told in (gap.split("Who is on duty")[0], history):
        assert "the others know" in told
        assert "Invented desk (administrator, FR)" in told
    assert "Accepted: the others know" in gap
    sent = await _filled(ada, page, "Put somebody on duty")
    assert sent | {"action": "add", "starts_at": "2026-10-14T12:00", "ends_at": "2026-10-16T09:00"} == sent
    sent = await _filled(ada, page, "Change")
    assert sent | {"action": "replace", "officer_id": ""} == sent
    assert sent["starts_at"].startswith("2026-10-14T02:"), "from now on"
    back = next(
        form for _, at, form in Forms(page.text).found if at.endswith("/removal") and form["kind"] == "absences"
    )
    look = await ada.sends(f"/rosters/{post}/removal", **back, act="look")
    says(look, "no more without cover", 200)
    assert re.search(rf"Taking back: <b>{first.name}</b> \(away", unescape(look.text)), look.text
    for said in ("published", "already"):
        done = await ada.sends(f"/rosters/{post}/removal", **form_of(look, "/removal") | {"act": "publish"})
        assert done.headers["Location"].endswith(said), "sent twice"
    assert await kept(world, "absences") == before
    twice = {"starts_at": "2026-10-25T02:30", "starts_which": "second", "ends_at": "2026-10-25T04:00"}
    look = await ada.sends(path, **typed | twice, act="look")
    told = re.sub(r"\s+", " ", re.sub(r"<[^>]*>", "", look.text.partition('id="entered"')[2].partition("</ul>")[0]))
    assert "2026-10-25 02:30 Paris · 01:30 UTC - " in told, "which of the two, by every clock"
    look = await ada.sends(path, **typed | {"starts_at": "2020-12-12T12:00", "ends_at": "2020-12-14T09:00"}, act="look")
    says(look, "All of this is over", 200)
    assert "Every hour is covered" not in look.text
    done = await ada.sends(path, **form_of(look, "/change") | {"act": "publish"})
    says(await ada.opens(done.headers["Location"]), "duty has changed", 200)
    assert (await ada.sends(f"/rosters/{world.network['US'].posts['first']}/change", **typed)).status_code == 404
    ada.cookies.clear()
    says(await ada.sends(path, **typed), "2026-10-16T09:00", 403)


async def _filled(reader: Browser, page: httpx.Response, link: str) -> dict[str, str]:
    """Follow the first such link behind a picture; return the form that it fills in."""
    found = re.search(rf'<td class="doing"><a href="([^"]*)#([\w-]*)">{link}<', page.text)
    assert found is not None, link
    form = "/change" if found[2] == "for-a-while" else "/offer"
    filled = await reader.opens(unescape(found[1]))
    assert f'id="{found[2]}"' in filled.text
    chosen = re.findall(
        r'<select[^>]* name="([^"]*)"[^>]*>(?:(?!</select>).)*?value="(\w*)" selected', filled.text, re.S
    )
    return form_of(filled, form) | dict(chosen)


def test_an_address_that_fills_in_hours_says_which_of_two_equal_times_is_meant() -> None:
    window = window_of("week", "2026-10-25", zone="Europe/Paris", now=START)
    starts, ends = (datetime(2026, 10, 25, hour, 30, tzinfo=UTC) for hour in (0, 1))
    asked = dict(parse_qsl(filling(starts, ends, window=window, offer=True, officer_id=7)))
    whole = {"view": "week", "on": "2026-10-19", "offer/officer_id": "7"}
    whole |= {f"offer/{name}_at": "2026-10-25T02:30" for name in ("starts", "ends")}
    assert asked == whole | {"offer/starts_which": "first", "offer/ends_which": "second"}
    assert filled_by(asked).items() >= {key: asked[key] for key in asked if "/" in key}.items()
    assert "which" not in filling(START, START, window=window)


async def test_a_rotation_is_changed_and_whoever_was_overtaken_hears_by_whom(world: World) -> None:
    ada, post = await desk(world), world.network["FR"].posts["first"]
    page = await ada.opens(f"/rosters/{post}")
    number = form_of(page, "/removal")["id"]
    async with world.runtime.db.session() as session:
        members = await session.fetchval("select members from rotations where id = $1", int(number))
    typed = {"id": number, "version": "1", "layer": "1", "period": "daily", "zone": "Europe/Paris"}
    typed |= {"starts_on": "2026-09-15", "handover": "08:00", "weekday7": "yes", "view": "week"}
    typed |= {f"members/{place}": str(each) for place, each in enumerate(members)}
    path = f"/rosters/{post}/rotation"
    assert (await ada.opens(f"{path}?id={number}")).status_code == 200
    says(await ada.sends(path, **typed | {"handover": "8", "period": "custom"}), "This is not a time of day")
    says(await ada.sends(path, **typed | {"act": "more"}), "2026-09-15", 200)
    look = await ada.sends(path, **typed)
    says(look, "Day by day, layer 1", 200)
    assert (await ada.sends(path, **form_of(look, "/rotation") | {"act": "publish"})).is_redirect
    stale = await ada.sends(path, **typed | {"handover": "07:00"})
    says(stale, "Somebody was faster", 409)
    assert 'value="07:00"' in stale.text
    assert 'name="version" value="2"' in stale.text
    chosen = await ada.sends(path, **typed | {"act": "more", "weekday6": "yes"})
    assert "<details open>" in chosen.text, "its days are seen"
    before = re.sub(r"<[^>]*>", "", (await ada.opens(f"/rosters/{post}?view=week&on=2026-10-12")).text)
    assert "2026-10-13 09:00" in before.partition("Who is on duty")[2], "it was weekly then"
    assert "<details open>" not in (await ada.opens(path)).text
    assert (await ada.opens(f"{path}?id=999999")).status_code == 404
    await _reorders(ada, path, typed, members=members)
    empty = await ada.sends(path, **{f"members/{place}": "" for place in range(3)}, act="more")
    says(empty, 'name="members/5"', 200)
    nobody = await ada.sends(path, **{name: "" if "members" in name else value for name, value in typed.items()})
    for each in ('href="#f-members"', 'id="f-members"'):
        assert each in nobody.text
    assert re.findall(r'<button [^>]*value="(\w+)"', nobody.text.partition('id="rotation"')[2])[0] == "look", "Enter"
    look = await ada.sends(path, **typed | {"version": "2", "ends_on": "2027-03-18"})
    for told in ("looked at too", "not covered any more", "After, 2027-03-15 - 2027-03-21"):
        says(look, told, 200)
    leaves = form_of(look, "/rotation") | {"act": "publish"}
    says(await ada.sends(path, **leaves), "or say here why it is changed")
    done = await ada.sends(path, **leaves | {"accept": "another house takes over"})
    assert done.headers["Location"] == f"/rosters/{post}?view=week&on=2027-03-18&said=published"


async def _reorders(ada: Browser, path: str, typed: dict[str, str], *, members: list[int]) -> None:
    """Move members of a rotation without a script: nothing is kept, and what else was typed stays."""
    (one, two, *others), second = (str(each) for each in members), 'value="up:1"'
    for act, order in (
        ("up:1", [two, one, *others]),
        ("down:0", [two, one, *others]),
        ("up:0", [one, two, *others]),
        ("out:0", [two, *others]),
        ("out:99", [one, two, *others]),
    ):
        page = await ada.sends(path, **typed | {"handover": "06:30", "act": act})
        says(page, 'value="06:30"', 200)
        assert second in page.text
        chosen = re.findall(r'name="members/\d+"(?:(?!</select>).)*?value="(\d+)" selected', page.text, re.S)
        assert chosen == order, act


async def test_a_shift_is_offered_taken_and_approved_and_feeds_and_calendars_are_kept(world: World) -> None:
    made = world.network["FR"]
    post, (first, second, *_) = made.posts["first"], made.officers
    ada, duty = await desk(world), await desk(world, role="contact_point")
    offer = {"zone": "Europe/Paris", "offer/officer_id": str(first.id), "offer/starts_at": "2026-10-15T09:00"}
    says(await duty.sends(f"/rosters/{post}/offer", **offer), "This is needed")
    back = await duty.sends(f"/rosters/{post}/offer", **offer | {"offer/in_return/ends_at": "2026-10-18T09:00"})
    assert back.text.count("<details open>") + back.text.count('<details id="offer" open>') == 2, "both folds"
    offer |= {"offer/ends_at": "2026-10-16T09:00"}
    assert (await duty.sends(f"/rosters/{post}/offer", **offer)).is_redirect
    says(await duty.sends(f"/rosters/{post}/offer", **offer), "is offered already")
    page = await duty.opens(f"/rosters/{post}")
    assert ["#for-a-while" in page.text, '<details id="offer" open>' in page.text] == [False, False]
    on_duty = await _filled(duty, page, "Offer the shift")
    assert on_duty["offer/officer_id"]
    assert on_duty["offer/starts_at"].startswith("2026-10-14T02:"), "from now on"
    take = form_of(page, "/swap") | {"officer_id": str(second.id), "act": "now"}
    wrong = await ada.sends(f"/rosters/{post}/swap", **take | {"officer_id": str(first.id)})
    says(wrong, f'href="#f-swap-{take["swap"]}">Who takes it:')
    assert f'id="f-swap-{take["swap"]}" name="officer_id" aria-invalid="true"' in wrong.text
    assert f'value="{first.id}" selected' not in wrong.text, "no other form was filled in"
    assert (await duty.sends(f"/rosters/{post}/swap", **take)).is_redirect
    await _takes_again(duty, f"/rosters/{post}/swap", take, third=made.officers[2].id)
    assert (await duty.sends(f"/rosters/{post}/change", **offer)).status_code == 403
    look = await ada.sends(f"/rosters/{post}/swap", **take | {"step": "approve", "act": "look"})
    says(look, "A shift changes hands", 200)
    assert f"<b>{second.name}</b> (on duty instead of everybody else)" in unescape(look.text)
    assert (await ada.sends(f"/rosters/{post}/swap", **form_of(look, "/swap") | {"act": "publish"})).is_redirect
    says(await ada.opens(f"/rosters/{post}"), "(swap ", 200)

    whole = await _feeds(ada, post, officer=first.id)
    once = re.search(r'name="once" value="(\w+)"', whole.text)
    assert once is not None
    fields = {"officer": "", "once": once[1]}
    shown, again = [await ada.sends(f"/rosters/{post}/feeds", **fields) for _ in range(2)]
    assert again.text.count("End this feed") == 1, "pressed twice, made once"
    says(shown, "shown this once", 200)
    address = re.search(r'id="feed-address">[^<]*(/feeds/[^<]*)<', shown.text)
    assert address is not None
    assert address[1] in again.text
    feed = form_of(shown, "/feeds/end")
    assert address[1] not in (await ada.opens(f"/rosters/{post}/feeds")).text
    for _ in range(2):
        assert (await ada.sends(f"/rosters/{post}/feeds/end", **feed)).is_redirect, "also where it is sent twice"
    assert (await ada.opens(address[1])).status_code == 404
    assert (await ada.sends(f"/rosters/{post}/feeds", **fields)).status_code == 409, "ended is ended"
    await _calendar(world, ada, post=post, officer=first.id)
    for each in ("feeds", "calendars", "rotation?id=1"):
        assert (await duty.opens(f"/rosters/{world.network['US'].posts['first']}/{each}")).status_code == 404


async def _takes_again(duty: Browser, path: str, take: dict[str, str], *, third: int) -> None:
    """Take a shift that was taken: pressed twice that is done already, and for another officer it cannot be done."""
    twice = await duty.sends(path, **take)
    says(await duty.opens(twice.headers["Location"]), "This was done already", 200)
    says(await duty.sends(path, **take | {"officer_id": str(third)}), "cannot be done any more", 409)


async def _feeds(ada: Browser, post: int, *, officer: int) -> httpx.Response:
    """Return the page of the feeds of a post; that of an officer's own says whose shifts they are."""
    own, whole = [await ada.opens(f"/rosters/{post}/feeds{which}") for which in (f"?officer={officer}", "")]
    assert [page.text.count("Make a feed") for page in (own, whole)] == [1, 1]
    says(own, "Own shifts of ", 200)
    says(whole, "The whole roster, with all names: ", 200)
    return whole


async def _calendar(world: World, ada: Browser, *, post: int, officer: int) -> None:
    """Enter a calendar, and take in the file that was looked at and no other."""
    for _ in range(2):
        assert (await ada.sends(f"/rosters/{post}/calendars", name="Duty", layer="2")).is_redirect
    taken = await ada.sends(f"/rosters/{post}/calendars", name="Duty", layer="3")
    says(taken, 'href="#f-name"')
    assert 'value="3"' in taken.text
    assert await kept(world, "calendars") == 1
    fields = form_of(await ada.opens(f"/rosters/{post}/calendars"), "/import")
    wrong = await ada.sends(f"/rosters/{post}/calendars/import", **fields | {"file": "none"})
    says(wrong, "Nothing was sent")
    assert 'value="publish"' not in wrong.text
    lost = await ada.sends(f"/rosters/{post}/calendars/import", **fields | {"file": _FILE.replace("WHO", "Nobody")})
    assert 'href="#f-file"' in lost.text
    name = (await ada.opens(f"/rosters/{post}")).text
    who = re.search(rf'<option value="{officer}">([^<]*)</option>', name)
    assert who is not None
    file = _FILE.replace("WHO", unescape(who[1]))
    look = await ada.sends(f"/rosters/{post}/calendars/import", **fields | {"file": file, "act": "look"})
    says(look, "would bring: 4", 200)
    says(look, "What it does to cover in the next 90 days", 200)
    sent = form_of(look, "/import") | {"file": file, "act": "publish"}
    assert {"seen", "revision"} <= sent.keys()
    for unseen in (fields | {"file": file, "act": "publish"}, sent | {"file": file.replace("COUNT=4", "COUNT=3")}):
        says(await ada.sends(f"/rosters/{post}/calendars/import", **unseen), "since you looked, so nothing", 409)
    assert await kept(world, "shifts") == 0, "what nobody looked at"
    async with world.runtime.db.session() as session:
        await session.execute("update contact_points set revision = revision + 1 where party = 'FR'")
    moved = await ada.sends(f"/rosters/{post}/calendars/import", **sent)
    says(moved, "since you looked, so nothing", 409)
    sent = form_of(moved, "/import") | {"file": file, "act": "publish"}
    for _ in range(2):
        taken = await ada.sends(f"/rosters/{post}/calendars/import", **sent)
        assert taken.headers["Location"].endswith("/calendars?said=published"), "pressed twice, taken in once"
    assert await kept(world, "shifts") == 4
    says(
        await ada.sends(f"/rosters/{post}/calendars/subscription", **fields | {"address": "http://x.example"}), "https"
    )
    await _troubled(world, ada, post=post, fields=fields)


async def _troubled(world: World, ada: Browser, *, post: int, fields: dict[str, str]) -> None:
    """Read what a subscription says of the file that was held back."""
    path = f"/rosters/{post}/calendars"
    assert (await ada.sends(f"{path}/subscription", **fields | {"address": "https://x.example/a.ics"})).is_redirect
    fault = {"pointer": "/events/1", "code": "no_officer", "detail": "Nobody is called <Zed>."}
    async with world.runtime.db.session() as session:
        await session.execute("update subscriptions set trouble = 'held_back', faults = $1", [fault])
        await session.execute("update accounts set language = 'fr'")
    held = await ada.opens(path)
    says(held, "retenu : ce qui a été reçu ne compte pas", 200)
    says(held, "Aucun officier de ce nom", 200)
    assert '<span class="quiet" lang="en">Nobody is called &lt;Zed&gt;.</span>' in held.text
    for _ in range(2):
        assert (await ada.sends(f"{path}/subscription", **fields | {"act": "end"})).is_redirect, "sent twice"
    strange = await ada.sends(f"{path}/subscription", calendar="999999", act="end")
    assert strange.status_code == 404


_FILE = "\r\n".join(
    (
        *("BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//example//EN", "BEGIN:VEVENT", "UID:a@example.org"),
        *("DTSTAMP:20261001T000000Z", "DTSTART;TZID=Europe/Paris:20261107T080000"),
        *("DTEND;TZID=Europe/Paris:20261109T080000", "RRULE:FREQ=WEEKLY;COUNT=4", "SUMMARY:WHO"),
        *("END:VEVENT", "END:VCALENDAR", ""),
    )
)
