"""Running a Python program in Pyodide, for tests and benchmarks of what both hosts share."""

import shutil
import subprocess
from pathlib import Path

from local_stack.options import REPOSITORY

_HOST = REPOSITORY / "tools" / "local_stack" / "pyodide_host"


def pyodide_missing() -> str | None:
    """Why Pyodide cannot be run here, or None."""
    if shutil.which("node") is None:
        return "the Pyodide host needs Node.js"
    if not (_HOST / "node_modules").exists():
        return f"Pyodide is not installed: npm ci --prefix {_HOST.relative_to(REPOSITORY)}"
    return None


def pyodide_run(folder: Path, script: str, *arguments: str) -> str:
    """What ``script`` prints, run in Pyodide with a copy of ``folder`` as its import root.

    Raises ``RuntimeError`` with the end of its error output.
    """
    command = ["node", str(_HOST / "run.mjs"), str(folder), script, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{script} failed in Pyodide: {done.stderr[-2000:]}")
    return done.stdout
