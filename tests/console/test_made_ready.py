"""What somebody opens first who was woken is made ready when a process starts: nobody waits for a page then."""

from contactpoints.console import rendering
from contactpoints.web import application, prepare
from contactpoints.words import LANGUAGES
from tests.api.people import person
from tests.console.test_account_pages import Browser
from tests.console.test_answer_page import opened
from tests.world import PIN, World


def _ready() -> set[tuple[str, str]]:
    """Return which templates are there to write a page by, in which language."""
    return {(language, name) for language in LANGUAGES for _, name in rendering._environment(language).cache or ()}


async def test_no_page_on_the_way_of_whoever_was_woken_is_made_ready_only_when_it_is_asked_for(world: World) -> None:
    rendering._environment.cache_clear()
    reference, link = await opened(world)
    officer = world.network["FR"].officers[0]
    ana = await person(world, "ana@fr.example.org", role="contact_point", officer_id=officer.id)
    await prepare(application(world.runtime))
    ready = _ready()
    for path, typed in (
        *(("", None), ("", {"pin": ""}), ("/decline", {"pin": "", "reason": ""}), ("", {"pin": PIN}), ("", None)),
        *(("/request", {"pin": ""}), ("/request", {"pin": PIN})),
    ):
        asked = world.client.get(link + path) if typed is None else world.client.post(link + path, data=typed)
        assert (await asked).status_code in (200, 303, 422), (path, typed)
    browser = Browser(world)
    await browser.opens("/signin")
    await browser.signs_in(ana)
    for path in ("/board", "/alerts", f"/alerts/{reference}"):
        assert (await browser.opens(path)).status_code == 200
    assert (await browser.sends(f"/alerts/{reference}/request")).status_code == 200
    assert _ready() == ready
