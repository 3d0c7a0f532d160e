"""What the semantic files add to the Worker's bundle and cold start, in Pyodide.

The bundle as wrangler would upload it is started with and without ``shared.embedding`` and
``shared.decision``, turn by turn; the fastest of several starts counts. Nothing imports them
before the first eligible prompt, so what differs is the size and putting the files into memory.
Cloudflare deploys a snapshot taken after the imports: there no request pays for these.
"""

import json
import resource
import shutil
import sys
import tempfile
import zlib
from pathlib import Path

from local_stack.pyodide_run import pyodide_missing, pyodide_run
from tests.runtime.wrangler import make_project

_PROGRAM = Path(__file__).with_name("semantic") / "first_request.py"
_STARTS = 7
_SEMANTIC = ("embedding", "decision")


def main() -> None:
    """Print sizes and times side by side."""
    reason = pyodide_missing()
    if reason:
        sys.exit(reason)
    with tempfile.TemporaryDirectory() as scratch:
        bundles = {name: _bundle(Path(scratch) / name) for name in ("without", "with")}
        for name in _SEMANTIC:
            shutil.rmtree(bundles["without"] / "python_modules" / "shared" / name)
        figures = {name: _sizes(folder) for name, folder in bundles.items()}
        starts: dict[str, list[dict[str, float]]] = {name: [] for name in bundles}
        for _ in range(_STARTS):
            for name, folder in bundles.items():
                before = _child_cpu()
                found = json.loads(pyodide_run(folder, _PROGRAM.name, "start"))
                found["CPU of starting and importing, ms"] = (_child_cpu() - before) * 1e3
                starts[name].append(found)
            prompt = json.loads(pyodide_run(bundles["with"], _PROGRAM.name, "first prompt"))
            starts["with"][-1] |= prompt
    for name, runs in starts.items():
        for figure in runs[0]:
            figures[name][figure] = min(run[figure] for run in runs)
    print(f"{'':<48}{'without':>10}{'with':>10}   (fastest of {_STARTS} starts)")
    for figure, value in figures["with"].items():
        before = figures["without"].get(figure)
        print(f"{figure:<48}{'' if before is None else f'{before:,.0f}':>10}{value:10,.0f}")


def _bundle(folder: Path) -> Path:
    folder.mkdir()
    make_project(folder)
    shutil.copy(_PROGRAM, folder)
    return folder


def _child_cpu() -> float:
    """Seconds: unlike the clock, what other processes do hardly moves it."""
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    return spent.ru_utime + spent.ru_stime


def _sizes(folder: Path) -> dict[str, float]:
    """KiB of the bundle, as it is and compressed file by file."""
    files = [path.read_bytes() for path in folder.rglob("*") if path.is_file()]
    return {
        "bundle, KiB": sum(map(len, files)) / 1024,
        "bundle compressed, KiB": sum(len(zlib.compress(data)) for data in files) / 1024,
    }


if __name__ == "__main__":
    main()
