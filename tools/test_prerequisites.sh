#!/bin/sh
# Install what the tests need besides Python, where that is possible; say what is missing where not.
# Tests that miss something say so when they skip.
set -eu
cd "$(dirname "$0")/.."

as_root=
[ "$(id -u)" = 0 ] || as_root="sudo -n"

have() {
    case $1 in
        postgresql) command -v postgres >/dev/null || ls /usr/lib/postgresql/*/bin/postgres >/dev/null 2>&1 ;;
        chromium) command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null ;;
        lua-check) command -v luacheck >/dev/null ;;
        *) command -v "$1" >/dev/null ;;
    esac
}

missing=
for package in redis-server lua-check postgresql chromium; do
    have "$package" || missing="$missing $package"
done
if [ -n "$missing" ] && command -v apt-get >/dev/null && $as_root true 2>/dev/null; then
    echo "Installing$missing …"
    $as_root apt-get update -qq || true
    for package in $missing; do
        DEBIAN_FRONTEND=noninteractive $as_root apt-get install -y -qq --no-install-recommends \
            "$package" >/dev/null 2>&1 || true
    done
fi
for package in redis-server lua-check postgresql chromium; do
    have "$package" || echo "Not installed: $package. The tests that need it are skipped."
done

if ! command -v npm >/dev/null; then
    echo "Not installed: Node.js 20 or newer. The tests that need it are skipped."
    exit 0
fi

install_node_packages() {
    # What is installed is known by the lock's content: a checkout makes every file new.
    stamp=$1/node_modules/.installed-lock
    cmp -s "$1/package-lock.json" "$stamp" && return
    echo "Installing the Node packages of $1 …"
    # A registry may lack a package for another platform (workerd has one for each): ci refuses the
    # whole lock then, install takes from it what there is.
    if npm ci --prefix "$1" --silent 2>/dev/null ||
        npm install --prefix "$1" --no-save --silent; then
        cp "$1/package-lock.json" "$stamp"
    else
        echo "Not installed: the Node packages of $1."
    fi
}

# All at once: an installation waits for the registry most of its time.
for lock in tools/local_stack/pyodide_host tests/* tests/e2e/node; do
    [ -f "$lock/package-lock.json" ] || continue
    install_node_packages "$lock" &
done
wait
