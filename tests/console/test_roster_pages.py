"""The pages of rosters: which posts there are, who is on duty and why, where cover fails, and nobody else's."""

import re
from html import unescape

from tests.api.people import person
from tests.console.test_account_pages import Browser, says
from tests.world import World


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
    told = re.sub(r"\s+", " ", re.sub(r"<[^>]*>", "", unescape(month.text)))
    assert "horloges reculées de 1 h" in told, "the change of clocks, in the reader's language"
    assert "2026-10-20 09:00 Paris · 2026-10-20 03:00 New York" in told
    assert f'href="/rosters/{post}?view=month&amp;on=2026-11-01"' in month.text
    week = await ada.opens(f"/rosters/{post}?view=week&on=2026-10-25")
    says(week, "2026-10-19 - 2026-10-25", 200)
    for path in ("?view=week&on=nonsense", "?on=0001-01-01", "?view=x&on=9999-12-31"):
        assert (await ada.opens(f"/rosters/{post}{path}")).status_code == 200
    for path in (f"/rosters/{other}", "/rosters/999999", "/rosters/x", "/rosters?party=US"):
        assert (await ada.opens(path)).status_code == 404, path
    auditor = await desk(world, role="auditor", party=None)
    says(await auditor.opens("/rosters"), "Choose a Party to see", 200)
    assert f"/rosters/{other}" in (await auditor.opens("/rosters?party=US")).text
    says(await auditor.opens(f"/rosters/{other}"), "Who is on duty", 200)
