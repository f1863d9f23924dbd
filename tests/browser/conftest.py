"""A real browser, and the service behind a real server: one process each, and every visitor with cookies of their own.

What Playwright opened lives on one loop, that of the whole run: tests in here run on it, and so do their worlds.
"""

import os
import shutil
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import replace

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Error, Playwright, async_playwright

from contactpoints.serving import doors
from tests.browser.visitor import PATIENCE, Visitor
from tests.world import World, open_world

_FLAGS = (
    *("--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync", "--disable-dev-shm-usage"),
)
# A shell has no windows, tabs and menus to draw: it takes two thirds of what a whole browser takes.
_NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
_MISSING = "left out: no Chromium was found, neither Playwright's (playwright install chromium) nor the system's"

Visits = Callable[..., Awaitable[Visitor]]


async def _launch(playwright: Playwright) -> Browser | None:
    """Start Playwright's own Chromium, the system's where there is none; None where there is none at all."""
    try:
        return await playwright.chromium.launch(args=_FLAGS)
    except Error:
        found = next(filter(None, map(shutil.which, _NAMES)), None)
        return await playwright.chromium.launch(args=_FLAGS, executable_path=found) if found else None


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def chromium() -> AsyncIterator[Browser]:
    """Chromium; the tests that need it are left out where there is none, but in CI."""
    async with async_playwright() as playwright:
        browser = await _launch(playwright)
        if browser is None:
            (pytest.fail if os.environ.get("BROWSER_TESTS") == "must" else pytest.skip)(_MISSING)
        yield browser
        await browser.close()


@pytest_asyncio.fixture(loop_scope="session")
async def world(database_url: str) -> AsyncIterator[World]:
    """The invented network, a service in front of it, and a clock that the test moves."""
    async with open_world(database_url) as opened:
        yield opened


@pytest.fixture
def demo() -> bool:
    """Whether the service is that of the demo, where anybody comes in as one of its invented people."""
    return False


@pytest_asyncio.fixture(loop_scope="session")
async def home(world: World, demo: bool) -> AsyncIterator[str]:
    """The address of a service that knows it is reached there, as that of a rehearsal is: for passkeys and forms."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    public = f"http://localhost:{port}"
    settings, tools = (
        replace(world.runtime.settings, public_url=public, demo=demo),
        replace(world.runtime.tools, public_url=public),
    )
    async with doors(replace(world.runtime, settings=settings, tools=tools), port=port):
        yield public


@pytest_asyncio.fixture(loop_scope="session")
async def visits(chromium: Browser, home: str) -> AsyncIterator[Visits]:
    """A function that opens a window (360 by 640 unless another ``width`` and ``height`` are asked for) with cookies of
    its own; ``scripts``, ``language`` as the browser asks for it, ``theme``."""
    async with AsyncExitStack() as stack:

        async def visit(
            *, width: int = 360, height: int = 640, scripts: bool = True, language: str = "en", **more: object
        ) -> Visitor:
            context = await chromium.new_context(
                viewport={"width": width, "height": height},
                is_mobile=width < 500,
                java_script_enabled=scripts,
                locale=language,
                **more,  # type: ignore[arg-type]
            )
            stack.push_async_callback(context.close)
            context.set_default_timeout(PATIENCE)
            return Visitor(await context.new_page(), home)

        yield visit
