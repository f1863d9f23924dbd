"""Each weakness of a set-up is named with what to do, what is sound is left alone, and no secret is quoted."""

import hashlib
from dataclasses import replace
from datetime import timedelta
from ipaddress import ip_network
from typing import Any

import pytest

from contactpoints.rules.weaknesses import Line, Setup, Stored, away, not_made, of_setup, of_stored, worst_first

A, B, PEPPER = (hashlib.sha256(each).digest() for each in (b"a", b"b", b"pepper"))
SOUND = Setup(
    public=("https", "alerts.example.org"),
    rehearsal=False,
    line=Line("db.example.org", "verify-full", 32),
    host="0.0.0.0",
    keys={"a": A},
    pepper=PEPPER,
    proxies=[ip_network("10.0.0.0/8"), ip_network("2001:db8::/32")],
    gateways={"sms": 2, "email": 1},
)
REHEARSED = replace(SOUND, rehearsal=True, gateways={}, public=("http", "localhost"), line=Line(), proxies=[])


def test_what_is_sound_is_left_alone() -> None:
    assert of_setup(SOUND) == []
    assert of_setup(replace(SOUND, line=Line(), host="127.0.0.1", proxies=[])) == []
    assert of_stored(Stored()) == []
    assert of_stored(Stored(embedded=True, privileges=["super"], foreign_databases=3)) == [], "its every right is ours"
    assert [(each.severity, each.about) for each in of_setup(REHEARSED)] == [("hint", "PUBLIC_URL")]


@pytest.mark.parametrize(
    ("changed", "severity", "about"),
    [
        ({"public": ("http", "localhost")}, "warning", "PUBLIC_URL"),
        ({"rehearsal": True}, "danger", "REHEARSAL"),
        ({"rehearsal": True, "line": Line()}, "danger", "REHEARSAL"),
        ({"line": Line("db", "prefer", 32)}, "danger", "DATABASE_URL"),
        ({"line": Line("db", "disable", 32)}, "danger", "DATABASE_URL"),
        ({"line": Line("db", "require", 32)}, "hint", "DATABASE_URL"),
        ({"line": Line("db", "verify-full", 15)}, "warning", "DATABASE_URL"),
        ({"keys": {"a": bytes(32)}}, "danger", "KEYRING"),
        ({"keys": {"a": b"correct horse battery staple 123"}}, "danger", "KEYRING"),
        ({"keys": {"a": A, "b": B}}, "hint", "KEYRING"),
        ({"keys": {"a": A, "b": A}}, "warning", "KEYRING"),
        ({"pepper": b"p" * 64}, "danger", "PIN_PEPPER"),
        ({"pepper": A}, "danger", "PIN_PEPPER"),
        ({"proxies": [ip_network("0.0.0.0/0")]}, "danger", "TRUSTED_PROXIES"),
        ({"proxies": [ip_network("::/0")]}, "danger", "TRUSTED_PROXIES"),
        ({"proxies": [ip_network("10.0.0.0/7")]}, "warning", "TRUSTED_PROXIES"),
        ({"host": "::", "proxies": []}, "warning", "HOST"),
        ({"open_files": ["PIN_PEPPER"]}, "warning", "PIN_PEPPER_FILE"),
        ({"plain_lines": ["SMTP_TLS"]}, "danger", "SMTP_TLS"),
        ({"gateways": {"sms": 1, "email": 1}}, "warning", "TWILIO2_ACCOUNT_SID"),
        ({"gateways": {"email": 1}}, "warning", "TWILIO_ACCOUNT_SID"),
        ({"gateways": {"sms": 2}}, "warning", "SMTP_HOST"),
    ],
)
def test_each_weakness_of_the_settings_is_named(changed: dict[str, Any], severity: str, about: str) -> None:
    found = of_setup(replace(SOUND, **changed))
    assert (severity, about) in {(each.severity, each.about) for each in found}
    assert {each.about for each in found} <= {about, "KEYRING"}, "and nothing else"


@pytest.mark.parametrize(
    ("stored", "severity", "told"),
    [
        (Stored(behind=True), "danger", "contactpoints migrate"),
        (Stored(pepper_differs=True), "danger", "not the one that the PINs"),
        (Stored(keys_differ=["a"]), "danger", "under the name a"),
        (Stored(keys_missing=["b", "a"]), "danger", "lacks a, b"),
        (Stored(privileges=["super", "createdb"]), "warning", "(createdb, super)"),
        (Stored(foreign_databases=2), "warning", "owns 2 other"),
        (Stored(clock_off=timedelta(seconds=-1.5)), "warning", "is -1.5 s off"),
        (Stored(keys_for_ever=[3]), "warning", "no. 3 never expire"),
        (Stored(keys_unused=[1, 2, 3, 4, 5, 6, 7]), "warning", "no. 1, 2, 3, 4, 5 (+2) were not used"),
        (Stored(without_pin=[8, 9]), "warning", "no. 8, 9 have no PIN"),
        (Stored(without_passkey=[8]), "hint", "no. 8 sign in without a passkey"),
        (Stored(secretariats=1), "warning", "of the secretariat: only one."),
        (Stored(secretariats=0), "warning", "of the secretariat: none yet."),
    ],
)
def test_each_weakness_of_the_database_is_named(stored: Stored, severity: str, told: str) -> None:
    (found,) = of_stored(stored)
    assert found.severity == severity
    assert told in found.told
    assert found.told.endswith(".")


def test_the_worst_is_told_first_and_a_database_that_is_away_is_told() -> None:
    found = worst_first(of_setup(replace(SOUND, keys={"a": A, "b": bytes(32)}, public=("http", "a.example"), pepper=A)))
    assert [each.severity for each in found] == ["danger", "danger", "warning", "hint"]
    assert away("PostgreSQL does not answer.").severity == "danger"
    assert not_made().severity == "hint", "one that is made with the first start is no fault"
    assert not [each for each in found if A.hex() in each.told or repr(A) in each.told]
