"""Settings that come from files, as secrets do that a platform or systemd hands over: `X_FILE` instead of `X`."""

import os
import stat
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

END = "_FILE"
_MOST = 64 << 10
_READABLE_BY_OTHERS = stat.S_IROTH | stat.S_IWOTH


@dataclass(frozen=True, slots=True)
class Read:
    """The settings with what stood in files, which of them those were, and what is wrong, by the name it is said of."""

    values: Mapping[str, str]
    files: Mapping[str, Path]
    faults: tuple[tuple[str, str], ...]


def read_files(values: Mapping[str, str], known: Collection[str]) -> Read:
    """Return settings, all without their prefix, with what stands in the files that some name.

    No fault quotes a path or a content: somebody may have put the secret where the path belongs.
    """
    kept, files, faults = dict(values), dict[str, Path](), list[tuple[str, str]]()
    for name in (each for each in values if each not in known and each.removesuffix(END) in known):
        of, path = name.removesuffix(END), values[name].strip()
        del kept[name]
        if not path:
            continue
        if values.get(of, "").strip():
            faults.append((name, f"and {of} are both given: one of them is to go."))
            continue
        try:
            kept[of] = _content(path)
            files[of] = Path(path)
        except _NoSetting as wrong:
            faults.append((name, str(wrong)))
    return Read(kept, files, tuple(faults))


def seen_by_others(path: Path) -> bool:
    """Say whether every account of this machine may read or write a file, and that can be changed.

    Docker and Kubernetes lay secrets open in a mount of the container alone, where nothing can be changed.
    """
    return not os.statvfs(path).f_flag & os.ST_RDONLY and bool(path.stat().st_mode & _READABLE_BY_OTHERS)


class _NoSetting(Exception):
    """A file holds no setting. Says why."""


def _content(path: str) -> str:
    """Return what stands in a file without the end of its last line. Raises `_NoSetting`."""
    try:
        # A pipe that nobody writes to would keep the process waiting for ever.
        with open(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise _NoSetting("names something that is no ordinary file.")
            raw = file.read(_MOST + 1)
        text = raw.decode("utf-8-sig").removesuffix("\n").removesuffix("\r")
    except (OSError, ValueError) as wrong:
        reason = wrong.strerror if isinstance(wrong, OSError) else "it is no text"
        raise _NoSetting(f"names a file that cannot be read: {reason}.") from None
    if not text.strip() or len(raw) > _MOST or "\0" in text:
        raise _NoSetting(f"names a file that {'is empty' if not text.strip() else 'is too large or no text'}.")
    return text
