"""How long a proof lasts, when it is asked for again, when the administrator hears, and when senders see amber."""

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from contactpoints.rules.proof import (
    A_MINUTE,
    AGAIN,
    ASKS_AFTER,
    ASKS_BEFORE,
    PATIENCE,
    Standing,
    by_day,
    is_daytime,
    is_fresh,
    is_proven,
    life_of,
    next_daytime,
    next_move,
    state_of,
)

MOBILE, DESK, BOX, EITHER = "+61491570156", "+442079460958", "officer@fr.example.org", "+12025550143"
THEN = datetime(2026, 10, 14, 10, 0, tzinfo=UTC)
DAY = timedelta(days=1)
PARIS = "Europe/Paris"


@pytest.mark.parametrize(
    ("kind", "address", "days"),
    [
        pytest.param("sms", MOBILE, 90, id="a mobile number"),
        pytest.param("voice", MOBILE, 90, id="a mobile number that is called"),
        pytest.param("voice", DESK, 180, id="a switchboard"),
        pytest.param("sms", DESK, 180, id="a fixed line that gets texts"),
        pytest.param("email", BOX, 180, id="a mailbox"),
        pytest.param("sms", EITHER, 90, id="texts to a number that may be mobile"),
        pytest.param("voice", EITHER, 180, id="calls to a number that may be fixed"),
        pytest.param("sms", "+99999999999", 90, id="a number of no plan counts for less"),
    ],
)
def test_how_long_a_proof_lasts(kind: str, address: str, days: int) -> None:
    assert life_of(kind, address) == days * DAY
    for at, proven in ((days * DAY - timedelta(microseconds=1), True), (days * DAY, False)):
        assert is_proven(kind, address, proven_at=THEN, at=THEN + at) is proven
        assert (state_of(kind, address, proven_at=THEN, at=THEN + at) == "decayed") is not proven


def test_what_was_never_proven_is_not_proven() -> None:
    assert not is_proven("sms", MOBILE, proven_at=None, at=THEN)
    assert state_of("sms", MOBILE, proven_at=None, at=THEN) == "never"


def test_a_proof_is_due_again_before_it_decays() -> None:
    states = [state_of("sms", MOBILE, proven_at=THEN, at=THEN + day * DAY) for day in (0, 75, 76, 89, 90)]
    assert states == ["proven", "proven", "due", "due", "decayed"]


def _year(kind: str, address: str, *, proven_at: datetime | None, answers: int | None = None) -> list[tuple[str, int]]:
    """Let the engine look every hour for 400 days; return what it does on which day, until a question is answered."""
    standing, at, done = Standing(proven_at, THEN), THEN, list[tuple[str, int]]()
    while at < THEN + 400 * DAY and (answers is None or len(done) < answers):
        move = next_move(kind, address, standing=standing, now=at, zone=PARIS)
        if move == "ask":
            assert is_daytime(at, PARIS)
            standing = Standing(proven_at, THEN, standing.asks + 1, at, standing.told_at)
        elif move == "tell":
            standing = Standing(proven_at, THEN, standing.asks, standing.asked_at, at)
        if move:
            done.append((move, (at - THEN).days))
        at += timedelta(hours=1)
    return done


@pytest.mark.parametrize(("kind", "address", "days"), [("sms", MOBILE, 90), ("voice", DESK, 180), ("email", BOX, 180)])
def test_it_asks_three_times_then_tells_and_only_then_the_proof_decays(kind: str, address: str, days: int) -> None:
    done = _year(kind, address, proven_at=THEN)
    asked = [("ask", days - before.days) for before in ASKS_BEFORE]
    told = ("tell", asked[-1][1] + PATIENCE.days)
    assert done[:4] == [*asked, told]
    assert told[1] < days
    assert done[4:6] == [("ask", asked[-1][1] + AGAIN.days), ("tell", told[1] + AGAIN.days)], "and goes on, monthly"


def test_what_was_just_entered_is_asked_a_day_later_and_told_when_nobody_answers() -> None:
    done = _year("sms", MOBILE, proven_at=None)
    assert done[:4] == [*(("ask", after.days) for after in ASKS_AFTER), ("tell", ASKS_AFTER[-1].days + PATIENCE.days)]


def test_a_service_that_was_away_asks_once_and_tells_of_what_has_decayed_meanwhile() -> None:
    standing = Standing(THEN - 200 * DAY, THEN - 300 * DAY)
    assert next_move("sms", MOBILE, standing=standing, now=THEN, zone=PARIS) == "ask"
    asked = Standing(standing.proven_at, standing.since, 1, THEN)
    assert next_move("sms", MOBILE, standing=asked, now=THEN + DAY, zone=PARIS) is None
    assert next_move("sms", MOBILE, standing=asked, now=THEN + PATIENCE, zone=PARIS) == "tell"


@pytest.mark.parametrize(
    ("hour", "zone", "asks"),
    [(3, "UTC", False), (9, "UTC", True), (18, "UTC", False), (3, "Asia/Tokyo", True), (10, "Asia/Tokyo", False)],
)
def test_nobody_is_asked_at_night(hour: int, zone: str, asks: bool) -> None:
    at = THEN.replace(hour=hour)
    move = next_move("sms", MOBILE, standing=Standing(None, THEN - 30 * DAY), now=at, zone=zone)
    assert (move == "ask") is asks


def test_a_changed_address_is_shown_for_seven_days() -> None:
    assert [is_fresh(THEN, THEN + day * DAY) for day in (0, 6, 7)] == [True, True, False]
    assert not is_fresh(None, THEN)


@pytest.mark.parametrize(
    ("at", "day"),
    [
        pytest.param(datetime(2026, 10, 14, 7, 0, tzinfo=UTC), datetime(2026, 10, 14, 7, 0, tzinfo=UTC), id="at nine"),
        pytest.param(datetime(2026, 10, 14, 3, 0, tzinfo=UTC), datetime(2026, 10, 14, 7, 0, tzinfo=UTC), id="at five"),
        pytest.param(datetime(2026, 10, 14, 16, 0, tzinfo=UTC), datetime(2026, 10, 15, 7, 0, tzinfo=UTC), id="at six"),
        pytest.param(
            datetime(2026, 10, 24, 18, 0, tzinfo=UTC), datetime(2026, 10, 25, 8, 0, tzinfo=UTC), id="clocks go back"
        ),
    ],
)
def test_by_day_is_between_nine_and_six_on_the_clocks_there(at: datetime, day: datetime) -> None:
    assert next_daytime(at, "Europe/Paris") == day


def test_many_are_told_by_day_and_few_in_any_minute() -> None:
    night = datetime(2026, 10, 14, 1, 0, 30, tzinfo=UTC)
    zones = [PARIS, "Asia/Tokyo", "Europe/Berlin"] * 400
    told = by_day(zones, night)
    assert all(at >= night and is_daytime(at, zone) for at, zone in zip(told, zones, strict=True))
    minutes = Counter(at.replace(second=0) for at in told)
    assert max(minutes.values()) == A_MINUTE
    assert (min(told), len(minutes)) == (night, 60), "Tokyo is awake; Paris and Berlin share their mornings"


def test_whoever_does_not_fit_into_the_day_is_told_on_the_next() -> None:
    told = by_day([PARIS] * (9 * 60 * A_MINUTE + 1), datetime(2026, 10, 14, 1, 0, tzinfo=UTC))
    assert told[-2:] == [datetime(2026, 10, 14, 15, 59, tzinfo=UTC), datetime(2026, 10, 15, 7, 0, tzinfo=UTC)]
