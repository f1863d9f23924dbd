"""The one list of what exists, and the settings that switch it on."""

from typing import Any

import pytest

from notifiers.catalogue import CATALOGUE, BadOptions, open_notifiers, read_options, register
from notifiers.email import SmtpEmail
from notifiers.message import NotSent, Unsure
from notifiers.rehearsal import Behaviour, RehearsalSms
from notifiers.twilio import TwilioSms
from tests.notifiers.stages import STAGES, TEXT

TWILIO = {"TWILIO_ACCOUNT_SID": "AC" + "0" * 32, "TWILIO_AUTH_TOKEN": "s3cret-t0ken", "TWILIO_SENDER": "+15005550006"}
SMTP = {"SMTP_HOST": "mail.example.org", "SMTP_SENDER": "Duty <duty@example.org>"}


def read(values: dict[str, str], *, public_url: str = "https://alerts.example.org") -> dict[str, Any]:
    return read_options(values, public_url=public_url, rehearsal=False)


def test_two_ways_out_of_the_same_name_stop_the_process() -> None:
    with pytest.raises(ValueError, match="same name"):
        register(*CATALOGUE, CATALOGUE[0])


def test_every_way_out_has_a_stage_for_the_contract() -> None:
    assert set(STAGES) == {entry.name for entry in CATALOGUE}


def test_no_setting_belongs_to_two_ways_out() -> None:
    names = [name for entry in CATALOGUE for name in entry.settings]
    assert len(names) == len(set(names))
    assert all(sentence.endswith(".") for entry in CATALOGUE for sentence in entry.settings.values())


async def test_what_is_set_is_opened_in_the_order_of_the_catalogue() -> None:
    second = {name.replace("TWILIO", "TWILIO2"): value for name, value in TWILIO.items()}
    options = read(SMTP | second | TWILIO | {"SMTP_USERNAME": "u", "SMTP_PASSWORD": "p4ssw0rd"})

    opened = open_notifiers(options)

    assert [each.name for each in opened] == ["twilio_sms", "twilio_sms_2", "smtp"]
    assert isinstance(opened[0], TwilioSms)
    assert isinstance(opened[2], SmtpEmail)
    assert opened[2].options.port == 587
    assert not [each for each in ("s3cret-t0ken", "p4ssw0rd") if each in repr(options)]


def test_nothing_set_opens_nothing() -> None:
    assert read({}) == {}
    assert read({"SMTP_HOST": "  "}) == {}


def test_a_rehearsal_opens_rehearsals_only_and_of_kinds_that_really_exist() -> None:
    opened = open_notifiers(read_options(TWILIO | SMTP, public_url="", rehearsal=True))
    real = {entry.kind for entry in CATALOGUE if entry.settings}
    assert [each.name for each in opened] == [f"rehearsal_{kind}" for kind in ("sms", "email", "voice") if kind in real]


@pytest.mark.parametrize(
    ("change", "setting"),
    [
        pytest.param({"TWILIO_AUTH_TOKEN": ""}, "TWILIO_AUTH_TOKEN", id="no token"),
        pytest.param({"TWILIO_SENDER": ""}, "TWILIO_SENDER", id="neither sender nor service"),
        pytest.param({"TWILIO_ACCOUNT_SID": "SK123"}, "TWILIO_ACCOUNT_SID", id="an API key as the account"),
        pytest.param({"TWILIO_ACCOUNT_SID": ""}, "TWILIO_AUTH_TOKEN", id="a token without an account"),
        pytest.param({"TWILIO_API_BASE": "localhost:1"}, "TWILIO_API_BASE", id="a base that is no address"),
        pytest.param({"TWILIO_API_KEY": "SK1"}, "TWILIO_API_SECRET", id="a key without its secret"),
        pytest.param({"TWILIO2_SENDER": "+1"}, "TWILIO2_SENDER", id="half a second account"),
        pytest.param({"SMTP_SENDER": ""}, "SMTP_SENDER", id="no sender"),
        pytest.param({"SMTP_SENDER": "duty"}, "SMTP_SENDER", id="a sender that is no address"),
        pytest.param({"SMTP_REPLY_TO": "a@b\nBcc: c@d"}, "SMTP_REPLY_TO", id="a header in an address"),
        pytest.param({"SMTP_TLS": "ssl"}, "SMTP_TLS", id="an unknown kind of TLS"),
        pytest.param({"SMTP_PORT": "99999"}, "SMTP_PORT", id="an impossible port"),
        pytest.param({"SMTP_CA_FILE": "not/there.pem"}, "SMTP_CA_FILE", id="certificates that are not there"),
        pytest.param({"SMTP_USERNAME": "u"}, "SMTP_PASSWORD", id="a login without a password"),
        pytest.param(
            {"SMTP_TLS": "none", "SMTP_USERNAME": "u", "SMTP_PASSWORD": "s3cret-t0ken"}, "SMTP_TLS", id="an open login"
        ),
        pytest.param(
            {"SMTP_HOST": "", "SMTP_SENDER": "", "SMTP_PORT": "25"}, "SMTP_PORT", id="a port without a server"
        ),
    ],
)
def test_a_bad_setting_is_named_and_not_quoted(change: dict[str, str], setting: str) -> None:
    with pytest.raises(BadOptions) as wrong:
        read(TWILIO | SMTP | change)

    assert [name for name, _ in wrong.value.faults] == [setting]
    assert "s3cret" not in str(wrong.value)


def test_twilio_needs_a_public_address_for_its_callbacks() -> None:
    with pytest.raises(BadOptions) as wrong:
        read(TWILIO, public_url="")
    assert [name for name, _ in wrong.value.faults] == ["PUBLIC_URL"]


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "::1"])
def test_a_relay_on_the_same_machine_may_be_logged_into_without_tls(host: str) -> None:
    login = {"SMTP_TLS": "none", "SMTP_USERNAME": "u", "SMTP_PASSWORD": "p", "SMTP_HOST": host}
    assert read(SMTP | login)["smtp"].username == "u"


@pytest.mark.parametrize(("tls", "port"), [("starttls", 587), ("tls", 465), ("none", 25)])
def test_each_kind_of_tls_has_its_usual_port(tls: str, port: int) -> None:
    assert read(SMTP | {"SMTP_TLS": tls})["smtp"].port == port


async def test_a_rehearsed_address_behaves_as_it_was_told() -> None:
    kept: list[str] = []

    async def keep(message: object) -> None:
        kept.append(repr(message))

    behaves: dict[str, Behaviour] = {TEXT.to: "silent"}
    notifier = RehearsalSms(keep, behaves=behaves)

    assert (await notifier.send(TEXT)).provider_code == f"rehearsed-{TEXT.code}"
    assert kept == []
    behaves[TEXT.to] = "refused"
    with pytest.raises(NotSent):
        await notifier.send(TEXT)
    behaves[TEXT.to] = "unsure"
    with pytest.raises(Unsure):
        await notifier.send(TEXT)
    assert len(kept) == 1
