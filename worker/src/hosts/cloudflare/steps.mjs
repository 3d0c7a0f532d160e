// What the Worker's Python asks of JavaScript, in one step each: a call costs Python up to 20 µs, whatever it
// does, and to await a promise by itself 50. Nothing here knows what the product does with it.

// Longer texts go to Python as UTF-8, which it decodes five times as fast as Pyodide converts a string.
const [encoder, decoder] = [new TextEncoder(), new TextDecoder('utf-8', { fatal: true })];
const TOO_LARGE = -1;
let resume;

/** Give the Python function that takes a number, and the value or the Error with which its work ended. */
export const answerTo = (callback) => void (resume = callback);

/** Await `step(...values)`. */
export const start = (number, step, ...values) => settle(number, step(...values));
/** Await a promise. */
export function settle(number, work) {
  const failed = (error) => resume(number, error instanceof Error ? error : new Error(String(error)));
  work.then((value) => resume(number, value), failed);
}

export const newId = () => crypto.randomUUID().replaceAll('-', '');

/** The head of a request as JSON: [new id, unix ms, method, URL, {header: value}]. */
export const requestHead = (request) =>
  JSON.stringify([newId(), Date.now(), request.method, request.url, Object.fromEntries(request.headers)]);

/** The bytes of a request's body; TOO_LARGE where there are more than `limit` and it does not say so. It is not
 *  cancelled then: a client that is still sending must be able to finish, to read the answer. */
export async function requestBody(request, limit) {
  if (request.headers.has('content-length') || request.body === null) return new Uint8Array(await request.arrayBuffer());
  return (await bytes(request.body.getReader(), limit)) ?? TOO_LARGE;
}

/** A response. `headers` is a JSON array of pairs. Where there may be no body (204), an empty one is refused. */
export const respond = (status, headers, body) => new Response(body || null, { status, headers: JSON.parse(headers) });

// `headers` is a JSON object. `duplex` is for a body that is a stream.
const request = (method, url, headers, body, signal) =>
  fetch(url, { method, headers: JSON.parse(headers), body, redirect: 'manual', duplex: 'half', signal });

/** Ask for a response and await its headers, so many milliseconds. Returns the controller at once. */
export function ask(number, method, url, headers, body, ms) {
  const controller = new AbortController();
  settle(number, within(ms, request(method, url, headers, body, controller.signal)));
  return controller;
}

/** The head of a response as JSON: [status, {header: value}]. */
export const responseHead = (response) => JSON.stringify([response.status, Object.fromEntries(response.headers)]);

/** The body of a response by `text`, within so many milliseconds, as UTF-8. */
export const responseText = async (response, limit, ms) => encoder.encode(await within(ms, text(response, limit)));

/** The next chunk of a stream within so many milliseconds; undefined at its end. */
export const chunk = async (reader, ms) => (await within(ms, reader.read())).value;

function within(ms, work) {
  let timer;
  const tooLate = () => new DOMException('timeout', 'TimeoutError');
  const late = new Promise((_, reject) => (timer = setTimeout(() => reject(tooLate()), ms)));
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}

// A body as text, decompressed; more than `limit` bytes are a RangeError, and its connection is closed. Where
// nothing is compressed and the length is declared, the runtime reads it all at once.
async function text(response, limit) {
  if (response.body === null) return '';
  const declared = response.headers.get('content-length') ?? '';
  const left = Number(declared) > limit ? 0 : limit;
  if (left > 0 && /^\d+$/.test(declared) && !response.headers.has('content-encoding')) return response.text();
  const reader = response.body.getReader();
  const read = (await bytes(reader, left)) ?? reader.cancel();
  if (read instanceof Promise) throw new RangeError('too large');
  return new TextDecoder().decode(read);
}

// What a stream has; nothing where that is more than `left` bytes.
async function bytes(reader, left) {
  const pieces = [];
  for (let { done, value } = await reader.read(); !done; { done, value } = await reader.read()) {
    left -= value.byteLength;
    if (left < 0) return undefined;
    pieces.push(value);
  }
  return new Uint8Array(await new Blob(pieces).arrayBuffer());
}

/** A whole exchange within so many milliseconds: "<status> <unix ms>\n<text>", as UTF-8. */
export const call = async (...values) => encoder.encode(await exchange(...values));

async function exchange(method, url, headers, body, ms, limit) {
  const response = await request(method, url, headers, body, AbortSignal.timeout(ms));
  const read = await text(response, limit);
  return `${response.status} ${Date.now()}\n${read}`;
}

/**
 * `call`, and open what the JSON answer holds at the path `at`: text of a head, a colon, and in base64 a nonce
 * and what AES-GCM made under `key`. Additional data are `name`, a line feed and the head. Where it opens, the
 * answer is "<status> <unix ms> +\n<JSON>\n<opened>", and the JSON has the head and its colon only.
 */
export const callAndOpen = async (...values) => encoder.encode(await exchangeAndOpen(...values));

async function exchangeAndOpen(key, name, at, ...values) {
  const answer = await exchange(...values);
  const [first, json, ...more] = answer.split('\n');
  try {
    if (more.length > 0) return answer; // its lines could not be told apart any more
    const value = JSON.parse(at).reduce((part, index) => part[index], JSON.parse(json));
    const [head, sealed] = [value.slice(0, value.lastIndexOf(':')), value.slice(value.lastIndexOf(':') + 1)];
    const letters = atob(sealed);
    const bytes = new Uint8Array(letters.length);
    for (let i = 0; i < letters.length; i += 1) bytes[i] = letters.charCodeAt(i);
    const additionalData = encoder.encode(`${name}\n${head}`);
    const parameters = { name: 'AES-GCM', iv: bytes.subarray(0, 12), additionalData };
    const opened = await crypto.subtle.decrypt(parameters, key, bytes.subarray(12));
    return `${first} +\n${json.replace(sealed, '')}\n${decoder.decode(opened)}`;
  } catch {
    return answer; // nothing is there, or it does not open
  }
}
