"""The process between us and the embedded PostgreSQL: it starts it, writes its log, and stops it when nobody is left.

Run as a script by `embedded.start`, with the standard library alone: ``postgres_keeper.py HOLDERS LOG UID GID
COMMAND...`` (UID and GID are ``-`` unless we are root). It prints PostgreSQL's process id and leaves the terminal.

Every process that uses the server holds a shared ``flock`` on HOLDERS. The kernel drops it however that process ends,
kill -9 included; when the last one is gone this process gets the lock and stops PostgreSQL cleanly.

It inherits a descriptor with an exclusive lock. PostgreSQL and all its children inherit it in turn and know nothing of
it, so that lock is free exactly when not one of them is left, whatever was killed, and the log is written.
"""

import contextlib
import fcntl
import itertools
import os
import signal
import sys
import threading
from pathlib import Path
from typing import BinaryIO

LOG_BYTES = 1_000_000
LOG_FILES = 4


class Log:
    """A log of at most ``LOG_FILES`` files of at most ``LOG_BYTES`` each: ``postgresql.log``, then ``.1`` and so on.

    PostgreSQL's own collector cannot promise that: it truncates by time only, so one busy day may fill the disk.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: BinaryIO | None = None

    def write(self, said: bytes) -> None:
        """Append, turning over first when it would grow too large. A full disk loses lines, never the server."""
        with contextlib.suppress(OSError):
            if self._file is None:
                self._file = self._open()
            if self._file.tell() + len(said) > LOG_BYTES:
                self._file = self._turned()
            self._file.write(said)

    def close(self) -> None:
        """Close the file. The next `write` opens it again."""
        if self._file is not None:
            self._file.close()
        self._file = None

    def _open(self) -> BinaryIO:
        wanted = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW
        file = open(os.open(self._path, wanted, 0o600), "ab", buffering=0)  # noqa: SIM115 - kept open for our life
        file.seek(0, os.SEEK_END)
        return file

    def _turned(self) -> BinaryIO:
        self.close()
        names = [self._path, *(self._path.with_name(f"{self._path.name}.{n}") for n in range(1, LOG_FILES))]
        for younger, older in reversed(list(itertools.pairwise(names))):
            with contextlib.suppress(FileNotFoundError):
                younger.replace(older)
        return self._open()


def _detach() -> None:
    """Leave our parent, so that it has no child to wait for, and the terminal, so that Ctrl-C is not for us."""
    if os.fork():
        os._exit(0)
    os.setsid()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)


def _run(command: list[str], said: int, *, uid: str, gid: str) -> None:
    """Become PostgreSQL, in the child: as the given account, without our signal handling, speaking into the pipe."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)
    os.setsid()
    os.umask(0o077)
    os.chdir("/")
    os.dup2(said, 1)
    os.dup2(said, 2)
    if uid != "-":
        os.setgroups([])
        os.setgid(int(gid))
        os.setuid(int(uid))
    os.execve(command[0], command, {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"})


def _stop_when_alone(holders: int, postgres: int) -> None:
    fcntl.flock(holders, fcntl.LOCK_EX)
    with contextlib.suppress(ProcessLookupError):
        os.kill(postgres, signal.SIGINT)


def main(arguments: list[str]) -> None:
    """Start PostgreSQL and stay until it has ended."""
    holders_path, log_path, uid, gid, *command = arguments
    _detach()
    holders = os.open(holders_path, os.O_RDWR)
    ours, theirs = os.pipe()
    postgres = os.fork()
    if not postgres:
        try:
            _run(command, theirs, uid=uid, gid=gid)
        except OSError as failure:
            os.write(2, f"FATAL:  {command[0]}: {failure.strerror}\n".encode())
        os._exit(127)
    os.write(1, f"{postgres}\n".encode())
    nowhere = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(nowhere, number)
    # PostgreSQL's own copy stays open, and the pipe ends with the last of its processes.
    os.close(theirs)
    os.chdir("/")
    threading.Thread(target=_stop_when_alone, args=(holders, postgres), daemon=True).start()
    log = Log(Path(log_path))
    while said := os.read(ours, 65536):
        log.write(said)
    os.waitpid(postgres, 0)
    os._exit(0)


if __name__ == "__main__":
    main(sys.argv[1:])
