#!/usr/bin/env bash
# Package: PyPI granian 2.8.9
# Behaviour: with --interface wsgi a header that has one byte over 0x7f reaches the application as an empty string. The bytes
#   are valid (obs-text of RFC 9110), and PEP 3333 asks for Latin-1. The ASGI interface of the same release keeps them.
# Seen: wsgi: HTTP_COOKIE='' HTTP_X_PLAIN='yes'; asgi: cookie=b'session=1; city=K\xf6ln'
# Wrong guess: at worst the one character is garbled.
# Hurts: a Django dashboard behind granian: one odd cookie, set by any other site of the domain, hides the session cookie
#   that stands in the same header, and its owner is logged out on every request.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --no-compile --disable-pip-version-check granian==2.8.9
cat >"$work/check.py" <<'PY'
import pathlib, socket, subprocess, sys, time

pathlib.Path("app.py").write_text('''
def wsgi(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [f"HTTP_COOKIE={environ.get('HTTP_COOKIE')!r} HTTP_X_PLAIN={environ.get('HTTP_X_PLAIN')!r}".encode()]

async def asgi(scope, receive, send):
    if scope["type"] == "http":
        body = f"cookie={dict(scope['headers'])[b'cookie']!r}".encode()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": body})
''')

def cookie(interface):
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    command = [f"{sys.prefix}/bin/granian", "--interface", interface, "--port", str(port), "--log-level", "error", f"app:{interface}"]
    server = subprocess.Popen(command)
    try:
        for _ in range(200):
            try:
                with socket.create_connection(("127.0.0.1", port), timeout=10) as s:
                    s.sendall(b"GET / HTTP/1.0\r\nhost: x\r\ncookie: session=1; city=K\xf6ln\r\nx-plain: yes\r\n\r\n")
                    answer = b"".join(iter(lambda: s.recv(4096), b""))
                    return answer.partition(b"\r\n\r\n")[2].decode()
            except OSError:
                time.sleep(0.1)
    finally:
        server.terminate()
        server.wait()

print(f"wsgi: {cookie('wsgi')}; asgi: {cookie('asgi')}")
PY
seen=$(cd "$work" && venv/bin/python check.py)
echo "$seen"
[ "$seen" = "wsgi: HTTP_COOKIE='' HTTP_X_PLAIN='yes'; asgi: cookie=b'session=1; city=K\\xf6ln'" ]
