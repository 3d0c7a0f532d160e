#!/usr/bin/env bash
# Package: PyPI litellm 1.110.2
# Behaviour: the cache key is made of the parameters that LiteLLM knows by name. What extra_body carries to the provider is not
#   in it, nor is a parameter of a provider passed by its own name: thinking on and thinking off share one entry.
# Seen: extra_body: same key; unknown parameter: same key; seed: other key
# Wrong guess: whatever changes the request's body changes its cache key.
# Hurts: users of provider-specific switches (reasoning, safety, search): they get the answer to another request from the cache.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --no-compile --disable-pip-version-check litellm==1.110.2
cat >"$work/check.py" <<'PY'
import os

os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"
from litellm.caching.caching import Cache

cache = Cache(type="local")

def compare(one, two):
    ask = {"model": "openai/m", "messages": [{"role": "user", "content": "hello"}]}
    return "same key" if cache.get_cache_key(**ask, **one) == cache.get_cache_key(**ask, **two) else "other key"

thinking = compare({"extra_body": {"enable_thinking": True}}, {"extra_body": {"enable_thinking": False}})
unknown = compare({"enable_thinking": True}, {"enable_thinking": False})
print(f"extra_body: {thinking}; unknown parameter: {unknown}; seed: {compare({'seed': 1}, {'seed': 2})}")
PY
seen=$(cd "$work" && venv/bin/python check.py)
echo "$seen"
[ "$seen" = "extra_body: same key; unknown parameter: same key; seed: other key" ]
