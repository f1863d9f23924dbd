"""SMS by Twilio (https://www.twilio.com/docs/messaging/api/message-resource).

The status callback's address carries our attempt's id. Twilio does not give that address back when it is asked about
a message, so tracing goes by recipient, time and words; see `TwilioSms.trace`.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar
from urllib.parse import urlencode

from twilio.base.exceptions import TwilioException, TwilioRestException, TwilioServiceException
from twilio.rest import Client

from notifiers.message import (
    CannotTell,
    Found,
    InboundMessage,
    Message,
    NotSent,
    NotThere,
    Receipt,
    Report,
    Trace,
    Unsure,
)
from notifiers.twilio_errors import of_answer
from notifiers.twilio_webhooks import read_inbound, read_status, status_url
from notifiers.twilio_wire import Wire, quieten, text_of

_CLOCKS_DIFFER = timedelta(seconds=10)
"""How far Twilio's clock (whole seconds) and ours may be apart."""

_PAGE = 200
_MOST_TRACED = 400
_VALID_AT_MOST = 36_000


@dataclass(frozen=True, slots=True)
class TwilioOptions:
    """One account. Either ``sender`` (a number or a name) or ``messaging_service_sid``; the latter goes first.

    ``auth_token`` also checks signatures, ``auth_token_old`` too during a rotation; an API key, where there is one,
    sends instead of the token. ``timeout``: seconds for a whole request.
    """

    account_sid: str
    auth_token: str = field(repr=False)
    public_url: str
    sender: str | None = None
    messaging_service_sid: str | None = None
    api_key: str | None = field(default=None, repr=False)
    api_secret: str | None = field(default=None, repr=False)
    auth_token_old: str | None = field(default=None, repr=False)
    api_base: str | None = None
    timeout: float = 10.0
    connections: int = 64

    @property
    def tokens(self) -> tuple[str, ...]:
        """The tokens by which Twilio may sign, the present one first."""
        return tuple(filter(None, (self.auth_token, self.auth_token_old)))


class TwilioSms:
    """Sends texts through one account of Twilio; `Traceable`, `Hearing`, `Inquirable` and `Reporting`."""

    kind: ClassVar[str] = "sms"

    def __init__(self, options: TwilioOptions, *, name: str = "twilio_sms") -> None:
        self.name = name
        self.options = options
        self._wire = Wire(api_base=options.api_base, timeout=options.timeout, connections=options.connections)
        client = Client(
            options.api_key or options.account_sid,
            options.api_secret if options.api_key else options.auth_token,
            options.account_sid,
            http_client=self._wire,
            # An empty mapping would be read as "take the process's environment", where TWILIO_REGION may wait.
            environment={"TWILIO_REGION": ""},
        )
        self._messages = client.messages
        self._from: dict[str, str] = {"from_": options.sender or ""}
        if options.messaging_service_sid:
            self._from = {"messaging_service_sid": options.messaging_service_sid}
        quieten("twilio", "aiohttp")

    async def send(self, message: Message) -> Receipt:
        """Hand a text over. The risk check is off: numbers in the directory are proven, and alerts look like floods.

        (Twilio's filter has silently dropped later messages of repeated on-call alerts to the same people.)
        """
        sent = await self._ask(
            self._messages.create_async(
                to=message.to,
                body=message.text,
                status_callback=status_url(self.options.public_url, self.name, code=message.code),
                validity_period=max(1, min(message.valid_seconds, _VALID_AT_MOST)),
                risk_check="disable",
                **self._from,
            )
        )
        if not sent.sid:
            raise Unsure("the gateway said yes and named no message")
        return Receipt(provider_code=sent.sid, provider_status=text_of(sent.status), at=sent.date_created)

    async def trace(self, message: Message, sent_after: datetime, *, others: Collection[str] = ()) -> Trace:
        """Look for a message by our attempt's id, else by recipient, time and exact words.

        The reference alone proves nothing: the same officer gets several texts about one alert. Where only the
        reference is found, the gateway may have rewritten our words, and the answer is `CannotTell`.
        """
        since = sent_after - _CLOCKS_DIFFER
        try:
            listed = await self._ask(self._messages.list_async(to=message.to, limit=_MOST_TRACED, page_size=_PAGE))
        except (NotSent, Unsure):
            return CannotTell()
        ours = [each for each in listed if _outbound(each) and each.date_created and each.date_created >= since]
        unknown = [each for each in ours if each.sid not in others]
        for each in unknown:
            if message.code in _all_words(each) or _same_words(message.text, text_of(each.body)):
                return Found(each.sid, text_of(each.status))
        # Newest first: if even the last of a full list is young enough, an older page may hold what is looked for.
        if len(ours) == _MOST_TRACED or any((message.reference or "\n") in text_of(each.body) for each in unknown):
            return CannotTell()
        return NotThere()

    async def inbound_since(self, after: datetime) -> Sequence[InboundMessage]:
        """Return the texts that came in at ``after`` or later, oldest first, each with the form a web hook has.

        All of them, however many were sent meanwhile: a list that was cut would hide the oldest for ever. There may be
        some from up to ten seconds earlier. Raises `NotSent` or `Unsure`.
        """
        since = after.astimezone(UTC) - _CLOCKS_DIFFER
        narrowed = {} if self.options.messaging_service_sid else {"to": self.options.sender}
        came = await self._ask(self._all_inbound(date_sent_after=since, page_size=1000, **narrowed))
        return sorted(
            (each for each in came if each.at is None or each.at >= since),
            key=lambda each: each.at or datetime.max.replace(tzinfo=UTC),
        )

    async def _all_inbound(self, **asked: Any) -> list[InboundMessage]:
        listed = await self._messages.stream_async(**asked)
        return [_inbound(each) async for each in listed if text_of(each.direction) == "inbound"]

    def read_inbound(self, raw: bytes) -> InboundMessage:
        """Read the form of an inbound web hook, or the same form built from the list. Raises `Unreadable`."""
        return read_inbound(raw)

    def read_report(self, raw: bytes, attempt_code: str | None) -> Report:
        """Read the form of a status callback. Raises `Unreadable`."""
        return read_status(raw, attempt_code)

    async def close(self) -> None:
        """Close the connections."""
        await self._wire.close()

    async def _ask(self, request: Any) -> Any:
        failure: NotSent | Unsure
        try:
            return await request
        except (TwilioRestException, TwilioServiceException) as no:
            failure = of_answer(_number(no.status) or 0, _number(no.code))
        except (TwilioException, ValueError, KeyError, TypeError, AttributeError) as odd:
            failure = Unsure(f"the gateway's answer cannot be read ({type(odd).__name__})")
        # Twilio's errors quote the number that was written to; raised out here, ours carries nothing of them.
        raise failure


def _number(value: Any) -> int | None:
    return int(value) if str(value).isdecimal() else None


def _outbound(listed: Any) -> bool:
    return text_of(listed.direction).startswith("outbound")


def _all_words(listed: Any) -> str:
    return "\n".join(text_of(value) for name, value in vars(listed).items() if not name.startswith("_"))


def _same_words(ours: str, theirs: str) -> bool:
    # A trial account puts a sentence of its own in front.
    return " ".join(ours.split()) in " ".join(theirs.split())


def _inbound(listed: Any) -> InboundMessage:
    fields = {"MessageSid": listed.sid, "From": listed.from_, "To": listed.to, "Body": listed.body}
    told = {name: text_of(value) for name, value in fields.items()}
    return InboundMessage(
        provider_code=told["MessageSid"],
        sender=told["From"],
        to=told["To"],
        text=told["Body"],
        raw=urlencode(told).encode(),
        at=listed.date_sent or listed.date_created,
    )
