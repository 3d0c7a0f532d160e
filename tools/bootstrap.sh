#!/bin/sh
# Make .venv with the locked requirements of one kind: `tools/bootstrap.sh run|dev`.
# Needs nothing but a Python 3.11 or newer; does nothing when .venv is up to date.
set -eu
cd "$(dirname "$0")/.."
kind=$1
lock=requirements/$kind.txt

is_new_enough() {
    "$1" -c 'import sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null
}

if ! is_new_enough .venv/bin/python; then
    # A named one is taken or refused, never silently replaced.
    for candidate in ${PYTHON:-python3 python3.14 python3.13 python3.12 python3.11}; do
        if is_new_enough "$candidate"; then
            found=$candidate
            break
        fi
    done
    if [ -z "${found:-}" ]; then
        echo "WatchLLM needs Python 3.11 or newer with its venv module${PYTHON:+, which $PYTHON is not}." >&2
        echo "Install one, or name it: PYTHON=/path/to/python3 make run" >&2
        exit 1
    fi
    echo "Making .venv with $("$found" --version) …"
    "$found" -m venv --clear .venv
fi

# What is installed is known by the lock file and the interpreter it was installed for.
wanted=$(.venv/bin/python - "$lock" <<'PYTHON'
import hashlib, pathlib, sys
print(hashlib.sha256(pathlib.Path(sys.argv[1]).read_bytes() + sys.version.encode()).hexdigest())
PYTHON
)
stamp=.venv/.installed-$kind
if [ "$(cat "$stamp" 2>/dev/null)" != "$wanted" ]; then
    echo "Installing $lock (once; again only when it changes) …"
    .venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r "$lock"
    echo "$wanted" >"$stamp"
fi
