"""The text of the generated modules: the edge's asynchronous calls, the dashboard's others."""

import subprocess
import sys
import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from lua_calls.header import Header, Item, parse

ROOT = Path(__file__).resolve().parents[2]
SHARED_LUA = ROOT / "shared/src/shared/lua"
_EDGE_TOP = '''\
"""Typed calls of the Lua scripts: made by `python -m lua_calls` from the headers in `lua/`.

Each raises ``StoreUnavailable``. What parameters and answers mean stands in the script's header.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from gateway.redis.scripts import Script
from gateway.redis.store import Store
'''
_DASHBOARD_TOP = '''\
"""Typed calls of the Lua scripts: made by `python -m lua_calls` from the headers in `lua/`.

Each raises whatever the client does when Redis cannot be asked. What parameters and answers mean
stands in the script's header.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from shared import lua

if TYPE_CHECKING:
    from upstash_redis import Redis

_FOLDERS = (Path(__file__).parent / "lua",)
'''


@dataclass(frozen=True)
class Side:
    """Who has Redis run scripts: those of ``folder``, and those that both sides run.

    ``target``: the module that is made. ``top``: its beginning.
    """

    folder: Path
    target: Path
    top: str
    is_async: bool

    def scripts(self) -> list[Path]:
        """Every file that is a script and not an include, by name."""
        shared = [path for path in SHARED_LUA.glob("*.lua") if "-- KEYS" in path.read_text()]
        return sorted([*self.folder.glob("*.lua"), *shared], key=lambda path: path.stem)

    def header(self, name: str) -> Header:
        """Of the script of that name. Raises ``HeaderError``."""
        path = next(path for path in self.scripts() if path.stem == name)
        return parse(name, path.read_text())

    def generate(self) -> str:
        """Not yet formatted."""
        headers = [self.header(path.stem) for path in self.scripts()]
        names = ""
        if self.is_async:
            names = "".join(f'{each.name.upper()} = Script("{each.name}")\n' for each in headers)
        write = _async_function if self.is_async else _sync_function
        parts = [part for each in headers for part in _script(each, write)]
        return "\n".join([self.top, names, *parts])

    def formatted(self) -> str:
        """As the file has to be."""
        name = self.target.name
        command = [sys.executable, "-m", "ruff", "format", "-q", "--stdin-filename", name, "-"]
        done = subprocess.run(
            command, input=self.generate(), capture_output=True, text=True, check=True, cwd=ROOT
        )
        return done.stdout


EDGE = Side(
    ROOT / "worker/src/gateway/redis/lua",
    ROOT / "worker/src/gateway/redis/calls.py",
    _EDGE_TOP,
    is_async=True,
)
DASHBOARD = Side(
    ROOT / "dashboard/apps/projects/lua",
    ROOT / "dashboard/apps/projects/redis_calls.py",
    _DASHBOARD_TOP,
    is_async=False,
)
SIDES = (EDGE, DASHBOARD)


def _script(header: Header, write: Callable[[Header, str], str]) -> list[str]:
    reply = "".join(part.title() for part in header.name.split("_")) + "Reply"
    parts = []
    if header.fields:
        fields = "\n".join(f"    {item.name}: {item.type}" for item in header.fields)
        doc = f"What ``{header.name}`` answers; see the script's header."
        parts.append(f"class {reply}(NamedTuple):\n{_docstring(doc)}\n\n{fields}\n")
    parts.append(write(header, reply if header.fields else header.returns))
    return parts


def _async_function(header: Header, returns: str) -> str:
    arguments = ", ".join(_sent(item) for item in header.arguments)
    run = f"await store.run({header.name.upper()}, keys, arguments)"
    answer = f"    answer: {returns} = {run}\n    return answer\n"
    if header.fields:
        answer = f"    return {returns}(*{run})\n"
    return (
        f"async def {header.name}(store: Store, *{_parameters(header)}) -> {returns}:\n"
        f"{_function_docstring(header)}\n"
        f"    keys = [{_keys(header)}]\n"
        f"    arguments: list[str | int] = [{arguments}]\n"
        f"{answer}"
    )


def _sync_function(header: Header, returns: str) -> str:
    if header.fields:
        raise ValueError(f"{header.name}: several fields are not made for the dashboard")
    arguments = ", ".join(_sent_as_text(item) for item in header.arguments)
    source = f'lua.compose("{header.name}", folders=_FOLDERS)'
    return (
        f'def {header.name}(redis: "Redis", *{_parameters(header)}) -> {returns}:\n'
        f"{_function_docstring(header)}\n"
        f"    keys = [{_keys(header)}]\n"
        f"    arguments = [{arguments}]\n"
        f"    answer: {returns} = redis.eval({source}, keys, arguments)\n"
        f"    return answer\n"
    )


def _parameters(header: Header) -> str:
    twice = {item.name for item in header.keys} & {item.name for item in header.arguments}
    if twice:
        raise ValueError(f"{header.name}: {sorted(twice)} are keys and arguments")
    names = [*header.keys, *header.arguments]
    return "".join(f", {item.name}: {_annotation(item)}" for item in names)


def _keys(header: Header) -> str:
    return ", ".join(f"*{item.name}" if item.rest else item.name for item in header.keys)


def _function_docstring(header: Header) -> str:
    answers = f" Answers {header.returns_text}." if header.returns_text else ""
    return _docstring(header.summary + answers)


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


def _sent_as_text(item: Item) -> str:
    if item.pair:
        return f"*(str(part) for each in {item.name} for part in each)"
    if item.rest:
        return f"*map(str, {item.name})"
    return {"str": item.name, "bool": f"str(int({item.name}))"}.get(item.type, f"str({item.name})")


def _docstring(text: str) -> str:
    lines = textwrap.wrap(text, 88)
    if len(lines) == 1:
        return f'    """{lines[0]}"""'
    return textwrap.indent(f'"""{chr(10).join(lines)}\n"""', "    ")
