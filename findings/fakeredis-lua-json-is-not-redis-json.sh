#!/usr/bin/env bash
# Package: PyPI fakeredis[lua] 2.41.0
# Behaviour: cjson in fakeredis is not lua-cjson. An empty table becomes [] (Redis: {}), numbers have 17 digits (Redis: 14),
#   and a table with a hole becomes an object (Redis: an array with null).
# Seen: [] | 12345678901234568 | {"1":1,"3":3}
# Wrong guess: a Lua script that passes its tests on fakeredis writes the same JSON on Redis ({} | 1.2345678901235e+16 | [1,null,3]).
# Hurts: scripts that store JSON (cache entries, counters): tests are green, readers in production meet another type.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --no-compile --disable-pip-version-check fakeredis[lua]==2.41.0
cat >"$work/check.py" <<'PY'
import fakeredis

redis = fakeredis.FakeRedis()
scripts = ("return cjson.encode({})", "return cjson.encode(12345678901234567)", "return cjson.encode({1, nil, 3})")
print(" | ".join(redis.eval(script, 0).decode() for script in scripts))
PY
seen=$(cd "$work" && venv/bin/python check.py)
echo "$seen"
[ "$seen" = "[] | 12345678901234568 | {\"1\":1,\"3\":3}" ]
