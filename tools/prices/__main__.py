"""`python -m prices`: rewrite the table; `--check`: say what would change, and change nothing.

The difference is there to be reviewed before it is committed. `--check` always ends with 0: a
provider's new price is news and no fault.
"""

import json
import sys
from pathlib import Path
from typing import Any

from prices import table

_FILE = Path(__file__).resolve().parents[2] / "shared/src/shared/pricing/prices.jsonl"


def main() -> int:
    """Write the table, or print what differs from it."""
    wanted = list(table.lines())
    if "--check" not in sys.argv[1:]:
        rows = [table.head(), *wanted]
        _FILE.write_text("".join(json.dumps(row, separators=(",", ":")) + "\n" for row in rows))
        print(f"{len(wanted)} models in {_FILE.name}")
        return 0
    changes = list(_changes(_by_name(_stored()), _by_name(wanted)))
    for change in changes:
        print(change)
    print(f"{len(changes)} prices differ from {table.head()['source']}")
    return 0


def _stored() -> list[dict[str, Any]]:
    return [json.loads(line) for line in _FILE.read_text().splitlines()[1:]]


def _by_name(lines: list[dict[str, Any]]) -> dict[tuple[str, str], dict[str, Any]]:
    return {
        (line["provider"], name): {key: line.get(key) for key in ("prices", "tiers", "text_only")}
        for line in lines
        for name in line["names"]
    }


def _changes(
    old: dict[tuple[str, str], dict[str, Any]], new: dict[tuple[str, str], dict[str, Any]]
) -> list[str]:
    return [
        f"{provider} {name}: {old.get((provider, name))} → {new.get((provider, name))}"
        for provider, name in sorted(old.keys() | new.keys())
        if old.get((provider, name)) != new.get((provider, name))
    ]


if __name__ == "__main__":
    sys.exit(main())
