"""The machine: its two cores, and who used how much processor time."""

import os
import platform
import statistics
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")
_PROC = Path("/proc")


def take_two_cores() -> tuple[int, ...]:
    """Bind this process, and all that it starts, to two of the cores it may use; return them."""
    cores = tuple(sorted(os.sched_getaffinity(0))[:2])
    os.sched_setaffinity(0, cores)
    return cores


def _stat(pid: str) -> list[str] | None:
    try:
        text = (_PROC / pid / "stat").read_text()
    except OSError:
        return None
    # The name of a programme may hold spaces and brackets (proc(5)); what follows its last bracket does not.
    return text[text.rindex(")") + 2 :].split()


def _family(roots: Mapping[str, int]) -> dict[str, list[list[str]]]:
    """Return the `/proc` lines of each root and everything below it; a root below another one counts alone."""
    lines = {int(entry): line for entry in os.listdir(_PROC) if entry.isdecimal() and (line := _stat(entry))}
    named = {pid: name for name, pid in roots.items()}
    found: dict[str, list[list[str]]] = {name: [] for name in roots}
    for pid, line in lines.items():
        above = pid
        while above not in named and above in lines:
            above = int(lines[above][1])
        if above in named:
            found[named[above]].append(line)
    return found


def _seconds(lines: list[list[str]]) -> float:
    # utime, stime, and those of children that have ended.
    return sum(int(line[place]) for line in lines for place in (11, 12, 13, 14)) / _TICKS


def resident(pid: int) -> float:
    """Return the resident memory of one process in MB, shared pages included."""
    line = _stat(str(pid))
    return int(line[21]) * _PAGE / 1e6 if line else 0.0


def _busy(cores: tuple[int, ...]) -> float:
    wanted = {f"cpu{core}" for core in cores}
    total = 0
    for line in (_PROC / "stat").read_text().splitlines():
        name, *fields = line.split()
        if name in wanted:
            # user, nice, system, irq, softirq, steal: everything but idle and waiting for the disk.
            total += sum(int(fields[place]) for place in (0, 1, 2, 5, 6, 7))
    return total / _TICKS


@dataclass(frozen=True, slots=True)
class Used:
    """What was used between two readings: ``wall`` seconds, processor ``seconds`` by name, and by ``others``."""

    wall: float
    seconds: Mapping[str, float]
    others: float


class Meter:
    """Reads the processor time of named processes, everything below them included."""

    def __init__(self, roots: Mapping[str, int], cores: tuple[int, ...]) -> None:
        self._roots = dict(roots)
        self._cores = cores

    def read(self) -> Used:
        """Return what was used since some fixed instant in the past."""
        seconds = {name: _seconds(lines) for name, lines in _family(self._roots).items()}
        return Used(time.perf_counter(), seconds, _busy(self._cores))

    def since(self, before: Used) -> Used:
        """Return what was used since ``before``. ``others``: by everybody else on our cores."""
        after = self.read()
        seconds = {name: after.seconds[name] - before.seconds[name] for name in before.seconds}
        others = max(0.0, after.others - before.others - sum(seconds.values()))
        return Used(after.wall - before.wall, seconds, others)


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def sync_microseconds(folder: Path, *, times: int = 200) -> float:
    """Return how long the disk under ``folder`` takes to keep 8 kB for good, in microseconds (median)."""
    path = folder / "sync-probe"
    block, took = b"\0" * 8192, []
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT, 0o600)
    try:
        for _ in range(times):
            begun = time.perf_counter_ns()
            os.pwrite(descriptor, block, 0)
            os.fdatasync(descriptor)
            took.append(time.perf_counter_ns() - begun)
    finally:
        os.close(descriptor)
        path.unlink()
    return statistics.median(took) / 1000


def describe(folder: Path, *, cores: tuple[int, ...], postgres: str) -> dict[str, str]:
    """Return what a reader must know to compare results, and nothing that names the machine."""
    memory = os.sysconf("SC_PHYS_PAGES") * _PAGE / 2**30
    return {
        "processor": _processor(),
        "cores": f"{len(cores)} of {os.cpu_count()}",
        "memory": f"{memory:.0f} GiB",
        "system": platform.system(),
        "python": platform.python_version(),
        "postgresql": f"{postgres}, fsync on",
        "disk": f"8 kB written and synced in {sync_microseconds(folder):.0f} microseconds (median)",
    }
