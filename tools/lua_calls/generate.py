"""The text of `gateway/redis/calls.py`."""

import subprocess
import sys
import textwrap
from pathlib import Path

from lua_calls.header import Header, Item, parse

ROOT = Path(__file__).resolve().parents[2]
LUA = ROOT / "worker/src/gateway/redis/lua"
SHARED_LUA = ROOT / "shared/src/shared/lua"
TARGET = ROOT / "worker/src/gateway/redis/calls.py"
_TOP = '''\
"""Typed calls of the Lua scripts: made by `python -m lua_calls` from the headers in `lua/`.

Each raises ``StoreUnavailable``. What parameters and answers mean stands in the script's header.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from gateway.redis.scripts import Script
from gateway.redis.store import Store
'''


def scripts() -> list[Path]:
    """Every file that is a script and not an include, by name."""
    shared = [path for path in SHARED_LUA.glob("*.lua") if "-- KEYS" in path.read_text()]
    return sorted([*LUA.glob("*.lua"), *shared], key=lambda path: path.stem)


def header(name: str) -> Header:
    """Of the script of that name. Raises ``HeaderError``."""
    path = next(path for path in scripts() if path.stem == name)
    return parse(name, path.read_text())


def generate() -> str:
    """Not yet formatted."""
    headers = [header(path.stem) for path in scripts()]
    names = "".join(f'{each.name.upper()} = Script("{each.name}")\n' for each in headers)
    return "\n".join([_TOP, names, *(part for each in headers for part in _script(each))])


def formatted() -> str:
    """As the file has to be."""
    command = [sys.executable, "-m", "ruff", "format", "-q", "--stdin-filename", TARGET.name, "-"]
    done = subprocess.run(
        command, input=generate(), capture_output=True, text=True, check=True, cwd=ROOT
    )
    return done.stdout


def _script(header: Header) -> list[str]:
    reply = "".join(part.title() for part in header.name.split("_")) + "Reply"
    parts = []
    if header.fields:
        fields = "\n".join(f"    {item.name}: {item.type}" for item in header.fields)
        doc = f"What ``{header.name}`` answers; see the script's header."
        parts.append(f"class {reply}(NamedTuple):\n{_docstring(doc)}\n\n{fields}\n")
    parts.append(_function(header, reply if header.fields else header.returns))
    return parts


def _function(header: Header, returns: str) -> str:
    names = [*header.keys, *header.arguments]
    twice = {item.name for item in header.keys} & {item.name for item in header.arguments}
    if twice:
        raise ValueError(f"{header.name}: {sorted(twice)} are keys and arguments")
    parameters = "".join(f", {item.name}: {_annotation(item)}" for item in names)
    keys = ", ".join(f"*{item.name}" if item.rest else item.name for item in header.keys)
    arguments = ", ".join(_sent(item) for item in header.arguments)
    run = f"await store.run({header.name.upper()}, keys, arguments)"
    answer = f"    answer: {returns} = {run}\n    return answer\n"
    if header.fields:
        answer = f"    return {returns}(*{run})\n"
    doc = header.summary
    if header.returns_text:
        doc += f" Answers {header.returns_text}."
    return (
        f"async def {header.name}(store: Store, *{parameters}) -> {returns}:\n"
        f"{_docstring(doc)}\n"
        f"    keys = [{keys}]\n"
        f"    arguments: list[str | int] = [{arguments}]\n"
        f"{answer}"
    )


def _annotation(item: Item) -> str:
    if item.pair:
        return f"Iterable[tuple[{', '.join(kind for _, kind in item.pair)}]]"
    return f"Sequence[{item.type}]" if item.rest else item.type


def _sent(item: Item) -> str:
    if item.pair:
        return f"*(part for each in {item.name} for part in each)"
    if item.rest:
        return f"*{item.name}"
    return f"int({item.name})" if item.type == "bool" else item.name


def _docstring(text: str) -> str:
    lines = textwrap.wrap(text, 88)
    if len(lines) == 1:
        return f'    """{lines[0]}"""'
    return textwrap.indent(f'"""{chr(10).join(lines)}\n"""', "    ")
