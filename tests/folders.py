"""Folders for the servers of a test run; of a run that was killed they stay, until another begins."""

import fcntl
import os
import re
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path

_NAME = re.compile(r"contactpoints-[a-z]+-(\d{1,9})-\w+")
# Two workers with two servers each, and what a server writes ahead.
_ROOM = 6 << 30
_MEMORY = Path("/dev/shm")


def in_memory() -> Path | None:
    """Return a folder in memory if there is room: hundreds of databases are made ten times as fast there."""
    return _MEMORY if os.access(_MEMORY, os.W_OK) and shutil.disk_usage(_MEMORY).free > _ROOM else None


def new_folder(kind: str, *, where: Path | None = None) -> Path:
    """Make a folder that every account can enter, in ``where`` or among temporary files; it tells whose it is."""
    folder = Path(tempfile.mkdtemp(prefix=f"contactpoints-{kind}-{os.getpid()}-", dir=where))
    folder.chmod(0o755)
    return folder


def sweep(*places: Path) -> None:
    """Remove the folders of processes that are no more, and whose servers have ended."""
    for folder in (each for place in places for each in place.iterdir()):
        named = _NAME.fullmatch(folder.name)
        if named and not _lives(int(named[1])) and not _is_served(folder):
            # Another worker does the same.
            shutil.rmtree(folder, ignore_errors=True)


def sweep_all() -> None:
    """Remove them wherever `new_folder` makes any."""
    sweep(*{each for each in (_MEMORY, Path(tempfile.gettempdir())) if os.access(each, os.W_OK)})


def _lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _is_served(folder: Path) -> bool:
    """Say whether a server is at work there: one whose holder was killed takes a moment to end."""
    with suppress(FileNotFoundError), (folder / ".server.lock").open() as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False
