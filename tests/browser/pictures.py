"""Pictures of every page, on a desk in both themes and on a telephone, to be looked at: `script/screenshots`."""

import os
import re
from pathlib import Path

import pytest

from tests.browser.busy import busy_world, pages_of
from tests.browser.conftest import Visits
from tests.world import World

pytestmark = pytest.mark.asyncio(loop_scope="session")
_FOLDER = Path(os.environ.get("CONTACTPOINTS_SCREENSHOTS", "screenshots"))
_DESK, _TELEPHONE = {"width": 1280, "height": 860}, {"width": 360, "height": 640}


@pytest.fixture
def demo() -> bool:
    """The demo: its people come in by one press."""
    return True


async def test_a_picture_of_every_page_on_light_on_dark_and_on_a_telephone(world: World, visits: Visits) -> None:
    busy = await busy_world(world)
    chosen = re.compile(os.environ.get("CONTACTPOINTS_PAGES", ""))
    for who, paths in pages_of(busy).items():
        visitor = await visits(**_DESK, timezone_id="Europe/Paris")
        page = visitor.page
        if who:
            await visitor.comes_in(who)
        for number, path in enumerate(paths):
            if not chosen.search(f"{who} {path}"):
                continue
            await page.set_viewport_size(_DESK)  # type: ignore[arg-type]  # width and height
            await page.goto(visitor.home + path)
            name = re.sub(r"[^a-z]+", "-", path.lower()).strip("-")[:40]
            for kind in ("light", "dark", "telephone"):
                await page.emulate_media(color_scheme="dark" if kind == "dark" else "light")
                if kind == "telephone":
                    await page.set_viewport_size(_TELEPHONE)  # type: ignore[arg-type]  # width and height
                await page.screenshot(
                    path=_FOLDER / f"{who or 'anybody'}-{number:02}-{name}-{kind}.png", full_page=True
                )
    print(f"Pictures of every page are in {_FOLDER}/.")
