// A Cloudflare Queue in memory: the producer's binding, and batches for the entry's queue handler.

const MAX_MESSAGE_BYTES = 128_000;
const MAX_BATCH = 10;
const BATCH_TIMEOUT_MS = 20;
const RETRY_DELAY_MS = 300;

/** The binding; the SDK knows it by this class's name, which is workerd's. */
export class WorkerQueue {
  #waiting = [];
  #deliver;
  #count = 0;

  /** @param {(batch: object) => Promise<void>} deliver runs the consumer; its throwing means retry */
  constructor(deliver) {
    this.#deliver = deliver;
  }

  async send(body, { contentType = 'json' } = {}) {
    if (contentType !== 'text' || typeof body !== 'string') {
      throw new TypeError('this queue takes messages of content type "text"');
    }
    if (Buffer.byteLength(body) > MAX_MESSAGE_BYTES) throw new Error('message length too large');
    this.#count += 1;
    this.#put([{ id: String(this.#count), timestamp: new Date(), body, attempts: 1 }]);
  }

  #put(messages, delay = BATCH_TIMEOUT_MS) {
    this.#waiting.push(...messages);
    setTimeout(() => this.#bring(), delay);
  }

  async #bring() {
    const messages = this.#waiting.splice(0, MAX_BATCH);
    if (messages.length === 0) return;
    let again = [];
    const batch = {
      queue: 'usage',
      messages,
      ackAll() {},
      retryAll: () => (again = messages),
    };
    try {
      await this.#deliver(batch);
    } catch (error) {
      console.error('queue:', error?.message ?? error);
      again = messages;
    }
    for (const message of again) message.attempts += 1;
    if (again.length > 0) this.#put(again, RETRY_DELAY_MS);
    else if (this.#waiting.length > 0) this.#put([]);
  }
}
