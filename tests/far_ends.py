"""Where messages go in a story: the rehearsal's page, or a fake Twilio or two and a real mail server of our own."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from datetime import datetime
from typing import Any, Protocol
from urllib.parse import urlsplit

import httpx

from contactpoints.clock import Clock
from contactpoints.settings import Settings
from tests.fakes import twilio
from tests.fakes.smtp import FakeSmtp, Letter
from tests.fakes.twilio import FakeTwilio, Sent
from tests.notifiers.stages import smtp_options, twilio_options

PUBLIC = "https://alerts.example.org"
GATEWAYS = ("twilio_sms", "twilio_sms_2")
_TOKENS = (twilio.TOKEN, "5ec0" * 8)
OLD_TOKEN = "01d7" * 8
"""The one that both accounts had before, in the middle of a rotation."""


class FarEnd(Protocol):
    """What officers, requesters and strangers see of the service, and how they write to it."""

    def wire(self, settings: Settings) -> Settings:
        """Return settings that lead here."""
        ...

    async def reached(self, client: httpx.AsyncClient) -> list[dict[str, Any]]:
        """Return every message that reached anybody: ``id``, ``kind``, ``address``, ``subject``, ``body``."""
        ...

    async def reply(self, client: httpx.AsyncClient, sender: str, text: str) -> None:
        """Send a text to the service."""
        ...


class Rehearsal:
    """The rehearsal gateways: everything is accepted and shown."""

    def wire(self, settings: Settings) -> Settings:
        return settings

    async def reached(self, client: httpx.AsyncClient) -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = (await client.get("/rehearsal/messages")).json()["items"]
        return [each for each in items[::-1] if each["first_accepted_at"]]

    async def reply(self, client: httpx.AsyncClient, sender: str, text: str) -> None:
        answer = await client.post("/rehearsal/replies", json={"sender": sender, "text": text})
        assert answer.status_code == 204, answer.text


class Gateways:
    """Two accounts at fake Twilios, which check us and sign what they post, and a mail server."""

    def __init__(self, twilios: Mapping[str, FakeTwilio], smtp: FakeSmtp) -> None:
        self.twilios = twilios
        self.smtp = smtp
        self._client: httpx.AsyncClient | None = None

    @property
    def first(self) -> FakeTwilio:
        return self.twilios[GATEWAYS[0]]

    @property
    def second(self) -> FakeTwilio:
        return self.twilios[GATEWAYS[1]]

    def wire(self, settings: Settings) -> Settings:
        texts = {
            name: twilio_options(self.twilios[name], public_url=PUBLIC, auth_token=token, auth_token_old=OLD_TOKEN)
            for name, token in zip(GATEWAYS, _TOKENS, strict=True)
        }
        return replace(settings, rehearsal=False, notifiers={**texts, "smtp": smtp_options(self.smtp)})

    async def reached(self, client: httpx.AsyncClient) -> list[dict[str, Any]]:
        assert not [each.complaints for each in self.twilios.values() if each.complaints]
        texts = [(sent.at, _text(name, sent)) for name, far in self.twilios.items() for sent in far.messages]
        ordered = [text for _, text in sorted(texts, key=lambda each: each[0])]
        return ordered + [_mail(number, each) for number, each in enumerate(self.smtp.letters)]

    async def reply(self, client: httpx.AsyncClient, sender: str, text: str) -> None:
        self._client = client
        status = await self.first.reply(sender, text, url=f"{PUBLIC}/hooks/twilio/{GATEWAYS[0]}/inbound")
        assert status == 200

    async def reports(self, client: httpx.AsyncClient, address: str, status: str, error: int | None = None) -> None:
        """Let Twilio report, signed, what became of every text to an address that it has not reported on."""
        self._client = client
        for far in self.twilios.values():
            for sent in [each for each in far.messages if each.to == address and each.status == "queued"]:
                assert await far.report(sent, status, error) == 204

    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> int:
        """Carry what Twilio posts to the door, under another address than the public one, as a proxy does."""
        assert url.startswith(PUBLIC)
        assert self._client is not None
        parts = urlsplit(url)
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        return (await self._client.post(target, content=body, headers=dict(headers))).status_code


def _text(gateway: str, sent: Sent) -> dict[str, Any]:
    told = {"id": f"{gateway} {sent.sid}", "kind": "sms", "gateway": gateway, "address": sent.to}
    return told | {"subject": None, "body": sent.body}


def _mail(number: int, letter: Letter) -> dict[str, Any]:
    told = {"id": f"smtp {number}", "kind": "email", "gateway": "smtp", "address": letter.to}
    return told | {"subject": str(letter.mail["Subject"]), "body": letter.plain}


@asynccontextmanager
async def open_gateways(clock: Clock) -> AsyncIterator[Gateways]:
    """Open the fakes on real sockets; their clock is the story's."""
    far: Gateways

    async def post(url: str, headers: Mapping[str, str], body: bytes) -> int:
        return await far.post(url, headers, body)

    def now() -> datetime:
        return clock.now()

    async with AsyncExitStack() as stack:
        twilios = {
            name: await stack.enter_async_context(FakeTwilio(now=now, post=post, token=token))
            for name, token in zip(GATEWAYS, _TOKENS, strict=True)
        }
        far = Gateways(twilios, await stack.enter_async_context(FakeSmtp()))
        yield far
