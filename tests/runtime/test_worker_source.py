"""Rules of Cloudflare's runtime that nothing but workerd enforces, held by reading the source.

- No JavaScript object, client, promise or asyncio primitive lives at module level: I/O objects of
  one request must not be used by another (``Cannot perform I/O on behalf of a different request``).
- Nothing random, timed or networked runs at import: none of it exists outside a request.
- Background work goes through ``Platform.wait_until``: a bare task is dropped with the response.
- Wall time comes from the platform only: ``time.time()`` runs ahead there, and is set back.
- What a Worker's Python awaits, it awaits by ``hosts/cloudflare/steps.py``, which notes that the
  clock may have moved.
- Only ``entry.py`` imports ``workers``; only ``hosts/cloudflare`` knows JavaScript.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
WORKER, SHARED = ROOT / "worker/src", ROOT / "shared/src"
SOURCES = sorted([*WORKER.rglob("*.py"), *SHARED.rglob("*.py")])
CPYTHON, CLOUDFLARE = "hosts/cpython/", "hosts/cloudflare/"

NOT_AT_IMPORT = frozenset(
    {"secrets", "random", "time", "uuid", "socket", "urllib", "http", "asyncio", "js", "subprocess"}
)
NOT_AT_IMPORT_CALLS = frozenset(
    {"now", "today", "utcnow", "urandom", "getrandom", "create_proxy", "to_js", "open_connection"}
)
OWN_CLOCK = {
    "core/log.py": "what a host without a clock of its own uses",
    "providers/anthropic/answer.py": "whole seconds, shown to the client",
    "providers/anthropic/stream.py": "whole seconds, shown to the client",
}
"""Modules of the gateway that read the process's clock, and why they may."""
AWAITS = frozenset({"awaited", "started", "asked"})
TASKS = frozenset({"create_task", "ensure_future", "run_coroutine_threadsafe", "call_soon"})


def name(path: Path) -> str:
    """The path below the import root; for the gateway, below its package."""
    root = WORKER if path.is_relative_to(WORKER) else SHARED
    return path.relative_to(root).as_posix().removeprefix("gateway/")


def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(), str(path))


def at_import(node: ast.AST) -> Iterator[ast.AST]:
    """Every node that runs when the module is imported: not what functions do later."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
            outside = [*child.decorator_list, *child.args.defaults]
            outside += [default for default in child.args.kw_defaults if default is not None]
            for part in outside:
                yield part
                yield from at_import(part)
        elif not isinstance(child, ast.Lambda):
            yield child
            yield from at_import(child)


def called(call: ast.Call) -> tuple[str, str]:
    """The first and the last name of what is called: ``a.b.c()`` is ``("a", "c")``."""
    target: ast.expr = call.func
    last = target.attr if isinstance(target, ast.Attribute) else ""
    while isinstance(target, ast.Attribute | ast.Call | ast.Subscript):
        target = target.func if isinstance(target, ast.Call) else target.value
    first = target.id if isinstance(target, ast.Name) else ""
    return first, last or first


def imports(module: ast.Module) -> set[str]:
    """The top-level names of every module that is imported anywhere in the file."""
    found: set[str] = set()
    for node in ast.walk(module):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module.partition(".")[0])
    return found


def import_time_problems(module: ast.Module) -> list[str]:
    """Calls at import that a Worker cannot make, and objects that it must not keep."""
    problems = []
    for node in at_import(module):
        if isinstance(node, ast.Await | ast.AsyncFor | ast.AsyncWith):
            problems.append(f"line {node.lineno}: awaits")
        if not isinstance(node, ast.Call):
            continue
        first, last = called(node)
        if first in NOT_AT_IMPORT or last in NOT_AT_IMPORT_CALLS:
            problems.append(f"line {node.lineno}: calls {first}…{last}")
    return problems


def javascript_kept(module: ast.Module) -> list[str]:
    """Assignments at module or class level that mention JavaScript's world."""
    return [
        f"line {node.lineno}"
        for node in at_import(module)
        if isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign) and node.value is not None
        for part in ast.walk(node.value)
        if isinstance(part, ast.Name) and part.id in ("js", "pyodide", "create_proxy", "to_js")
    ]


@pytest.mark.parametrize("path", SOURCES, ids=name)
def test_source(path: Path) -> None:
    module, where = tree(path), name(path)
    problems = []
    if not where.startswith(CPYTHON):
        problems += import_time_problems(module) + javascript_kept(module)
    imported = imports(module)
    if where != "entry.py" and "workers" in imported:
        problems.append("imports workers: only entry.py may")
    if not where.startswith(CLOUDFLARE) and imported & {"js", "pyodide"}:
        problems.append("knows JavaScript: only hosts/cloudflare may")
    if not where.startswith("hosts/"):
        problems += [
            f"line {node.lineno}: {called(node)[1]}, not wait_until"
            for node in ast.walk(module)
            if isinstance(node, ast.Call) and called(node)[1] in TASKS
        ]
    assert problems == []


def test_only_plain_data_outlives_a_request_on_cloudflare() -> None:
    # The runtime is the one thing kept between requests: its fields hold no I/O.
    module = tree(WORKER / "gateway/pipeline/runtime.py")
    assert imports(module).isdisjoint({"asyncio", "aiohttp", "httpx", "js", "pyodide"})


def test_settings_come_from_env_and_not_from_the_process() -> None:
    for path in SOURCES:
        reads = [
            node.lineno
            for node in ast.walk(tree(path))
            if isinstance(node, ast.Attribute) and node.attr in ("environ", "getenv")
        ]
        assert not reads or name(path).startswith(CPYTHON), (path, reads)


def test_wall_time_comes_from_the_platform() -> None:
    clocks = {("time", "time"), ("datetime", "now"), ("datetime", "utcnow"), ("date", "today")}
    found = {
        name(path)
        for path in SOURCES
        if not name(path).startswith(CPYTHON)
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and (node.value.id, node.attr) in clocks
    }
    assert found == set(OWN_CLOCK)


def awaits_unnoticed(functions: dict[str, ast.AsyncFunctionDef]) -> set[str]:
    """Those that await something of JavaScript's or of the event loop's while the clock stands."""
    problems = set()
    for where, function in functions.items():
        calls = [called(node)[1] for node in ast.walk(function) if isinstance(node, ast.Call)]
        for node in ast.walk(function):
            if not isinstance(node, ast.Await):
                continue
            own = isinstance(node.value, ast.Call) and called(node.value)[1] in {
                *functions,
                "aclose",
            }
            if not own and not AWAITS & set(calls) and "begins" not in calls:
                problems.add(where)
    return problems


def test_the_clock_moves_with_every_await_on_cloudflare() -> None:
    functions = {
        node.name: node
        for path in (WORKER / CLOUDFLARE).rglob("*.py")
        for node in ast.walk(tree(path))
        if isinstance(node, ast.AsyncFunctionDef)
    }
    helpers = {
        "_answer": "its argument is a step",
        "load": "before the clock is there",
        "serve": "awaits the gateway",
        "tick": "awaits the gateway",
        "_guarded": "awaits the gateway",
    }
    assert awaits_unnoticed(functions) <= set(helpers)
    bare = ast.parse("async def f(promise):\n    await promise").body[0]
    assert isinstance(bare, ast.AsyncFunctionDef)
    assert awaits_unnoticed({"f": bare}) == {"f"}


@pytest.mark.parametrize(
    ("source", "problems"),
    [
        ("import uuid\nID = uuid.uuid4()", 1),
        ("import time\nclass A:\n    at = time.time()", 1),
        ("from datetime import datetime\nNOW = datetime.now()", 1),
        ("import asyncio\nLOCK = asyncio.Lock()", 1),
        ("import js\nCLIENT = js.Headers.new()", 2),
        ("import js\nfetch = js.fetch", 1),
        ("import secrets\ndef f(key=secrets.token_hex()): ...", 1),
        ("import random\ndef f():\n    return random.random()", 0),
        ("import time\nnow = lambda: time.time()", 0),
        ("import re\nA = re.compile('x')", 0),
    ],
)
def test_the_scan_sees_what_it_is_for(source: str, problems: int) -> None:
    module = ast.parse(source)
    assert len(import_time_problems(module) + javascript_kept(module)) == problems
