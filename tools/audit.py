"""`make audit`: known weaknesses in what the lock files name, Python's and Node's.

Ends with 1 when there is one. What could not be examined, because the advisories are out of reach,
is said by name and is no success: then it ends with 3, which CI does not take for a pass either.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
PYTHON_LOCKS = ("requirements/run.txt", "requirements/dev.txt", "requirements/audit.txt")
FOUND, NOT_EXAMINED = 1, 3


def python_findings(report: dict[str, Any]) -> tuple[list[str], int]:
    """Of pip-audit's JSON: what is known, and how many packages were not examined.

    pip-audit counts a package whose advisories it cannot get as skipped, and ends with 0.
    """
    found, skipped = [], 0
    for package in report["dependencies"]:
        if "skip_reason" in package:
            skipped += 1
            continue
        for weakness in package["vulns"]:
            fixed = ", ".join(weakness["fix_versions"]) or "no version yet"
            found.append(
                f"{package['name']} {package['version']}: {weakness['id']}, fixed in {fixed}"
            )
    return found, skipped


def node_findings(report: dict[str, Any]) -> tuple[list[str], int]:
    """Of ``npm audit --json``: the same two, 1 standing for a lock that was not examined."""
    if "vulnerabilities" not in report:
        return [], 1
    packages = report["vulnerabilities"].items()
    return [f"{name}: {package['severity']}, {package['range']}" for name, package in packages], 0


def main() -> int:
    """Examine every lock file of the repository."""
    status = 0
    for name in PYTHON_LOCKS:
        command = (sys.executable, "-m", "pip_audit", "--disable-pip", "--require-hashes")
        report = _json(*command, "--format", "json", "--requirement", str(ROOT / name))
        findings = ([], 1) if report is None else python_findings(report)
        status = max(status, _tell(name, *findings), key=_gravity)
    tracked = subprocess.run(
        ["git", "ls-files", "*package-lock.json"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    for name in tracked.stdout.split():
        folder = str((ROOT / name).parent)
        report = _json("npm", "audit", "--package-lock-only", "--json", "--prefix", folder)
        findings = ([], 1) if report is None else node_findings(report)
        status = max(status, _tell(name, *findings), key=_gravity)
    return status


def _gravity(status: int) -> int:
    return (0, NOT_EXAMINED, FOUND).index(status)


def _json(*command: str) -> dict[str, Any] | None:
    try:
        run = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
        report = json.loads(run.stdout)
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return None
    return report if isinstance(report, dict) else None


def _tell(name: str, found: list[str], skipped: int) -> int:
    for line in found:
        print(f"{name}: {line}")
    if skipped:
        print(f"{name}: not examined ({skipped}): the advisories could not be had")
        return FOUND if found else NOT_EXAMINED
    if not found:
        print(f"{name}: nothing known")
    return FOUND if found else 0


if __name__ == "__main__":
    sys.exit(main())
