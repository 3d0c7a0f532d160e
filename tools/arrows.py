"""Counts the arrows between folders, and those that run against the layers.

    python tools/arrows.py              # counts, and every arrow that runs back up
    python tools/arrows.py --all        # every arrow, with the imports that make it

An arrow is a pair of folders (or modules beside them) of which one imports the other. The layers
are those of ``.importlinter``; each contract of type ``layers`` is counted by itself. An arrow runs
back up when it leads to a higher layer, or to a neighbour that ``|`` declares independent. Where
two neighbours that ``:`` lets import each other do so, the arrow with fewer imports counts. Imports
within functions and for types alone count as any other.
"""

import argparse
import ast
import configparser
import sys
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SOURCES = ("shared/src", "worker/src", "dashboard")

Arrow = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Layers:
    """One contract. ``heights`` counts from the ground; ``independent`` are neighbours by ``|``."""

    name: str
    roots: tuple[str, ...]
    heights: dict[str, int]
    independent: frozenset[Arrow]


@dataclass(slots=True)
class Count:
    """``arrows`` holds the imports of each; ``back`` are those that run back up."""

    arrows: dict[Arrow, list[str]] = field(default_factory=lambda: defaultdict(list))
    back: list[Arrow] = field(default_factory=list)
    unplaced: set[str] = field(default_factory=set)


def contracts(path: Path) -> list[Layers]:
    """The layers of an import linter's configuration."""
    config = configparser.ConfigParser()
    config.read(path)
    sections = [config[name] for name in config.sections() if ":contract:" in name]
    return [_layers(section) for section in sections if section["type"] == "layers"]


def _layers(section: configparser.SectionProxy) -> Layers:
    containers = section.get("containers", "").split()
    heights: dict[str, int] = {}
    independent: set[Arrow] = set()
    lines = [line for line in section["layers"].splitlines() if line.strip()]
    for height, line in enumerate(reversed(lines)):
        names = line.replace("|", " ").replace(":", " ").replace("(", " ").replace(")", " ").split()
        units = [f"{prefix}.{name}" for name in names for prefix in containers] or names
        heights |= dict.fromkeys(units, height)
        if "|" in line:
            independent |= {(a, b) for a in units for b in units if a != b}
    roots = containers or sorted({name.split(".")[0] for name in heights})
    return Layers(section["name"], tuple(roots), heights, frozenset(independent))


def count(layers: Layers, sources: list[Path]) -> Count:
    """The arrows between what the layers name, and between folders that they leave out."""
    found = Count()
    for source in sources:
        for root in layers.roots:
            for file in sorted((source / root.replace(".", "/")).rglob("*.py")):
                module = ".".join(file.relative_to(source).with_suffix("").parts)
                module = module.removesuffix(".__init__")
                here = _unit(layers, module)
                if here is None:
                    continue
                for line, imported in _imports(file, module):
                    there = _unit(layers, imported)
                    if there is not None and there != here:
                        found.arrows[here, there].append(f"{module}:{line} imports {imported}")
    found.unplaced = {unit for arrow in found.arrows for unit in arrow} - layers.heights.keys()
    found.back = sorted(arrow for arrow in found.arrows if _runs_back(layers, found, arrow))
    return found


def _unit(layers: Layers, module: str) -> str | None:
    """The longest name of the layers above ``module``, else its folder; None for other code."""
    parts = module.split(".")
    for length in range(len(parts), 0, -1):
        if (name := ".".join(parts[:length])) in layers.heights:
            return name
    for root in layers.roots:
        depth = root.count(".") + 1
        if parts[:depth] == root.split(".") and len(parts) > depth:
            return ".".join(parts[: depth + 1])
    return None


def _imports(file: Path, module: str) -> Iterator[tuple[int, str]]:
    """Line and absolute name of every import, relative ones resolved."""
    package = module.split(".") if file.name == "__init__.py" else module.split(".")[:-1]
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            for name in node.names:
                yield node.lineno, name.name
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else []
            base = ".".join([*above, *([node.module] if node.module else [])])
            for name in node.names:
                yield node.lineno, f"{base}.{name.name}"


def _runs_back(layers: Layers, found: Count, arrow: Arrow) -> bool:
    here, there = arrow
    if not {here, there} <= layers.heights.keys():
        return False
    if layers.heights[here] != layers.heights[there]:
        return layers.heights[here] < layers.heights[there]
    if arrow in layers.independent:
        return True
    other = found.arrows.get((there, here), [])
    return bool(other) and (len(found.arrows[arrow]), arrow) < (len(other), (there, here))


def main(arguments: list[str]) -> None:
    """Prints one block for each contract."""
    parser = argparse.ArgumentParser(description=__doc__, add_help=True)
    parser.add_argument("--all", action="store_true", help="every arrow, with its imports")
    parser.add_argument("--config", type=Path, default=ROOT / ".importlinter")
    options = parser.parse_args(arguments)
    for layers in contracts(options.config):
        found = count(layers, [ROOT / source for source in SOURCES])
        print(f"{layers.name}")
        print(f"  {len(found.arrows)} arrows, {len(found.back)} of them back up")
        if found.unplaced:
            print(f"  in no layer: {', '.join(sorted(found.unplaced))}")
        for arrow in sorted(found.arrows) if options.all else found.back:
            print(f"  {arrow[0]} -> {arrow[1]}{' (back up)' if arrow in found.back else ''}")
            for line in found.arrows[arrow]:
                print(f"      {line}")


if __name__ == "__main__":
    main(sys.argv[1:])
