// OpenAI's SDK, responses: plain, its stream helper, tools.
import OpenAI from "openai";
import { EDGE, FUNCTION, KEY, MODEL, NO_MODEL, serve } from "./steps.mjs";

const client = new OpenAI({ baseURL: `${EDGE}/v1`, apiKey: KEY, maxRetries: 0 });
const asked = (text, more = {}) => ({ model: MODEL, input: text, store: false, ...more });

await serve({
  plain: (text) => client.responses.create(asked(text)),
  stream: (text) => client.responses.stream(asked(text)).finalResponse(),
  tools: (text) => client.responses.create(asked(text, { tools: [{ type: "function", ...FUNCTION }] })),
  error: (text) => client.responses.create(asked(text, { model: NO_MODEL })),
});
