"""The house keeps its own rules: who may import whom, who owns which library, and how long things may be."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FILES = sorted(path for top in ("contactpoints", "notifiers", "schemas") for path in (ROOT / top).rglob("*.py"))
LONG = {
    "contactpoints/store/tables.py": "one schema, read as one",
    "contactpoints/store/outbox.py": "every statement about one table; to be split when reports come",
    "contactpoints/store/entries.py": "the register of directory entries and the five things done to them",
}
# A room may import itself and what stands below it; doors and the engine never import each other.
BELOW = {
    "schemas": [],
    "notifiers": [],
    "rules": ["schemas"],
    "store": ["schemas", "rules"],
    "actions": ["schemas", "rules", "store"],
}
DOORS = ("api", "console", "engine")
OWNERS = {
    "databases": ["contactpoints/store/database.py"],
    "asyncpg": ["contactpoints/store/"],
    "sqlalchemy": ["contactpoints/store/"],
    "apscheduler": ["contactpoints/engine/metronome.py"],
    "twilio": ["notifiers/"],
    "aiosmtplib": ["notifiers/"],
    "starlette": ["contactpoints/api/", "contactpoints/console/", "contactpoints/web.py", "contactpoints/runtime.py"],
}
IMPURE = {"random", "secrets", "os", "time", "asyncio", "socket", "logging", "pathlib"}


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def room_of(module: str) -> str:
    parts = module.split(".")
    return parts[1] if parts[0] == "contactpoints" and len(parts) > 1 else parts[0]


def imports(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_imports_point_down(path: Path) -> None:
    room = room_of(name_of(path).removesuffix(".py").replace("/", "."))
    ours = {room_of(each) for each in imports(tree_of(path)) if each.split(".")[0] in ("contactpoints", *BELOW)}
    if room in BELOW:
        assert ours <= {room, *BELOW[room]}
    if room in DOORS:
        assert ours.isdisjoint(set(DOORS) - {room})


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_outside_libraries_stay_with_their_owners(path: Path) -> None:
    for each in imports(tree_of(path)):
        owners = OWNERS.get(each.split(".")[0])
        assert owners is None or any(name_of(path).startswith(owner) for owner in owners), each


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_nothing_is_imported_inside_a_function(path: Path) -> None:
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert not list(imports(node)), node.name


@pytest.mark.parametrize("path", [p for p in FILES if "/rules/" in name_of(p)], ids=name_of)
def test_rules_read_no_clock_and_draw_no_lots(path: Path) -> None:
    assert IMPURE.isdisjoint(each.split(".")[0] for each in imports(tree_of(path)))
    text = path.read_text(encoding="utf-8")
    assert ".now(" not in text
    assert ".utcnow(" not in text


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_files_and_functions_are_short(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 400 or name_of(path) in LONG
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert (node.end_lineno or 0) - node.lineno < 60, node.name
