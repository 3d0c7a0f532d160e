"""The Lua files: their headers, the calls made from them, and what a linter says."""

import shutil
import subprocess

import pytest
from lupa.lua51 import LuaRuntime

from gateway.redis import scripts
from lua_calls.generate import DASHBOARD, EDGE, ROOT, SIDES, Side
from lua_calls.header import HeaderError, parse
from shared import lua

SOURCES = {
    **{path.stem: scripts.source(path.stem) for path in EDGE.scripts()},
    **{
        path.stem: lua.compose(path.stem, folders=(DASHBOARD.folder,))
        for path in DASHBOARD.scripts()
    },
}
SCRIPT = """\
-- Does something.
--
-- KEYS
--   first
-- ARGV
--   count: int
-- RETURNS int
local first = unpack(KEYS, 1, 1)
local count = unpack(ARGV, 1, 1)
return redis.call('INCRBY', first, count)
"""


@pytest.mark.parametrize("side", SIDES, ids=["edge", "dashboard"])
def test_the_calls_are_made_from_the_headers(side: Side) -> None:
    assert side.target.read_text() == side.formatted(), "run: PYTHONPATH=tools python -m lua_calls"


@pytest.mark.parametrize(
    ("said", "instead"),
    [
        ("KEYS, 1, 1", "KEYS, 1, 2"),
        ("local first", "local other"),
        ("local count", "local first"),
        ("--   count: int\n", "--   count: int\n--   more: int\n"),
        ("--   first\n", "--   first what it is\n"),
        ("-- KEYS\n--   first\n-- ARGV\n--   count: int\n-- RETURNS int\n", ""),
    ],
)
def test_a_header_that_says_something_else_than_the_code_is_refused(
    said: str, instead: str
) -> None:
    assert parse("script", SCRIPT).keys[0].name == "first"
    with pytest.raises(HeaderError):
        parse("script", SCRIPT.replace(said, instead))


@pytest.mark.parametrize("name", SOURCES)
def test_it_compiles(name: str) -> None:
    loaded = LuaRuntime().globals().loadstring(SOURCES[name])
    assert not isinstance(loaded, tuple), loaded


@pytest.mark.parametrize("name", SOURCES)
def test_luacheck_finds_nothing(name: str) -> None:
    luacheck = shutil.which("luacheck")
    if luacheck is None:
        pytest.skip("luacheck is not installed (Debian: lua-check)")
    options = ["--std", "lua51", "--read-globals", "redis", "KEYS", "ARGV", "--no-color"]
    done = subprocess.run(
        [luacheck, *options, "--max-line-length", "100", "-"],
        input=SOURCES[name],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
    )
    assert done.returncode == 0, done.stdout
