"""The papers tell the truth: the lock, and nothing in them that only one machine has."""

import re
import subprocess
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
_UNFINISHED = re.compile(r"\b(?:TO" + r"DO|FIX" + r"ME)\b")
_PLACES = re.compile(
    r"/(?:ro" + r"ot|wo" + r"rk|home/\w+|Users/\w+|opt/(?:pypi|wheels))\b"
    r"|\.\./sha" + r"red/|pypi\.(?:org|python)|python" + r"hosted|index-" + r"url|artifact" + r"ory",
    re.IGNORECASE,
)
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def _texts() -> dict[str, str]:
    """Return every text that is or would be tracked; without git, there is nothing to look at."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, check=False)
    if listed.returncode:
        pytest.skip("not a git checkout")
    paths = [name for name in listed.stdout.decode().split("\0") if name and (ROOT / name).is_file()]
    raw = {name: (ROOT / name).read_bytes() for name in paths}
    return {name: each.decode() for name, each in raw.items() if b"\0" not in each}


def test_nothing_is_left_for_later_in_writing() -> None:
    assert [name for name, text in _texts().items() if _UNFINISHED.search(text)] == []


def test_no_file_names_a_package_host_or_a_place_on_one_machine() -> None:
    assert {name: found.group() for name, text in _texts().items() if (found := _PLACES.search(text))} == {}


@pytest.mark.parametrize(("name", "least"), [("run", 20), ("test", 20), ("installer", 1)])
def test_every_locked_package_has_a_version_and_hashes(name: str, least: int) -> None:
    lock = (ROOT / "requirements" / f"{name}.txt").read_text(encoding="utf-8").replace("\\\n", "")
    packages = [line for line in lock.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    assert len(packages) >= least
    assert [line.split()[0] for line in packages if "==" not in line or "--hash=sha256:" not in line] == []


@pytest.mark.parametrize("name", ["run", "test"])
def test_the_lock_holds_every_dependency_that_the_project_declares(name: str) -> None:
    declared = PROJECT["dependencies"] + (PROJECT["optional-dependencies"]["test"] if name == "test" else [])
    lock = (ROOT / "requirements" / f"{name}.txt").read_text(encoding="utf-8")
    locked = set(re.findall(r"^([a-z0-9-]+)==", lock, re.MULTILINE))
    assert {re.split(r"[^A-Za-z0-9-]", each)[0].lower() for each in declared} - locked == set()
