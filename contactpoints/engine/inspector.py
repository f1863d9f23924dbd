"""The inspector: sees, in what happens in this process, that something about the service itself is broken."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from contactpoints.store.outbox import Outcome

_PATIENCE = timedelta(minutes=3)
_LEAST = 3


class Health:
    """Which gateways take nothing any more. A recipient who is refused for good says nothing about a gateway."""

    def __init__(self) -> None:
        self._failing: dict[str, tuple[datetime, int]] = {}

    def note(self, outcomes: Sequence[Outcome]) -> list[tuple[str, datetime]]:
        """Take outcomes in; return the gateways that failed again after minutes of nothing else, and since when."""
        down: dict[str, datetime] = {}
        for outcome in outcomes:
            gateway = outcome.claimed.gateway
            if outcome.result == "accepted":
                self._failing.pop(gateway, None)
                down.pop(gateway, None)
            elif not outcome.refused:
                since, failures = self._failing.get(gateway, (outcome.at, 0))
                self._failing[gateway] = since, failures + 1
                if failures + 1 >= _LEAST and outcome.at - since >= _PATIENCE:
                    down[gateway] = since
        return list(down.items())
