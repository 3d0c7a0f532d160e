// Runs a Python program in Pyodide under Node: `node run.mjs FOLDER SCRIPT [argument …]`.
//
// FOLDER is copied into Pyodide's memory, where a Worker's bundle lies too, and is the program's
// working directory and import root; SCRIPT is the name of its main file in it. Programs may ask
// the module `pyodide_process` for `wasm_bytes()`, the size of the interpreter's memory.

import fs from 'node:fs';
import path from 'node:path';

import { loadPyodide } from 'pyodide';

const ROOT = '/app';
const [folder, script, ...args] = process.argv.slice(2);

const pyodide = await loadPyodide({ env: { HOME: '/', PYTHONDONTWRITEBYTECODE: '1' } });
pyodide.registerJsModule('pyodide_process', {
  wasm_bytes: () => pyodide._module.HEAPU8.length,
});
for (const entry of fs.readdirSync(folder, { recursive: true, withFileTypes: true })) {
  if (!entry.isFile() || entry.name.endsWith('.pyc')) continue;
  const file = path.join(entry.parentPath, entry.name);
  const target = path.posix.join(ROOT, path.relative(folder, file));
  pyodide.FS.mkdirTree(path.posix.dirname(target));
  pyodide.FS.writeFile(target, fs.readFileSync(file));
}
try {
  pyodide.runPython(`
import os, runpy, sys
os.chdir(${JSON.stringify(ROOT)})
sys.path.insert(0, ${JSON.stringify(ROOT)})
sys.argv = ${JSON.stringify([script, ...args])}
runpy.run_path(sys.argv[0], run_name="__main__")
`);
} catch (error) {
  console.error(error.message); // Python's traceback; Node would print Pyodide's source too
  process.exitCode = 1;
}
