// Cloudflare's Workers AI binding over its REST API: `env.AI` for a Worker outside Cloudflare.

/** The binding; the SDK knows it by this class's name, which is workerd's. Models run at `${url}/ai/run/${model}`, as below an account's address. */
export class Ai {
  #url;

  constructor(url) {
    this.#url = url;
  }

  async run(model, inputs) {
    const response = await fetch(`${this.#url}/ai/run/${model}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(inputs),
    });
    const answer = await response.json();
    if (!answer.success) throw new Error(`${answer.errors[0].code}: ${answer.errors[0].message}`);
    return answer.result;
  }
}
