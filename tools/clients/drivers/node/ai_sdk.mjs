// Vercel's AI SDK: generateText, streamText, a tool without an implementation.
import { createOpenAI } from "@ai-sdk/openai";
import { generateText, jsonSchema, streamText, tool } from "ai";
import { EDGE, FUNCTION, KEY, MODEL, NO_MODEL, SCHEMA, serve } from "./steps.mjs";

const openai = createOpenAI({ baseURL: `${EDGE}/v1`, apiKey: KEY });
const tools = { weather: tool({ description: FUNCTION.description, inputSchema: jsonSchema(SCHEMA) }) };
const asked = (prompt, model = MODEL) => ({ model: openai.chat(model), prompt, maxRetries: 0, onError: () => {} });

/** All that a result tells of the answer, and nothing of the exchange (headers, times). */
async function told(result) {
  const [text, toolCalls, finishReason, usage, providerMetadata, response] = await Promise.all([
    result.text, result.toolCalls, result.finishReason, result.usage, result.providerMetadata, result.response,
  ]);
  const { id, modelId, messages } = response;
  return { text, toolCalls, finishReason, usage, providerMetadata, id, modelId, messages };
}

async function streamed(text) {
  const result = streamText(asked(text));
  await result.consumeStream();
  return told(result);
}

await serve({
  plain: async (text) => told(await generateText(asked(text))),
  stream: streamed,
  tools: async (text) => told(await generateText({ ...asked(text), tools })),
  error: async (text) => told(await generateText(asked(text, NO_MODEL))),
});
