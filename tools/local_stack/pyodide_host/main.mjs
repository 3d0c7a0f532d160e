// Runs the Worker's entry.py in Pyodide under Node: `node main.mjs --port 8787 [options]`.
//
//   --port N            listen on 127.0.0.1:N (0: any free port)
//   --entry FILE        the Worker's main module (default: worker/src/entry.py)
//   --python FILE       the interpreter whose environment holds the Worker's packages
//   --queue             bind a queue in memory as USAGE_QUEUE, as wrangler.toml can on Cloudflare
//   --ai URL            bind Workers AI as AI, answered by a server that speaks its REST API
//   --crossings         tell in headers what each request did at the border to JavaScript until its
//                       response was there, and which modules requests have imported
//   --import-times      print CPython's -X importtime report of the entry's imports and the line
//                       of JSON below without a port, then exit
//
// The Worker's `env` is this process's environment. When ready it prints one line of JSON:
// {"port": 8787, "startup_ms": …, "import_ms": …, "memory_mib": …}. SIGUSR2 runs the cron trigger.
//
// What it does not enforce, unlike workerd: no random numbers, clock or fetch at import, no I/O object
// used across requests, background work killed unless it went through waitUntil. Static tests hold those.

import http from 'node:http';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

import { toRequest, writeResponse } from './bridge.mjs';
import { countCrossings, countResumed, takeCount } from './crossings.mjs';
import { loadWorker } from './worker.mjs';

const REPOSITORY = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../..');

const { values: options } = parseArgs({
  options: {
    port: { type: 'string', default: '0' },
    entry: { type: 'string', default: path.join(REPOSITORY, 'worker/src/entry.py') },
    python: { type: 'string', default: path.join(REPOSITORY, '.venv/bin/python') },
    queue: { type: 'boolean', default: false },
    ai: { type: 'string' },
    crossings: { type: 'boolean', default: false },
    'import-times': { type: 'boolean', default: false },
  },
});

if (options.crossings) countCrossings();
const worker = await loadWorker({
  entry: path.resolve(options.entry),
  python: options.python,
  repository: REPOSITORY,
  env: { ...process.env },
  importTimes: options['import-times'],
  queue: options.queue,
  ai: options.ai,
  imported: options.crossings ? countResumed : undefined,
});
if (options['import-times']) {
  console.log(JSON.stringify(worker.timings));
  process.exit(0);
}

const server = http.createServer(async (incoming, outgoing) => {
  const gone = new AbortController();
  outgoing.on('close', () => {
    if (!outgoing.writableFinished) gone.abort();
  });
  try {
    takeCount();
    const response = await worker.fetch(toRequest(incoming, gone.signal));
    if (options.crossings) {
      outgoing.setHeader('x-crossings', JSON.stringify(takeCount()));
      outgoing.setHeader('x-imported-late', worker.importedLate().join(' '));
    }
    await writeResponse(response, outgoing, gone.signal);
    if (!incoming.complete) {
      // Answered before the body was read (too large): a client that is still sending it must be
      // able to finish, or it never comes to read the answer.
      incoming.removeAllListeners('data');
      incoming.resume();
    }
  } catch (error) {
    console.error(error?.message ?? error);
    if (outgoing.headersSent) outgoing.destroy();
    else outgoing.writeHead(500, { 'content-type': 'text/plain' }).end('Internal Server Error');
  }
});
server.requestTimeout = 0; // a stream may take as long as its model does
server.keepAliveTimeout = 75_000;
server.listen(Number(options.port), '127.0.0.1', () => {
  const { port } = server.address();
  console.log(JSON.stringify({ port, ...worker.timings }));
});

async function stop() {
  server.close();
  server.closeIdleConnections();
  await worker.settle(2_000);
  process.exit(0);
}
process.on('SIGUSR2', () => worker.scheduled().catch((error) => console.error(error.message)));
process.once('SIGTERM', stop);
process.once('SIGINT', stop);
