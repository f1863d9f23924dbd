"""Row: from an officer's reply to the acknowledgement on disk, and to the stand-down of whoever else was woken."""

import asyncio
import time
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

from benchmarks.book import Heard
from benchmarks.escalation import make_due
from benchmarks.load import Line, lines, post
from benchmarks.network import PIN
from benchmarks.report import percentile
from benchmarks.stage import Stage
from benchmarks.twilio_sink import PUBLIC_URL
from contactpoints.rules.codes import is_reply_code
from tests.fakes.twilio_wire import ACCOUNT, SENDER, TOKEN, sign

_INBOUND = "/hooks/twilio/twilio_sms/inbound"
_EVERY = 0.5


def _reply(heard: Heard, number: int) -> bytes:
    """Return what the provider posts when the officer answers with code and PIN."""
    code = next(word for word in heard.text.replace(",", " ").split() if is_reply_code(word))
    sid = f"SM{number:032x}"
    fields = {
        "AccountSid": ACCOUNT,
        "ApiVersion": "2010-04-01",
        "Body": f"{code.lower()} ok, {PIN}",
        "From": heard.to,
        "MessageSid": sid,
        "NumMedia": "0",
        "NumSegments": "1",
        "SmsMessageSid": sid,
        "SmsSid": sid,
        "SmsStatus": "received",
        "To": SENDER,
    }
    headers = {
        "Content-Type": "application/x-www-form-urlencoded",
        "X-Twilio-Signature": sign(PUBLIC_URL + _INBOUND, fields, token=TOKEN),
    }
    return post(_INBOUND, urlencode(fields).encode(), headers=headers)


async def answer(stage: Stage, line: Line, references: list[str], *, every: float = _EVERY) -> dict[str, int]:
    """Let the first officer of each alert reply, one ``every`` so many seconds; return when each reply was sent."""
    sent: dict[str, int] = {}
    begun = time.perf_counter()
    for number, reference in enumerate(references):
        await asyncio.sleep(max(0.0, begun + number * every - time.perf_counter()))
        heard = stage.book.first(reference, "sms")
        assert heard is not None
        request = _reply(heard, number)
        sent[reference] = time.perf_counter_ns()
        status, _ = await line.ask(request)
        if status != 200:
            stage.report.faults.append(f"reply: the web hook answered {status}")
    return sent


async def reply(stage: Stage) -> None:
    """Two officers were woken for each alert; the first of them answers."""
    row = "reply"
    told = await stage.open_many(stage.count(60, 12), parties=stage.network.texted_own)
    references = stage.accepted(row, told)
    mark = time.perf_counter_ns()
    await make_due(stage, dict.fromkeys(references, datetime.now(UTC) + timedelta(seconds=2)))
    await stage.all_sent(row, references, "sms", seconds=60, after=mark)
    before, wall = stage.meter.read(), time.time_ns() - time.perf_counter_ns()
    async with lines(stage.web, 1) as (line,):
        sent = await answer(stage, line, references)
    await stage.all_sent(row, references, "sms", purpose="stand_down", seconds=30)
    stage.alert_cost(row, before, alerts=len(references))
    durable = await stage.committed(references, "acknowledged")
    took = [durable[each].timestamp() * 1000 - (sent[each] + wall) / 1e6 for each in references if each in durable]
    if len(took) < len(references):
        stage.report.faults.append(f"{row}: {len(references) - len(took)} replies acknowledged nothing")
    downs = [
        (heard.at - sent[each]) / 1e9
        for each in references
        if (heard := stage.book.first(each, "sms", purpose="stand_down"))
    ]
    stage.report.add(row, "reply to acknowledgement durable, p50", percentile(took, 0.5), "ms")
    stage.report.add(row, "reply to acknowledgement durable, p99", percentile(took, 0.99), "ms", most=300)
    stage.report.add(row, "reply to stand-down handed over, last", max(downs, default=0.0), "s", most=1)
    await stage.settle()
