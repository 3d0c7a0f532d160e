"""`python -m local_stack.worker_packages`: what the Worker may import, found in this environment.

Prints {"modules": [paths of packages and modules]}: `shared` from the source tree, and everything
that `[project].dependencies` of pyproject.toml pulls in, which is what pywrangler vendors, plus the
SDK that workerd brings along.
"""

import json
import tomllib
from collections.abc import Iterator
from importlib.metadata import Distribution, distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from local_stack.options import REPOSITORY

_SDK = "workers-runtime-sdk"
_EMSCRIPTEN = {"platform_system": "Emscripten", "sys_platform": "emscripten", "extra": ""}


def worker_distributions() -> list[Distribution]:
    """The distributions of the Worker's dependencies, each once, `shared` left out."""
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
    waiting = [Requirement(line) for line in project["dependencies"]]
    found: dict[str, Distribution] = {}
    while waiting:
        name = canonicalize_name(waiting.pop().name)
        if name == "shared" or name in found:
            continue
        found[name] = distribution(name)
        waiting.extend(_requirements(found[name]))
    return list(found.values())


def modules(installed: Distribution) -> Iterator[Path]:
    """The top-level packages and modules that a distribution installed."""
    seen = set()
    for file in installed.files or ():
        top = file.parts[0]
        if top in seen or top == ".." or top.endswith((".dist-info", ".pth")):
            continue
        seen.add(top)
        if len(file.parts) > 1 or file.suffix == ".py":
            yield Path(str(installed.locate_file(top)))


def _requirements(installed: Distribution) -> Iterator[Requirement]:
    for line in installed.requires or ():
        requirement = Requirement(line)
        if requirement.marker is None or requirement.marker.evaluate(_EMSCRIPTEN):
            yield requirement


def worker_modules() -> list[Path]:
    """Every package and module the Worker may import besides its own source."""
    paths = [REPOSITORY / "shared" / "src" / "shared"]
    for installed in (*worker_distributions(), distribution(_SDK)):
        paths.extend(path for path in modules(installed) if path.name != "__pycache__")
    return paths


def main() -> None:
    """Print what the Pyodide host has to mount."""
    print(json.dumps({"modules": [str(path) for path in worker_modules()]}))


if __name__ == "__main__":
    main()
