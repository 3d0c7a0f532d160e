"""Cloudflare's wrangler on a copy of the Worker with its dependencies vendored as pywrangler would.

pywrangler itself first downloads a Python and a Pyodide from hosts that are no package registries;
where they cannot be reached, copying what the lock file installed here gives the same bundle.
"""

import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from local_stack.worker_packages import worker_modules

ROOT = Path(__file__).resolve().parents[2]
_TOOLS = Path(__file__).resolve().parent / "node_modules"
_SECONDS = 300
_NO_BYTECODE = shutil.ignore_patterns("__pycache__")


def wrangler_missing() -> str | None:
    """Why wrangler cannot be run here, or None."""
    if not (_TOOLS / "wrangler").exists() or not (_TOOLS / ".bin" / "node").exists():
        return "wrangler is not installed: npm ci --prefix tests/runtime"
    return None


def make_project(folder: Path) -> Path:
    """Copy the Worker, its configuration and its dependencies; return the project's folder."""
    shutil.copy(ROOT / "wrangler.toml", folder)
    shutil.copytree(ROOT / "worker" / "src", folder / "worker" / "src", ignore=_NO_BYTECODE)
    vendored = folder / "python_modules"
    vendored.mkdir()
    for module in worker_modules():
        if module.is_dir():
            shutil.copytree(module, vendored / module.name, ignore=_NO_BYTECODE)
        else:
            shutil.copy(module, vendored)
    return folder


def wrangler_command(*arguments: str) -> list[str]:
    """The command line of the pinned wrangler on the Node that came with it."""
    return [
        str(_TOOLS / ".bin" / "node"),
        str(_TOOLS / "wrangler" / "bin" / "wrangler.js"),
        *arguments,
    ]


def wrangler_environment(folder: Path) -> Mapping[str, str]:
    """Without telemetry, without a log in, and with its own files inside `folder`."""
    return {
        **os.environ,
        "CI": "1",
        "HOME": str(folder),
        "XDG_CONFIG_HOME": str(folder / ".config"),
        "WRANGLER_SEND_METRICS": "false",
        "NO_COLOR": "1",
    }


def wrangler(folder: Path, *arguments: str) -> str:
    """Run wrangler to its end; return what it printed. Raises `AssertionError` when it fails."""
    done = subprocess.run(
        wrangler_command(*arguments),
        cwd=folder,
        env=wrangler_environment(folder),
        capture_output=True,
        text=True,
        timeout=_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
