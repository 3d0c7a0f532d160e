#!/usr/bin/env bash
# Package: PyPI pytest-xdist 3.8.0 with pytest 9.1.1 and 9.2.0
# Behaviour: with pytest 9.2 `--dist loadgroup` no longer keeps the tests of an xdist_group together, and says nothing.
#   xdist writes the group into the private `_nodeid`, from which pytest 9.2 no longer reads.
# Seen: workers that ran one group of six tests: pytest 9.1.1: 1, pytest 9.2.0: 2
# Wrong guess: a run whose tests all pass still starts each group's server once.
# Hurts: whoever upgrades pytest and shares a server, a port or a browser by group: several start at once, the run
#   takes longer, and fails now and then ("address already in use").
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cat >"$work/test_group.py" <<'PY'
import os
import pathlib
import time

import pytest


@pytest.mark.xdist_group("server")
@pytest.mark.parametrize("number", range(6))
def test_in_group(number):
    time.sleep(0.2)
    with pathlib.Path("workers").open("a") as seen:
        seen.write(os.environ["PYTEST_XDIST_WORKER"] + "\n")


@pytest.mark.parametrize("number", range(6))
def test_alone(number):
    time.sleep(0.2)
PY
python3 -m venv "$work/venv"
workers_of_the_group() {
    rm -f "$work/workers"
    (cd "$work" && venv/bin/python -m pytest -q -n 2 --dist loadgroup test_group.py >/dev/null)
    sort -u "$work/workers" | wc -l
}
"$work/venv/bin/pip" install --quiet --no-compile --disable-pip-version-check pytest==9.1.1 pytest-xdist==3.8.0
seen="pytest 9.1.1: $(workers_of_the_group)"
"$work/venv/bin/pip" install --quiet --no-compile --disable-pip-version-check pytest==9.2.0
seen="$seen, pytest 9.2.0: $(workers_of_the_group)"
echo "workers that ran one group of six tests: $seen"
[ "$seen" = "pytest 9.1.1: 1, pytest 9.2.0: 2" ]
