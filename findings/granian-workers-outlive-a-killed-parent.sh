#!/usr/bin/env bash
# Package: PyPI granian 2.8.7
# Behaviour: SIGKILL of granian's own process leaves its worker running: it keeps the port and goes on answering, without
#   a supervisor.
# Seen: after SIGKILL of the process that was started: granian answers 200, its worker is running
# Wrong guess: killing the process that was started ends the server.
# Hurts: whoever tests crashes by killing that process (the test proves nothing), and supervisors that kill a hung server and
#   start it again: the old worker still holds the port and serves the old code.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --no-compile --disable-pip-version-check granian==2.8.7
cat >"$work/app.py" <<'PY'
async def app(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"ok"})
PY
port=$(python3 -c 'import socket; s = socket.create_server(("127.0.0.1", 0)); print(s.getsockname()[1])')
status() {
    python3 -c 'import sys, urllib.request; print(urllib.request.urlopen(f"http://127.0.0.1:{sys.argv[1]}/", timeout=5).status)' "$port" 2>/dev/null
}
cd "$work"
venv/bin/granian --interface asgi --host 127.0.0.1 --port "$port" --log-level error app:app &
server=$!
for _ in $(seq 100); do status >/dev/null && break; sleep 0.1; done
workers=$(cat /proc/"$server"/task/*/children)
trap 'kill -9 $workers 2>/dev/null || true; rm -rf "$work"' EXIT
kill -9 "$server"
wait "$server" 2>/dev/null || true
sleep 1
seen="granian answers $(status), its worker is $(kill -0 $workers 2>/dev/null && echo running || echo gone)"
echo "after SIGKILL of the process that was started: $seen"
[ "$seen" = "granian answers 200, its worker is running" ]
