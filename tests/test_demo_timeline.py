"""What the demo's terminal says of each fact, and how its lines are broken."""

from typing import Any

import pytest

from contactpoints.demo_timeline import line, opening, say, words

ALERT: dict[str, Any] = {
    "reference": "M8HX-T4BR",
    "kind": "preservation",
    "status": "actual",
    "urgency": "emergency",
    "requesting_party": "US",
    "requested_party": "JP",
    "duty_post": {"local_time": "2026-11-26T14:06:26+09:00", "contact_point": "Desk", "zone": "Asia/Tokyo"},
}
SMS = {"purpose": "alert", "channel": "sms", "line": "second", "step": 3}
FACT = {"code": "message_accepted", "at": "2026-11-26T05:06:26Z", "data": SMS}


def test_people_are_told_by_their_line_and_never_by_number() -> None:
    inside = {"officer": 4711, "officers": [4711], "message": 4711}
    assert words("message_accepted", SMS | inside) == "SMS to the second line: taken by the gateway (alert)"
    news = SMS | {"purpose": "news", "line": None, "channel": "email"}
    assert words("message_accepted", news) == "E-mail to the requester: taken by the gateway (news)"
    alarm = SMS | {"purpose": "alarm", "line": None}
    assert words("message_unsure", alarm) == (
        "SMS to those who keep the directory: nobody knows yet whether it has left (alarm)"
    )
    started = {"step": 2, "lines": ["first", "team_leader"], "channels": ["sms", "email"]} | inside
    assert words("step_started", started) == "Step 2: called by SMS, e-mail: the first line, the team leader"
    assert words("stand_down_sent", {"lines": [], "channels": ["sms"]} | inside) == "Told by SMS to stand down: nobody"


def test_a_line_has_both_times_and_the_reference_where_several_are_open() -> None:
    said = "SMS to the second line: taken by the gateway (alert)"
    assert line(FACT, ALERT, named=False) == (f"05:06:26 14:06:26  {said}", 19)
    assert line(FACT, ALERT, named=True) == (f"05:06:26 14:06:26  M8HX-T4BR  {said}", 30)
    assert line(FACT, ALERT | {"duty_post": None}, named=False) == (f"05:06:26 05:06:26  {said}", 19)


def test_an_alert_is_told_by_who_asks_whom_for_what() -> None:
    asked, where = opening(ALERT)
    assert asked == "An emergency: US asks JP for expedited preservation of stored computer data."
    assert where == "Reference M8HX-T4BR, 14:06 at Desk (Asia/Tokyo)."
    asked, where = opening(ALERT | {"status": "exercise", "duty_post": None})
    assert asked.startswith("An exercise: ")
    assert where == "Reference M8HX-T4BR."
    assert opening(ALERT | {"urgency": "normal"})[0].startswith("A request: ")


def test_long_lines_go_on_under_their_column(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "50")
    say(*line(FACT, ALERT, named=True))
    say("http://localhost:8000/a/" + "A" * 40)
    assert capsys.readouterr().out.splitlines() == [
        "05:06:26 14:06:26  M8HX-T4BR  SMS to the second",
        f"{'':30}line: taken by the",
        f"{'':30}gateway (alert)",
        "http://localhost:8000/a/" + "A" * 40,
    ]
