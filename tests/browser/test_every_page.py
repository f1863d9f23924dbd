"""Every page, in both themes and three languages, and without scripts: axe-core finds nothing, nothing is wider than a
telephone, no other host is asked, and no browser complains.

Each page is loaded once with scripts, in English, on a telephone, and looked at by all rules. Those of colours look, on
light and on dark, at each way in which text is painted once for all pages: its colour and size, and the grounds below.
Its French and its Spanish are then put in its place, and looked at by the rules that hang on words: one template, with
the same style sheets, makes a page in all languages, so that what else there is to find is in English too. Then it is
loaded once more at a desk where no scripts run.
"""

from dataclasses import dataclass, field
from importlib.resources import files
from typing import Literal
from urllib.parse import urlsplit

import httpx
import pytest
from playwright.async_api import Response
from starlette.routing import Route

from contactpoints.console.pages import routes
from contactpoints.console.rendering import page
from tests.browser.answers import UNSENT, Answer, answers_of
from tests.browser.busy import Busy, busy_world, pages_of
from tests.browser.conftest import Visits
from tests.browser.visitor import PATIENCE, Visitor
from tests.world import World

pytestmark = pytest.mark.asyncio(loop_scope="session")
_AXE = files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")
_EVERYTHING = {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
_COLOURS = {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}
_RULES = {"target-size": {"enabled": True}} | {each: {"enabled": False} for each in _COLOURS["values"]}
_WORDS = {
    "type": "rule",
    "values": [
        *("document-title", "html-has-lang", "html-lang-valid", "valid-lang", "label", "select-name", "button-name"),
        *("link-name", "summary-name", "aria-command-name", "aria-input-field-name", "svg-img-alt", "role-img-alt"),
        *("empty-heading", "empty-table-header", "landmark-unique", "label-title-only"),
    ],
}
_THEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
_OTHERWISE = {"nowhere": 404, "return": 404, "look": 422}
"""The last part of an address -> what is answered, where that is no 200: a draft with faults cannot be sent yet."""
_DESK = {"width": 1280, "height": 900}
_ANSWERED = (200, 409, 412, 422)
"""What a form may be answered with, where a page says it: it would do this, somebody was faster, this is wrong."""
_TELLS = """.violations.flatMap((each) => each.nodes.map(
    (node) => `${each.id}: ${node.html.slice(0, 200)} ${node.failureSummary}`))"""
_FINDS = f"""async ([only, rules]) => (await axe.run(document, {{
    runOnly: only, resultTypes: ["violations"], preload: false, rules,
}})){_TELLS}"""
_PAINTED = f"""async ([known, only]) => {{
    const had = new Set(known), fresh = [], styles = new Map();
    const styled = (each) => {{
        if (!styles.has(each)) styles.set(each, getComputedStyle(each));
        return styles.get(each);
    }};
    for (const each of document.querySelectorAll("body *")) {{
        const says = [...each.childNodes].some((one) => one.nodeType === Node.TEXT_NODE && one.data.trim());
        if (!(says || each.matches("input, select, textarea")) || !each.checkVisibility()) continue;
        const {{color, fontSize, fontWeight}} = styled(each);
        const way = [color, fontSize, fontWeight, styled(each.parentElement).color, each.matches("p a, li a")];
        for (let under = each; under; under = under.parentElement) {{
            const {{backgroundColor, backgroundImage, opacity}} = styled(under);
            if (backgroundColor !== "rgba(0, 0, 0, 0)") way.push(backgroundColor);
            if (backgroundImage !== "none" || opacity !== "1") way.push(backgroundImage, opacity);
        }}
        if (had.has(way.join(" "))) continue;
        had.add(way.join(" "));
        fresh.push(each);
    }}
    const told = fresh.length
        ? (await axe.run({{include: fresh}}, {{runOnly: only, resultTypes: ["violations"], preload: false}})){_TELLS}
        : [];
    return [[...had], told];
}}"""
_SENDS = """([path, fields]) => {
    const form = Object.assign(document.createElement("form"), {method: "post", action: path});
    for (const [name, value] of Object.entries(fields))
        form.append(Object.assign(document.createElement("input"), {type: "hidden", name, value}));
    document.body.append(form);
    HTMLFormElement.prototype.submit.call(form);
}"""
_TURNS = """(text) => {
    const read = new DOMParser().parseFromString(text, "text/html");
    const sheets = (of) => [...of.querySelectorAll("link[rel=stylesheet]")].map((each) => each.getAttribute("href"));
    const same = sheets(read).join() === sheets(document).join();
    document.title = read.title;
    document.documentElement.lang = read.documentElement.lang;
    document.body.replaceWith(document.adoptNode(read.body));
    return same;
}"""
_HAS = """() => ({
    headings: [...document.querySelectorAll("h1")].filter((each) => each.checkVisibility())
        .map((each) => each.innerText),
    forms: [...document.forms].map((each) => `${each.method} ${each.getAttribute("action")}`),
})"""
_DEAD = """() => {
    const sent = (each) => each.form && [...each.form.elements].some((button) => button.type === "submit");
    const dead = (each) => each.matches("button") ? !(each.form && each.type === "submit") && !each.popoverTargetElement
        : each.matches("input, select, textarea") ? !sent(each) && !each.readOnly
        : each.matches("a") ? !each.hasAttribute("href") : true;
    const all = "button, input:not([type=hidden]), select, textarea, a, [role=button], [draggable=true]";
    return [...document.querySelectorAll(all)].filter((each) => each.checkVisibility() && dead(each))
        .map((each) => each.outerHTML.slice(0, 200));
}"""


@dataclass
class _Page:
    """A page, or what answers a form with ``fields``: as it is in other languages, and what was seen on it."""

    path: str
    fields: dict[str, str] | None = None
    others: dict[str, str] = field(default_factory=dict)
    seen: object = None

    @property
    def translated(self) -> bool:
        """Say whether it is asked for in other languages: a PIN is not typed more often than its page is looked at."""
        return "pin" not in (self.fields or {})

    def answers(self, status: int) -> bool:
        """Say whether ``status`` is what it should be answered with."""
        if self.fields is not None:
            return status in _ANSWERED
        return status == _OTHERWISE.get(self.path.rpartition("/")[2], 200)


@pytest.fixture
def demo() -> bool:
    """The demo: `/demo` is a page."""
    return True


async def _translates(busy: Busy, pages: list[_Page], *, home: str, who: str, language: str) -> None:
    """Keep what pages are in another language: that of the account or the officer, or what the browser asks for."""
    headers = {"Accept": "text/html", "Accept-Language": language, "Sec-Fetch-Site": "same-origin"}
    if who:
        headers["Cookie"] = f"__Host-session={busy.tokens[who]}"
    await _speaks(busy, language)
    async with httpx.AsyncClient(base_url=home, headers=headers, timeout=PATIENCE / 1000) as client:
        for each in pages:
            if each.translated:
                asked = client.get(each.path) if each.fields is None else client.post(each.path, data=each.fields)
                answer = await asked
                assert each.answers(answer.status_code), (each.path, answer.status_code)
                each.others[language] = answer.text
    await _speaks(busy, "en")


async def _speaks(busy: Busy, language: str) -> None:
    async with busy.world.runtime.db.session() as session:
        for whose in ("accounts", "officers"):
            await session.execute(f"update {whose} set language = $1", language)


async def _goes(visitor: Visitor, each: _Page) -> Response | None:
    if each.fields is None:
        return await visitor.page.goto(visitor.home + each.path)
    async with visitor.page.expect_navigation() as going:
        await visitor.page.evaluate(_SENDS, [each.path, each.fields])
    return await going.value


async def _finds(visitor: Visitor, only: object, *, language: str) -> list[str]:
    """Return what is wrong with the page that is open: by some rules of axe, by its language and by its width."""
    told: list[str] = await visitor.page.evaluate(_FINDS, [only, _RULES if only is _EVERYTHING else {}])
    wide, found = await visitor.page.evaluate("[document.documentElement.scrollWidth, document.documentElement.lang]")
    if language and found != language:
        told.append(f"is in {found}")
    if wide > 360:
        told.append(f"{wide} wide")
    told += visitor.loud
    visitor.loud.clear()
    return [f"{language}: {each}" for each in told]


async def _looked_at(visitor: Visitor, each: _Page, *, painted: set[str]) -> list[str]:
    """Return what is wrong with a page, in both themes and three languages.

    ``painted``: how text was painted on pages before, and from now on also how it is on this one.
    """
    tab = visitor.page
    answer = await _goes(visitor, each)
    told = [] if answer and each.answers(answer.status) else [f"answers {answer and answer.status}"]
    each.seen = await tab.evaluate(_HAS)
    told += await _finds(visitor, _EVERYTHING, language="en")
    for theme in _THEMES:
        await tab.emulate_media(color_scheme=theme)
        known, found = await tab.evaluate(_PAINTED, [[*painted], _COLOURS])
        painted.update(known)
        told += [f"{theme}: {one}" for one in found]
    for language, text in each.others.items():
        if not await tab.evaluate(_TURNS, text):
            told.append(f"{language}: has other style sheets")
        told += await _finds(visitor, _WORDS, language=language)
    return told


async def _on_the_narrowest(visitor: Visitor) -> list[str]:
    """Return what is wrong at 320 px: so wide is a window of 1280 px at a zoom of 400 %."""
    tab = visitor.page
    await tab.set_viewport_size({"width": 320, "height": 640})
    wide = await tab.evaluate("document.documentElement.scrollWidth")
    await tab.set_viewport_size({"width": 360, "height": 640})
    return [f"{wide} wide at 320"] if wide > 320 else []


async def _without_scripts(visitor: Visitor, each: _Page) -> list[str]:
    """Return what a page lacks where no scripts run, or has that does nothing there."""
    await _goes(visitor, each)
    told = [f"without scripts: does nothing: {found}" for found in await visitor.page.evaluate(_DEAD)]
    wide = await visitor.page.evaluate("document.documentElement.scrollWidth")
    if wide > _DESK["width"]:
        told.append(f"at a desk: {wide} wide")
    has = await visitor.page.evaluate(_HAS)
    if has != each.seen or not has["headings"]:
        told.append(f"without scripts: {has} instead of {each.seen}")
    told += visitor.loud
    visitor.loud.clear()
    return told


@pytest.mark.long
@pytest.mark.parametrize("who", ["", "requester", "officer", "administrator", "secretariat", "auditor"])
async def test_nobody_is_shut_out_of_any_page(world: World, visits: Visits, home: str, who: str) -> None:
    busy = await busy_world(world)
    sent: list[Answer] = answers_of(busy)[who]
    pages = [_Page(path) for path in pages_of(busy)[who]]
    answers = [_Page(path, fields) for path, fields in sent]
    for language in ("fr", "es"):
        await _translates(busy, [*pages, *answers], home=home, who=who, language=language)
    visitor, plain = await visits(), await visits(scripts=False, **_DESK)
    await visitor.page.add_init_script(_AXE)
    wrong: list[str] = []
    painted: set[str] = set()
    for each in (visitor, plain):
        await each.is_known_by(busy.tokens.get(who))
    # Pages before answers, for some of those make something that pages then tell.
    for seen in (*pages, *answers):
        told = await _looked_at(visitor, seen, painted=painted)
        if seen.fields is None:
            told += await _on_the_narrowest(visitor) + await _without_scripts(plain, seen)
        wrong += [f"{seen.path} {seen.fields or ''} {found}" for found in told]
    if not who:
        wrong += await _front(visitor, painted=painted)
    assert wrong == [], "\n".join(map(str, wrong))


async def _front(visitor: Visitor, *, painted: set[str]) -> list[str]:
    """Return what is wrong with the front page of a service that is no rehearsal."""
    told = []
    await visitor.page.goto(f"{visitor.home}/signin")
    for language in ("en", "fr", "es"):
        assert await visitor.page.evaluate(_TURNS, bytes(page("home.html", language=language).body).decode())
        told += await _finds(visitor, _EVERYTHING, language=language)
    for theme in _THEMES:
        await visitor.page.emulate_media(color_scheme=theme)
        told += (await visitor.page.evaluate(_PAINTED, [[*painted], _COLOURS]))[1]
    return [f"/ {found}" for found in told]


def _is_page(route: Route) -> bool:
    """Say whether an address shows a page by itself: no file, no stream, and no way back to one."""
    made = route.endpoint
    name = getattr(getattr(made, "func", made), "__name__", "")
    return "GET" in (route.methods or ()) and name not in ("_back", "_begin_again", "static", "stream", "table")


async def test_no_page_and_no_form_is_left_out(world: World) -> None:
    busy, addresses = await busy_world(world), routes(rehearsed=True, demonstrated=True)
    seen = [urlsplit(path).path for paths in pages_of(busy).values() for path in paths]
    missed = [each.path for each in addresses if _is_page(each) and not _meets(each, seen)]
    assert missed == ["/", "/signin/openid/{name}"], "none of these is a page of the demo"
    sent = [path for answers in answers_of(busy).values() for path, _ in answers]
    unsent = {each.path for each in addresses if "POST" in (each.methods or ()) and not _meets(each, sent)}
    assert unsent == {path for paths in UNSENT.values() for path in paths}


def _meets(route: Route, paths: list[str]) -> bool:
    return any(route.path_regex.match(path) for path in paths)
