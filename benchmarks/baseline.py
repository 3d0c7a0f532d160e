"""The build that figures are compared with: commit 935f727, in a temporary folder of its own.

`make bench ARGS="--beside edge outage"` runs each named benchmark there and here in turn, so that
both figures come from one run on one machine. The checkout is made from this repository's history,
gets its own virtual environment from its own lock file, and starts its own stores and databases.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

COMMIT = "935f727"
_ROOT = Path(__file__).resolve().parents[1]
_PYTHONPATH = ("shared/src", "worker/src", "dashboard", "tools", ".")
_OURS = ("PYTHONPATH", "VIRTUAL_ENV", "DATABASE_URL", "DJANGO_SETTINGS_MODULE", "REDIS_URL")
"""Variables that would lead the baseline to this build's code or data."""


class NoBaselineError(Exception):
    """The baseline cannot be made here; the message says why."""


@contextmanager
def checkout() -> Iterator[Path]:
    """A folder with the baseline's files and its own `.venv`, removed afterwards.

    Raises `NoBaselineError` where the history lacks the commit or its packages cannot be installed.
    """
    with tempfile.TemporaryDirectory(prefix="watchllm-baseline-") as name:
        folder = Path(name)
        archive = subprocess.run(
            ["git", "archive", "--format=tar", COMMIT],
            check=False,
            cwd=_ROOT,
            capture_output=True,
        )
        if archive.returncode:
            raise NoBaselineError(f"this checkout's history has no {COMMIT} (a shallow clone?)")
        subprocess.run(["tar", "-x", "-C", name], input=archive.stdout, check=True)
        environment = {**_environment(), "PYTHON": sys.executable}
        made = subprocess.run(
            ["tools/bootstrap.sh", "dev"],
            check=False,
            cwd=folder,
            env=environment,
            capture_output=True,
        )
        if made.returncode:
            raise NoBaselineError(f"no packages for it: {_last_line(made.stderr.decode())}")
        _share_node_packages(folder)
        yield folder


def run(folder: Path, benchmark: str) -> str:
    """What the baseline prints for ``benchmark``; one that is newer than it is lent to it.

    Raises `NoBaselineError` when the benchmark fails there.
    """
    _lend(Path("benchmarks") / benchmark, folder)
    code = f"from benchmarks import {benchmark}; {benchmark}.main()"
    done = subprocess.run(
        [folder / ".venv/bin/python", "-c", code],
        check=False,
        cwd=folder,
        env={**_environment(), "PYTHONPATH": ":".join(_PYTHONPATH)},
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise NoBaselineError(f"{benchmark} fails in {COMMIT}: {_last_line(done.stderr)}")
    return done.stdout


def _lend(name: Path, folder: Path) -> None:
    """Copy a benchmark that the baseline lacks, be it a module or a package."""
    module = name.with_suffix(".py")
    if (folder / name).is_dir() or (folder / module).exists():
        return
    if (_ROOT / name).is_dir():
        shutil.copytree(_ROOT / name, folder / name)
    else:
        shutil.copy(_ROOT / module, folder / module)


def _last_line(printed: str) -> str:
    """Of a traceback, the error itself."""
    return (printed.strip().splitlines() or ["it printed nothing"])[-1]


def _environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name not in _OURS}


def _share_node_packages(folder: Path) -> None:
    """Lend this checkout's Node packages where the lock file is the same."""
    for lock in _ROOT.glob("t*/**/package-lock.json"):
        place = lock.relative_to(_ROOT)
        theirs, modules = folder / place, lock.parent / "node_modules"
        if "node_modules" in place.parts or not modules.exists() or not theirs.exists():
            continue
        if theirs.read_bytes() == lock.read_bytes():
            (theirs.parent / "node_modules").symlink_to(modules)
