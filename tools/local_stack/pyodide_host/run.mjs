// Runs a Python program in Pyodide under Node: `node run.mjs FOLDER SCRIPT [argument …]`.
//
// FOLDER is copied into Pyodide's memory and is the program's working directory and import root;
// SCRIPT is the name of its main file in it. Programs may ask the module `pyodide_process` for
// `wasm_bytes()`, the size of the interpreter's memory.

import { loadPyodide } from 'pyodide';

import { copyFolder } from './files.mjs';

const ROOT = '/app';
const [folder, script, ...args] = process.argv.slice(2);

const pyodide = await loadPyodide({ env: { HOME: '/', PYTHONDONTWRITEBYTECODE: '1' } });
pyodide.registerJsModule('pyodide_process', {
  wasm_bytes: () => pyodide._module.HEAPU8.length,
});
copyFolder(pyodide, folder, ROOT);
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
