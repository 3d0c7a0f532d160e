// The Worker inside Pyodide, with the modules that workerd injects for the real Python SDK.

import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

import { loadPyodide } from 'pyodide';

import { Ai } from './ai.mjs';
import { copyFolder } from './files.mjs';
import { WorkerQueue } from './queue.mjs';

const PACKAGES = '/packages'; // on Cloudflare: python_modules/
const SOURCE = '/source';

// Flags of the compatibility date in wrangler.toml that the SDK asks about.
const COMPATIBILITY_FLAGS = {
  python_workflows_implicit_dependencies: true,
  python_request_headers_preserve_commas: true,
};

// workerd calls a class-based entrypoint so: a fresh instance for each request, JS values wrapped
// by the SDK on the way in and unwrapped on the way out.
const DISPATCH = `
from workers import python_from_rpc, python_to_rpc

async def dispatch(entrypoint, ctx, env, request):
    response = await entrypoint(ctx, env).fetch(python_from_rpc(request))
    return python_to_rpc(response)

async def dispatch_event(entrypoint, ctx, env, name, event):
    await getattr(entrypoint(ctx, env), name)(event, env, ctx)

dispatch, dispatch_event
`;

/**
 * Load Pyodide and import the entry.
 *
 * @param {boolean} options.queue bind a queue as USAGE_QUEUE, consumed by the entry itself
 * @param {(module: object) => object} [options.imported] what Python gets of an ES module of the bundle
 * @param {string} [options.ai] bind Workers AI as AI: the URL under which models run
 * @returns {Promise<{fetch(request: Request): Promise<Response>, scheduled(): Promise<void>,
 *   settle(ms: number): Promise<void>, importedLate(): string[],
 *   timings: {startup_ms: number, import_ms: number, memory_mib: number}}>} `settle` waits for
 *   waitUntil's work; `importedLate` names the modules that requests have imported.
 */
export async function loadWorker({
  entry,
  python,
  repository,
  env,
  importTimes,
  queue,
  ai,
  imported = (module) => module,
}) {
  const started = performance.now();
  const pyodide = await loadPyodide({
    args: importTimes ? ['-X', 'importtime'] : [],
    env: { HOME: '/', PYTHONDONTWRITEBYTECODE: '1' },
    stdout: (line) => console.log(line),
    stderr: (line) => console.error(line),
  });
  const paths = copyPackages(pyodide, findPackages(python, repository));
  copyFolder(pyodide, path.dirname(entry), SOURCE);
  provideWorkerdModules(pyodide, env, path.dirname(entry), imported);
  pyodide.runPython(`import sys; sys.path[:0] = ${JSON.stringify([SOURCE, ...paths])}`);

  const importing = performance.now();
  if (importTimes) console.error('--- imports of the entry');
  const main = pyodide.pyimport(path.basename(entry, '.py'));
  const ready = performance.now();

  const modules = () => pyodide.runPython('import sys; list(sys.modules)').toJs();
  const atStart = new Set(modules());
  const entrypoint = main.Default;
  const [dispatch, dispatchEvent] = pyodide.runPython(DISPATCH);
  const pending = new Set();
  const bring = (name, event) =>
    dispatchEvent(entrypoint, new ExecutionContext(pending), env, name, event);
  if (queue) env.USAGE_QUEUE = new WorkerQueue((batch) => bring('queue', batch));
  if (ai) env.AI = new Ai(ai);
  return {
    timings: {
      startup_ms: Math.round(importing - started),
      import_ms: Math.round(ready - importing),
      memory_mib: pyodide._module.HEAPU8.length / 2 ** 20,
    },
    importedLate: () => modules().filter((name) => !atStart.has(name)),
    fetch: (request) => dispatch(entrypoint, new ExecutionContext(pending), env, request),
    scheduled: () => bring('scheduled', { cron: '* * * * *', scheduledTime: Date.now() }),
    async settle(milliseconds) {
      const timeout = new Promise((resolve) => setTimeout(resolve, milliseconds));
      await Promise.race([Promise.allSettled(pending), timeout]);
    },
  };
}

class ExecutionContext {
  #pending;

  constructor(pending) {
    this.#pending = pending;
  }

  waitUntil(promise) {
    const tracked = Promise.resolve(promise).catch((error) => {
      console.error('waitUntil:', error?.message ?? error);
    });
    this.#pending.add(tracked);
    tracked.finally(() => this.#pending.delete(tracked));
  }

  passThroughOnException() {}

  get [Symbol.toStringTag]() {
    return 'ExecutionContext';
  }
}

function provideWorkerdModules(pyodide, env, source, imported) {
  pyodide.registerJsModule('_cloudflare_compat_flags', COMPATIBILITY_FLAGS);
  pyodide.registerJsModule('_pyodide_entrypoint_helper', {
    cloudflareWorkersModule: { env },
    cloudflareSocketsModule: {},
    // workerd finds a bundle's ES modules by their path below its root.
    doAnImport: async (name) => imported(await import(pathToFileURL(path.join(source, name)))),
    patch_env_helper: () => {
      throw new Error('patch_env is not available outside Cloudflare');
    },
    // The coroutine's proxy ends with the call that passed it; the copy lives until it is done.
    patchWaitUntil: (ctx) => {
      const original = ctx.waitUntil.bind(ctx);
      ctx.waitUntil = (awaitable) => {
        const held = awaitable?.copy?.() ?? awaitable;
        original(Promise.resolve(held).finally(() => held?.destroy?.()));
      };
    },
  });
}

/** Ask the Python environment for the Worker's own dependencies: what is not one must not import. */
function findPackages(python, repository) {
  const found = execFileSync(python, ['-m', 'local_stack.worker_packages'], {
    cwd: repository,
    env: { ...process.env, PYTHONPATH: path.join(repository, 'tools') },
  });
  return JSON.parse(found);
}

function copyPackages(pyodide, packages) {
  pyodide.FS.mkdirTree(PACKAGES);
  for (const file of packages.modules) {
    const name = path.basename(file);
    if (fs.statSync(file).isDirectory()) copyFolder(pyodide, file, `${PACKAGES}/${name}`);
    else pyodide.FS.writeFile(`${PACKAGES}/${name}`, fs.readFileSync(file));
  }
  return [PACKAGES];
}
