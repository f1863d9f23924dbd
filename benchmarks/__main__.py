"""`python -m benchmarks`: see the package's docstring."""

import argparse
import gc
import shutil
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import uvloop

import benchmarks
from benchmarks import beside, board, escalation, importing, intake, live, page, replies, search, storm
from benchmarks.load import Unanswered
from benchmarks.machine import describe, take_two_cores
from benchmarks.report import Report, save, tables
from benchmarks.stage import Stage, StageFailed, open_stage
from contactpoints.store.embedded import EmbeddedUnavailable

ROWS: dict[str, Callable[[Stage], Awaitable[None]]] = {
    "trigger": intake.trigger,
    "burst": intake.burst,
    "sustained": intake.sustain,
    "reply": replies.reply,
    "board": board.board,
    "page": page.page,
    "live": live.live,
    "search": search.search,
    "beside": beside.beside,
    "rights": beside.rights,
    "storm": storm.storm,
    "hundred": escalation.few,
    "thousands": escalation.many,
    # What leaves its alerts or its officers behind comes last.
    "armed": escalation.armed,
    "import": importing.bring_in,
}


async def run(folder: Path, *, rows: list[str], quick: bool, cores: tuple[int, ...]) -> Report:
    """Measure the rows, in their order; return what was found out."""
    report = Report(quick=quick)
    async with open_stage(folder, report=report, cores=cores, quick=quick) as stage:
        report.machine = describe(folder, cores=cores, postgres=stage.server.version)
        gc.collect()
        gc.freeze()
        for name in (each for each in ROWS if each in rows):
            begun = time.perf_counter()
            try:
                await ROWS[name](stage)
            except Unanswered as failure:
                report.faults.append(f"{name}: {failure}")
            stage.check()
            print(f"{name}: measured in {time.perf_counter() - begun:.0f} s", file=sys.stderr, flush=True)
        report.faults += [f"{times} times: {sentence}" for sentence, times in stage.book.complaints.items()]
        report.add("all", "alarms that the sink brings no reports", stage.book.alarms, "")
        report.add("all", "messages that came again, marked", stage.book.repeats, "")
    return report


def main() -> int:
    """Run; return 1 when something was lost or unmarked or the yardstick is none, with --strict also when too slow."""
    parser = argparse.ArgumentParser(
        prog="script/bench", description=benchmarks.__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("rows", nargs="*", metavar="ROW", choices=[*ROWS, []], help=", ".join(ROWS))
    parser.add_argument("--quick", action="store_true", help="measure shorter")
    parser.add_argument("--keep", action="store_true", help="append the result to RESULTS.md")
    parser.add_argument("--strict", action="store_true", help="fail when a row misses what is wanted")
    asked = parser.parse_args()
    cores = take_two_cores()
    folder = Path(tempfile.mkdtemp(prefix="contactpoints-bench-"))
    folder.chmod(0o755)
    try:
        report = uvloop.run(run(folder, rows=asked.rows or list(ROWS), quick=asked.quick, cores=cores))
    except (StageFailed, EmbeddedUnavailable) as failure:
        print(failure, file=sys.stderr)
        return 1
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print(tables(report))
    save(report, keep=asked.keep)
    return 1 if report.faults or (asked.strict and report.missed) else 0


if __name__ == "__main__":
    sys.exit(main())
