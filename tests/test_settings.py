"""Every setting is read once, and nonsense stops the process with the setting's name."""

import base64
import os
import secrets
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path

import pytest

from contactpoints.settings import PREFIX, BadSetting, Settings, read_settings

KEY = base64.b64encode(bytes(32)).decode()
NEEDED = {"KEYRING": f"a:{KEY}", "PIN_PEPPER": KEY}
REHEARSAL = NEEDED | {"REHEARSAL": "1"}
TWILIO = {"TWILIO_ACCOUNT_SID": "AC" + "0" * 32, "TWILIO_AUTH_TOKEN": "s3cret-t0ken", "TWILIO_SENDER": "+15005550006"}
SMTP = {"SMTP_HOST": "mail.example.org", "SMTP_SENDER": "duty@example.org"}
REAL = NEEDED | TWILIO | {"PUBLIC_URL": "https://alerts.example.org/"}


def read(values: Mapping[str, str], **outside: str) -> Settings:
    named = {PREFIX + name: value for name, value in values.items()}
    return read_settings(named | outside, entropy=secrets.token_bytes)


def test_a_rehearsal_needs_no_more_than_its_secrets_and_knows_no_real_gateway() -> None:
    settings = read(REHEARSAL | TWILIO)
    assert list(settings.notifiers) == ["rehearsal_sms", "rehearsal_email"]
    assert (settings.host, settings.port, settings.public_url) == ("127.0.0.1", 8000, "http://localhost:8000")
    assert read(REHEARSAL, PORT="5000").public_url == "http://localhost:5000"
    assert read(REHEARSAL | {"PORT": "0"}).public_url == "", "nobody knows yet which port it will be"


def test_a_rehearsal_may_have_a_public_address_too() -> None:
    assert read(REHEARSAL | {"PUBLIC_URL": "http://localhost:8000"}).public_url == "http://localhost:8000"


def test_real_gateways_are_read_in_the_order_in_which_they_are_tried() -> None:
    second = {name.replace("TWILIO", "TWILIO2"): value for name, value in TWILIO.items()}
    settings = read(REAL | second | SMTP)
    assert list(settings.notifiers) == ["twilio_sms", "twilio_sms_2", "smtp"]
    assert settings.public_url == "https://alerts.example.org"


def test_no_secret_shows_where_settings_are_shown() -> None:
    assert not [each for each in ("s3cret", KEY) if each in repr(read(REAL | SMTP))]


def test_one_gateway_is_enough() -> None:
    assert list(read(NEEDED | SMTP | {"PUBLIC_URL": "http://localhost"}).notifiers) == ["smtp"]


def test_the_platform_says_where_to_listen_and_its_router_is_on_another_host() -> None:
    settings = read(REHEARSAL, PORT="5000")
    assert (settings.host, settings.port) == ("0.0.0.0", 5000)
    settings = read(REHEARSAL | {"PORT": "5001", "HOST": "::1"}, PORT="5000")
    assert (settings.host, settings.port) == ("::1", 5001)


@pytest.mark.parametrize(
    ("values", "name"),
    [
        pytest.param(NEEDED, "PUBLIC_URL", id="no rehearsal and no public address"),
        pytest.param(REAL | {"PUBLIC_URL": "alerts.example.org"}, "PUBLIC_URL", id="an address without a scheme"),
        pytest.param(REAL | {"PUBLIC_URL": "https://a.example/?x=1"}, "PUBLIC_URL", id="an address with a query"),
        pytest.param(REAL | {"PUBLIC_URL": "http://a.example"}, "PUBLIC_URL", id="links that anybody between can read"),
        pytest.param(REAL | {"PUBLIC_URL": "https://a.example/duty/"}, "PUBLIC_URL", id="an address with a path"),
        pytest.param(REHEARSAL | {"PUBLIC_URL": "ftp://a.example"}, "PUBLIC_URL", id="a bad address in a rehearsal"),
        pytest.param(NEEDED | {"PUBLIC_URL": "https://a.example"}, "TWILIO_ACCOUNT_SID", id="nobody could be woken"),
        pytest.param(REAL | {"TWILIO_SENDER": ""}, "TWILIO_SENDER", id="half a gateway"),
        pytest.param(REAL | {"TIME_SCALE": "60"}, "TIME_SCALE", id="a fast clock with a real gateway"),
        pytest.param(REHEARSAL | {"TIME_SCALE": "0"}, "TIME_SCALE", id="a clock that stands still"),
        pytest.param(REHEARSAL | {"REHEARSAL": "yes"}, "REHEARSAL", id="neither 1 nor 0"),
        pytest.param(REHEARSAL | {"TRUSTED_PROXIES": "10.0.0.0/8, proxy"}, "TRUSTED_PROXIES", id="a proxy by name"),
        pytest.param(REHEARSAL | {"HOST": "everywhere"}, "HOST", id="a host that is no address"),
        pytest.param(REHEARSAL | {"PORT": "http"}, "PORT", id="a port that is no number"),
        pytest.param(REHEARSAL | {"KEYRING": "a:b"}, "KEYRING", id="a key that is too short"),
        pytest.param(REHEARSAL | {"PIN_PEPPER": "salt"}, "PIN_PEPPER", id="a pepper that is too short"),
        pytest.param(REHEARSAL | {"DATABASE_URL": "mysql://u:p@h/d"}, "DATABASE_URL", id="another kind of database"),
        pytest.param(REHEARSAL | {"DATABASE_URL": "postgresql://u:p@h:x/d"}, "DATABASE_URL", id="a port of letters"),
        pytest.param(REHEARSAL | {"DATABASE_URL": "postgresql://u:p@h"}, "DATABASE_URL", id="no name of a database"),
        pytest.param(REHEARSAL | {"DATABASE_URL": "postgres://u:p@h/d?sslmode=on"}, "DATABASE_URL", id="no such TLS"),
        pytest.param(REHEARSAL | {"DATABASE_URL": "postgres://u:p@h/d?host=x"}, "DATABASE_URL", id="more than TLS"),
    ],
)
def test_nonsense_is_refused_by_name_and_not_quoted(values: Mapping[str, str], name: str) -> None:
    with pytest.raises(BadSetting) as refused:
        read(values)
    assert str(refused.value).startswith(f"{PREFIX}{name} ")
    assert not str(refused.value).startswith((f"{PREFIX}{name} or", f"{PREFIX}{name} is not")), "a sentence"
    assert "s3cret" not in str(refused.value)


def test_all_that_is_wrong_is_told_at_once_each_name_in_a_line() -> None:
    wrong = {
        "PUBLIC_URL": "",
        "KEYRING": "",
        "TIME_SCALE": "x",
        "TWILIO_SENDER": "",
        "TWILIO_AUTH_TOKEN": "",
        "HSOT": "::",
    }
    with pytest.raises(BadSetting) as refused:
        read(REAL | wrong)
    named = [line.split()[0].removeprefix(PREFIX) for line in str(refused.value).splitlines()]
    assert sorted(named) == sorted(wrong)


@pytest.mark.parametrize("host", ["localhost:8000", "127.0.0.1", "[::1]:8000"])
def test_http_is_enough_on_this_machine_itself(host: str) -> None:
    assert read(REAL | {"PUBLIC_URL": f"http://{host}"}).public_url == f"http://{host}"


def test_a_misspelt_name_is_refused_because_somebody_meant_something_by_it() -> None:
    with pytest.raises(BadSetting, match=r"CONTACTPOINTS_TWILO2_ACCOUNT_SID .*CONTACTPOINTS_TWILIO2_ACCOUNT_SID"):
        read(REAL | {"TWILO2_ACCOUNT_SID": "AC1"})


def in_file(folder: Path, content: bytes, name: str = "secret") -> str:
    (folder / name).write_bytes(content)
    return str(folder / name)


def test_every_setting_may_come_from_a_file(tmp_path: Path) -> None:
    whole = REAL | SMTP | {"DATABASE_URL": "postgresql://u:p@h/d", "HOST": "::1", "PORT": "5000"}
    files = {name + "_FILE": in_file(tmp_path, value.encode() + b"\n", name) for name, value in whole.items()}
    settings, plain = read(files), read(whole)
    same = {each.name for each in fields(Settings)} - {"files", "keyring"}
    assert {name: getattr(settings, name) for name in same} == {name: getattr(plain, name) for name in same}
    assert settings.keyring.keys == plain.keyring.keys
    assert (settings.files["KEYRING"], plain.files) == (tmp_path / "KEYRING", {})
    assert str(tmp_path) not in repr(settings)


def test_of_a_file_only_the_end_of_its_last_line_is_left_out(tmp_path: Path) -> None:
    password = {"SMTP_USERNAME": "u", "SMTP_PASSWORD_FILE": in_file(tmp_path, b"s3 cret\r\n")}
    assert read(REAL | SMTP | password).notifiers["smtp"].password == "s3 cret"
    marked = {"KEYRING": "", "KEYRING_FILE": in_file(tmp_path, b"\xef\xbb\xbfa:" + KEY.encode())}
    assert list(read(REHEARSAL | marked).keyring.keys) == ["a"], "as some editors begin a file"
    assert read(REHEARSAL | {"DATABASE_URL_FILE": " "}).database_url == "", "blank is not given"


@pytest.mark.parametrize(
    ("content", "told"),
    [
        pytest.param(b"", "is empty", id="empty"),
        pytest.param(b" \n", "is empty", id="blank"),
        pytest.param(b"s3cret" * 20_000, "is too large", id="too large"),
        pytest.param(b"s3cret\xff", "it is no text", id="not text"),
        pytest.param(b"s3cret\0", "no text", id="a zero in it"),
        pytest.param(b"a:s3cret", "KEYRING cannot be read", id="no setting in it"),
    ],
)
def test_a_file_that_holds_no_setting_is_refused_and_not_quoted(tmp_path: Path, content: bytes, told: str) -> None:
    with pytest.raises(BadSetting) as refused:
        read(REHEARSAL | {"KEYRING": "", "KEYRING_FILE": in_file(tmp_path, content)})
    assert told in str(refused.value)
    assert str(refused.value).startswith(PREFIX + "KEYRING")
    assert not [each for each in ("s3cret", str(tmp_path)) if each in str(refused.value)]


def test_a_file_that_cannot_be_read_is_refused_and_nothing_waits_for_it(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path, told in ((tmp_path / "pipe", "no ordinary file"), (tmp_path, "directory")):
        with pytest.raises(BadSetting, match=f"PIN_PEPPER_FILE names .*{told}"):
            read(REHEARSAL | {"PIN_PEPPER": "", "PIN_PEPPER_FILE": str(path)})
    with pytest.raises(BadSetting, match=r"PIN_PEPPER_FILE names .* No such file") as refused:
        read(REHEARSAL | {"PIN_PEPPER": "", "PIN_PEPPER_FILE": KEY})
    assert "\n" not in str(refused.value), "what could not be read is not missing too"
    assert KEY not in str(refused.value), "the secret where the path belongs"


def test_what_is_given_twice_is_refused_and_a_misspelt_file_too(tmp_path: Path) -> None:
    with pytest.raises(BadSetting, match="KEYRING_FILE and KEYRING are both given"):
        read(REHEARSAL | {"KEYRING_FILE": in_file(tmp_path, b"a:" + KEY.encode())})
    with pytest.raises(BadSetting, match=r"KEYRNIG_FILE .*CONTACTPOINTS_KEYRING_FILE"):
        read(REHEARSAL | {"KEYRNIG_FILE": "/nowhere"})
    assert read(REAL | SMTP | {"SMTP_CA_FILE": in_file(tmp_path, b"pem")}).files == {}, "a setting of that name"
