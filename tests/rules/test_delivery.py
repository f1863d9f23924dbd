"""The life of a message: news come twice, late and in any order, and the end is the same."""

from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contactpoints.rules.delivery import LEASE, Delivery, advance, rank, try_again_at

NOON = datetime(2026, 10, 25, 12, tzinfo=UTC)
REPORTS = st.lists(st.sampled_from([Delivery.ACCEPTED, Delivery.DELIVERED, Delivery.READ, Delivery.REFUSED]))
WORTH = (Delivery.ACCEPTED, Delivery.REFUSED, Delivery.DELIVERED, Delivery.READ)
"""What a gateway may tell, the better the later: good news win over a refusal, whichever comes first."""


def after(begun: Delivery, reports: list[Delivery]) -> Delivery:
    for report in reports:
        begun = advance(begun, report)
    return begun


@given(st.sampled_from([Delivery.SENDING, Delivery.UNSURE, Delivery.ACCEPTED]), REPORTS)
def test_reports_in_any_order_and_number_end_in_the_best_of_them(begun: Delivery, reports: list[Delivery]) -> None:
    best = max(reports, key=WORTH.index, default=begun)
    assert after(begun, reports) is (best if reports and (begun, best) != (Delivery.ACCEPTED,) * 2 else begun)
    assert after(begun, [*reports, *reversed(reports)]) is after(begun, reports)


@pytest.mark.parametrize("begun", [Delivery.SENDING, Delivery.UNSURE])
def test_every_order_of_all_reports_ends_in_read(begun: Delivery) -> None:
    assert {after(begun, list(order)) for order in permutations(WORTH)} == {Delivery.READ}


@given(st.sampled_from(Delivery), REPORTS)
def test_no_report_puts_a_message_back_into_the_queue_or_wakes_a_cancelled_one(
    begun: Delivery, reports: list[Delivery]
) -> None:
    states = [after(begun, reports[:n]) for n in range(len(reports) + 1)]
    assert not {Delivery.QUEUED, Delivery.SENDING, Delivery.UNSURE, Delivery.CANCELLED} & set(states) - {begun}
    if begun is Delivery.CANCELLED:
        assert set(states) == {Delivery.CANCELLED}


@given(st.integers(1, 10_000))
def test_a_message_that_did_not_leave_is_tried_again_soon_however_often_it_failed(attempts: int) -> None:
    months = timedelta(days=90)
    at = try_again_at(attempts, NOON, purpose="alert", first_tried=NOON - months)
    later = try_again_at(attempts + 1, NOON, purpose="alert", first_tried=NOON - months)
    assert at
    assert later
    assert timedelta(0) < at - NOON <= LEASE
    assert at <= later


@pytest.mark.parametrize("purpose", ["stand_down", "answer", "news", "alarm", "pin_link", "proof"])
def test_what_wakes_nobody_is_given_up_after_a_day(purpose: str) -> None:
    day = timedelta(days=1)
    assert try_again_at(9, NOON, purpose=purpose, first_tried=NOON - day + timedelta(minutes=1))
    assert try_again_at(9, NOON, purpose=purpose, first_tried=NOON - day) is None


def test_exercises_stand_behind_everything_actual_and_alarms_behind_alerts() -> None:
    purposes = ("alert", "stand_down", "answer", "news", "alarm", "pin_link", "proof")
    actual = [rank(kind, purpose, exercise=False) for kind in ("sms", "email") for purpose in purposes]
    exercises = [rank(kind, purpose, exercise=True) for kind in ("sms", "email") for purpose in purposes]
    assert max(actual) < min(exercises)
    assert rank("email", "alert", exercise=False) < rank("sms", "alarm", exercise=False)
