"""`tests/scheduling.py`, with the pinned pytest and pytest-xdist."""

import os
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

from tests.scheduling import FIRST, turn

ROOT = Path(__file__).resolve().parents[1]
TESTS = """
import os, pathlib, time, pytest

@pytest.mark.parametrize("number", range(4))
def test_noted(number):
    time.sleep(0.05)
    with pathlib.Path("seen").open("a") as seen:
        print(__name__, os.environ["PYTEST_XDIST_WORKER"], file=seen)
"""


def test_a_file_runs_in_one_worker(tmp_path: Path) -> None:
    """Else every worker starts the file's server, and two of them may want one port."""
    for name in ("test_one.py", "test_two.py", "test_three.py", "test_four.py"):
        (tmp_path / name).write_text(TESTS)
    (tmp_path / "pytest.ini").write_text("[pytest]\nmarkers = spread\n")
    options = "-n 2 --dist loadgroup --no-loadscope-reorder -p tests.scheduling -p no:django"
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *options.split(), str(tmp_path)],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    workers = defaultdict(set)
    for line in (tmp_path / "seen").read_text().splitlines():
        file, worker = line.split()
        workers[file].add(worker)
    assert len(workers) == 4
    assert all(len(seen) == 1 for seen in workers.values()), workers


def test_long_groups_are_given_out_first() -> None:
    groups = [
        *("tests/a.py", "spread:tests/a.py:b", "tests/worker/test_faults_stores.py"),
        *("tests/e2e/browser/test_staff.py", "stack", "pyodide:session_edge", "postgres"),
    ]
    assert sorted(groups, key=turn) == [
        *("pyodide:session_edge", "stack", "postgres", "tests/e2e/browser/test_staff.py"),
        *("tests/worker/test_faults_stores.py", "spread:tests/a.py:b", "tests/a.py"),
    ]


def test_what_is_given_out_first_exists() -> None:
    for start in FIRST:
        if "/" in start:
            assert list(ROOT.glob(f"{start}*")), start
