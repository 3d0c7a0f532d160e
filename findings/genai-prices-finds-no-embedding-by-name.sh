#!/usr/bin/env bash
# Package: PyPI genai-prices 0.2.3
# Behaviour: without provider_id a chat model is found by its name and an embedding model of the same vendor is not. A naive
#   timestamp is taken as UTC, which halves or doubles a price that depends on the hour.
# Seen: gpt-4o: 2.50; text-embedding-3-small: LookupError; with provider_id: 0.02
# Wrong guess: a name that is in the table is found.
# Hurts: a gateway that prices by model name alone: embeddings, its most frequent calls, end up as "price unknown" or 0.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --no-compile --disable-pip-version-check genai-prices==0.2.3
cat >"$work/check.py" <<'PY'
from genai_prices import Usage, calc_price

def price(**model):
    try:
        return calc_price(Usage(input_tokens=1_000_000), **model).total_price
    except LookupError as error:
        return type(error).__name__

print(f"gpt-4o: {price(model_ref='gpt-4o')}; text-embedding-3-small: {price(model_ref='text-embedding-3-small')}; "
      f"with provider_id: {price(model_ref='text-embedding-3-small', provider_id='openai')}")
PY
seen=$(cd "$work" && venv/bin/python check.py)
echo "$seen"
[ "$seen" = "gpt-4o: 2.50; text-embedding-3-small: LookupError; with provider_id: 0.02" ]
