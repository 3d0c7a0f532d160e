// What the official Node SDKs assemble from a stream, twice: `node assembled.mjs <URL>`, with a list of
// {sdk, key, fixture} on standard input. The server knows by the header x-fixture what to answer.
// Prints one list: for each of them the two answers.

import Anthropic from '@anthropic-ai/sdk';
import Groq from 'groq-sdk';
import OpenAI from 'openai';
import { text } from 'node:stream/consumers';

const url = process.argv[2];
const messages = [{ role: 'user', content: 'hello' }];

/** Chunks put together by hand, as clients without a helper do it. */
async function merged(stream) {
  const made = { id: null, texts: {}, calls: {}, ends: {} };
  for await (const chunk of stream) {
    made.id = chunk.id;
    for (const { index, delta, finish_reason } of chunk.choices) {
      for (const [name, value] of Object.entries(delta)) {
        if (typeof value === 'string') made.texts[`${index} ${name}`] = (made.texts[`${index} ${name}`] ?? '') + value;
      }
      for (const call of delta.tool_calls ?? []) {
        const known = (made.calls[call.index] ??= { arguments: '' });
        Object.assign(known, call.id ? { id: call.id, type: call.type } : {});
        known.name ??= call.function?.name;
        known.arguments += call.function?.arguments ?? '';
      }
      if (finish_reason) made.ends[index] = finish_reason;
    }
  }
  return made;
}

const sdks = {
  openai: (options) =>
    new OpenAI({ ...options, baseURL: `${url}/v1` }).chat.completions
      .stream({ model: 'gpt-4o', messages, stream_options: { include_usage: true } })
      .finalChatCompletion(),
  anthropic: (options) =>
    new Anthropic({ ...options, baseURL: url }).messages
      .stream({ model: 'claude-haiku-4-5', max_tokens: 100, messages })
      .finalMessage(),
  groq: async (options) =>
    merged(
      await new Groq({ ...options, baseURL: url }).chat.completions.create({ model: 'gpt-4o', messages, stream: true }),
    ),
};

async function answer({ sdk, key, fixture }) {
  try {
    const options = { apiKey: key, maxRetries: 0, defaultHeaders: { 'x-fixture': fixture } };
    return await sdks[sdk](options);
  } catch (error) {
    return { error: `${error.constructor.name}: ${error.message}` };
  }
}

const seen = [];
for (const asked of JSON.parse(await text(process.stdin))) {
  seen.push([await answer(asked), await answer(asked)]);
}
console.log(JSON.stringify(seen));
