#!/usr/bin/env bash
# Package: PyPI orjson 3.13.0, msgspec 0.23.0, against Python's json
# Behaviour: orjson reads an integer beyond 64 bits as a float, so two different numbers become one; json and msgspec keep
#   them. msgspec writes 1e16 where json and orjson write 1e+16.
# Seen: same number after reading: json False, orjson True, msgspec False; 1e16 written: 1e+16 1e+16 1e16
# Wrong guess: JSON libraries differ in speed; what they read and write for valid JSON is the same.
# Hurts: whoever hashes canonical JSON for a cache key: changing the library changes keys, or lets two requests share one.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --no-compile --disable-pip-version-check orjson==3.13.0 msgspec==0.23.0
cat >"$work/check.py" <<'PY'
import json

import msgspec, orjson

one, two = "123456789012345678901", "123456789012345678902"
loads = {"json": json.loads, "orjson": orjson.loads, "msgspec": msgspec.json.decode}
same = ", ".join(f"{name} {load(one) == load(two)}" for name, load in loads.items())
print(f"same number after reading: {same}; 1e16 written:", json.dumps(1e16), orjson.dumps(1e16).decode(), msgspec.json.encode(1e16).decode())
PY
seen=$(cd "$work" && venv/bin/python check.py)
echo "$seen"
[ "$seen" = "same number after reading: json False, orjson True, msgspec False; 1e16 written: 1e+16 1e+16 1e16" ]
