"""Embedding and decision are bit for bit the same on every host, and change only on purpose.

A different code would lose every entry that another host, or an earlier release, has filed.
"""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from local_stack.pyodide_run import pyodide_missing, pyodide_run
from tests.shared.semantic import golden

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[2]
PAIRS = ROOT / "benchmarks" / "semantic" / golden.PAIRS


@pytest.fixture(scope="module")
def expected() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((HERE / golden.FILE).read_text(encoding="utf-8"))
    return found


def test_it_covers_every_kind_of_outcome(expected: dict[str, Any]) -> None:
    both = [outcome for row in expected["decisions"] for outcome in row]
    assert len(expected["codes"]) > 800
    assert len(both) > 800
    reasons = {outcome.split()[0] for outcome in both}
    assert reasons >= {"guard", "wording", "probable", "improbable"}
    guards = {outcome.split()[1] for outcome in both if outcome.startswith("guard ")}
    assert len(guards) >= 15


def test_cpython(expected: dict[str, Any]) -> None:
    assert golden.outcomes(PAIRS) == expected


def test_pyodide(expected: dict[str, Any], tmp_path: Path) -> None:
    reason = pyodide_missing()
    if reason:
        pytest.skip(reason)
    shutil.copytree(ROOT / "shared" / "src" / "shared", tmp_path / "shared")
    shutil.copy(HERE / "golden.py", tmp_path)
    shutil.copy(PAIRS, tmp_path)
    assert json.loads(pyodide_run(tmp_path, "golden.py")) == expected
