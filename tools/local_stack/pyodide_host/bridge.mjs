// Between Node's HTTP server and the fetch API that a Worker sees.

import { Readable } from 'node:stream';

const WITHOUT_BODY = new Set(['GET', 'HEAD']);

/** The fetch `Request` for an incoming message; `signal` aborts when the client leaves. */
export function toRequest(incoming, signal) {
  const headers = [];
  for (let at = 0; at < incoming.rawHeaders.length; at += 2) {
    headers.push([incoming.rawHeaders[at], incoming.rawHeaders[at + 1]]);
  }
  headers.push(['cf-connecting-ip', incoming.socket.remoteAddress ?? '']);
  const init = { method: incoming.method, headers, signal };
  if (!WITHOUT_BODY.has(incoming.method)) {
    init.body = Readable.toWeb(incoming);
    init.duplex = 'half';
  }
  return new Request(`http://${incoming.headers.host ?? 'localhost'}${incoming.url}`, init);
}

/** Send a fetch `Response`, chunk by chunk as they come; cancels its body when the client leaves. */
export async function writeResponse(response, outgoing, signal) {
  const headers = {};
  for (const [name, value] of response.headers) {
    headers[name] = name in headers ? [headers[name], value].flat() : value;
  }
  outgoing.writeHead(response.status, headers);
  if (response.body === null) {
    outgoing.end();
    return;
  }
  const reader = response.body.getReader();
  const cancel = () => reader.cancel('the client left').catch(() => {});
  if (signal.aborted) return void (await cancel());
  signal.addEventListener('abort', cancel, { once: true });
  outgoing.flushHeaders();
  for (;;) {
    const { done, value } = await reader.read();
    if (done || signal.aborted) break;
    if (!outgoing.write(value)) {
      await new Promise((resolve) => {
        outgoing.once('drain', resolve);
        signal.addEventListener('abort', resolve, { once: true });
      });
    }
  }
  signal.removeEventListener('abort', cancel);
  outgoing.end();
}
