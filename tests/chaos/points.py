"""Kill points: every await on the three paths, found in the source, and how a process is made to die at one.

The listed functions are compiled with a little more in them: each `await`, `async with` and `async for` says when it is
reached and when it is behind. A new await in one of them is a kill point by itself; a function that was renamed or
moved fails the listing, and one that is new in a file that is listed whole is listed with it.

The rooms below `actions` are not listed: there every function is one statement, whose await the caller's await is.
"""

import ast
import asyncio
import importlib.util
import os
import re
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import AbstractAsyncContextManager
from functools import cache
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, SourceFileLoader
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

ROOT = Path(__file__).parent.parent.parent
_ALARMS = ("raise_alarms", "_ears")
# The outermost door: what is behind it comes after the answer.
_ANSWER = ("_serve",)
_ANSWERED = "after api/metrics.py:_serve:"
PATHS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "intake": {
        "contactpoints/api/metrics.py": _ANSWER,
        "contactpoints/api/alerts.py": ("open_alert",),
        "contactpoints/api/identity.py": (),
        "contactpoints/api/bodies.py": (),
        "contactpoints/actions/access.py": ("find_actor",),
        "contactpoints/actions/alarms.py": _ALARMS,
        "contactpoints/actions/opening.py": (),
        "contactpoints/store/atlas.py": ("points", "route"),
        "contactpoints/store/intake.py": (),
        "contactpoints/store/together.py": (),
    },
    "send path": {
        "contactpoints/actions/alarms.py": (*_ALARMS, "raise_alone"),
        "contactpoints/actions/delivery.py": (
            *("claim", "settle", "_settle", "expire", "take_over", "take_to_trace", "settle_doubt", "_again"),
        ),
        "contactpoints/actions/quarantine.py": (),
        "contactpoints/actions/reports.py": (),
        "contactpoints/engine/dispatcher.py": (),
        "contactpoints/engine/run.py": ("read_reports",),
        "contactpoints/engine/tracer.py": (),
    },
    "inbound path": {
        "contactpoints/actions/access.py": ("check_pin",),
        "contactpoints/actions/acknowledging.py": (),
        "contactpoints/actions/news.py": ("stand_down", "tell"),
        "contactpoints/actions/replies.py": (
            *("receive", "claim", "handle", "_handle", "_judge", "_may_try", "_finish", "_stray"),
        ),
    },
    "hand-overs": {
        "contactpoints/actions/handing_ends.py": ("end_over", "_end_over", "give_up", "tell_holder"),
    },
    "ways in": {
        "contactpoints/api/metrics.py": _ANSWER,
        "contactpoints/actions/answer_page.py": ("answer",),
        "contactpoints/actions/missed.py": (),
        "contactpoints/actions/quarantine.py": ("lock_touched", "quarantine", "climb_where_nobody_is_left"),
        "contactpoints/api/alerts.py": ("acknowledge",),
        "contactpoints/api/answering.py": (),
        "contactpoints/api/hooks.py": (),
        "contactpoints/console/answer_page.py": ("answer",),
        "contactpoints/engine/catch_up.py": (),
        "contactpoints/engine/run.py": ("read_replies", "_read_reply"),
    },
}
"""Path -> file -> the functions of it that are on the path; none named: all of them."""

_AWAIT, _BLOCK, _EACH = "_chaos_await", "_chaos_block", "_chaos_each"


class _Instrumented(ast.NodeTransformer):
    """Puts a report around every await in one function; ``names`` are the points, in the order of the source."""

    def __init__(self, place: str) -> None:
        self._place = place
        self.names: list[str] = []

    def _wrapped(self, kind: str, what: ast.expr, *moments: str) -> ast.Call:
        name = f"{self._place}:{what.lineno}:{what.col_offset} {ast.unparse(what).partition('(')[0]}"
        self.names += [f"{moment} {name}" for moment in moments]
        self.generic_visit(what)
        return ast.Call(ast.Name(kind, ast.Load()), [ast.Constant(name), what], [])

    def visit_Await(self, node: ast.Await) -> ast.Await:
        node.value = self._wrapped(_AWAIT, node.value, "before", "after")
        return node

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> ast.AsyncFunctionDef:
        return node  # it has points of its own

    def visit_AsyncWith(self, node: ast.AsyncWith) -> ast.AsyncWith:
        for item in node.items:
            moments = ("before entering", "after entering", "before leaving", "after leaving")
            item.context_expr = self._wrapped(_BLOCK, item.context_expr, *moments)
        node.body = [self.visit(each) for each in node.body]
        return node

    def visit_AsyncFor(self, node: ast.AsyncFor) -> ast.AsyncFor:
        node.iter = self._wrapped(_EACH, node.iter, "before", "after")
        node.body = [self.visit(each) for each in node.body]
        return node

    def visit_comprehension(self, node: ast.comprehension) -> ast.comprehension:
        assert not node.is_async, f"{self._place}: a comprehension that awaits is no kill point yet; write a loop"
        self.generic_visit(node)
        return node


def the_point(path: str, pattern: str) -> str:
    """Return the only kill point of a path that a regular expression matches."""
    (found,) = [each for each in listed(path) if re.match(pattern, each)]
    return found


@cache
def instrumented(file: str) -> tuple[CodeType, Mapping[str, tuple[str, ...]]]:
    """Return the code of a file with reports in it, and the kill points of each of its functions."""
    path = ROOT / file
    tree = ast.parse(path.read_text(encoding="utf-8"), str(path))
    points: dict[str, tuple[str, ...]] = {}
    for node in [each for each in ast.walk(tree) if isinstance(each, ast.AsyncFunctionDef)]:
        transformer = _Instrumented(f"{file.removeprefix('contactpoints/')}:{node.name}")
        node.body = [transformer.visit(each) for each in node.body]
        points[node.name] = points.get(node.name, ()) + tuple(transformer.names)
    return compile(ast.fix_missing_locations(tree), str(path), "exec", dont_inherit=True), points


def listed(path: str) -> list[str]:
    """Return the kill points of a path. Fails where a function that it names is not there or awaits nothing."""
    found: list[str] = []
    for file, functions in PATHS[path].items():
        points = instrumented(file)[1]
        for function in functions or points:
            assert points.get(function), (
                f"{file} has no {function} that awaits anything: say in PATHS what took its place"
            )
            found += points[function]
    return found


class Watch:
    """What a process has reached, and where it is to die.

    Points that a task reaches without the event loop having turned between are one moment: nothing outside of the
    process can happen between them, so that one death is a death at each. Only an answer that goes out is a moment of
    its own.
    """

    def __init__(self) -> None:
        self.armed: str | None = None
        self.reached: list[list[str]] = []
        self.last_words: Callable[[Iterable[str]], None] = print
        self._moments: dict[asyncio.Task[Any] | None, list[str]] = {}

    def reach(self, point: str) -> None:
        """Note that a point is reached, and die here if it is the one."""
        if not self._moments:
            asyncio.get_running_loop().call_soon(self._turn)
        task = asyncio.current_task()
        if task not in self._moments or point.startswith(_ANSWERED):
            self._moments[task] = []
            self.reached.append(self._moments[task])
        self._moments[task].append(point)
        if point == self.armed:
            self.die(self._moments[task])

    def die(self, at: Iterable[str]) -> None:
        """Say where this is, and kill this process."""
        self.last_words(at)
        os.kill(os.getpid(), signal.SIGKILL)

    def has_reached(self, point: str) -> bool:
        """Tell whether a point was reached since the watch was set."""
        return any(point in moment for moment in self.reached)

    def _turn(self) -> None:
        self._moments = {}


WATCH = Watch()


async def _await(point: str, what: Awaitable[Any]) -> Any:
    WATCH.reach(f"before {point}")
    got = await what
    WATCH.reach(f"after {point}")
    return got


class _Block:
    def __init__(self, point: str, block: AbstractAsyncContextManager[Any]) -> None:
        self._point = point
        self._block = block

    async def __aenter__(self) -> Any:
        WATCH.reach(f"before entering {self._point}")
        got = await self._block.__aenter__()
        WATCH.reach(f"after entering {self._point}")
        return got

    async def __aexit__(self, *error: Any) -> bool | None:
        WATCH.reach(f"before leaving {self._point}")
        got = await self._block.__aexit__(*error)
        WATCH.reach(f"after leaving {self._point}")
        return got


async def _each(point: str, items: AsyncIterator[Any]) -> AsyncIterator[Any]:
    each = aiter(items)
    while True:
        WATCH.reach(f"before {point}")
        try:
            item = await anext(each)
        except StopAsyncIteration:
            return
        WATCH.reach(f"after {point}")
        yield item


class _Loader(SourceFileLoader):
    def get_code(self, fullname: str) -> CodeType:
        return instrumented(Path(self.path).relative_to(ROOT).as_posix())[0]

    def exec_module(self, module: ModuleType) -> None:
        vars(module).update({_AWAIT: _await, _BLOCK: _Block, _EACH: _each})
        super().exec_module(module)


class _Finder(MetaPathFinder):
    def __init__(self) -> None:
        files = {file for path in PATHS.values() for file in path}
        self._files = {file.removesuffix(".py").replace("/", "."): str(ROOT / file) for file in files}

    def find_spec(self, fullname: str, path: Any, target: Any = None) -> ModuleSpec | None:
        if fullname not in self._files:
            return None
        file = self._files[fullname]
        return importlib.util.spec_from_file_location(fullname, file, loader=_Loader(fullname, file))


def install() -> None:
    """From now on listed files are imported with reports in them. To be called before any of them is."""
    sys.meta_path.insert(0, _Finder())
