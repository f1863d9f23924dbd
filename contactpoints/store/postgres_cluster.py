"""The embedded PostgreSQL's data: the folder, the password, the first-time set-up and the settings it runs with."""

import os
import re
import secrets
import shutil
import socket
from collections.abc import Iterator, Mapping
from pathlib import Path

from contactpoints.store.postgres_binaries import Account, EmbeddedUnavailable

ROLE = "contactpoints"
# Each line is one statement to PostgreSQL in single-user mode. The role is no superuser: what works here works on a
# PostgreSQL that somebody else runs, and nothing that is said over a connection can loosen the log.
_FIRST_WORDS = """\
CREATE ROLE {role} LOGIN CREATEDB PASSWORD '{password}';
GRANT pg_monitor, pg_checkpoint TO {role};
"""
_ADMITTED = "host all all 127.0.0.1/32 scram-sha-256\nlocal all all scram-sha-256\n"
_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "password_encryption": "scram-sha-256",
    "max_connections": "100",
    "superuser_reserved_connections": "0",
    # Small rows, many short transactions, everything hot in memory.
    "shared_buffers": "128MB",
    "max_wal_size": "1GB",
    "checkpoint_timeout": "15min",
    "random_page_cost": "1.1",
    "jit": "off",
    "synchronous_commit": "on",
    # The outbox and the timers turn over fast.
    "autovacuum_naptime": "20s",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "lc_messages": "C",
    # The log holds no statement, no parameter and no row. The text of an ERROR itself may quote a value (`invalid input
    # syntax for type integer: "..."`), so errors of statements are left to the process that made them: `log` is above.
    "logging_collector": "off",
    "log_destination": "stderr",
    "log_line_prefix": "%m [%p] ",
    "log_min_messages": "log",
    "log_error_verbosity": "terse",
    "log_min_error_statement": "panic",
    "log_min_duration_statement": "-1",
    "log_statement": "none",
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
    "log_autovacuum_min_duration": "-1",
    "log_checkpoints": "off",
}


def make_home(home: Path, who: Account) -> None:
    """Make the folder that everything lies in, and those above it that are missing. Those that exist keep their mode.

    As root it can be crossed by everybody, for PostgreSQL must reach its data; what lies in it cannot be read.
    """
    for folder in (*reversed(home.parents), home):
        if not folder.exists():
            folder.mkdir()
            # mkdir's mode would be narrowed by the umask.
            folder.chmod(0o700 if who.uid is None else 0o711)
    found = home.stat()
    if found.st_uid != os.geteuid() or found.st_mode & 0o002:
        raise EmbeddedUnavailable(
            f"The folder {home} must belong to the account that starts PostgreSQL, and nobody else may write to it."
        )
    if not who.reaches(home):
        barrier = next(folder for folder in (*reversed(home.parents), home) if not who.reaches(folder))
        raise EmbeddedUnavailable(
            f"PostgreSQL's data cannot lie in {home}, for PostgreSQL runs as {who.name}, which cannot enter {barrier}."
        )


def password_of(home: Path, *, may_make: bool) -> str:
    """Read the password, made at the first time. Raises `EmbeddedUnavailable` when the data outlived it."""
    path = home / "password"
    if may_make and not path.exists():
        # Written aside and renamed: a full disk must not leave half a password behind.
        fresh = home / ".fresh-password"
        fresh.unlink(missing_ok=True)
        with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(24))
            file.flush()
            os.fsync(file.fileno())
        fresh.rename(path)
    try:
        password = path.read_text().strip()
    except FileNotFoundError:
        password = ""
    if not password:
        raise EmbeddedUnavailable(f"The data in {home} are there but their password is not: {path} must be restored.")
    return password


def check_major(data: Path, *, major: int) -> None:
    """Raise `EmbeddedUnavailable` when the data were written by another major version."""
    written = (data / "PG_VERSION").read_text().strip()
    if written != str(major):
        raise EmbeddedUnavailable(
            f"The data in {data} were written by PostgreSQL {written} and PostgreSQL {major} cannot read them: "
            f"dump them with the old version and load them into a new folder."
        )


def initialise(data: Path, programs: Path, *, who: Account, password: str, fsync: bool) -> None:
    """Make the cluster: whole, or absent. UTF-8, sorted by code point, with checksums."""
    fresh = data.with_name(".fresh-data")
    if fresh.exists():
        shutil.rmtree(fresh)
    fresh.mkdir(mode=0o700)
    who.takes(fresh)
    _checked(
        who,
        [
            *(str(programs / "initdb"), "-D", str(fresh), "-U", "postgres", "--auth=reject", "--data-checksums"),
            *("-E", "UTF8", "--locale-provider=libc", "--locale=C", "--no-instructions"),
            *([] if fsync else ["--no-sync"]),
        ],
    )
    quiet = [f"-c{name}={_SETTINGS[name]}" for name in ("log_min_error_statement", "log_statement", "shared_buffers")]
    _checked(
        who,
        [
            *(str(programs / "postgres"), "--single", "-D", str(fresh), "-cexit_on_error=on", *quiet),
            *("-cpassword_encryption=scram-sha-256", f"-cfsync={'on' if fsync else 'off'}"),
            # Iterations slow down who guesses what a person chose. This password is 192 random bits, and every
            # connection would pay for them.
            *("-cscram_iterations=1", "postgres"),
        ],
        said=_FIRST_WORDS.format(role=ROLE, password=password),
    )
    fresh.rename(data)


def _checked(who: Account, command: list[str], *, said: str = "") -> None:
    done = who.run(command, said=said)
    if done.returncode:
        raise EmbeddedUnavailable(f"PostgreSQL's data could not be set up: {reason(done.stderr)}")


def reason(said: str) -> str:
    """Return the last complaint among the lines that PostgreSQL or initdb wrote, as the end of a sentence."""
    # A wrong setting is named in a LOG line; the FATAL after it says only that there was one.
    serious = r"PANIC|ERROR|error|FATAL(?!.*contains errors)|LOG(?=.*(?:parameter|syntax error))"
    marks = re.compile(rf".*?(?:{serious}):\s+(.*)")
    found = [match[1] for line in said.splitlines() if (match := marks.match(line))]
    return f"{found[-1].rstrip('.')[:300]}." if found else "it did not say why."


def write_settings(home: Path, data: Path, *, port: int, fsync: bool, settings: Mapping[str, str]) -> Path:
    """Write the settings beside the data, out of PostgreSQL's reach; return the file. ``settings`` win over ours."""
    admitted = home / "pg_hba.conf"
    _replace(admitted, _ADMITTED)
    chosen = _SETTINGS | {"port": str(port), "fsync": "on" if fsync else "off", "hba_file": str(admitted)}
    path = home / "postgresql.conf"
    # What initdb measured on this machine comes first, ours after it.
    _replace(path, "".join(_lines({"include": str(data / "postgresql.conf")} | chosen | dict(settings))))
    return path


def _lines(settings: Mapping[str, str]) -> Iterator[str]:
    for name, value in settings.items():
        quoted = value.replace("\\", "\\\\").replace("'", "''")
        yield f"{name} '{quoted}'\n" if name == "include" else f"{name} = '{quoted}'\n"


def _replace(path: Path, text: str) -> None:
    fresh = path.with_name(f".fresh-{path.name}")
    fresh.write_text(text)
    fresh.chmod(0o644)
    fresh.rename(path)


def port_of(home: Path, *, another: bool = False) -> int:
    """Return the port on 127.0.0.1 that this folder remembers; a new free one at the first time or for ``another``."""
    path = home / "port"
    if path.exists() and not another:
        remembered = path.read_text().strip()
        if remembered.isdecimal() and 0 < int(remembered) < 65536:
            return int(remembered)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    _replace(path, f"{port}\n")
    return port
