"""Somebody in front of a browser: what a thumb and two eyes do, and what a browser complains of meanwhile."""

import os
import re
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.async_api import ConsoleMessage, Locator, Page, Request, expect

_SHOTS = os.environ.get("CONTACTPOINTS_SCREENSHOTS", "")
"""A folder for pictures of every page, for whoever wants to look."""
# What a browser says of any answer that is a refusal; the pages of those are looked at like others.
_REFUSED = re.compile(r"responded with a status of 4\d\d")
PATIENCE = 20_000
"""Milliseconds that a slow machine may take for a page."""


class Visitor:
    """A page of a browser at ``home``, as one person sees it; ``loud`` is what must not have been heard."""

    def __init__(self, page: Page, home: str) -> None:
        self.page, self.home, self.name, self._shots = page, home, "page", 0
        self.loud: list[str] = []
        page.on("console", self._hears)
        page.on("pageerror", lambda error: self.loud.append(str(error)))
        page.on("request", self._asks)

    def _hears(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and not _REFUSED.search(message.text):
            self.loud.append(message.text)

    def _asks(self, request: Request) -> None:
        if request.url.startswith("http") and urlsplit(request.url).netloc != urlsplit(self.home).netloc:
            self.loud.append(f"asks another host: {request.url}")

    @property
    def path(self) -> str:
        """Where the page is."""
        return urlsplit(self.page.url).path

    async def opens(self, path: str) -> int:
        """Go to a page; return the status of its answer."""
        answer = await self.page.goto(self.home + path)
        await self.looks()
        return answer.status if answer else 0

    async def comes_in(self, who: str) -> None:
        """Come in as one of the demo's people."""
        await self.opens("/demo")
        await self.page.locator(f"form:has([name=who][value={who}]) button").click()
        await self.page.wait_for_url("**/board")

    async def is_known_by(self, token: str | None) -> None:
        """Hold the session of somebody who has come in."""
        if token:
            url = self.home.replace("http:", "https:", 1)
            await self.page.context.add_cookies(
                [{"name": "__Host-session", "value": token, "secure": True, "url": url}]
            )

    async def types(self, **fields: str) -> None:
        """Fill in fields by their names."""
        for name, text in fields.items():
            await self.page.locator(f"[name='{name}']:visible").fill(text)

    async def sends(self, **fields: str) -> None:
        """Fill in fields, and press the one button that is seen."""
        await self.types(**fields)
        await self.page.locator("button:visible").click()
        await self.looks()

    async def presses(self, words: str) -> None:
        """Press the first thing that says so, and is seen."""
        await self._saying(words).first.click()

    def _saying(self, words: str) -> Locator:
        quoted = re.compile(rf"^\s*{re.escape(words)}\s*$")
        return self.page.locator("button:visible:not([aria-hidden]), a:visible, summary:visible").filter(
            has_text=quoted
        )

    async def sees(self, words: str) -> None:
        """Wait for words as they are shown, and look at the page."""
        await expect(self.page.locator("body")).to_contain_text(words, use_inner_text=True, timeout=PATIENCE)
        await self.looks()

    async def reads(self) -> str:
        """Return all that is shown."""
        return await self.page.locator("body").inner_text()

    async def asks_browser(self, method: str, **parameters: Any) -> Any:
        """Ask the browser for what no person can do."""
        if not hasattr(self, "_line"):
            self._line = await self.page.context.new_cdp_session(self.page)
        return await self._line.send(method, parameters)

    async def looks(self) -> None:
        """Nothing is wider than the window, and the browser has nothing to complain of."""
        wide, window = await self.page.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
        assert wide <= (self.page.viewport_size or {"width": window})["width"], self.page.url
        assert self.loud == [], self.page.url
        if _SHOTS:
            self._shots += 1
            await self.page.screenshot(path=Path(_SHOTS) / f"{self.name}-{self._shots:02}.png", full_page=True)
