"""``.env.example`` names every variable that the code reads, what it is for, and no other."""

import ast
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from config import env as dashboard
from gateway.core import settings
from gateway.providers.registry import DEFAULT_BASE_URLS

ROOT = Path(__file__).resolve().parents[1]
LINES = (ROOT / ".env.example").read_text().splitlines()
EXAMPLE = {line.partition("=")[0]: line.partition("=")[2] for line in LINES if "=" in line[:60]}
EXAMPLE = {name: value for name, value in EXAMPLE.items() if not name.startswith("#")}

NOT_SETTINGS = frozenset(
    {"PATH", "PYTHONPATH", "PYTHONDONTWRITEBYTECODE", "DJANGO_SETTINGS_MODULE"}
)
"""What every Python process has, or one of our processes tells another."""
_NAME = re.compile(r"[A-Z][A-Z0-9_]+\Z")
_ENVIRONMENTS = ("environ", "environment")


class Recorder(Mapping[str, str]):
    """An environment that remembers what it was asked for."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = values
        self.asked: set[str] = set()

    def __getitem__(self, name: str) -> str:
        self.asked.add(name)
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)


def edge_variables() -> set[str]:
    """What the Worker really asks of its environment."""
    recorder = Recorder(
        dict.fromkeys(settings.REQUIRED, "https://x.example")
        | {"ENCRYPTION_KEYS": "k:" + "A" * 43 + "="}
    )
    settings.load(recorder, DEFAULT_BASE_URLS)
    return recorder.asked


def local_stack_variables() -> set[str]:
    """Names with which the local stack reads an environment, from its source."""
    return {
        name
        for path in (ROOT / "tools/local_stack").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        for name in names_read(node)
        if name not in NOT_SETTINGS
    }


def names_read(node: ast.AST) -> Iterator[str]:
    """``environ["X"]``, ``environ.get("X")``, ``helper(environment, "X")``."""
    if isinstance(node, ast.Subscript) and is_environment(node.value):
        yield from literal(node.slice)
    elif isinstance(node, ast.Call):
        method = node.func.value if isinstance(node.func, ast.Attribute) else None
        if method is not None and node.args and is_environment(method):
            yield from literal(node.args[0])
        elif len(node.args) > 1 and is_environment(node.args[0]):
            yield from literal(node.args[1])


def is_environment(node: ast.AST) -> bool:
    name = node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")
    return name in _ENVIRONMENTS


def literal(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str) and _NAME.match(node.value):
        yield node.value


def test_the_edge_lists_what_it_reads() -> None:
    assert set(settings.variables(DEFAULT_BASE_URLS)) == edge_variables()


def test_the_example_and_the_code_agree() -> None:
    read = edge_variables() | set(dashboard.variable_names()) | local_stack_variables()
    assert read - set(EXAMPLE) == set(), "missing in .env.example"
    assert set(EXAMPLE) - read == set(), "read by nobody"


def test_the_local_stack_is_really_scanned() -> None:
    expected = {"WATCHLLM_EDGE_PORT", "WATCHLLM_DASHBOARD_PORT", "WATCHLLM_EDGE_HOST", "REDIS_URL"}
    assert expected <= local_stack_variables()


def test_the_dashboard_reads_its_environment_in_one_place() -> None:
    for path in (ROOT / "dashboard").rglob("*.py"):
        names = {
            name for node in ast.walk(ast.parse(path.read_text())) for name in names_read(node)
        }
        assert names - NOT_SETTINGS == set(), path


@pytest.mark.parametrize("name", EXAMPLE)
def test_each_has_its_comment(name: str) -> None:
    position = next(n for n, line in enumerate(LINES) if line.startswith(f"{name}="))
    comment = LINES[position - 1]
    assert comment.startswith("# ")
    assert len(comment) > 10


def test_numbers_show_the_default_that_the_code_has() -> None:
    for name, default in settings.NUMBERS.items():
        assert float(EXAMPLE[name]) == default, name


def test_no_secret_is_given_away() -> None:
    secret = re.compile(r"(KEY|TOKEN|SECRET|PEPPER|KEYS|DSN)\Z")
    assert [name for name in EXAMPLE if secret.search(name) and EXAMPLE[name]] == []
