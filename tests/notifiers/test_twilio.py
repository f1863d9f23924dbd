"""SMS by Twilio: the form it is asked with, what its errors mean, tracing, and what came in meanwhile."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from urllib.parse import urldefrag, urlencode

import pytest

from notifiers.message import CannotTell, Found, Inquirable, NotSent, NotThere, Unsure
from notifiers.twilio import TwilioSms
from notifiers.twilio_errors import of_answer
from notifiers.twilio_webhooks import read_inbound, read_status, received_at, signed
from tests.fakes.twilio import ACCOUNT, API_KEY, API_SECRET, SENDER, SERVICE, TOKEN, FakeTwilio, Sent
from tests.notifiers.stages import TEXT, twilio_options

NOON = datetime(2026, 10, 14, 12, 0, tzinfo=UTC)


class Clock:
    """The fake's clock, moved by the test."""

    at = NOON


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def far_end(clock: Clock) -> AsyncIterator[FakeTwilio]:
    async with FakeTwilio(now=lambda: clock.at) as opened:
        yield opened


@pytest.fixture
async def notifier(far_end: FakeTwilio) -> AsyncIterator[TwilioSms]:
    opened = TwilioSms(twilio_options(far_end))
    yield opened
    await opened.close()


async def test_the_form_says_all_that_matters(notifier: TwilioSms, far_end: FakeTwilio) -> None:
    receipt = await notifier.send(replace(TEXT, valid_seconds=600))

    (sent,) = far_end.messages
    assert dict(sent.form) == {
        "To": TEXT.to,
        "From": SENDER,
        "Body": TEXT.text,
        "StatusCallback": "https://alerts.example.org/hooks/twilio/twilio_sms/status/q7Zk3vX0aB1cD2eF3gH4iJ"
        "#ct=2000&rt=5000&rc=5&rp=all",
        "ValidityPeriod": "600",
        "RiskCheck": "disable",
    }
    assert (receipt.provider_code, receipt.provider_status, receipt.at) == (sent.sid, "queued", NOON)
    assert far_end.complaints == []


async def test_a_messaging_service_and_an_api_key_go_first(far_end: FakeTwilio) -> None:
    options = twilio_options(far_end, messaging_service_sid=SERVICE, api_key=API_KEY, api_secret=API_SECRET)
    notifier = TwilioSms(options, name="twilio_sms_2")

    await notifier.send(TEXT)
    await notifier.close()

    assert far_end.messages[0].form["MessagingServiceSid"] == SERVICE
    assert "From" not in far_end.messages[0].form
    assert "/hooks/twilio/twilio_sms_2/status/" in far_end.messages[0].callback


async def test_a_wrong_token_is_noticed_by_the_far_end(far_end: FakeTwilio) -> None:
    notifier = TwilioSms(twilio_options(far_end, auth_token="wrong"))

    with pytest.raises(NotSent) as refused:
        await notifier.send(TEXT)
    await notifier.close()

    assert (refused.value.permanent, refused.value.code) == (False, "20003")
    assert far_end.messages == []


async def test_a_recipient_that_is_no_number_is_refused_for_good(notifier: TwilioSms) -> None:
    with pytest.raises(NotSent) as refused:
        await notifier.send(replace(TEXT, to="duty"))

    assert (refused.value.permanent, refused.value.code) == (True, "21211")


async def test_one_refused_number_does_not_disturb_the_others(notifier: TwilioSms, far_end: FakeTwilio) -> None:
    far_end.answers(400, 21610, to="+4915550100666")

    with pytest.raises(NotSent):
        await notifier.send(replace(TEXT, to="+4915550100666"))

    assert (await notifier.send(TEXT)).provider_code


@pytest.mark.parametrize(
    ("status", "code", "verdict"),
    [
        pytest.param(400, 21211, True, id="invalid number"),
        pytest.param(400, 21610, True, id="opted out"),
        pytest.param(403, 21408, False, id="country not enabled for us"),
        pytest.param(400, 21614, True, id="not a mobile"),
        pytest.param(400, 21606, False, id="our sender cannot send"),
        pytest.param(400, 21611, False, id="our queue is full"),
        pytest.param(401, 20003, False, id="login refused"),
        pytest.param(429, 20429, False, id="too many requests"),
        pytest.param(400, None, False, id="refused without a reason"),
        pytest.param(400, 20001, False, id="one parameter of ours is wrong"),
        pytest.param(400, 21617, True, id="too long"),
        pytest.param(302, None, False, id="sent elsewhere"),
        pytest.param(503, None, False, id="unavailable"),
        pytest.param(500, 20500, None, id="broken inside"),
        pytest.param(502, None, None, id="bad gateway"),
        pytest.param(504, None, None, id="timed out inside"),
        pytest.param(599, None, None, id="a status nobody knows"),
    ],
)
def test_an_answer_says_whether_trying_again_helps(status: int, code: int | None, verdict: bool | None) -> None:
    failure = of_answer(status, code)
    if verdict is None:
        assert isinstance(failure, Unsure)
    else:
        assert isinstance(failure, NotSent)
        assert failure.permanent is verdict


def test_only_a_refusal_that_names_the_recipient_blames_the_address() -> None:
    blamed = {code for code in range(10_000, 40_000) if _blames(of_answer(400, code))}
    assert blamed == {21211, 21217, 21401, 21610, 21614, 21635, 30004, 30005, 30006}
    for code in (30006, 30007, None):
        fields = {"MessageSid": "SM1", "MessageStatus": "undelivered"} | ({"ErrorCode": str(code)} if code else {})
        assert read_status(urlencode(fields).encode()).address_is_bad is (code in blamed)


def _blames(failure: NotSent | Unsure) -> bool:
    return isinstance(failure, NotSent) and failure.address_is_bad


async def test_a_line_that_breaks_after_the_request_is_a_doubt(notifier: TwilioSms, far_end: FakeTwilio) -> None:
    far_end.drop(accepts=True)
    with pytest.raises(Unsure):
        await notifier.send(TEXT)
    assert await far_end.hears(TEXT.to) == [TEXT.text]


async def test_an_answer_from_a_captive_portal_is_a_doubt(notifier: TwilioSms, far_end: FakeTwilio) -> None:
    far_end.garble()
    with pytest.raises(Unsure):
        await notifier.send(TEXT)


async def test_a_doubt_is_resolved_by_the_words_and_not_by_the_reference(
    notifier: TwilioSms, far_end: FakeTwilio
) -> None:
    await notifier.send(TEXT)
    stand_down = replace(TEXT, code="another-attempt-------", text="stand down - ref ABCD-2345 - taken at 03:02")

    assert isinstance(await notifier.trace(stand_down, NOON), CannotTell)
    assert isinstance(await notifier.trace(replace(TEXT, code="another-attempt-------"), NOON), Found)


async def test_a_sentence_that_a_trial_account_puts_in_front_does_not_matter(
    notifier: TwilioSms, far_end: FakeTwilio
) -> None:
    await notifier.send(TEXT)
    far_end.messages[0].body = f"Sent from your Twilio trial account - {TEXT.text}"

    found = await notifier.trace(TEXT, NOON)

    assert found == Found(far_end.messages[0].sid, "queued")


async def test_an_older_message_with_the_same_words_is_not_the_one(
    notifier: TwilioSms, far_end: FakeTwilio, clock: Clock
) -> None:
    clock.at = NOON - timedelta(minutes=3)
    await notifier.send(TEXT)

    assert isinstance(await notifier.trace(TEXT, NOON), NotThere)


async def test_another_message_of_ours_with_the_same_words_is_not_the_one(
    notifier: TwilioSms, far_end: FakeTwilio
) -> None:
    await notifier.send(TEXT)
    others = [far_end.messages[0].sid]

    assert isinstance(await notifier.trace(TEXT, NOON, others=others), NotThere)
    await notifier.send(TEXT)
    assert await notifier.trace(TEXT, NOON, others=others) == Found(far_end.messages[1].sid, "queued")


async def test_the_attempts_id_is_believed_wherever_it_is_found(notifier: TwilioSms, far_end: FakeTwilio) -> None:
    await notifier.send(TEXT)
    far_end.messages[0].body = f"rewritten {TEXT.code}"

    assert isinstance(await notifier.trace(TEXT, NOON), Found)


async def test_an_answer_of_the_same_telephone_is_not_our_message(notifier: TwilioSms, far_end: FakeTwilio) -> None:
    far_end.receives(TEXT.to, TEXT.text, to=TEXT.to)

    assert isinstance(await notifier.trace(TEXT, NOON), NotThere)


async def test_a_trace_looks_at_every_page(notifier: TwilioSms, far_end: FakeTwilio, clock: Clock) -> None:
    far_end.page_most = 3
    await notifier.send(TEXT)
    clock.at = NOON + timedelta(seconds=30)
    for at in range(8):
        await notifier.send(replace(TEXT, text=f"another one {at}"))

    assert isinstance(await notifier.trace(TEXT, NOON), Found)


@pytest.mark.parametrize("fault", ["answers", "hang", "drop"])
async def test_a_gateway_in_trouble_cannot_tell(notifier: TwilioSms, far_end: FakeTwilio, fault: str) -> None:
    if fault == "answers":
        far_end.answers(503)
    else:
        getattr(far_end, fault)()

    assert isinstance(await notifier.trace(TEXT, NOON), CannotTell)


async def test_what_came_in_meanwhile_is_listed_oldest_first(
    notifier: TwilioSms, far_end: FakeTwilio, clock: Clock
) -> None:
    assert isinstance(notifier, Inquirable)
    far_end.page_most = 4
    clock.at = NOON - timedelta(hours=1)
    far_end.receives("+4915550100200", "long ago")
    await notifier.send(TEXT)
    for at in range(10):
        clock.at = NOON + timedelta(minutes=at)
        far_end.receives("+4915550100123", f"K7QPM3X 48291{at} é")

    came = await notifier.inbound_since(NOON)

    assert [each.text for each in came] == [f"K7QPM3X 48291{at} é" for at in range(10)]
    assert [each.at for each in came] == [NOON + timedelta(minutes=at) for at in range(10)]
    again = read_inbound(came[3].raw, came[3].at)
    assert again == came[3]


async def test_what_we_sent_meanwhile_hides_nothing_that_came_in(far_end: FakeTwilio, clock: Clock) -> None:
    notifier = TwilioSms(twilio_options(far_end, sender=None, messaging_service_sid=SERVICE, timeout=10.0))
    far_end.receives("+4915550100123", "the oldest")
    clock.at = NOON + timedelta(minutes=1)
    far_end.messages += [
        Sent(f"SM{at:032x}", TEXT.to, SENDER, TEXT.text, "outbound-api", clock.at) for at in range(5001)
    ]
    came = await notifier.inbound_since(NOON)
    await notifier.close()

    assert [each.text for each in came] == ["the oldest"]


async def test_an_outage_of_the_list_is_not_an_empty_list(notifier: TwilioSms, far_end: FakeTwilio) -> None:
    far_end.answers(500)
    with pytest.raises(Unsure):
        await notifier.inbound_since(NOON)


async def test_callbacks_and_replies_of_the_fake_carry_a_right_signature() -> None:
    posted: list[tuple[str, str, bytes]] = []

    async def door(url: str, headers: object, body: bytes) -> int:
        assert isinstance(headers, dict)
        posted.append((url, headers["X-Twilio-Signature"], body))
        return 204

    async with FakeTwilio(post=door) as far_end:
        notifier = TwilioSms(twilio_options(far_end))
        far_end.walks("sent", "delivered")
        await notifier.send(TEXT)
        assert await far_end.reply(TEXT.to, "K7QPM3X 482913", url="https://alerts.example.org/hooks/in#rc=5") == 204
        async with asyncio.timeout(60):
            while len(posted) < 3:  # noqa: ASYNC110 - it comes from the far end
                await asyncio.sleep(0.005)
        await notifier.close()

    assert len(posted) == 3
    for url, signature, body in posted:
        assert url == urldefrag(url).url
        path = url.removeprefix("https://alerts.example.org")
        assert signed(received_at("https://alerts.example.org", path), body, signature, (TOKEN,))
    states = [read_status(body).state for url, _signature, body in posted if "/status/" in url]
    assert states == ["accepted", "delivered"]


def test_options_hide_their_secrets() -> None:
    options = TwilioSms(
        twilio_options(FakeTwilio(), api_key=API_KEY, api_secret=API_SECRET, auth_token_old="0ld-t0ken")
    ).options

    assert ACCOUNT in repr(options)
    assert not [each for each in (TOKEN, API_KEY, API_SECRET, "0ld-t0ken") if each in repr(options)]
    assert options.tokens == (TOKEN, "0ld-t0ken")
