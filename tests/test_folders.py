"""What a killed test run leaves behind is removed by the next one, and nothing else is."""

import fcntl
import os
import subprocess
from pathlib import Path

from tests.folders import new_folder, sweep


def test_the_next_run_removes_the_folders_of_a_killed_one_and_never_those_of_one_that_lives(tmp_path: Path) -> None:
    ended = subprocess.Popen(["true"])
    ended.wait()
    ours = new_folder("test", where=tmp_path)
    theirs = tmp_path / f"contactpoints-test-{os.getppid()}-abc"
    left, served = (tmp_path / f"contactpoints-stops-{ended.pid}-{each}" for each in ("abc_1", "def_2"))
    others = [tmp_path / each for each in ("contactpoints-test-abc", f"other-{ended.pid}-abc")]
    for each in (theirs, left / "data", served, *others):
        each.mkdir(parents=True)
    for each in (left, served):
        (each / ".server.lock").touch()
    with (served / ".server.lock").open() as server:
        fcntl.flock(server, fcntl.LOCK_EX)
        sweep(tmp_path)
        assert {*tmp_path.iterdir()} == {ours, theirs, served, *others}
    sweep(tmp_path)
    assert {*tmp_path.iterdir()} == {ours, theirs, *others}
