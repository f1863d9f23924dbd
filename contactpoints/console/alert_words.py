"""The words of pages about alerts, in one language, as templates find them."""

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any

from contactpoints.rules import escalation_picture, wording_alerts, wording_timeline
from contactpoints.rules.console import instant
from contactpoints.rules.phrasing import Catalogue, line_of, say


def words_of_alerts(words: Catalogue) -> Mapping[str, Callable[..., Any]]:
    """Return what templates call by its name."""
    return {
        "fact_of": partial(wording_timeline.told, words),
        "end_of": partial(wording_timeline.end_of, words),
        "side_of": partial(wording_timeline.side_of, words),
        "way_of": partial(wording_timeline.way_of, words),
        "decision_of": partial(wording_timeline.decision_of, words),
        "reason_to_keep": partial(wording_timeline.reason_to_keep, words),
        "state_of": partial(wording_alerts.state_of, words),
        "level_of_state": wording_alerts.level_of_state,
        "next_told": partial(wording_alerts.next_told, words),
        "lag_of": partial(wording_alerts.lag_of, words),
        "not_acknowledged": partial(wording_alerts.not_acknowledged, words),
        "said_of": partial(wording_alerts.said_of, words),
        "done_of": partial(wording_alerts.done_of, words),
        "officers_in": partial(_officers, words),
        "pairs": _pairs,
        "after_of": lambda since, until: say(words, wording_alerts.AFTER, length=_between(since, until)),
        "length_between": _between,
        "length_of": escalation_picture.length_of,
        "escalation": partial(escalation_picture.picture, words),
    }


def _pairs(values: Iterable[str], word: Callable[[str], str]) -> list[tuple[str, str]]:
    """Return what may be chosen, each with its words, which begin with a capital."""
    return [(value, told[:1].upper() + told[1:]) for value in values if (told := word(value))]


def _officers(words: Catalogue, called: Iterable[Any]) -> list[tuple[int, str]]:
    return [
        (each.officer, f"{each.name}, {line_of(words, each.line, whose=each.whose)}")
        for each in called
        if not each.locked
    ]


def _between(since: str, until: str) -> str:
    first, last = instant(since), instant(until)
    return escalation_picture.length_of(last - first) if first and last else ""
