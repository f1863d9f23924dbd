"""A stage for every way out of the catalogue: the notifier together with the far end it talks to."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any, Literal

from notifiers.email import SmtpEmail, SmtpOptions
from notifiers.message import Message, Notifier
from notifiers.rehearsal import Behaviour, RehearsalEmail, RehearsalSms, RehearsalVoice
from notifiers.twilio import TwilioOptions, TwilioSms
from tests.fakes import smtp, twilio
from tests.fakes.smtp import FakeSmtp
from tests.fakes.twilio import FakeTwilio

PATIENCE = 1.5
"""Seconds that a notifier waits for an answer here. A busy machine may need longer for many at once."""
Verdict = Literal["permanent", "temporary", "unsure"]

TEXT = Message(
    code="q7Zk3vX0aB1cD2eF3gH4iJ",
    kind="sms",
    to="+4915550100123",
    text="24/7 network - EMERGENCY - ref ABCD-2345 - reply K7QPM3X + your PIN - by 03:15 your time (01:15 UTC)",
    subject=None,
    language="en",
    reference="ABCD-2345",
    link=None,
    thread="m4711",
    repeat=False,
    exercise=False,
    urgent=True,
)
MAIL = replace(
    TEXT,
    kind="email",
    to="duty.officer@example.org",
    text="Une demande d'urgence est arrivée : référence ABCD-2345.\n\nVeuillez répondre au SMS.",
    subject="Réseau 24/7 - URGENCE - réf. ABCD-2345",
    language="fr",
    link="https://alerts.example.org/a/p4geT0ken",
)
MESSAGES = {"sms": TEXT, "voice": replace(TEXT, kind="voice"), "email": MAIL}


@dataclass
class Stage:
    """``fails`` lets the far end fail like an HTTP status and returns what that must mean."""

    notifier: Notifier
    secrets: tuple[str, ...]
    hears: Callable[..., Awaitable[list[str]]]
    """What reached an address since it was last asked; waits for as many as the second argument says."""
    fails: Callable[[int], Verdict]
    hang: Callable[[], None]
    recover: Callable[[], None]
    """Forget faults, and what arrived."""
    mend: Callable[[], None]
    """Forget faults only."""
    leave: Callable[[], Awaitable[None]]
    connections: Callable[[], int]

    @property
    def message(self) -> Message:
        """A message of the notifier's kind."""
        return MESSAGES[self.notifier.kind]


def twilio_options(far_end: FakeTwilio, **changes: Any) -> TwilioOptions:
    """Return an account at the fake."""
    options = TwilioOptions(
        account_sid=twilio.ACCOUNT,
        auth_token=twilio.TOKEN,
        public_url="https://alerts.example.org",
        sender=twilio.SENDER,
        api_base=far_end.url,
        timeout=PATIENCE,
    )
    return replace(options, **changes)


_TWILIO_SAYS: dict[int, Verdict] = {
    400: "permanent",
    401: "temporary",
    404: "temporary",
    408: "temporary",
    429: "temporary",
    500: "unsure",
    503: "temporary",
}


@asynccontextmanager
async def _twilio_stage(name: str, patience: float, **changes: Any) -> AsyncIterator[Stage]:
    async with FakeTwilio() as far_end:
        notifier = TwilioSms(twilio_options(far_end, timeout=patience, **changes), name=name)

        def fails(status: int) -> Verdict:
            far_end.answers(status, 21211 if status == 400 else None)
            return _TWILIO_SAYS[status]

        yield Stage(
            notifier,
            (twilio.TOKEN, twilio.API_SECRET, twilio.API_KEY),
            lambda number, least=0: far_end.hears(number, least=least),
            fails,
            lambda: far_end.hang(accepts=True),
            far_end.reset,
            far_end.mend,
            far_end.stop,
            far_end.connections,
        )
        await notifier.close()


def smtp_options(far_end: FakeSmtp, **changes: Any) -> SmtpOptions:
    """Return a login at the fake server."""
    options = SmtpOptions(
        host=far_end.host,
        port=far_end.port,
        sender="Réseau 24/7 <alerts@example.org>",
        tls=far_end.tls,
        username=smtp.USERNAME if far_end.login else None,
        password=smtp.PASSWORD if far_end.login else None,
        ca_file=far_end.ca_file,
        timeout=PATIENCE,
        connections=2,
    )
    return replace(options, **changes)


_SMTP_SAYS: dict[int, tuple[str, str, Verdict]] = {
    400: ("rcpt", "550 5.1.1 <duty.officer@example.org> user unknown", "permanent"),
    401: ("auth", "535 5.7.8 duty-mailer: authentication credentials invalid", "temporary"),
    404: ("data", "554 5.6.0 mail from duty.officer@example.org not understood", "permanent"),
    408: ("rcpt", "421 4.4.2 duty.officer@example.org: timeout", "temporary"),
    429: ("mail", "450 4.7.1 too much mail, duty.officer@example.org", "temporary"),
    500: ("mail", "550 5.7.1 alerts@example.org may not send to duty.officer@example.org", "temporary"),
    503: ("data", "451 4.3.0 try later, duty.officer@example.org", "temporary"),
}


@asynccontextmanager
async def _smtp_stage(tls: Literal["starttls", "tls", "none"], patience: float) -> AsyncIterator[Stage]:
    async with FakeSmtp(tls=tls, login=True) as far_end:
        notifier = SmtpEmail(smtp_options(far_end, timeout=patience))

        def fails(status: int) -> Verdict:
            at, said, verdict = _SMTP_SAYS[status]
            far_end.answers(at, said)
            far_end.cut()
            return verdict

        async def hears(address: str, least: int = 0) -> list[str]:
            parts = [mail.get_body(("plain",)) for mail in await far_end.gets(address, least=least)]
            return [str(part.get_content()).replace("\r\n", "\n") for part in parts if part is not None]

        yield Stage(
            notifier,
            (smtp.PASSWORD, smtp.USERNAME),
            hears,
            fails,
            far_end.hang,
            far_end.reset,
            far_end.mend,
            far_end.stop,
            far_end.connections,
        )
        await notifier.close()


@asynccontextmanager
async def _rehearsal_stage(kind: type[RehearsalSms]) -> AsyncIterator[Stage]:
    kept: list[Message] = []
    behaves: dict[str, Behaviour] = {}
    to = MESSAGES[kind.kind].to

    async def keep(message: Message) -> None:
        kept.append(message)

    async def hears(address: str) -> list[str]:
        heard = [each.text for each in kept if each.to == address]
        kept.clear()
        return heard

    def fails(status: int) -> Verdict:
        behaves[to] = "refused" if status == 400 else "busy"
        return "permanent" if status == 400 else "temporary"

    async def leave() -> None:
        behaves[to] = "busy"

    def hang() -> None:
        behaves[to] = "unsure"

    yield Stage(kind(keep, behaves=behaves), (), hears, fails, hang, behaves.clear, behaves.clear, leave, lambda: 0)


STAGES: dict[str, Callable[[float], AbstractAsyncContextManager[Stage]]] = {
    "twilio_sms": lambda patience: _twilio_stage("twilio_sms", patience),
    "twilio_sms_2": lambda patience: _twilio_stage(
        "twilio_sms_2",
        patience,
        sender=None,
        messaging_service_sid=twilio.SERVICE,
        api_key=twilio.API_KEY,
        api_secret=twilio.API_SECRET,
    ),
    "smtp": lambda patience: _smtp_stage("starttls", patience),
    "rehearsal_sms": lambda _patience: _rehearsal_stage(RehearsalSms),
    "rehearsal_email": lambda _patience: _rehearsal_stage(RehearsalEmail),
    "rehearsal_voice": lambda _patience: _rehearsal_stage(RehearsalVoice),
}
