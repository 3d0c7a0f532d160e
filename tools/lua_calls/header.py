"""The header of a Lua script: what it takes and answers."""

import re
from dataclasses import dataclass, field
from itertools import takewhile

_SECTION = re.compile(
    r"-- (KEYS|ARGV|RETURNS)\b(?: \([^)]*\))?(?: (?P<type>[^=]+?))?(?: = (?P<text>.*))?\Z"
)
_ITEM = re.compile(r"--   (?P<name>[a-z_0-9]+)(?P<rest>\.\.\.)?(?:: (?P<what>.*))?\Z")
_UNPACK = re.compile(r"^local ([\w,\s]+?) = unpack\((KEYS|ARGV), 1, (\d+)\)", re.MULTILINE)


class HeaderError(ValueError):
    """A header that says something else than the code below it, or nothing that can be read."""


@dataclass(frozen=True)
class Item:
    """``type``: as Python writes it; of a key, ``str``. ``rest``: all further ones.

    ``pair``: the names and types of which each of the further ones consists.
    """

    name: str
    type: str = "str"
    rest: bool = False
    pair: tuple[tuple[str, str], ...] = ()


@dataclass
class Header:
    """One script's header. ``returns`` is a type, or the fields of a reply."""

    name: str
    summary: str
    keys: list[Item] = field(default_factory=list)
    arguments: list[Item] = field(default_factory=list)
    returns: str = "None"
    returns_text: str = ""
    fields: list[Item] = field(default_factory=list)


def parse(name: str, text: str) -> Header:
    """Raises ``HeaderError``."""
    lines = list(takewhile(lambda line: line.startswith("--"), text.splitlines()))
    lines = [line for line in lines if not line.startswith("-- include: ")]
    sections = [index for index, line in enumerate(lines) if _SECTION.match(line)]
    if not sections:
        raise HeaderError(f"{name}.lua has no KEYS, ARGV or RETURNS")
    summary = " ".join(line.removeprefix("--").strip() for line in lines[: sections[0]]).strip()
    header = Header(name, summary)
    section = ""
    for line in lines[sections[0] :]:
        found = _SECTION.match(line)
        if found:
            section = found[1]
            if section == "RETURNS" and found["type"]:
                header.returns, header.returns_text = found["type"], found["text"] or ""
            continue
        item = _ITEM.match(line)
        if item is not None:
            _add(header, section, item)
        elif not line.startswith("--     "):
            raise HeaderError(f"{name}.lua: {line!r} is no part of a header")
    _check(header, text)
    return header


def _add(header: Header, section: str, found: re.Match[str]) -> None:
    name, rest, what = found["name"], bool(found["rest"]), found["what"] or ""
    if section == "KEYS":
        header.keys.append(Item(name, "str", rest))
        return
    kind = what.partition(" = ")[0]
    if rest and kind.startswith("("):
        parts = [part.split(": ") for part in kind.strip("()").split(", ")]
        pair = tuple((part[0], part[1]) for part in parts)
        header.arguments.append(Item(name, "", rest, pair))
        return
    target = header.arguments if section == "ARGV" else header.fields
    target.append(Item(name, kind, rest))


def _check(header: Header, text: str) -> None:
    unpacked = {
        which: ([name.strip() for name in names.split(",")], int(count))
        for names, which, count in _UNPACK.findall(text)
    }
    for which, items in (("KEYS", header.keys), ("ARGV", header.arguments)):
        expected = [item.name for item in items if not item.rest]
        names, count = unpacked.get(which, ([], 0))
        if names != expected or count != len(expected):
            raise HeaderError(f"{header.name}.lua: {which} says {expected}, the code {names}")
