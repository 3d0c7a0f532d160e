#!/usr/bin/env bash
# Package: npm ai 7.0.173 with @ai-sdk/openai-compatible 3.0.92 (openai 7.59.0 beside it)
# Behaviour: "x-should-retry: false" stops the SDKs of OpenAI and Anthropic. The AI SDK does not read it: a 429 that says so is
#   asked again.
# Seen: openai: 1 request; vercel-ai: 2 requests
# Wrong guess: the header that a gateway's users' SDKs obey is obeyed by the one most used in TypeScript.
# Hurts: a gateway that answers "your budget is spent until the 1st": each call of an AI SDK user costs it three.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund openai@7.59.0 ai@7.0.173 @ai-sdk/openai-compatible@3.0.92
cat >check.mjs <<'JS'
import http from "node:http";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { generateText } from "ai";
import OpenAI from "openai";
const asked = { openai: 0, ai: 0 };
const server = http.createServer((request, response) => {
  asked[request.url.split("/")[1]] += 1;
  request.resume();
  response.writeHead(429, { "content-type": "application/json", "x-should-retry": "false" });
  response.end('{"error":{"message":"budget spent","type":"rate_limit_error"}}');
});
await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
const url = `http://127.0.0.1:${server.address().port}`;
const openai = new OpenAI({ baseURL: `${url}/openai`, apiKey: "k", maxRetries: 1 });
await openai.chat.completions.create({ model: "m", messages: [{ role: "user", content: "hello" }] }).catch(() => {});
const provider = createOpenAICompatible({ name: "x", baseURL: `${url}/ai`, apiKey: "k" });
await generateText({ model: provider("m"), prompt: "hello", maxRetries: 1 }).catch(() => {});
console.log(`openai: ${asked.openai} request; vercel-ai: ${asked.ai} requests`);
process.exit(0);
JS
seen=$(node check.mjs)
echo "$seen"
[ "$seen" = "openai: 1 request; vercel-ai: 2 requests" ]
