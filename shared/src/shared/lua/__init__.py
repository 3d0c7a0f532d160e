"""Lua that edge and dashboard have Redis run, and how a script's source is put together.

A script is one ``.lua`` file. Its first line may be ``-- include: a, b``: the files ``a.lua`` and
``b.lua``, which define local functions, come before it, each once, whatever includes them.
"""

from functools import cache
from pathlib import Path

_HERE = Path(__file__).parent
_INCLUDE = "-- include: "


def source(name: str) -> str:
    """The source of a script of this folder, its includes first."""
    return compose(name, folders=(_HERE,))


@cache
def compose(*names: str, folders: tuple[Path, ...]) -> str:
    """The sources of ``names``, looked for in ``folders`` and here, behind what they include.

    Raises ``FileNotFoundError``.
    """
    parts: dict[str, str] = {}
    for name in names:
        _add(name, (*folders, _HERE), parts)
    return "\n".join(parts.values())


def _add(name: str, folders: tuple[Path, ...], parts: dict[str, str]) -> None:
    if name in parts:
        return
    text = _read(name, folders)
    first = text.partition("\n")[0]
    if first.startswith(_INCLUDE):
        for included in first.removeprefix(_INCLUDE).split(", "):
            _add(included, folders, parts)
    parts[name] = text


def _read(name: str, folders: tuple[Path, ...]) -> str:
    for folder in folders:
        file = folder / f"{name}.lua"
        if file.exists():
            return file.read_text(encoding="utf-8")
    raise FileNotFoundError(f"no {name}.lua in {', '.join(map(str, folders))}")
