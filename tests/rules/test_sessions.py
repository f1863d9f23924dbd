"""Which factors suffice, how long sessions last, who may guess how fast, and which passwords are guessed first."""

from datetime import UTC, datetime, timedelta

import pytest

from contactpoints.rules import passwords
from contactpoints.rules.sessions import (
    FRESH,
    IDLE,
    LONGEST,
    Factor,
    Span,
    is_fresh,
    is_meant,
    may_follow,
    must_be_noted,
    over_at,
    own_path,
    suffices,
)
from contactpoints.rules.throttle import Limit, spend, wait_for

NOON = datetime(2026, 10, 14, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize(
    ("proven", "enough", "wanted"),
    [
        ((), False, ()),
        (("password",), False, ("totp", "recovery_code")),
        (("password", "password"), False, ("totp", "recovery_code")),
        (("totp",), False, ("password", "openid")),
        (("totp", "recovery_code"), False, ("password", "openid")),
        (("totp", "password"), True, ()),
        (("password", "recovery_code"), True, ()),
        (("passkey",), True, ()),
        (("openid",), False, ("totp", "recovery_code")),
        (("openid", "recovery_code"), True, ()),
        (("openid", "password"), False, ("totp", "recovery_code")),
        (("openid_mfa",), True, ()),
    ],
)
def test_two_different_factors_let_somebody_in(
    proven: tuple[Factor, ...], enough: bool, wanted: tuple[Factor, ...]
) -> None:
    assert suffices(proven) is enough
    assert set(may_follow(proven)) == set(wanted)


def test_a_session_is_over_after_silence_or_after_a_days_work() -> None:
    assert over_at(Span(NOON, NOON, NOON)) == NOON + IDLE
    assert over_at(Span(NOON, NOON + LONGEST - MINUTE, NOON)) == NOON + LONGEST
    assert is_fresh(NOON, NOON + FRESH - timedelta(microseconds=1))
    assert not is_fresh(NOON, NOON + FRESH)
    assert must_be_noted(Span(NOON, NOON, NOON), NOON + MINUTE)
    assert not must_be_noted(Span(NOON, NOON, NOON), NOON + MINUTE / 2)


@pytest.mark.parametrize(
    ("method", "site", "origin", "meant"),
    [
        ("GET", "cross-site", "https://evil.example", True),
        ("POST", "same-origin", "", True),
        ("POST", "same-site", "https://a.example", False),
        ("POST", "", "https://a.example", True),
        ("POST", "", "HTTPS://A.example:443", True),
        ("POST", "", "http://a.example", False),
        ("POST", "", "https://a.example:8443", False),
        ("DELETE", "", "", False),
        ("PUT", "", "null", False),
    ],
)
def test_a_browser_changes_something_only_from_a_page_of_ours(method: str, site: str, origin: str, meant: bool) -> None:
    assert is_meant(method, site=site, origin=origin, ours="https://a.example") is meant
    if method != "GET" and not site:
        assert not is_meant(method, site=site, origin=origin, ours=""), "without an address of ours nothing is"


@pytest.mark.parametrize(
    ("asked", "own"),
    [
        ("/account", True),
        ("/a/path?with=query&next=//x#part", True),
        ("/", True),
        ("", False),
        ("account", False),
        ("//evil.example", False),
        ("///evil.example", False),
        ("/\\evil.example", False),
        ("\\\\evil.example", False),
        ("https:evil.example", False),
        ("https://evil.example/", False),
        ("javascript:alert(1)", False),
        ("/\t/evil.example", False),
        ("/\n/evil.example", False),
        ("\t//evil.example", False),
        ("/\x00", False),
        ("/\x7f/evil.example", False),
        (" //evil.example", False),
        ("/ /evil.example", False),
        ("/\u2028/evil.example", False),
        ("/\uff0fevil.example", False),
        ("/" + "x" * 500, False),
    ],
)
def test_signing_in_leads_to_a_page_of_ours_and_nowhere_else(asked: str, own: bool) -> None:
    assert own_path(asked, instead="/account") == (asked if own else "/account")


def test_tries_are_spent_at_once_come_back_one_by_one_and_never_more_than_were_there() -> None:
    limit, spent, now = Limit(3, MINUTE), None, NOON
    for _ in range(3):
        assert wait_for(limit, spent, now=now) == timedelta(0)
        spent = spend(limit, spent, now=now)
    assert wait_for(limit, spent, now=now) == MINUTE
    assert wait_for(limit, spent, now=now + MINUTE - timedelta(seconds=1)) == timedelta(seconds=1)
    taken, now = 0, NOON
    while now < NOON + 60 * MINUTE:
        if wait_for(limit, spent, now=now) == timedelta(0):
            spent = spend(limit, spent, now=now)
            taken += 1
        now += timedelta(seconds=1)
    assert taken == 59, "one a minute, however often somebody asks"
    late, taken = NOON + timedelta(days=1), 0
    while wait_for(limit, spent, now=late) == timedelta(0):
        spent = spend(limit, spent, now=late)
        taken += 1
    assert taken == 3


@pytest.mark.parametrize(
    ("password", "fault"),
    [
        ("three lamps above a quiet harbour", None),
        ("тихая гавань, три фонаря", None),
        ("短いパスワードではありませんよね", None),
        ("correct horse", None),
        ("elevensigns", "too_short"),
        ("x" * 201, "too_long"),
        ("1qaz2wsx3edc", "common"),
        ("Password12345", "common"),
        ("!!!!baseball!!!!", "common"),
        ("footballfootball", "common"),
        ("football2026football", "common"),
        ("§$%&/()=?[]{}+~#", None),
        ("a$9!x#%&*@(7", None),
        ("aaaaaaaaaaaaaaaa", "common"),
        ("121212121212121212", "common"),
        ("ada@fr.example.org", "common"),
        ("Invented-Desk-2026", "common"),
    ],
)
def test_a_password_is_long_and_none_that_is_guessed_first(password: str, fault: str | None) -> None:
    common = {"1qaz2wsx3edc", "password", "baseball", "football"}
    about = ("Ada Example", "ada@fr.example.org", "Invented desk")
    assert passwords.fault_of(passwords.normal(password), common=common, about=about) == fault
