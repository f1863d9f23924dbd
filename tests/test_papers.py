"""What exists is written down."""

import re
from pathlib import Path

ROOT = Path(__file__).parent.parent


def test_every_setting_is_in_the_readme() -> None:
    source = (ROOT / "contactpoints" / "settings.py").read_text(encoding="utf-8")
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    names = set(re.findall(r'given\("([A-Z_]+)"', source))
    assert names
    assert [name for name in names if f"CONTACTPOINTS_{name}" not in readme] == []


def test_every_process_is_a_command() -> None:
    cli = (ROOT / "contactpoints" / "cli.py").read_text(encoding="utf-8")
    for line in (ROOT / "Procfile").read_text(encoding="utf-8").splitlines():
        assert f'"{line.split()[-1]}"' in cli
