"""The threat model of docs/public/security.md: each of its lines names a test that exists."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs/public/security.md").read_text()
_MODEL = PAGE.partition("## Who can do what\n")[2].partition("\n## ")[0]
_LINES = [
    line
    for line in _MODEL.splitlines()
    if line.startswith("| ") and not line.endswith("| Shown by |")
]
_NAMED = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)`")


@cache
def _tests(path: Path) -> frozenset[str]:
    """Names of a file's test functions, those of its classes included."""
    return frozenset(
        node.name
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    )


def test_everybody_is_there() -> None:
    parts = re.split(r"^### ", _MODEL, flags=re.MULTILINE)[1:]
    assert [part.partition("\n")[0] for part in parts] == [
        "A stranger",
        "Somebody with an API key",
        "A member",
        "An owner",
        "Somebody who reads and writes Redis",
        "Somebody with the Worker's database role",
    ]
    for part in parts:
        assert "| Cannot | Shown by |" in part
        assert "| Can | Shown by |" in part


@pytest.mark.parametrize("line", _LINES, ids=lambda line: line.split(" | ")[0][2:])
def test_each_line_names_a_test_that_exists(line: str) -> None:
    named = _NAMED.findall(line)
    assert named, line
    for file, name in named:
        assert (ROOT / file).exists(), file
        assert name in _tests(ROOT / file), f"{file} has no {name}"
