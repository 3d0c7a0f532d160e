// Runs timing.py in Pyodide under Node. Usage: node pyodide_timing.mjs <folder with node_modules> <repository>
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";

const [modules, repository] = process.argv.slice(2).map((path) => resolve(path));
const entry = createRequire(join(modules, "x.js")).resolve("pyodide/pyodide.mjs");
const { loadPyodide } = await import(pathToFileURL(entry).href);
const pyodide = await loadPyodide();
pyodide.FS.mkdirTree("/shared");
pyodide.FS.mount(pyodide.FS.filesystems.NODEFS, { root: join(repository, "shared/src/shared") }, "/shared");
// Copied to the in-memory file system, where a Worker's files are too.
pyodide.runPython(`
import shutil, sys
shutil.copytree("/shared", "/app/shared", ignore=shutil.ignore_patterns("__pycache__"))
sys.path.insert(0, "/app")
`);
pyodide.FS.writeFile("/app/timing.py", readFileSync(join(repository, "benchmarks/semantic/timing.py")));
console.log(pyodide.runPython("import json, timing\njson.dumps(timing.measure())"));
