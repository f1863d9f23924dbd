"""Numbers about what was: how fast alerts were acknowledged, how far they climbed, what came of their messages.

Emergencies alone, as on the board: nobody is woken for the others. One counts once it was acknowledged, or when its
last step was met with silence; then it took for ever until somebody acknowledges after all. The time belongs to the
alert, and so to the Party that was asked; what another one, or the secretariat, has acknowledged is counted beside it.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from itertools import chain
from typing import Literal, get_args

from contactpoints.rules.numbers import country_of
from contactpoints.rules.promptness import Promptness, summed
from schemas.duty import HourBand
from schemas.faults import BadInput, Fault

Status = Literal["actual", "exercise"]
Every = Literal["week", "month"]
Apart = Literal["", "hours", "channels", "parties"]
"""What is told apart over time; nothing: all together."""
Went = Literal["1", "2", "3", "4", "later", "never"]
"""At which step an alert was acknowledged (4: or a later one), after its last step was met with silence, or never."""
WAYS: Sequence[Went] = get_args(Went)
HOURS: Sequence[HourBand] = ("day", "evening", "night")
NETWORK = "network"
"""In place of a Party: all of them summed up, and none told apart."""
_DAY = timedelta(days=1)
_USUAL, _LONGEST = timedelta(days=90), timedelta(days=731)


@dataclass(frozen=True, slots=True)
class Asked:
    """Days in UTC, both included; ``party`` None: every Party there is for whoever asks, `NETWORK`: all as one."""

    since: date
    until: date
    party: str | None = None
    status: Status = "actual"
    every: Every = "week"
    apart: Apart = ""


def read_asked(typed: Mapping[str, str], today: date) -> Asked:
    """Return what somebody chose, the ninety days until ``today`` where nothing. Raises `BadInput` with each fault."""
    faults: list[Fault] = []
    until = _day(typed, "to", usual=today, faults=faults)
    since = _day(typed, "from", usual=until - _USUAL if until - date.min > _USUAL else date.min, faults=faults)
    if not faults and since > until:
        faults.append(Fault("/to", "not_after", "the last day is before the first"))
    elif not faults and until - since > _LONGEST:
        faults.append(Fault("/from", "period_too_long", "the period is longer than two years"))
    status: Status = "exercise" if typed.get("status") == "exercise" else "actual"
    every: Every = "month" if typed.get("every") == "month" else "week"
    choices = (("status", get_args(Status)), ("every", get_args(Every)), ("apart", get_args(Apart)))
    for name, known in choices:
        if typed.get(name, "") not in ("", *known):
            faults.append(Fault(f"/{name}", "not_allowed", "is none of what is offered"))
    if faults:
        raise BadInput(faults)
    (apart,) = [each for each in get_args(Apart) if each == typed.get("apart", "")]
    return Asked(since, until, typed.get("party") or None, status, every, apart)


def _day(typed: Mapping[str, str], name: str, *, usual: date, faults: list[Fault]) -> date:
    written = typed.get(name, "").strip()
    if not written:
        return usual
    try:
        day = date.fromisoformat(written)
    except ValueError:
        day = None
    if day is not None and day.year == 9999:
        faults.append(Fault(f"/{name}", "too_late", "may be in the year 9998 at the latest"))
        return usual
    if day is None or len(written) != 10 or day.year < 2000:
        faults.append(Fault(f"/{name}", "not_a_date", "is no date of this century, such as 2026-10-14"))
        return usual
    return day


@dataclass(frozen=True, slots=True)
class Cell:
    """Alerts that are alike, and how many seconds each took, `promptness.NEVER` where nobody acknowledged.

    ``begins``: the first day, in UTC, of their week or month. ``hours``: of the contact point's day. ``channel``: by
    which the first acknowledgement came; ``by_others``: it came from no contact point of the Party that was asked.
    """

    status: Status
    party: str
    hours: HourBand
    channel: str | None
    begins: date
    went: Went
    took: Sequence[float]
    by_others: bool = False


@dataclass(frozen=True, slots=True)
class Sent:
    """Messages to one address: how many were tried, what became of them, and after how many seconds each came.

    ``address`` is in E.164, "" for mail. ``took`` has `promptness.NEVER` for what nobody reported as delivered.
    """

    kind: str
    gateway: str
    address: str
    messages: int
    sent: int
    delivered: int
    refused: int
    unsure: int
    took: Sequence[float]


@dataclass(frozen=True, slots=True)
class Row:
    """What is told of the alerts of a Party, of some hours, of a channel or of all; of how many as `Cell.by_others`."""

    key: str
    fast: Promptness
    went: Mapping[Went, int]
    by_others: int

    @property
    def exhausted(self) -> int:
        """How many alerts met with silence at their last step."""
        return self.went.get("later", 0) + self.went.get("never", 0)


@dataclass(frozen=True, slots=True)
class Period:
    """What is told of the alerts of a week or month that ``begins`` on a day in UTC."""

    begins: date
    every: Row
    hours: Mapping[str, Promptness]
    channels: Mapping[str, Promptness]
    parties: Mapping[str, Promptness]


@dataclass(frozen=True, slots=True)
class Delivered:
    """Messages by a provider to numbers of one country ("" for mail and for numbers of none)."""

    gateway: str
    kind: str
    country: str
    messages: int
    sent: int
    delivered: int
    refused: int
    unsure: int
    median_seconds: float | None

    @property
    def unreported(self) -> int:
        """How many a provider took of which nothing was heard since."""
        return max(self.messages - self.delivered - self.refused - self.unsure, 0)


@dataclass(frozen=True, slots=True)
class Numbers:
    """Everything on the page; ``total`` and ``other`` are of the status that was asked for, and of the other one."""

    asked: Asked
    total: Row
    other: Row
    parties: Sequence[Row]
    hours: Sequence[Row]
    channels: Sequence[Row]
    periods: Sequence[Period]
    deliveries: Sequence[Delivered]
    names: Mapping[str, str] = field(default_factory=dict)


def numbers(asked: Asked, cells: Sequence[Cell], *, sent: Iterable[Sent], names: Mapping[str, str]) -> Numbers:
    """Return the numbers out of ``cells`` of either status, and of what was ``sent`` for the one that was asked for.

    Of the network nothing tells Parties apart: neither their codes nor the countries of their numbers. Times have the
    floor of `promptness.FEWEST` there too. Counts have none, not even of one day: whoever may read them sees on the
    board, from day to day, how many alerts each contact point had, by its part of the day, which says more.
    """
    if asked.party == NETWORK:
        cells = [replace(each, party=NETWORK) for each in cells]
        sent = [replace(each, address="") for each in sent]
    mine = [each for each in cells if each.status == asked.status]
    hours = {row.key: row for row in _rows(mine, lambda cell: cell.hours)}
    return Numbers(
        asked,
        _row("", mine),
        _row("", [each for each in cells if each.status != asked.status]),
        _rows(mine, lambda cell: cell.party),
        [hours[each] for each in HOURS if each in hours],
        sorted(_rows(mine, lambda cell: cell.channel), key=lambda row: -row.fast.alerts),
        _periods(asked, mine),
        _delivered(sent),
        names,
    )


def _row(key: str, cells: Sequence[Cell]) -> Row:
    went = Counter[Went]()
    for each in cells:
        went[each.went] += len(each.took)
    others = sum(len(each.took) for each in cells if each.by_others)
    return Row(key, summed(chain.from_iterable(each.took for each in cells)), went, others)


def _rows(cells: Iterable[Cell], key: Callable[[Cell], str | None]) -> list[Row]:
    found = defaultdict[str, list[Cell]](list)
    for each in cells:
        if (name := key(each)) is not None:
            found[name].append(each)
    return [_row(name, found[name]) for name in sorted(found)]


def _fast(cells: Sequence[Cell], key: Callable[[Cell], str | None]) -> Mapping[str, Promptness]:
    return {row.key: row.fast for row in _rows(cells, key)}


def _periods(asked: Asked, cells: Iterable[Cell]) -> list[Period]:
    found = defaultdict[date, list[Cell]](list)
    for each in cells:
        found[each.begins].append(each)
    return [
        Period(
            begins,
            _row("", found[begins]),
            _fast(found[begins], lambda cell: cell.hours),
            _fast(found[begins], lambda cell: cell.channel),
            _fast(found[begins], lambda cell: cell.party),
        )
        for begins in _beginnings(asked)
    ]


def series(told: Numbers) -> list[tuple[str, list[Promptness]]]:
    """Return what is told apart over time: each part by its key, with as many sums as there are periods.

    Hours in the order of a day, the others by how many alerts they have, the most first. All together: one part, "".
    """
    if not told.asked.apart:
        return [("", [each.every.fast for each in told.periods])]
    rows: Sequence[Row] = getattr(told, told.asked.apart)
    if told.asked.apart == "parties":
        rows = sorted(rows, key=lambda row: -row.fast.alerts)
    none = summed(())
    parts: list[Mapping[str, Promptness]] = [getattr(each, told.asked.apart) for each in told.periods]
    return [(row.key, [each.get(row.key, none) for each in parts]) for row in rows]


def _beginnings(asked: Asked) -> Iterator[date]:
    """Yield the Monday of each week, or the first of each month, that has a day in the period."""
    if asked.every == "week":
        begins = asked.since - timedelta(days=asked.since.weekday())
        step = timedelta(days=7)
    else:
        begins, step = asked.since.replace(day=1), timedelta(days=31)
    while begins <= asked.until:
        yield begins
        begins += step
        begins = begins if asked.every == "week" else begins.replace(day=1)


def _delivered(sent: Iterable[Sent]) -> list[Delivered]:
    found = defaultdict[tuple[str, str, str], list[Sent]](list)
    for each in sent:
        found[each.gateway, each.kind, country_of(each.address) if each.address else ""].append(each)
    return [
        Delivered(
            *key,
            sum(each.messages for each in some),
            sum(each.sent for each in some),
            sum(each.delivered for each in some),
            sum(each.refused for each in some),
            sum(each.unsure for each in some),
            summed(chain.from_iterable(each.took for each in some)).median_seconds,
        )
        for key, some in sorted(found.items())
    ]


TABLES = ("parties", "hours", "channels", "over_time", "steps", "delivery")
"""What can be had as CSV."""
_FAST = ("alerts", "acknowledged", "median_seconds", "ninetieth_seconds")


def sheet(told: Numbers, what: str) -> list[Sequence[object]]:
    """Return one of `TABLES` as rows of cells, the names of the columns first. Raises `KeyError` for another name."""
    status = told.asked.status
    rows = {"parties": ("party", told.parties), "hours": ("hours", told.hours), "channels": ("channel", told.channels)}
    if what in rows:
        name, found = rows[what]
        counted = ((status, row.key, *_cells(row.fast), row.by_others) for row in found)
        return [("status", name, *_FAST, "acknowledged_by_others"), *counted]
    if what == "over_time":
        return [("status", "begins", "by", "value", *_FAST), *((status, *cells) for cells in _over_time(told))]
    if what == "steps":
        heads = ("status", "party", "step_1", "step_2", "step_3", "step_4_or_later", "after_exhausted", "never")
        counted = ((status, row.key, *(row.went.get(way, 0) for way in WAYS), row.exhausted) for row in told.parties)
        return [(*heads, "exhausted"), *counted]
    if what == "delivery":
        names = ("gateway", "kind", "country", "messages", "sent", "delivered", "refused", "unsure", "median_seconds")
        every = (tuple(getattr(each, name) for name in names) for each in told.deliveries)
        return [("status", *names), *((status, *cells) for cells in every)]
    raise KeyError(what)


def _over_time(told: Numbers) -> Iterator[Sequence[object]]:
    """Yield rows that tell apart what was asked for and nothing else, so that no alert is counted twice in a sum."""
    for each in told.periods:
        begins = each.begins.isoformat()
        parts = {"hours": ("hours", each.hours), "channels": ("channel", each.channels)}
        parts["parties"] = ("party", each.parties)
        if told.asked.apart not in parts:
            yield (begins, "all", "", *_cells(each.every.fast))
            continue
        by, found = parts[told.asked.apart]
        yield from ((begins, by, value, *_cells(fast)) for value, fast in found.items())


def _cells(fast: Promptness) -> Sequence[object]:
    return fast.alerts, fast.acknowledged, fast.median_seconds, fast.ninetieth_seconds
