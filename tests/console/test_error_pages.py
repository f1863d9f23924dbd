"""What goes wrong is told on a page, in the reader's language, with what to do and a reference that the log has too."""

import logging
import re

import pytest

from tests.api.people import person
from tests.console.test_account_pages import Browser, says
from tests.world import PIN, World


def _reference(text: str) -> str:
    found = re.search(r'class="mono">([0-9a-f]{8})<', text)
    assert found is not None, text
    return found[1]


async def test_a_failure_is_told_at_the_desk_in_the_language_of_the_account_with_a_reference(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    ada, browser = await person(world), Browser(world, "es")
    stranger = await browser.opens("/a/none")
    assert "Aquí no hay nada" in stranger.text
    assert "<header" not in stranger.text
    await browser.signs_in(ada)
    async with world.runtime.db.session() as session:
        await session.execute("update accounts set language = 'fr'")
        await session.execute("alter table recovery_codes add constraint broken check (false) not valid")
    missing = await browser.sends("/proposals/999999/withdrawal")
    assert missing.status_code == 404
    assert "Aller au tableau" in missing.text
    assert "<header" in missing.text, "at the desk of whoever has signed in"
    broken = await browser.sends("/account/recovery-codes")
    assert (broken.status_code, broken.headers["Content-Language"]) == (500, "fr")
    assert "répondez au SMS" in broken.text
    assert _reference(broken.text) in caplog.text
    foreign = await world.client.post("/signin", data={"email": ""}, headers={"Sec-Fetch-Site": "cross-site"})
    assert foreign.status_code == 403
    assert "Open the service itself" in foreign.text
    assert _reference(foreign.text) in caplog.text


_AWAY = (
    "create function away() returns trigger language plpgsql as"
    " $$ begin raise exception using errcode = '53300'; end $$",
    "create trigger away before insert on inbound execute function away()",
    "create trigger away before insert on recovery_codes execute function away()",
)


async def test_who_hears_that_the_service_is_away_is_told_what_fits_and_of_the_sms_where_there_is_one(
    world: World,
) -> None:
    reference = (await world.opens_alert()).json()["reference"]
    point = await person(world, "point@fr.example.org", role="contact_point", party="FR")
    asks, asked = [
        Browser(world, cookies={"__Host-session": each.token})
        for each in (await person(world, "asks@example.org", role="requester", party="US"), point)
    ]
    async with world.runtime.db.session() as session:
        for each in _AWAY:
            await session.execute(each)
    typed = {"officer": str(world.network["FR"].officers[0].id), "reply_code": "7F3K21X", "pin": PIN}
    answering = await asked.sends(f"/alerts/{reference}/acknowledgement", **typed)
    says(answering, "Your answer may not have arrived. Try again in a moment, or reply to the SMS.", 503)
    other = await asks.sends("/account/recovery-codes")
    says(other, "What you sent may not have arrived. Look how it stands", 503)
    says(other, "If it is urgent, telephone the secretariat of the network.", 503)
    assert "SMS" not in other.text, "a requester has none"


async def test_a_link_that_is_not_whole_says_so_and_never_shows_the_beginning_of_a_list(world: World) -> None:
    reference, browser = (await world.opens_alert()).json()["reference"], Browser(world)
    keeper, asks = [
        Browser(world, cookies={"__Host-session": (await person(world, f"{role}@example.org", **more)).token})
        for role, more in (("keeper", {}), ("asks", {"role": "requester", "party": "US"}))
    ]
    point = f"/directory/contact-points-{world.network['FR'].contact_point}/history"
    for who, path in (
        *((keeper, f"/administration/{each}?cursor=") for each in ("accounts", "keys", "audit")),
        *((keeper, f"{point}?cursor="), (browser, "/rehearsal?before=")),
        *(
            (asks, "/alerts?cursor="),
            (asks, f"/alerts/{reference}?before="),
            (asks, f"/alerts/{reference}/notes?older_than="),
        ),
        *((asks, "/proposals?cursor="), (asks, "/trigger?draft="), (asks, "/trigger/preview?place=FR&draft=")),
    ):
        for nonsense in ("x", "-1", "0", "1.5", "%00", "9" * 16):
            told = await who.opens(path + nonsense)
            assert told.status_code == 404, (path, nonsense)
            assert "The address is not complete" in told.text, path
