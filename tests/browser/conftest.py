"""A real browser on a window as small as a telephone, and the service behind a real server."""

import shutil
import socket
import tempfile
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from selenium import webdriver
from selenium.webdriver import Chrome

from contactpoints.serving import doors
from tests.world import World

_CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
_DRIVER = shutil.which("chromedriver")
_FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync", "--disable-dev-shm-usage", "--hide-scrollbars"),
)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Chrome]:
    """Chromium with an empty profile; the tests that need it are left out where there is none."""
    if not _CHROMIUM or not _DRIVER:
        pytest.skip("left out: chromium and chromedriver are not installed (apt-get install chromium chromium-driver)")
    profile = Path(tempfile.mkdtemp(prefix="contactpoints-chromium-"))
    options = webdriver.ChromeOptions()
    options.binary_location = _CHROMIUM
    for flag in (*_FLAGS, f"--user-data-dir={profile}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options, webdriver.ChromeService(_DRIVER))
    driver.set_page_load_timeout(30)
    driver.implicitly_wait(10)
    yield driver
    driver.quit()
    shutil.rmtree(profile, ignore_errors=True)


@pytest.fixture(params=[True, False], ids=["scripts run", "scripts are off"])
def telephone(chromium: Chrome, request: pytest.FixtureRequest) -> Iterator[Chrome]:
    """A window of 320 by 640, the smallest telephone; with scripts and without."""
    size = {"width": 320, "height": 640, "deviceScaleFactor": 2, "mobile": True}
    chromium.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    chromium.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": not request.param})
    chromium.get_log("browser")  # type: ignore[no-untyped-call]  # selenium leaves it without types
    yield chromium
    chromium.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})
    chromium.get("about:blank")


@pytest.fixture
async def home(world: World) -> AsyncIterator[str]:
    """The address of a service that knows it is reached there, as that of a rehearsal is: for passkeys."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    public = f"http://localhost:{port}"
    settings, tools = (
        replace(world.runtime.settings, public_url=public),
        replace(world.runtime.tools, public_url=public),
    )
    async with doors(replace(world.runtime, settings=settings, tools=tools), port=port):
        yield public


@pytest.fixture
async def address(world: World) -> AsyncIterator[str]:
    """The address of the service, for a browser."""
    async with doors(world.runtime, port=0) as port:
        yield f"http://localhost:{port}"
