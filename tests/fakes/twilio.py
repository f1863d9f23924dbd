"""A Twilio of our own: checks whoever writes to it as the real one does, and signs what it posts.

    async with FakeTwilio() as twilio:
        ...                                   # point CONTACTPOINTS_TWILIO_API_BASE at twilio.url
        assert "ABCD-1234" in (await twilio.hears(number))[0]
        await twilio.reply(number, "the code and the PIN", url="https://alerts.example.org/hooks/twilio/twilio_sms/inbound")
        await twilio.report(twilio.messages[-1], "delivered")

It lives in the running loop on a real socket. ``now`` is its clock, ``post`` how its callbacks travel (over the
network unless told otherwise: a test may hand them to an application directly).
"""

import asyncio
import base64
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import parse_qsl, urldefrag, urlencode, urlsplit

import aiohttp
from aiohttp import web

from tests.fakes.twilio_wire import (
    ACCOUNT,
    API_KEY,
    API_SECRET,
    SENDER,
    SERVICE,
    TOKEN,
    Sent,
    problem,
    resource,
    sign,
    sign_json,
    usual,
)

__all__ = [
    "ACCOUNT",
    "API_KEY",
    "API_SECRET",
    "SENDER",
    "SERVICE",
    "TOKEN",
    "FakeTwilio",
    "Sent",
    "sign",
    "sign_json",
]

Post = Callable[[str, Mapping[str, str], bytes], Awaitable[int]]
"""Address, headers, body; returns the HTTP status."""

_KNOWN = {"To", "From", "MessagingServiceSid", "Body", "StatusCallback", "ValidityPeriod", "RiskCheck"}


@dataclass
class _Fault:
    status: int = 0
    code: int | None = None
    to: str | None = None
    times: int | None = None
    hangs: bool = False
    drops: bool = False
    accepts: bool = False
    garbled: bool = False


class FakeTwilio:
    """See the module. ``messages`` holds what it accepted, oldest first; ``complaints`` what a request did wrong."""

    def __init__(
        self, *, now: Callable[[], datetime] | None = None, post: Post | None = None, token: str = TOKEN
    ) -> None:
        self.messages: list[Sent] = []
        self.inbound: list[Sent] = []
        self.complaints: list[str] = []
        self.token = token
        self.page_most = 1000
        self.requests = 0
        self._heard: set[str] = set()
        self._faults: list[_Fault] = []
        self._now = now or (lambda: datetime.now(UTC))
        self._post = post or self._over_the_network
        self._walks: tuple[str, ...] = ()
        self._walking: set[asyncio.Task[None]] = set()
        self._arrived = asyncio.Condition()
        self._released = asyncio.Event()
        self._session: aiohttp.ClientSession | None = None
        self._runner: web.AppRunner | None = None
        self.url = ""

    async def __aenter__(self) -> "FakeTwilio":
        application = web.Application()
        path = "/2010-04-01/Accounts/{account}/Messages.json"
        application.router.add_post(path, self._create)
        application.router.add_get(path, self._list)
        self._runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.05)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        return self

    async def __aexit__(self, *_error: object) -> None:
        await self.stop()

    async def stop(self) -> None:
        """Stop listening: from now on connections are refused."""
        self._released.set()
        for task in self._walking:
            task.cancel()
        await asyncio.gather(*self._walking, return_exceptions=True)
        if self._session is not None:
            await self._session.close()
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    # How it behaves.

    def answers(self, status: int, code: int | None = None, *, to: str | None = None, times: int | None = None) -> None:
        """Refuse with an HTTP status and a code of Twilio's: everybody or one number, always or a number of times."""
        self._faults.append(_Fault(status, code, to, times))

    def hang(self, *, accepts: bool = False, times: int | None = None) -> None:
        """Never answer; ``accepts``: but take the message first."""
        self._faults.append(_Fault(hangs=True, accepts=accepts, times=times))

    def drop(self, *, accepts: bool = False, times: int | None = None) -> None:
        """Hang up in the middle; ``accepts``: but take the message first."""
        self._faults.append(_Fault(drops=True, accepts=accepts, times=times))

    def garble(self, *, times: int | None = None) -> None:
        """Take the message and answer something that is no JSON."""
        self._faults.append(_Fault(garbled=True, accepts=True, times=times))

    def walks(self, *statuses: str) -> None:
        """Report these statuses of every message from now on, by itself, e.g. ``"sent", "delivered"``."""
        self._walks = statuses

    def mend(self) -> None:
        """Forget faults; whoever hangs is let go."""
        self._faults.clear()
        self._released.set()
        self._released = asyncio.Event()

    def reset(self) -> None:
        """Forget faults and messages."""
        self.mend()
        self._walks = ()
        self.messages.clear()
        self.inbound.clear()
        self.complaints.clear()
        self._heard.clear()

    def connections(self) -> int:
        """Return how many connections are open."""
        served = self._runner.server.connections if self._runner and self._runner.server else []
        return sum(1 for each in served if each.transport is not None)

    # How telephones look from here.

    async def hears(self, number: str, *, least: int = 0, within: float = 60.0) -> list[str]:
        """Return the texts that reached a number since it was last asked; waits until there are ``least``."""

        def new() -> list[Sent]:
            return [each for each in self.messages if each.to == number and each.sid not in self._heard]

        async with self._arrived:
            await asyncio.wait_for(self._arrived.wait_for(lambda: len(new()) >= least), within)
        found = new()
        self._heard |= {each.sid for each in found}
        return [each.body for each in found]

    def receives(self, from_: str, text: str, *, to: str = SENDER) -> Sent:
        """Take a text from a telephone while nobody listens: it is only in the list."""
        sid = f"SM{len(self.inbound):016x}{len(self.messages):016x}"
        came = Sent(sid, to, from_, text, "inbound", self._now(), "received")
        self.inbound.append(came)
        return came

    async def reply(self, from_: str, text: str, *, url: str, to: str = SENDER) -> int:
        """Take a text from a telephone and post it, signed, to our web hook; return what that answered."""
        came = self.receives(from_, text, to=to)
        return await self.posts(url, self.inbound_form(came))

    @staticmethod
    def inbound_form(came: Sent) -> dict[str, str]:
        """Return the fields of an inbound web hook."""
        fields = {"MessageSid": came.sid, "SmsSid": came.sid, "SmsMessageSid": came.sid, "AccountSid": ACCOUNT}
        fields |= {"From": came.sender, "To": came.to, "Body": came.body, "NumMedia": "0", "NumSegments": "1"}
        return fields | {"SmsStatus": "received", "ApiVersion": "2010-04-01", "FromCity": "", "FromCountry": "DE"}

    async def report(self, sent: Sent, status: str, error_code: int | None = None) -> int:
        """Let a message take a step and post that, signed, to its status callback; return what that answered."""
        sent.status, sent.error_code = status, error_code
        fields = {"MessageSid": sent.sid, "SmsSid": sent.sid, "AccountSid": ACCOUNT, "To": sent.to, "From": sent.sender}
        fields |= {"MessageStatus": status, "SmsStatus": status, "ApiVersion": "2010-04-01"}
        if error_code:
            fields["ErrorCode"] = str(error_code)
        return await self.posts(sent.callback, fields)

    async def posts(self, url: str, fields: Mapping[str, str], *, token: str | None = None) -> int:
        """Post a signed form; the fragment of the address is not sent."""
        url = urldefrag(url).url
        headers = {"X-Twilio-Signature": sign(url, fields, token=token or self.token)}
        headers |= {
            "Content-Type": "application/x-www-form-urlencoded; charset=UTF-8",
            "I-Twilio-Idempotency-Token": "x",
        }
        return await self._post(url, headers, urlencode(fields).encode())

    async def _over_the_network(self, url: str, headers: Mapping[str, str], body: bytes) -> int:
        if self._session is None:
            self._session = aiohttp.ClientSession()
        async with self._session.post(url, data=body, headers=dict(headers)) as answer:
            await answer.read()
            return answer.status

    # The API.

    async def _create(self, request: web.Request) -> web.StreamResponse:
        self.requests += 1
        form = dict(parse_qsl((await request.read()).decode(), keep_blank_values=True, strict_parsing=True))
        fault = self._next_fault(form.get("To"))
        if fault and fault.status:
            return problem(fault.status, fault.code or usual(fault.status), form)
        wrong = self._check(request, form)
        if wrong:
            self.complaints.append(f"{wrong}: {sorted(form)}")
            return problem(401 if wrong == 20003 else 400, wrong, form)
        if fault and not fault.accepts:
            return await self._break(request, fault)
        sent = Sent(f"SM{len(self.messages) + 1:032x}", form["To"], form.get("From", SENDER), form["Body"],
                    "outbound-api", self._now(), form=form)  # fmt: skip
        async with self._arrived:
            self.messages.append(sent)
            self._arrived.notify_all()
        if self._walks:
            task = asyncio.create_task(self._walk(sent))
            self._walking.add(task)
            task.add_done_callback(self._walking.discard)
        return await self._break(request, fault) if fault else web.json_response(resource(sent), status=201)

    async def _walk(self, sent: Sent) -> None:
        for status in self._walks:
            await self.report(sent, status)

    async def _break(self, request: web.Request, fault: _Fault) -> web.StreamResponse:
        if fault.garbled:
            return web.Response(status=201, text="<html>Welcome to the hotel</html>", content_type="text/html")
        if fault.hangs:
            await self._released.wait()
        if request.transport is not None:
            request.transport.abort()
        return web.Response(status=500)

    def _next_fault(self, to: str | None) -> _Fault | None:
        for fault in self._faults:
            if fault.to in (None, to) and fault.times != 0:
                fault.times = None if fault.times is None else fault.times - 1
                return fault
        return None

    def _check(self, request: web.Request, form: Mapping[str, str]) -> int | None:
        if not self._authentic(request):
            return 20003
        if not form.get("To", "").startswith("+") or not form["To"][1:].isdecimal():
            return 21211
        if not form.get("From") and not form.get("MessagingServiceSid"):
            return 21603
        if form.get("From", SENDER) != SENDER or form.get("MessagingServiceSid", SERVICE) != SERVICE:
            return 21606
        if not form.get("Body"):
            return 21602
        if len(form["Body"]) > 1600:
            return 21617
        callback = urlsplit(form.get("StatusCallback", ""))
        if callback.scheme not in ("http", "https") or "_" in (callback.hostname or "_"):
            return 21609
        if not 1 <= int(form.get("ValidityPeriod", "1")) <= 36_000 or set(form) - _KNOWN:
            return 20001
        return None

    def _authentic(self, request: web.Request) -> bool:
        if request.match_info["account"] != ACCOUNT:
            return False
        allowed = (f"{ACCOUNT}:{self.token}", f"{API_KEY}:{API_SECRET}")
        return request.headers.get("Authorization", "") in [
            f"Basic {base64.b64encode(each.encode()).decode()}" for each in allowed
        ]

    async def _list(self, request: web.Request) -> web.StreamResponse:
        self.requests += 1
        fault = self._next_fault(None)
        if fault:
            return await self._break(request, fault) if not fault.status else problem(fault.status, fault.code or 0, {})
        if not self._authentic(request):
            return problem(401, 20003, {})
        asked = request.query
        found = [each for each in self.messages + self.inbound if _matches(each, asked)]
        found.sort(key=lambda each: (each.at, each.sid), reverse=True)
        size, page = min(int(asked.get("PageSize", "50")), self.page_most), int(asked.get("Page", "0"))
        following = None
        if len(found) > (page + 1) * size:
            query = urlencode({**asked, "Page": page + 1, "PageToken": "PA" + found[page * size].sid})
            following = f"{request.path}?{query}"
        shown = [resource(each) for each in found[page * size : (page + 1) * size]]
        return web.json_response({"messages": shown, "page": page, "page_size": size, "next_page_uri": following})


def _matches(sent: Sent, asked: Mapping[str, str]) -> bool:
    if asked.get("To", sent.to) != sent.to or asked.get("From", sent.sender) != sent.sender:
        return False
    after = asked.get("DateSent>")
    return not after or f"{sent.at:%Y-%m-%dT%H:%M:%SZ}" >= after
