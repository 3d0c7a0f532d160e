#!/usr/bin/env bash
# Package: PyPI uvicorn 0.54.0 with httptools 0.9.0 (and with h11 0.16.0)
# Behaviour: a streamed answer to an HTTP/1.0 request comes with transfer-encoding: chunked, which HTTP/1.0 does not know,
#   once httptools is installed (uvicorn[standard]). With h11 the same application answers plainly.
# Seen: httptools: chunked True; h11: chunked False
# Wrong guess: the HTTP parser that uvicorn picks by itself changes speed only.
# Hurts: streams behind a proxy that speaks HTTP/1.0 to its upstream (nginx's default was that for decades):
#   chunk sizes stand between the events, and SSE readers fail on them.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --no-compile --disable-pip-version-check uvicorn==0.54.0 httptools==0.9.0 h11==0.16.0
cat >"$work/check.py" <<'PY'
import pathlib, socket, subprocess, sys, time

pathlib.Path("app.py").write_text('''
async def app(scope, receive, send):
    if scope["type"] == "http":
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/event-stream")]})
        await send({"type": "http.response.body", "body": b"data: 1\\n\\n", "more_body": True})
        await send({"type": "http.response.body", "body": b"data: 2\\n\\n"})
''')

def chunked(parser):
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    command = [f"{sys.prefix}/bin/uvicorn", "app:app", "--http", parser, "--port", str(port), "--log-level", "error"]
    server = subprocess.Popen(command)
    try:
        for _ in range(200):
            try:
                with socket.create_connection(("127.0.0.1", port), timeout=10) as s:
                    s.sendall(b"GET / HTTP/1.0\r\nhost: x\r\n\r\n")
                    answer = b"".join(iter(lambda: s.recv(4096), b""))
                    return b"transfer-encoding: chunked" in answer.lower() and b"\r\n9\r\ndata: 1" in answer
            except OSError:
                time.sleep(0.1)
    finally:
        server.terminate()
        server.wait()

print(f"httptools: chunked {chunked('httptools')}; h11: chunked {chunked('h11')}")
PY
seen=$(cd "$work" && venv/bin/python check.py)
echo "$seen"
[ "$seen" = "httptools: chunked True; h11: chunked False" ]
