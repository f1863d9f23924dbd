"""What was reached beside what is wanted: as a table, as JSON, and as an entry among the kept results."""

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.machine import Used

HERE = Path(__file__).parent
LATEST = HERE / "latest.json"
KEPT = HERE / "RESULTS.md"


@dataclass(frozen=True, slots=True)
class Measure:
    """One number. ``wanted`` is the most it may be, with ``at_least`` the least; None: nothing is wanted of it."""

    row: str
    what: str
    reached: float
    unit: str
    wanted: float | None = None
    at_least: bool = False

    @property
    def ok(self) -> bool | None:
        """Whether the wanted is reached; None where nothing is wanted."""
        if self.wanted is None:
            return None
        return self.reached >= self.wanted if self.at_least else self.reached <= self.wanted


@dataclass(frozen=True, slots=True)
class Cost:
    """Processor milliseconds per alert of each process, and how much of our cores others took meanwhile (0 to 1)."""

    row: str
    alerts: int
    milliseconds: Mapping[str, float]
    others: float


@dataclass(slots=True)
class Report:
    """Everything that a run found out. ``faults`` fail it whatever its speed."""

    machine: Mapping[str, str] = field(default_factory=dict)
    quick: bool = False
    measures: list[Measure] = field(default_factory=list)
    costs: list[Cost] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    def add(self, row: str, what: str, reached: float, unit: str, *, most: float | None = None) -> None:
        """Add a number that should be small."""
        self.measures.append(Measure(row, what, reached, unit, most))

    def add_least(self, row: str, what: str, reached: float, unit: str, *, least: float) -> None:
        """Add a number that should be large."""
        self.measures.append(Measure(row, what, reached, unit, least, True))

    def add_cost(self, row: str, used: Used, *, alerts: int, cores: int = 2) -> None:
        """Add what a row cost."""
        each = {name: seconds * 1000 / max(1, alerts) for name, seconds in used.seconds.items()}
        self.costs.append(Cost(row, alerts, each, used.others / max(used.wall * cores, 1e-9)))

    @property
    def missed(self) -> list[Measure]:
        """What did not reach the wanted."""
        return [measure for measure in self.measures if measure.ok is False]

    def written(self) -> dict[str, Any]:
        """Return the report as JSON values."""
        return {
            "at": datetime.now(UTC).isoformat(timespec="seconds"),
            "quick": self.quick,
            "machine": dict(self.machine),
            "measures": [asdict(measure) | {"ok": measure.ok} for measure in self.measures],
            "costs": [asdict(cost) for cost in self.costs],
            "faults": self.faults,
        }


def percentile(values: Iterable[float], share: float) -> float:
    """Return the smallest value that at least ``share`` of the values do not exceed; not a number without values."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)] if ordered else math.nan


def _number(value: float) -> str:
    if math.isnan(value):
        return "none"
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.2f}" if abs(value) < 10 else f"{value:.1f}"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    body = [list(row) for row in rows]
    widths = [max(len(row[place]) for row in (head, *body)) for place in range(len(head))]
    lines = [head, ["-" * width for width in widths], *body]
    return "\n".join(
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) + " |" for line in lines
    )


def _measured(measure: Measure) -> tuple[str, ...]:
    wanted = "" if measure.wanted is None else f"{'>=' if measure.at_least else '<='} {_number(measure.wanted)}"
    verdict = {None: "", True: "ok", False: "MISSED"}[measure.ok]
    return measure.row, measure.what, f"{_number(measure.reached)} {measure.unit}", wanted, verdict


def tables(report: Report) -> str:
    """Return both tables, as text that is also Markdown."""
    text = _table(("row", "what", "reached", "wanted", ""), map(_measured, report.measures))
    if report.costs:
        names = list(dict.fromkeys(name for cost in report.costs for name in cost.milliseconds))
        head = ("row", "alerts", *(f"{name} ms/alert" for name in names), "cores taken by others")
        rows = (
            (
                cost.row,
                str(cost.alerts),
                *(f"{cost.milliseconds.get(name, math.nan):.3f}" for name in names),
                f"{cost.others:.0%}",
            )
            for cost in report.costs
        )
        text += "\n\n" + _table(head, rows)
    return text + "".join(f"\n\nFAULT: {fault}" for fault in report.faults)


def save(report: Report, *, keep: bool) -> None:
    """Write the latest result as JSON; ``keep``: append it to the kept results too."""
    LATEST.write_text(json.dumps(report.written(), indent=1) + "\n")
    if keep:
        machine = "\n".join(f"- {name}: {value}" for name, value in report.machine.items())
        title = f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC{', quick' if report.quick else ''}"
        with KEPT.open("a") as file:
            file.write(f"\n## {title}\n\n{machine}\n\n{tables(report)}\n")
