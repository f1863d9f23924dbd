"""Is it really Twilio's, and what does it say?"""

from datetime import UTC, datetime
from urllib.parse import urlencode

import pytest

from notifiers.message import Unreadable
from notifiers.twilio_webhooks import OVERRIDES, read_inbound, read_status, received_at, signed, status_url
from tests.fakes.twilio import SENDER, TOKEN, FakeTwilio, Sent, sign, sign_json

PUBLIC = "https://alerts.example.org"
URL = f"{PUBLIC}/hooks/twilio/twilio_sms/inbound"
OLD = "0ld7" * 8
NOON = datetime(2026, 10, 14, 12, tzinfo=UTC)
FORM = {"MessageSid": "SM1", "From": "+4915550100123", "To": SENDER, "Body": "k7qpm3x  482913 é &=+%", "FromCity": ""}
BODY = urlencode(FORM).encode()


def test_a_signature_by_the_present_token_is_right() -> None:
    assert signed(URL, BODY, sign(URL, FORM, token=TOKEN), (TOKEN, OLD))


def test_a_signature_by_the_token_before_is_right_during_a_rotation() -> None:
    assert signed(URL, BODY, sign(URL, FORM, token=OLD), (TOKEN, OLD))
    assert not signed(URL, BODY, sign(URL, FORM, token=OLD), (TOKEN,))


@pytest.mark.parametrize(
    ("url", "body", "signature"),
    [
        pytest.param(URL, BODY.replace(b"482913", b"482914"), None, id="another PIN"),
        pytest.param(URL, BODY + b"&Extra=1", None, id="a field more"),
        pytest.param(URL + "?a=1", BODY, None, id="another query"),
        pytest.param("https://evil.example.org/hooks/twilio/twilio_sms/inbound", BODY, None, id="another host"),
        pytest.param(URL.replace("https", "http"), BODY, None, id="another scheme"),
        pytest.param(URL + "/", BODY, None, id="another path"),
        pytest.param(URL, BODY, "", id="no signature"),
        pytest.param(URL, BODY, "é" * 28, id="a signature that is no ASCII"),
        pytest.param(URL, b"\xff\xfe", None, id="a body that is no form"),
        pytest.param(URL, b"&".join(b"a%d=1" % at for at in range(1000)), None, id="a body of a thousand fields"),
    ],
)
def test_whatever_was_changed_is_noticed(url: str, body: bytes, signature: str | None) -> None:
    given = sign(URL, FORM, token=TOKEN) if signature is None else signature
    assert not signed(url, body, given, (TOKEN,))


def test_no_token_means_no_right_signature() -> None:
    assert not signed(URL, BODY, sign(URL, FORM, token=""), ("",))
    assert not signed(URL, BODY, sign(URL, FORM, token=TOKEN), ())


def test_the_connection_overrides_may_be_signed_or_not() -> None:
    given = status_url(PUBLIC, "twilio_sms", code="q7Zk3vX0aB1cD2eF3gH4iJ")
    assert given.endswith(f"/hooks/twilio/twilio_sms/status/q7Zk3vX0aB1cD2eF3gH4iJ#{OVERRIDES}")
    arrived = received_at(PUBLIC, "/hooks/twilio/twilio_sms/status/q7Zk3vX0aB1cD2eF3gH4iJ")

    assert signed(arrived, BODY, sign(arrived, FORM, token=TOKEN), (TOKEN,))
    assert signed(arrived, BODY, sign(given, FORM, token=TOKEN), (TOKEN,))
    assert not signed(arrived, BODY, sign(f"{arrived}#rc=0", FORM, token=TOKEN), (TOKEN,))


def test_a_port_may_be_written_out_or_not() -> None:
    with_port = URL.replace("example.org", "example.org:443")
    assert signed(URL, BODY, sign(with_port, FORM, token=TOKEN), (TOKEN,))
    assert signed(with_port, BODY, sign(URL, FORM, token=TOKEN), (TOKEN,))


def test_path_and_query_are_checked_as_they_arrived() -> None:
    assert received_at(PUBLIC + "/", "/a%20b", query="x=%2F&y=") == f"{PUBLIC}/a%20b?x=%2F&y="


def test_a_field_that_comes_twice_counts_twice() -> None:
    doubled = sign(URL, {"A": "1A2"}, token=TOKEN)  # each value follows its name
    assert signed(URL, b"A=2&A=1", doubled, (TOKEN,))


def test_a_json_body_is_signed_by_its_hash() -> None:
    whole, raw, signature = sign_json(URL, {"MessageSid": "SM1"}, token=TOKEN)
    assert signed(whole, raw, signature, (TOKEN,))
    assert not signed(whole, raw.replace(b"SM1", b"SM2"), signature, (TOKEN,))


@pytest.mark.parametrize(
    ("status", "error", "state", "permanent"),
    [
        pytest.param("queued", None, "accepted", False, id="queued"),
        pytest.param("sent", None, "accepted", False, id="the network has it"),
        pytest.param("delivered", None, "delivered", False, id="the handset has it"),
        pytest.param("undelivered", "30003", "refused", False, id="the handset is off"),
        pytest.param("undelivered", "30006", "refused", True, id="a landline"),
        pytest.param("failed", "30007", "refused", False, id="filtered"),
        pytest.param("failed", "39999", "refused", False, id="a code nobody knows may pass"),
        pytest.param("failed", None, "refused", False, id="no code at all"),
    ],
)
def test_a_status_is_read(status: str, error: str | None, state: str, permanent: bool) -> None:
    fields = {"MessageSid": "SM9", "MessageStatus": status, "SmsStatus": status, "To": "+4915550100123"}
    body = urlencode(fields | ({"ErrorCode": error} if error else {})).encode()

    report = read_status(body, "attempt-1")

    assert (report.provider_code, report.attempt_code) == ("SM9", "attempt-1")
    assert (report.state, report.permanent, report.error_code) == (state, permanent, error)


@pytest.mark.parametrize(
    "body", [b"", b"MessageSid=SM1", b"MessageSid=SM1&MessageStatus=dancing", b"MessageStatus=sent", b"\xff"]
)
def test_a_status_that_cannot_be_read_is_said_so(body: bytes) -> None:
    with pytest.raises(Unreadable):
        read_status(body)


def test_an_inbound_message_keeps_its_bytes_and_hides_them() -> None:
    came = Sent("SM7", SENDER, "+4915550100123", "K7QPM3X 482913 voilà", "inbound", NOON)
    body = urlencode(FakeTwilio.inbound_form(came)).encode()

    inbound = read_inbound(body)

    assert (inbound.provider_code, inbound.sender, inbound.to) == ("SM7", "+4915550100123", SENDER)
    assert (inbound.text, inbound.raw, inbound.at) == ("K7QPM3X 482913 voilà", body, None)
    assert "482913" not in repr(inbound)
    assert "0100123" not in repr(inbound)


def test_a_picture_without_words_has_an_empty_text() -> None:
    assert read_inbound(b"MessageSid=SM1&From=%2B1&To=%2B2&Body=&NumMedia=1").text == ""


@pytest.mark.parametrize("body", [b"", b"From=%2B1&To=%2B2&Body=x", b"MessageSid=SM1&To=%2B2&Body=x"])
def test_an_inbound_message_from_nowhere_is_unreadable(body: bytes) -> None:
    with pytest.raises(Unreadable):
        read_inbound(body)
