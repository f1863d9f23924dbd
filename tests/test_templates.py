"""The templates of the databases that tests work on."""

import asyncio

import pytest

from tests.conftest import Cluster
from tests.world import Prepared


class _Broken(Cluster):
    """A server on which no templates can be made."""

    def __init__(self, runner: asyncio.Runner) -> None:
        self._runner = runner
        self.tries = 0

    async def _make_templates(self) -> Prepared:
        self.tries += 1
        raise ValueError("the network is broken")


def test_every_test_hears_why_there_are_no_templates_and_they_are_tried_once() -> None:
    with asyncio.Runner() as runner:
        broken = _Broken(runner)
        for _ in range(2):
            with pytest.raises(RuntimeError) as told:
                print(broken.prepared)
            assert str(told.value.__cause__) == "the network is broken"
    assert broken.tries == 1
