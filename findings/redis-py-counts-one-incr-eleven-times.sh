#!/usr/bin/env bash
# Package: PyPI redis 8.1.0
# Behaviour: a command whose answer is lost is sent again, ten times by default, whatever the command is. One incr() reached
#   the server eleven times before the error was raised.
# Seen: ConnectionError after 11 INCRBY
# Wrong guess: a client repeats only what is safe to repeat, or nothing unless told.
# Hurts: rate limits, quotas and budgets in Redis: a flaky network charges a tenant eleven times. Give whatever counts a
#   client with retry=Retry(NoBackoff(), 0), or count in a script with a request id.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --no-compile --disable-pip-version-check redis==8.1.0
cat >"$work/check.py" <<'PY'
import socket, threading

import redis

counted = []
listener = socket.create_server(("127.0.0.1", 0))

def serve(connection):
    reader = connection.makefile("rb")
    while header := reader.readline():
        command = []
        for _ in range(int(header[1:])):
            size = int(reader.readline()[1:])
            command.append(reader.read(size + 2)[:size])
        if command[0].startswith(b"INCR"):
            counted.append(command[0].decode())
            connection.shutdown(socket.SHUT_RDWR)
            return
        connection.sendall(b"%1\r\n$5\r\nproto\r\n:3\r\n" if command[0] == b"HELLO" else b"+OK\r\n")

def accept():
    while True:
        threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()

threading.Thread(target=accept, daemon=True).start()
try:
    redis.Redis(port=listener.getsockname()[1]).incr("requests")
except redis.ConnectionError as error:
    print(f"{type(error).__name__} after {len(counted)} {counted[0]}")
PY
seen=$(cd "$work" && venv/bin/python check.py)
echo "$seen"
[ "$seen" = "ConnectionError after 11 INCRBY" ]
