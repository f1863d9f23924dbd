"""Gateways of a rehearsal: they accept everything and send nothing. What was "sent" is read in the outbox."""

from typing import ClassVar

from notifiers.message import Message, Receipt


class RehearsalSms:
    """Accepts texts for any number."""

    kind: ClassVar[str] = "sms"
    name = "rehearsal_sms"

    async def send(self, message: Message) -> Receipt:
        """Accept the message."""
        return Receipt(provider_code=f"rehearsed-{message.code}")

    async def close(self) -> None:
        """Nothing is held."""


class RehearsalEmail(RehearsalSms):
    """Accepts mail for any address."""

    kind: ClassVar[str] = "email"
    name = "rehearsal_email"
