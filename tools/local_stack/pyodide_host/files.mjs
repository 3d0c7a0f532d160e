// Files in Pyodide's memory, where a Worker's bundle lies too.

import fs from 'node:fs';
import path from 'node:path';

/** Copy the folder `from` to `to`, bytecode of the machine's own Python left out: a bundle has none. */
export function copyFolder(pyodide, from, to) {
  for (const entry of fs.readdirSync(from, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || entry.name.endsWith('.pyc')) continue;
    const file = path.join(entry.parentPath, entry.name);
    const target = path.posix.join(to, path.relative(from, file));
    pyodide.FS.mkdirTree(path.posix.dirname(target));
    pyodide.FS.writeFile(target, fs.readFileSync(file));
  }
}
