// The official Node SDK against a running edge: `node scenarios.mjs <base URL> <key> <limited key>`.
// Prints one JSON object: scenario → what the SDK's user saw. The test beside it judges.

import OpenAI from 'openai';

const [baseURL, apiKey, limitedKey] = process.argv.slice(2);
const client = new OpenAI({ baseURL, apiKey, maxRetries: 0 });
const model = 'gpt-4o-mini';
const says = (content) => [{ role: 'user', content }];
const PARAMETERS = { type: 'object', properties: { city: { type: 'string' } } };
const weather = { type: 'function', function: { name: 'weather', parameters: PARAMETERS } };

async function failure(promise) {
  try {
    await promise;
    return { name: 'none' };
  } catch (error) {
    return {
      name: error.constructor.name,
      status: error.status,
      code: error.code,
      retryAfter: error.headers?.get('retry-after') ?? null,
      requestID: error.requestID ?? null,
    };
  }
}

async function twice(create) {
  const seen = [];
  for (let time = 0; time < 2; time += 1) {
    const { data, response } = await create().withResponse();
    seen.push({ cache: response.headers.get('x-watchllm-cache'), data });
    await new Promise((resolve) => setTimeout(resolve, 300)); // the entry is stored meanwhile
  }
  return seen;
}

async function streamed(body) {
  const stream = client.chat.completions.stream({ model, ...body });
  let chunks = 0;
  stream.on('chunk', () => (chunks += 1));
  const completion = await stream.finalChatCompletion();
  return { chunks, completion };
}

const scenarios = {
  plain: () => twice(() => client.chat.completions.create({ model, messages: says('plain') })),
  stream: () => streamed({ messages: says('a stream'), stream_options: { include_usage: true } }),
  replay: async () => {
    const body = { messages: says('replayed'), tools: [weather] };
    const first = await streamed(body);
    await new Promise((resolve) => setTimeout(resolve, 300));
    const second = await streamed(body);
    return [first.completion.choices[0].message, second.completion.choices[0].message];
  },
  tools: async () => {
    const body = { model, messages: says('tools'), tools: [weather] };
    const completion = await client.chat.completions.create(body);
    return completion.choices[0].message.tool_calls;
  },
  schema: async () => {
    const shape = { ...PARAMETERS, required: ['city'], additionalProperties: false };
    const completion = await client.chat.completions.parse({
      model,
      messages: says('a schema'),
      response_format: {
        type: 'json_schema',
        json_schema: { name: 'place', strict: true, schema: shape },
      },
    });
    return JSON.parse(completion.choices[0].message.content);
  },
  vision: async () => {
    const image = { type: 'image_url', image_url: { url: 'https://example.com/a.png' } };
    const content = [{ type: 'text', text: 'What is this?' }, image];
    const completion = await client.chat.completions.create({ model, messages: says(content) });
    return completion.choices[0].message.content;
  },
  embeddings: async () => {
    const many = (input) => client.embeddings.create({ model: 'text-embedding-3-small', input });
    const [batch, one] = [await many(['one', 'two']), await many('two')];
    return {
      sizes: batch.data.map((item) => item.embedding.length),
      same: JSON.stringify(batch.data[1].embedding) === JSON.stringify(one.data[0].embedding),
      usage: batch.usage.total_tokens,
    };
  },
  models: async () => {
    const names = [];
    for await (const item of client.models.list()) names.push(item.id);
    const one = await client.models.retrieve(names[0]);
    if (one.id !== names[0]) throw new Error(`asked for ${names[0]}, got ${one.id}`);
    return names;
  },
  wrongKey: () => {
    const stranger = new OpenAI({ baseURL, apiKey: `lgw_${'0'.repeat(38)}`, maxRetries: 0 });
    return failure(stranger.chat.completions.create({ model, messages: says('x') }));
  },
  rateLimited: async () => {
    const limited = new OpenAI({ baseURL, apiKey: limitedKey, maxRetries: 0 });
    await limited.chat.completions.create({ model, messages: says('x') });
    return failure(limited.chat.completions.create({ model, messages: says('x') }));
  },
  badRequest: () => failure(client.chat.completions.create({ model, messages: 'no list' })),
  badJson: () => failure(client.post('/chat/completions', {
    body: new Blob(['{"model":']),
    headers: { 'content-type': 'application/json' },
  })),
  tooLarge: () => failure(client.chat.completions.create({
    model,
    messages: says('x'.repeat(3_000_000)),
  })),
  unknownRoute: () => failure(client.get('/nothing')),
  methodNotAllowed: () => failure(client.get('/chat/completions')),
  unknownModel: () => failure(client.chat.completions.create({
    model: 'no-such-model',
    messages: says('x'),
  })),
};

const seen = {};
for (const [name, run] of Object.entries(scenarios)) {
  try {
    seen[name] = await run();
  } catch (error) {
    seen[name] = { crashed: `${error.constructor.name}: ${error.message}` };
  }
}
console.log(JSON.stringify(seen));
