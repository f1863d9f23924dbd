"""The timeline as it is read: words for every fact in every language, how late each was, and the picture of it."""

import dataclasses
import xml.etree.ElementTree as ET
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, get_args, get_origin

import pytest

from contactpoints.rules.access import Actor, Role, Sides
from contactpoints.rules.alert_acts import acts_of
from contactpoints.rules.alert_timeline import Kept, entries, level_of, next_of
from contactpoints.rules.escalation_picture import Course, Stage, length_of, picture
from contactpoints.rules.wording_alerts import (
    DONE,
    OUTCOMES,
    SAID,
    done_of,
    lag_of,
    next_told,
    not_acknowledged,
    said_of,
)
from contactpoints.rules.wording_timeline import told
from contactpoints.words import LANGUAGES, catalogues
from schemas.acknowledgements import NOT_DECLINED
from schemas.timeline import FACTS, Closed, Exhausted, Fact, StepSkipped, StepStarted, read, shown, write

AT = datetime(2026, 10, 14, 0, 0, tzinfo=UTC)
_BY_NAME: Mapping[str, Any] = {
    **{"told": ["administrator"], "lines": ["first", "second"], "channels": ["sms", "email"], "officers": [7]},
    **{"reason": "nobody_on_duty", "purpose": "alert", "meaning": "no_pin", "outcome": "confirmed", "by": "requester"},
    **{"news": "exhausted", "direction": "to", "decision": "hold", "line": "first", "channel": "sms", "officer": 7},
    **{"contact_point": "Another Desk", "contact_points": [None, "Another Desk"]},
    **{"functions": ["A title"], "warnings": [], "left": True, "step": 1, "cycle": 1, "reference": "M8HX-T4BR"},
}
_REASONS = {"withdrawn": "danger_over", "closed": "handled", "retention_decided": "complaint"}
STARTED = {"cycle": 1, "lines": ["first"], "functions": ["A"], "channels": ["sms"], "unproven": False}


def data_of(code: str) -> dict[str, Any]:
    """Return data that a fact could have."""
    told: dict[str, Any] = {}
    for each in dataclasses.fields(FACTS[code]):
        if each.name == "reason" and code in _REASONS:
            told[each.name] = _REASONS[code]
        elif each.name in _BY_NAME:
            told[each.name] = _BY_NAME[each.name]
        else:
            of = (
                datetime if each.type is datetime else get_origin(each.type) or (get_args(each.type) or (each.type,))[0]
            )
            told[each.name] = {datetime: "2026-10-14T03:32:00Z", int: 3, float: 2.0, bool: True, tuple: []}.get(of, "x")
    return told


@pytest.mark.parametrize("code", FACTS)
def test_every_fact_is_told_in_every_language_inside_and_outside(code: str) -> None:
    data = data_of(code)
    fact = read(code, data)
    assert write(fact) == data, "what is read is what was written"
    said = {
        each: told(catalogues()[each], fact, zones=["Europe/Paris"], now=AT, names={7: "Ada"}) for each in LANGUAGES
    }
    assert len(set(said.values())) == 3
    assert not any("{" in each or "None" in each for each in said.values()), said
    assert ("Ada" in said["en"]) == bool(
        {"officer", "officers"} & data.keys() and code not in ("called_back", "request_read")
    )
    outside = told({}, read(code, shown(code, data)), zones=["UTC"], now=None)
    assert "Ada" not in outside
    assert level_of(fact) in ("good", "alarm", "bad", "idle")


def test_a_time_within_a_fact_is_told_by_the_clocks_of_the_reader_of_both_sides_and_of_utc() -> None:
    fact = read("exhausted", data_of("exhausted"))
    for zones, when in (
        (("Asia/Tokyo", "Europe/Paris", "America/New_York"), "12:32 (05:32 Paris, 23:32 New York, 03:32 UTC)"),
        (("Europe/Paris", "Europe/Paris", "Europe/Berlin"), "05:32 (03:32 UTC)"),
        (("UTC", "Europe/Paris"), "03:32 UTC (05:32 Paris)"),
        (("UTC",), "03:32 UTC"),
    ):
        assert told({}, fact, zones=zones, now=AT).endswith(f"The chain starts again at {when}.")


def test_what_can_be_said_and_why_nothing_is_acknowledged_has_words() -> None:
    assert set(OUTCOMES) == set(NOT_DECLINED)
    for words in catalogues().values():
        assert all(not_acknowledged(words, each) for each in OUTCOMES)
        assert all(said_of(words, each) for each in SAID)
        assert all(done_of(words, each) for each in DONE)


def _started(step: int, minute: float, *, until: float) -> Kept:
    data = STARTED | {"step": step, "until": (AT + timedelta(minutes=until)).isoformat()}
    return Kept(step, AT + timedelta(minutes=minute), read("step_started", data))


def test_a_step_is_late_by_when_the_one_before_was_over_and_on_time_where_it_came_at_once() -> None:
    again = (AT + timedelta(minutes=30)).isoformat()
    planned = {number: AT + timedelta(minutes=at) for number, at in ((1, 0), (2, 3), (3, 5), (4, 10))}
    message = {"purpose": "alert", "channel": "sms", "line": "first", "step": 1, "gateway": "x", "message": 5}
    kept = [
        Kept(1, AT, read("opened", data_of("opened"))),
        _started(1, 0, until=3),
        Kept(3, AT + timedelta(seconds=4), read("message_accepted", message)),
        Kept(4, AT + timedelta(seconds=9), read("message_delivered", message)),
        Kept(
            5,
            AT + timedelta(minutes=3),
            StepSkipped(step=2, cycle=1, lines=("first",), reason="delivered_already"),
        ),
        _started(3, 5.5, until=10.5),
        _started(4, 8, until=13),
        Kept(8, AT + timedelta(minutes=14), Exhausted(cycle=1, steps=4, restarts_at=datetime.fromisoformat(again))),
        Kept(9, AT + timedelta(minutes=31), read("chain_restarted", {"cycle": 2})),
    ]
    read_on = entries(kept, opened_at=AT, planned=planned)
    assert [lag_of({}, each.lag) for each in read_on] == [
        *("", "on time", "after 4 s", "after 5 s", "on time", "30 s late", "on time", "1 min late", "1 min late"),
    ]
    assert [lag_of({}, each.lag) for each in entries(kept[5:7], opened_at=AT, planned=planned)] == ["", "on time"]
    stages = [Stage(number, ("first",), at) for number, at in planned.items()]
    for over_at in (None, AT + timedelta(minutes=14)):
        course = Course(read_on, stages, AT, AT + timedelta(minutes=32), ("Europe/Paris", "America/New_York"), over_at)
        drawn = ET.fromstring(picture(catalogues()["fr"], course))
        assert drawn.get("role") == "img"
        assert [each.tag for each in drawn[:2]] == ["title", "desc"]
        assert "3 étapes" in (drawn[1].text or "")
        beside = [each.text for each in drawn if each.tag == "text" and each.get("text-anchor") == "end"][:3]
        assert beside == ["Paris", "New York", "UTC"], "by the clocks of both sides"
        rows = [each for each in drawn if each.tag == "g" and each.get("class") is None]
        assert [len(each.findall("rect")) for each in rows] == [1, 0, 1, 1]
        assert [each.get("class") for each in rows[0].findall("g")] == ["mark taken", "mark arrived"]


def test_what_is_due_next_is_the_next_step_the_first_again_or_the_end_of_the_chain() -> None:
    planned = [{"step": number, "lines": ["second"], "functions": ["A"], "channels": ["sms"]} for number in (1, 2)]
    assert next_of(planned, due_at=None, step=1, exhausted=False) is None
    found = [
        next_of(planned, due_at=AT, step=step, exhausted=over) for step, over in ((0, False), (2, False), (2, True))
    ]
    assert [each and each.step for each in found] == [1, None, 1]
    assert [next_told({}, each)[:40] for each in found if each] == [
        "Then step 1, by SMS: the second line",
        "Then every step has been tried: the requ",
        "Then step 1, by SMS: the second line",
    ]


def test_lengths_are_told_in_two_parts_at_most() -> None:
    lengths = (0.4, 59, 60, 367, 3600, 7800, 172_800, 200_000)
    assert [length_of(timedelta(seconds=each)) for each in lengths] == [
        *("0 s", "59 s", "1 min", "6 min 07 s", "1 h", "2 h 10 min", "2 d", "2 d 7 h"),
    ]


def test_acts_are_offered_to_whom_they_belong_while_they_make_sense() -> None:
    sides = Sides("US", "Desk", "FR", 1)
    asks = Actor(1, Role.REQUESTER, "US", "Desk")
    asked, keeper = Actor(2, Role.CONTACT_POINT, "FR", "x"), Actor(3, Role.ADMINISTRATOR, "FR", "x")
    going: dict[str, Any] = {"end_reason": None, "resent": False, "kept": True}
    stray: dict[str, Any] = {"state": "closed", "end_reason": "not_competent", "resent": False, "kept": True}
    assert acts_of(asks, sides, state="alerting", **going) == {"withdraw", "note", "read", "readings"}
    assert acts_of(asked, sides, state="acknowledged", **going) == {
        *("acknowledge", "close", "not_competent", "call_back", "hand_over", "note", "read", "readings"),
    }
    assert "decline" in acts_of(asked, sides, state="exhausted", **going)
    assert "decline" in acts_of(asked, sides, state="acknowledged", handed=True, **going), "asked to take it over"
    assert "decline" not in acts_of(asked, sides, handed=True, **going | {"state": "withdrawn"})
    assert acts_of(keeper, sides, state="closed", **going) == {"keep"}
    assert acts_of(asks, sides, **stray) == {"resend", "note", "read", "readings", "keep"}
    assert acts_of(asks, sides, **stray | {"resent": True, "kept": False}) == {"readings"}
    assert acts_of(asked, sides, **stray) == {"readings"}
    assert acts_of(Actor(4, Role.REQUESTER, "JP", "x"), sides, state="alerting", **going) == frozenset()


def test_a_party_that_is_suggested_is_told() -> None:
    fact: Fact = Closed(by="contact_point", reason="not_competent", suggested_party="BE")
    assert told({}, fact, zones=["UTC"], now=None).endswith("suggested instead: BE")
    assert isinstance(_started(1, 0, until=3).fact, StepStarted)
