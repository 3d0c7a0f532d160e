"""The audit of the lock files: how it reads its tools' reports, and that a missing one fails."""

import importlib.util
from typing import Any

import pytest

from tests.worker.edge import ROOT

_spec = importlib.util.spec_from_file_location("audit", ROOT / "tools/audit.py")
assert _spec is not None
assert _spec.loader is not None
audit = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(audit)

CLEAN = {"name": "django", "version": "5.2.19", "vulns": []}
WEAK = {
    "name": "sample",
    "version": "1.0",
    "vulns": [{"id": "PYSEC-2026-1", "fix_versions": ["1.1"], "description": "…"}],
}
UNKNOWN = {"name": "aiohttp", "skip_reason": "Dependency not found on PyPI"}


@pytest.mark.parametrize(
    ("packages", "found", "skipped"),
    [
        ([CLEAN], [], 0),
        ([CLEAN, WEAK], ["sample 1.0: PYSEC-2026-1, fixed in 1.1"], 0),
        ([UNKNOWN, UNKNOWN], [], 2),
    ],
)
def test_python(packages: list[dict[str, Any]], found: list[str], skipped: int) -> None:
    assert audit.python_findings({"dependencies": packages}) == (found, skipped)


def test_node() -> None:
    weak = {"vulnerabilities": {"sample": {"severity": "high", "range": "<2"}}}
    assert audit.node_findings(weak) == (["sample: high, <2"], 0)
    assert audit.node_findings({"vulnerabilities": {}}) == ([], 0)
    assert audit.node_findings({"message": "405 Method Not Allowed"}) == ([], 1)


def test_what_was_not_examined_is_said_and_no_pass(capsys: pytest.CaptureFixture[str]) -> None:
    assert audit._tell("a.txt", [], 0) == 0
    assert audit._tell("b.txt", [], 2) == audit.NOT_EXAMINED
    assert "b.txt: not examined (2)" in capsys.readouterr().out
    assert audit._tell("c.txt", ["x 1: y"], 2) == audit.FOUND
    assert max(audit.NOT_EXAMINED, audit.FOUND, key=audit._gravity) == audit.FOUND


def test_every_lock_of_python_is_examined() -> None:
    locks = {f"requirements/{path.name}" for path in (ROOT / "requirements").glob("*.txt")}
    assert set(audit.PYTHON_LOCKS) == locks
