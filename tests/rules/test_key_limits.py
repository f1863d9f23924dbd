"""What a key is limited to, by the wall clock of its zone, also in the nights in which that jumps."""

from datetime import UTC, datetime, time

import pytest

from contactpoints.rules.key_limits import (
    Hours,
    Limits,
    is_outside,
    may_come_from,
    must_open,
    read_limits,
    write_limits,
)
from contactpoints.rules.refusals import KeyLimited, KindNotAllowed, OutsideKeyHours
from schemas.networks import network_of
from schemas.requests import Urgency

WORKDAYS = (0, 1, 2, 3, 4)
OFFICE = Hours("Europe/Paris", WORKDAYS, time(8), time(18))
NIGHTS = Hours("Europe/Paris", WORKDAYS, time(22), time(6))
HOUR_OF_THE_JUMP = Hours("Europe/Paris", (), time(2), time(3))
ALL_SATURDAY = Hours("Europe/Paris", (5,), time(0), time(0))
SATURDAY_TO_SUNDAY = Hours("Europe/Paris", (5,), time(7), time(7))


@pytest.mark.parametrize(
    ("hours", "at", "within"),
    [
        # In October 2026 Paris is two hours ahead of UTC until the 25th, a Sunday, when 3:00 becomes 2:00 at 1:00 UTC.
        pytest.param(OFFICE, "2026-10-14T06:00", True, id="at 8:00 sharp"),
        pytest.param(OFFICE, "2026-10-14T05:59:59", False, id="a second before"),
        pytest.param(OFFICE, "2026-10-14T16:00", False, id="at 18:00 sharp"),
        pytest.param(OFFICE, "2026-10-17T10:00", False, id="on a Saturday"),
        pytest.param(OFFICE, "2026-10-26T07:00", True, id="at 8:00 of winter time"),
        pytest.param(OFFICE, "2026-10-26T06:30", False, id="at 7:30 of winter time"),
        pytest.param(NIGHTS, "2026-10-16T20:00", True, id="Friday at 22:00"),
        pytest.param(NIGHTS, "2026-10-17T03:59", True, id="Saturday before 6:00, begun on Friday"),
        pytest.param(NIGHTS, "2026-10-17T20:00", False, id="Saturday at 22:00"),
        pytest.param(NIGHTS, "2026-10-19T03:00", False, id="Monday at 5:00, which would have begun on Sunday"),
        pytest.param(HOUR_OF_THE_JUMP, "2026-10-25T00:30", True, id="2:30 for the first time"),
        pytest.param(HOUR_OF_THE_JUMP, "2026-10-25T01:30", True, id="2:30 for the second time"),
        pytest.param(HOUR_OF_THE_JUMP, "2026-10-25T02:00", False, id="3:00 after it"),
        pytest.param(HOUR_OF_THE_JUMP, "2026-03-29T00:59", False, id="1:59, behind which 2:00 is missing"),
        pytest.param(HOUR_OF_THE_JUMP, "2026-03-29T01:00", False, id="3:00, which comes in its place"),
        pytest.param(ALL_SATURDAY, "2026-10-16T22:00", True, id="a whole day begins"),
        pytest.param(ALL_SATURDAY, "2026-10-17T22:00", False, id="a whole day ends"),
        pytest.param(
            SATURDAY_TO_SUNDAY, "2026-10-18T04:59", True, id="a whole day that begins at 7:00, the morning after"
        ),
        pytest.param(SATURDAY_TO_SUNDAY, "2026-10-17T04:59", False, id="and not the morning before"),
    ],
)
def test_hours_are_those_of_the_wall_clock(hours: Hours, at: str, within: bool) -> None:
    now = datetime.fromisoformat(at).replace(tzinfo=UTC)
    assert is_outside(Limits(hours=(hours,)), now) is not within
    assert not is_outside(Limits(hours=(Hours("UTC", (), time(0), time(0)), hours)), now)
    assert is_outside(Limits(), now) is False


NOON, NIGHT = datetime(2026, 10, 14, 10, tzinfo=UTC), datetime(2026, 10, 14, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("kind", "urgency", "now", "refused"),
    [
        pytest.param("preservation", "normal", NOON, None, id="within all limits"),
        pytest.param("preservation", "normal", NIGHT, OutsideKeyHours, id="no emergency, at night"),
        pytest.param("preservation", "emergency", NIGHT, None, id="an emergency at night"),
        pytest.param("assistance", "emergency", NOON, KindNotAllowed, id="another kind, in an emergency too"),
    ],
)
def test_hours_let_an_emergency_through_and_kinds_let_none(
    kind: str, urgency: Urgency, now: datetime, refused: type[KeyLimited] | None
) -> None:
    limits = Limits(kinds=("preservation",), hours=(OFFICE,))
    assert read_limits(write_limits(limits)) == limits
    if refused is None:
        must_open(limits, kind=kind, urgency=urgency, now=now)
        return
    with pytest.raises(refused):
        must_open(limits, kind=kind, urgency=urgency, now=now)


def test_a_key_of_some_networks_is_good_there_alone_and_nowhere_where_the_address_is_not_known() -> None:
    limits = Limits(addresses=tuple(network_of(each) for each in ("192.0.2.0/24", "2001:db8::/32")))
    good = ("192.0.2.7", "::ffff:192.0.2.7", "2001:db8:1::5")
    assert [each for each in (*good, "192.0.3.7", "2001:db9::1", "", None) if may_come_from(limits, each)] == [*good]
    assert may_come_from(Limits(), None)
