"""Gateways of a rehearsal: they accept everything and send nothing; what was "sent" goes to whoever keeps it.

They never touch the network. A rehearsal can be told how an address behaves, so that a demo or a test can show a
silent telephone or a broken line.
"""

import json
from collections.abc import Awaitable, Callable, Mapping
from typing import ClassVar, Literal

from notifiers.message import InboundMessage, Message, NotSent, Receipt, Unreadable, Unsure

Keep = Callable[[Message], Awaitable[None]]
"""Where a rehearsed message goes."""

Behaviour = Literal["silent", "busy", "refused", "unsure"]
"""``silent``: accepted and never arrives; ``busy``: not now; ``refused``: never; ``unsure``: arrives, no answer."""


async def _keep_nothing(_message: Message) -> None:
    """The outbox remembers the words anyway."""


class RehearsalSms:
    """Accepts texts for any number. ``behaves`` maps an address to how it behaves, and may change while in use."""

    kind: ClassVar[str] = "sms"
    name = "rehearsal_sms"

    def __init__(self, keep: Keep = _keep_nothing, *, behaves: Mapping[str, Behaviour] | None = None) -> None:
        self._keep = keep
        self._behaves = {} if behaves is None else behaves

    async def send(self, message: Message) -> Receipt:
        """Keep the message and accept it, unless its address behaves otherwise."""
        behaviour = self._behaves.get(message.to)
        if behaviour in ("busy", "refused"):
            gone = behaviour == "refused"
            raise NotSent(f"rehearsed: {behaviour}", permanent=gone, code=behaviour, address_is_bad=gone)
        if behaviour != "silent":
            await self._keep(message)
        if behaviour == "unsure":
            raise Unsure("rehearsed: the line broke")
        return Receipt(provider_code=f"rehearsed-{message.code}", provider_status="accepted")

    def read_inbound(self, raw: bytes) -> InboundMessage:
        """Read the JSON of a rehearsed reply: ``sender`` and ``text``. Raises `Unreadable`."""
        try:
            told = json.loads(raw)
            return InboundMessage("", str(told["sender"]), "", str(told["text"]), raw)
        except (ValueError, KeyError, TypeError):
            raise Unreadable("not a rehearsed reply") from None

    async def close(self) -> None:
        """Nothing is held."""


class RehearsalEmail(RehearsalSms):
    """Accepts mail for any address."""

    kind: ClassVar[str] = "email"
    name = "rehearsal_email"


class RehearsalVoice(RehearsalSms):
    """Accepts calls for any number."""

    kind: ClassVar[str] = "voice"
    name = "rehearsal_voice"
