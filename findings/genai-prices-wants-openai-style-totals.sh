#!/usr/bin/env bash
# Package: PyPI genai-prices 0.2.3
# Behaviour: Usage.input_tokens must contain the cached tokens, as in OpenAI's answers. Anthropic's input_tokens leaves them
#   out: its numbers handed over as they are raise ValueError when more was cached than new, and are silently too cheap otherwise.
# Seen: 10 new + 1000 cached: ValueError; 2000 new + 1000 cached: 0.0033 instead of 0.0063
# Wrong guess: the price of Anthropic's usage is computed from Anthropic's numbers under the same names.
# Hurts: cost reports of gateways with prompt caching: half of the price of this request is missing, without an error.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --no-compile --disable-pip-version-check genai-prices==0.2.3
cat >"$work/check.py" <<'PY'
from genai_prices import Usage, calc_price

def price(input_tokens, cached):
    usage = Usage(input_tokens=input_tokens, cache_read_tokens=cached)
    return calc_price(usage, model_ref="claude-sonnet-4-5", provider_id="anthropic").total_price

try:
    price(10, 1000)
    first = "no error"
except ValueError as error:
    first = type(error).__name__
print(f"10 new + 1000 cached: {first}; 2000 new + 1000 cached: {price(2000, 1000)} instead of {price(3000, 1000)}")
PY
seen=$(cd "$work" && venv/bin/python check.py)
echo "$seen"
[ "$seen" = "10 new + 1000 cached: ValueError; 2000 new + 1000 cached: 0.0033 instead of 0.0063" ]
