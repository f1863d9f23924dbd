"""What exists is written down."""

import importlib
import re
import sys
import tomllib
from pathlib import Path

import pytest

from contactpoints.settings import KNOWN, PREFIX
from notifiers.catalogue import CATALOGUE

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
PROCFILE = (ROOT / "Procfile").read_text(encoding="utf-8")
SCRIPTS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["scripts"]


def test_the_table_of_the_readme_has_every_setting_and_no_other() -> None:
    rows = [line.split("|")[1] for line in README.splitlines() if line.startswith(f"| `{PREFIX}")]
    assert sorted(name for row in rows for name in re.findall(r"`(\w+)`", row)) == sorted(PREFIX + x for x in KNOWN)


def test_every_setting_of_the_catalogue_is_known() -> None:
    assert {name for entry in CATALOGUE for name in entry.settings} < set(KNOWN)
    assert len(set(KNOWN)) == len(KNOWN)


def test_the_readme_names_no_setting_that_does_not_exist() -> None:
    assert set(re.findall(PREFIX + r"([A-Z0-9_]*[A-Z0-9])", README)) <= set(KNOWN)


def test_every_attack_in_the_security_paper_has_a_test_that_exists() -> None:
    rows = [
        line.split("|")[1:4] for line in (ROOT / "SECURITY.md").read_text(encoding="utf-8").splitlines() if "|" in line
    ]
    attacks = [row for row in rows[2:] if not row[0].strip().startswith("**")]
    assert len(attacks) > 30
    for attack, defence, proof in attacks:
        assert defence.strip(), attack
        path, _, name = proof.strip(" `").partition("::")
        assert (ROOT / path).is_file(), f"{attack.strip()}: there is no {path}"
        assert f"def {name}(" in (ROOT / path).read_text(encoding="utf-8") or not name, f"{attack.strip()}: no {name}"


@pytest.mark.parametrize("line", PROCFILE.splitlines())
def test_every_command_of_the_procfile_runs(
    line: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _, programme, command = line.split()
    module, function = SCRIPTS[programme].split(":")
    monkeypatch.setattr(sys, "argv", [programme, command, "--help"])
    with pytest.raises(SystemExit) as ended:
        getattr(importlib.import_module(module), function)()
    assert ended.value.code == 0
    assert f"usage: {programme} {command}" in capsys.readouterr().out


def test_the_procfile_has_the_three_processes() -> None:
    assert [line.partition(":")[0] for line in PROCFILE.splitlines()] == ["release", "web", "engine"]
