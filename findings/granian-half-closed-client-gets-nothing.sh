#!/usr/bin/env bash
# Package: PyPI granian 2.8.9
# Behaviour: a client that sends its whole request and then shuts down its sending side (allowed by HTTP/1.1, done by nc -N,
#   scripts and some balancers) gets the connection closed without one byte. A client that keeps it open gets its answer.
# Seen: kept open: HTTP/1.1 200 OK; half closed: nothing
# Wrong guess: a complete request is answered whatever happens to the client's sending side.
# Hurts: health checks and shell scripts in front of a gateway: they report it down while every SDK works.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --no-compile --disable-pip-version-check granian==2.8.9
cat >"$work/check.py" <<'PY'
import pathlib, socket, subprocess, sys, time

pathlib.Path("app.py").write_text('''
async def app(scope, receive, send):
    if scope["type"] == "http":
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
        await send({"type": "http.response.body", "body": b"ok"})
''')
with socket.socket() as s:
    s.bind(("127.0.0.1", 0))
    port = s.getsockname()[1]
server = subprocess.Popen([f"{sys.prefix}/bin/granian", "--interface", "asgi", "--port", str(port), "--log-level", "error", "app:app"])

def ask(half_close):
    with socket.create_connection(("127.0.0.1", port), timeout=10) as s:
        s.sendall(b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
        if half_close:
            s.shutdown(socket.SHUT_WR)
        return s.recv(4096).split(b"\r\n")[0].decode() or "nothing"

try:
    for _ in range(200):
        try:
            ask(False)
            break
        except OSError:
            time.sleep(0.1)
    print(f"kept open: {ask(False)}; half closed: {ask(True)}")
finally:
    server.terminate()
    server.wait()
PY
seen=$(cd "$work" && venv/bin/python check.py)
echo "$seen"
[ "$seen" = "kept open: HTTP/1.1 200 OK; half closed: nothing" ]
