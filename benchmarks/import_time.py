"""What importing entry.py costs under Pyodide, by package: cold start is what an edge user feels.

Self time of every module the entry pulls in, the standard library's packages included, as CPython's
-X importtime reports it; the interpreter's own start is not part of it. No bytecode is cached.
Beside it a Worker that does nothing: what Cloudflare's SDK alone imports. The packages are those of
one run; the totals are medians of several.
"""

import re
import statistics
import subprocess
import sys
from collections import Counter
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[1]
_HOST = _ROOT / "tools" / "local_stack" / "pyodide_host"
_ENTRY = _ROOT / "worker" / "src" / "entry.py"
_NOTHING = _ROOT / "benchmarks" / "do_nothing_worker" / "entry.py"
_LINE = re.compile(r"import time:\s+(\d+) \|\s+(\d+) \|\s*(\S+)")
_RUNS = 5
_LISTED = 15


def main() -> None:
    """Print the totals and the packages that cost most, in milliseconds."""
    nothing = [_run(_NOTHING).total() for _ in range(_RUNS)]
    runs = sorted((_run(_ENTRY) for _ in range(_RUNS)), key=lambda run: run.total())
    median = runs[len(runs) // 2]
    print(f"{median.total() / 1000:8.1f} ms  the Worker (median of {_RUNS} runs)")
    print(f"{statistics.median(nothing) / 1000:8.1f} ms  a Worker that does nothing")
    for package, microseconds in median.most_common(_LISTED):
        print(f"{microseconds / 1000:8.1f} ms  {package}")


def _run(entry: Path) -> Counter[str]:
    command = ["node", str(_HOST / "main.mjs"), "--import-times", "--entry", str(entry)]
    done = subprocess.run(
        [*command, "--python", sys.executable],
        capture_output=True,
        text=True,
        check=True,
    )
    _, _, report = (done.stdout + done.stderr).partition("--- imports of the entry")
    spent: Counter[str] = Counter()
    for own, _cumulative, module in _LINE.findall(report):
        spent[module.partition(".")[0]] += int(own)
    return spent
