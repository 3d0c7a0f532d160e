"""`tools/arrows.py` finds what runs against the layers, however it is imported."""

from pathlib import Path

import arrows

CONFIG = """
[importlinter]
root_packages = house

[importlinter:contract:floors]
name = floors
type = layers
containers = house
layers =
    roof
    left : right
    east | west
    ground
"""


def counted(folder: Path, files: dict[str, str]) -> list[str]:
    (folder / ".importlinter").write_text(CONFIG)
    for name, text in files.items():
        path = folder / "house" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (layers,) = arrows.contracts(folder / ".importlinter")
    found = arrows.count(layers, [folder])
    return [f"{here} -> {there}".replace("house.", "") for here, there in found.back]


def test_an_import_of_a_higher_folder_runs_back(tmp_path: Path) -> None:
    files = {
        "roof/tiles.py": "from house.ground import base\n",
        "ground/base.py": "def late():\n    from house.roof import tiles\n",
    }
    assert counted(tmp_path, files) == ["ground -> roof"]


def test_relative_imports_and_modules_beside_folders_count(tmp_path: Path) -> None:
    files = {
        "ground/__init__.py": "from ..roof import tiles\n",
        "east.py": "import house.roof.tiles\n",
    }
    assert counted(tmp_path, files) == ["east -> roof", "ground -> roof"]


def test_independent_neighbours_do_not_import_each_other(tmp_path: Path) -> None:
    files = {"east/a.py": "import house.west.b\n", "left/a.py": "import house.right.b\n"}
    assert counted(tmp_path, files) == ["east -> west"]


def test_of_neighbours_that_import_each_other_the_lesser_arrow_counts(tmp_path: Path) -> None:
    files = {
        "left/a.py": "import house.right.b\nimport house.right.c\n",
        "right/b.py": "import house.left.a\n",
    }
    assert counted(tmp_path, files) == ["right -> left"]


def test_our_own_layers_are_read() -> None:
    """Every contract of the repository has folders, and imports between them."""
    found = arrows.contracts(arrows.ROOT / ".importlinter")
    assert found
    for layers in found:
        assert arrows.count(layers, [arrows.ROOT / name for name in arrows.SOURCES]).arrows
