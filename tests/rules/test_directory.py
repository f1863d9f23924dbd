"""Which channels are used to reach an officer."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from contactpoints.rules.directory import Channel, ContactPoint, Officer, channels_to_use, has_telephone
from contactpoints.rules.vouching import vouched

THEN = datetime(2026, 10, 1, tzinfo=UTC)
EVERYTHING = frozenset({"sms", "voice", "email"})


def channel(id: int, kind: str = "sms", *, place: int = 1, proven: bool = False, quarantined: bool = False) -> Channel:
    return Channel(id, 1, kind, "+442079460958", place, THEN if proven else None, THEN if quarantined else None)


def alone(id: int, kind: str = "sms") -> Channel:
    """Return a proven channel that one person alone has entered."""
    return replace(channel(id, kind, place=1, proven=True), unapproved=True)


def chosen(
    *channels: Channel, wanted: tuple[str, ...] = ("sms", "email"), available: frozenset[str] = EVERYTHING
) -> list[int]:
    officer = Officer(1, 1, "Ana Marin", "Duty officer", "en", channels)
    return [each.id for each in channels_to_use(officer, wanted, available=available, at=THEN)]


@pytest.mark.parametrize(
    ("channels", "expected"),
    [
        pytest.param((), [], id="an officer without channels cannot be reached"),
        pytest.param((channel(1), channel(2, "email")), [1, 2], id="unproven ones are used when nothing is proven"),
        pytest.param((channel(1), channel(2, "email", proven=True)), [2, 1], id="proven first, no kind is silenced"),
        pytest.param((channel(1), channel(2, proven=True)), [2], id="only the proven number rings"),
        pytest.param(
            (channel(1, quarantined=True, proven=True), channel(2)), [2], id="quarantine leaves the unproven one in use"
        ),
        pytest.param((channel(1, quarantined=True),), [], id="quarantined channels are left out"),
        pytest.param((alone(1), channel(2)), [2], id="what nobody has approved waits while another is in use"),
        pytest.param((alone(1, "email"), channel(2, "email")), [2], id="a mailbox as well"),
        pytest.param((alone(1), channel(2, quarantined=True)), [1], id="it is used when nothing else is left"),
        pytest.param((alone(1), channel(2, "email", proven=True)), [2, 1], id="a mailbox silences no only telephone"),
        pytest.param((alone(1, "email"), channel(2, proven=True)), [2, 1], id="it takes nothing away from the others"),
        pytest.param((alone(1), channel(2, "voice")), [1], id="also where nothing else is wanted"),
        pytest.param((channel(1, "voice", proven=True),), [], id="what is not wanted is not used"),
        pytest.param((channel(5, place=2), channel(9, place=1), channel(3, place=2)), [9, 3, 5], id="his own order"),
    ],
)
def test_channels_to_use(channels: tuple[Channel, ...], expected: list[int]) -> None:
    assert chosen(*channels) == expected


def test_the_only_telephones_ring_beside_a_proven_mailbox_while_they_wait() -> None:
    dead, mailbox = channel(1, quarantined=True), channel(4, "email", proven=True)
    every = (dead, alone(2), alone(3, "voice"), mailbox)
    assert chosen(*every, wanted=("sms", "voice", "email")) == [4, 2, 3]
    assert vouched(every, THEN).proof == "unproven"
    assert vouched((channel(1), mailbox), THEN).proof == "proven"
    assert chosen(channel(1, "voice"), alone(2), mailbox, wanted=("sms", "voice", "email")) == [4, 1]


def test_a_telephone_counts_where_it_has_a_gateway_and_is_in_use() -> None:
    for several, has in (((channel(1),), True), ((alone(1),), True), ((channel(1, "voice"),), False), ((), False)):
        officer = Officer(1, 1, "Ana Marin", "Duty officer", "en", (*several, channel(9, "email")))
        assert has_telephone(officer, available={"sms", "email"}) is has
    officer = Officer(1, 1, "Ana Marin", "Duty officer", "en", (channel(1, quarantined=True),))
    assert not has_telephone(officer, available=EVERYTHING)


def test_a_channel_without_a_gateway_is_not_used() -> None:
    both = (channel(1, proven=True), channel(2, "email"))
    assert chosen(*both, available=frozenset({"email"})) == [2]
    assert chosen(*both, available=frozenset()) == []


def test_a_contact_point_tells_its_intervals_as_durations() -> None:
    point = ContactPoint(
        *(1, "FR", "24/7 point", "Duty desk", "Europe/Paris", ("fr",), {}, (), True, False, 1, (), {}, (), None),
        restart_seconds=900,
        reminder_seconds=3600,
    )
    assert (point.restart, point.reminder) == (timedelta(minutes=15), timedelta(hours=1))


def test_what_nobody_has_approved_counts_as_unproven() -> None:
    assert not alone(1).is_proven(THEN)
    assert channel(1, proven=True).is_proven(THEN)
