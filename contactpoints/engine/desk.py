"""What the engine works with: a part of the runtime, so that tests can hand it their own clock and notifiers."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from contactpoints.actions.replies import CheckPin
from contactpoints.actions.tools import Tools
from contactpoints.store.database import Database
from notifiers.message import Notifier


@dataclass(frozen=True, slots=True)
class Desk:
    """Database, tools, notifiers by name, the clock, the bell, and how a PIN is checked."""

    db: Database
    tools: Tools
    notifiers: Mapping[str, Notifier]
    now: Callable[[], datetime]
    ring: Callable[..., None]
    check_pin: CheckPin
