"""What importing entry.py costs under Pyodide, by package: cold start is what an edge user feels.

Self time of every module the entry pulls in, the standard library's packages included, as CPython's
-X importtime reports it; the interpreter's own start is not part of it. No bytecode is cached.
Beside it a Worker that does nothing: what Cloudflare's SDK alone imports. The packages are those of
one run; the totals are medians of several, turn by turn.

Cloudflare starts from a snapshot of memory that is taken after the imports: there their time counts
a fifteenth, and the memory is what is read.
"""

import json
import re
import statistics
import subprocess
import sys
from collections import Counter
from pathlib import Path

from local_stack.pyodide_run import pyodide_missing

_ROOT = Path(__file__).resolve().parents[1]
_HOST = _ROOT / "tools" / "local_stack" / "pyodide_host"
_ENTRY = _ROOT / "worker" / "src" / "entry.py"
_NOTHING = _ROOT / "benchmarks" / "do_nothing_worker" / "entry.py"
_LINE = re.compile(r"import time:\s+(\d+) \|\s+(\d+) \|\s*(\S+)")
_RUNS = 5
_LISTED = 15


def main() -> None:
    """Print the totals, the memory and the packages that cost most."""
    if reason := pyodide_missing():
        print(f"left out: {reason}")
        return
    runs = [(_run(_NOTHING), _run(_ENTRY)) for _ in range(_RUNS)]
    nothing = statistics.median(spent.total() for (spent, _), _ in runs)
    ours = sorted((spent for _, (spent, _) in runs), key=lambda spent: spent.total())
    median = ours[len(ours) // 2]
    (_, nothing_mib), (_, mib) = runs[0]
    print(f"{median.total() / 1000:8.1f} ms  the Worker (median of {_RUNS} runs)")
    print(f"{nothing / 1000:8.1f} ms  a Worker that does nothing")
    print(f"{median.total() / nothing:8.1f} ×   of it")
    print(f"{mib:8.1f} MiB of memory, {nothing_mib:.1f} where nothing is done")
    for package, microseconds in median.most_common(_LISTED):
        print(f"{microseconds / 1000:8.1f} ms  {package}")


def _run(entry: Path) -> tuple[Counter[str], float]:
    """Microseconds by package, and MiB of memory after the imports."""
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
    return spent, json.loads(done.stdout.splitlines()[-1])["memory_mib"]
