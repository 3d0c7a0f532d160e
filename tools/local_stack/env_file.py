"""`.env`: variables in a file, one `NAME=value` a line, as `.env.example` lists them."""

import re
from pathlib import Path

from local_stack.options import StartError

_LINE = re.compile(r"(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)=(.*)")


def read(path: Path) -> dict[str, str]:
    """Its variables; none where there is no such file.

    Lines that begin with `#` are comments. Quotes around a value go, everything else in it stays.
    Raises `StartError` naming the line that is none of these.
    """
    if not path.is_file():
        return {}
    found = {}
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        match = _LINE.fullmatch(text)
        if match is None:
            raise StartError(f"{path}, line {number}: not NAME=value")
        value = match[2].strip()
        if len(value) > 1 and value[0] == value[-1] and value[0] in "\"'":
            value = value[1:-1]
        found[match[1]] = value
    return found
