"""Every page, in both themes and three languages: axe-core finds nothing, nothing is wider than a telephone, no other
host is asked, and no browser complains."""

from importlib.resources import files
from urllib.parse import urlsplit

import pytest
from starlette.routing import Route

from contactpoints.console.pages import routes
from tests.browser.busy import busy_world, pages_of
from tests.browser.conftest import Visits
from tests.browser.visitor import Visitor
from tests.world import World

pytestmark = pytest.mark.asyncio(loop_scope="session")
_AXE = files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")
_EVERYTHING = {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
# Whatever else there is depends neither on colours, nor on words: one template makes a page in all languages.
_COLOURS = {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}
_WORDS = {
    "type": "rule",
    "values": [
        *("document-title", "html-has-lang", "html-lang-valid", "valid-lang", "label", "select-name", "button-name"),
        *("link-name", "summary-name", "aria-command-name", "aria-input-field-name", "svg-img-alt", "role-img-alt"),
        *("empty-heading", "empty-table-header", "target-size", "landmark-unique", "label-title-only"),
    ],
}
_OF_OFFICERS = ("/a/", "/pin/", "/address/", "/handover/")
"""Pages in the language of the officer to whom their link was sent, whatever the browser asks for."""
_OTHERWISE = {"nowhere": 404, "return": 404, "look": 422}
"""The last part of an address -> what is answered, where that is no 200: a draft with faults cannot be sent yet."""
_FINDS = """async (only) => (await axe.run(document, {
    runOnly: only, resultTypes: ["violations"], preload: false, rules: {"target-size": {enabled: true}},
})).violations.flatMap((each) => each.nodes.map(
    (node) => `${each.id}: ${node.html.slice(0, 200)} ${node.failureSummary}`))"""


@pytest.fixture
def demo() -> bool:
    """The demo: its people come in by one press."""
    return True


async def _found(visitor: Visitor, where: str, *, words: bool) -> list[str]:
    """Return what is wrong with the page that is open: by axe in both themes or in its ``words``, and by its width."""
    page, told = visitor.page, []
    await page.evaluate(_AXE)
    for theme, only in (("light", _WORDS),) if words else (("light", _EVERYTHING), ("dark", _COLOURS)):
        await page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]  # one of three words
        told += [f"{where} ({theme}) {each}" for each in await page.evaluate(_FINDS, only)]
    await page.emulate_media(color_scheme="light")
    wide = await page.evaluate("document.documentElement.scrollWidth")
    if wide > 360:
        told.append(f"{where}: {wide} wide")
    told += [f"{where}: {each}" for each in visitor.loud]
    visitor.loud.clear()
    return told


@pytest.mark.long
@pytest.mark.parametrize("language", ["en", "fr", "es"])
async def test_nobody_is_shut_out_of_any_page(world: World, visits: Visits, language: str) -> None:
    busy = await busy_world(world)
    wrong: list[str] = []
    for who, paths in pages_of(busy).items():
        visitor = await visits(language=language)
        if who:
            await visitor.comes_in(who)
        for path in paths:
            answer = await visitor.page.goto(visitor.home + path)
            if answer is None or answer.status not in (200, _OTHERWISE.get(path.rpartition("/")[2], 200)):
                wrong.append(f"{who} {path}: {answer and answer.status}")
            told = await visitor.page.locator("html").get_attribute("lang")
            if told != language and (who or not path.startswith(_OF_OFFICERS)):
                wrong.append(f"{who} {path} is in another language")
            wrong += await _found(visitor, f"{who} {path}", words=language != "en")
    assert wrong == []


def _is_page(route: Route) -> bool:
    """Say whether an address shows a page by itself: no file, no stream, and no way back to one."""
    made = route.endpoint
    name = getattr(getattr(made, "func", made), "__name__", "")
    return "GET" in (route.methods or ()) and name not in ("_back", "_begin_again", "static", "stream", "table")


async def test_no_page_is_left_out(world: World) -> None:
    busy = await busy_world(world)
    seen = [urlsplit(path).path for paths in pages_of(busy).values() for path in paths]
    missed = [
        route.path
        for route in routes(rehearsed=True, demonstrated=True)
        if _is_page(route) and not any(route.path_regex.match(path) for path in seen)
    ]
    assert missed == ["/", "/signin/openid/{name}"], "none of these is a page of the demo"
