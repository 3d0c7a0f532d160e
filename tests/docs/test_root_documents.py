"""README and its neighbours: links that lead somewhere, a map that matches the tree."""

import json
import re
import tomllib
from pathlib import Path

import pytest

from shared.version import VERSION

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = [
    *(
        ROOT / f"{name}.md"
        for name in ("README", "ARCHITECTURE", "CONTRIBUTING", "CHANGELOG", "SECURITY")
    ),
    *sorted((ROOT / "docs/adr").glob("*.md")),
]


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_relative_links_exist(path: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", path.read_text()):
        if not target.startswith("https://"):
            assert (path.parent / target).exists(), target


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_files_that_are_named_exist(path: Path) -> None:
    bases = (ROOT, ROOT / "worker/src", ROOT / "shared/src", ROOT / "dashboard", ROOT / "docs")
    gateway = (ROOT / "worker/src/gateway", ROOT / "worker/src/gateway/providers")
    for name in re.findall(
        r"`((?!/)[\w./-]+/[\w.-]+\.(?:py|md|json|txt|in|toml))`", path.read_text()
    ):
        assert any((base / name).exists() for base in (*bases, *gateway)), name


def test_decisions_have_numbers_of_their_own_and_the_same_parts() -> None:
    numbers = [path.name[:4] for path in (ROOT / "docs/adr").glob("[0-9]*.md")]
    assert len(numbers) == len(set(numbers))
    for path in (ROOT / "docs/adr").glob("[0-9]*.md"):
        text = path.read_text()
        assert re.match(rf"# {path.name[:4]}[.:] ", text), path.name
        assert {"## Context", "## Decision", "## Consequences"} <= set(text.splitlines()), path.name


def test_changelog_has_a_place_for_what_comes_and_dates_what_was_released() -> None:
    headings = re.findall(r"^## (.*)$", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert headings[0] == "[Unreleased]"
    assert re.fullmatch(rf"\[{re.escape(VERSION)}\] - \d{{4}}-\d\d-\d\d", headings[1])


@pytest.mark.parametrize("folder", ["", "shared"])
def test_packages_have_the_version(folder: str) -> None:
    package = tomllib.loads((ROOT / folder / "pyproject.toml").read_text())
    assert package["project"]["version"] == VERSION


def test_the_api_description_has_the_version() -> None:
    description = json.loads((ROOT / "docs/public/openapi.json").read_text())
    assert description["info"]["version"] == VERSION
    health = description["paths"]["/health"]["get"]["responses"]["200"]["content"]
    assert health["application/json"]["example"]["version"] == VERSION


def test_the_upgrade_page_checks_the_version_out() -> None:
    page = (ROOT / "docs/public/upgrading.md").read_text()
    assert set(re.findall(r"git checkout v([\d.]+)", page)) == {VERSION}


def test_long_files_are_those_whose_reason_is_written_down() -> None:
    sources = (ROOT / "worker/src", ROOT / "shared/src")
    long = {
        path.relative_to(source).as_posix()
        for source in sources
        for path in source.rglob("*.py")
        if len(path.read_text().splitlines()) > 400
    }
    layout = (ROOT / "docs/adr/0001-layout-and-three-hosts.md").read_text()
    paragraph = layout.partition("at most 400 lines")[2].partition("\n- ")[0]
    assert long <= set(re.findall(r"`([\w/]+\.py)`", paragraph))


def test_the_glossary_has_at_most_25_terms() -> None:
    glossary = (
        (ROOT / "ARCHITECTURE.md").read_text().partition("## Glossary")[2].partition("\n## ")[0]
    )
    terms = re.findall(r"^\| (?!Term )([^|]+) \|", glossary, re.MULTILINE)
    assert 0 < len(terms) <= 25, terms
