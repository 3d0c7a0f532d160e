#!/usr/bin/env bash
# Package: PyPI fakeredis[lua] 2.41.0
# Behaviour: INCRBYFLOAT adds in double precision. Redis adds in extended precision, where 0.1 + 0.2 is 0.3. Called from a Lua
#   script the same command even answers with other digits than called directly.
# Seen: direct: 0.1, then 0.30000000000000004; from Lua: 0.10000000000000001
# Wrong guess: the answer is that of Redis (0.1, then 0.3), and the same from a script.
# Hurts: budgets kept as a float in Redis: a test that compares the string, or a limit that is met exactly, passes on one
#   of the two and fails on the other.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --no-compile --disable-pip-version-check fakeredis[lua]==2.41.0
cat >"$work/check.py" <<'PY'
import fakeredis

redis = fakeredis.FakeRedis()
once, twice = (redis.execute_command("INCRBYFLOAT", "budget", amount) for amount in ("0.1", "0.2"))
script = redis.eval("return redis.call('INCRBYFLOAT', KEYS[1], '0.1')", 1, "other").decode()
print(f"direct: {once}, then {twice}; from Lua: {script}")
PY
seen=$(cd "$work" && venv/bin/python check.py)
echo "$seen"
[ "$seen" = "direct: 0.1, then 0.30000000000000004; from Lua: 0.10000000000000001" ]
