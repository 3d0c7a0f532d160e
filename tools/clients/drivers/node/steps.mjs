// What the Node drivers have in common; see `clients.sdks` for what they read and write.
import { createInterface } from "node:readline";

export const EDGE = process.env.WATCHLLM_EDGE;
export const KEY = process.env.WATCHLLM_API_KEY;
export const MODEL = "gpt-4o-mini";
export const NO_MODEL = "no-such-model";
export const SCHEMA = { type: "object", properties: { city: { type: "string" } }, required: ["city"] };
export const FUNCTION = { name: "weather", description: "The weather in a city.", parameters: SCHEMA };
export const TOOLS = [{ type: "function", function: FUNCTION }];

/** Answers each line with what its case makes of it. */
export async function serve(cases) {
  for await (const line of createInterface({ input: process.stdin })) {
    const { case: name, text } = JSON.parse(line);
    let told;
    try {
      told = { said: await cases[name](text) };
    } catch (error) {
      told = { error: error.constructor.name, status: error.status ?? error.statusCode, text: String(error).slice(0, 500) };
    }
    process.stdout.write(`\x1e${JSON.stringify(told)}\n`);
  }
}
