#!/usr/bin/env bash
# Package: PyPI anthropic 2.14.0 (openai 3.57.0 and httpx 0.28.1 beside it)
# Behaviour: the SDKs of OpenAI and Anthropic look alike, and both have http_client. Anthropic's refuses an httpx.Client with a
#   TypeError: it uses the package httpx2. OpenAI's takes it.
# Seen: openai takes httpx.Client; anthropic: TypeError, names httpx2
# Wrong guess: one client with a proxy, certificates or hooks serves both SDKs of a program that talks to one gateway.
# Hurts: programs that hand one shared httpx client to several SDKs, and gateways' examples that show how.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check anthropic==2.14.0 openai==3.57.0 httpx==0.28.1
cat >check.py <<'PY'
import anthropic
import httpx
import openai

client = httpx.Client()
openai.OpenAI(api_key="k", http_client=client)
try:
    anthropic.Anthropic(api_key="k", http_client=client)
    print("openai takes httpx.Client; anthropic: takes it")
except TypeError as error:
    names = "names httpx2" if "httpx2" in str(error) else "names nothing"
    print(f"openai takes httpx.Client; anthropic: TypeError, {names}")
PY
said=$(venv/bin/python check.py)
echo "$said"
[ "$said" = "openai takes httpx.Client; anthropic: TypeError, names httpx2" ]
