"""`findings/`: every script has its head, can be run, and stands in the index. None is run here."""

import re
from pathlib import Path

import pytest

FINDINGS = Path(__file__).resolve().parents[2] / "findings"
SCRIPTS = sorted(FINDINGS.glob("*.sh"))
FIELDS = ("Package", "Behaviour", "Seen", "Wrong guess", "Hurts")
INDEX = (FINDINGS / "README.md").read_text()


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.stem)
def test_a_finding_states_itself_and_can_be_run(path: Path) -> None:
    text = path.read_text()
    head = text[: text.index("set -euo pipefail\n")]
    assert head.startswith("#!/usr/bin/env bash\n")
    fields = re.findall(r"^# ([A-Z][a-z ]+): \S", head, flags=re.MULTILINE)
    assert tuple(fields) == FIELDS
    assert path.stat().st_mode & 0o111 == 0o111
    assert "work=$(mktemp -d)\ntrap 'rm -rf \"$work\"' EXIT\n" in text


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.stem)
def test_a_finding_installs_exact_versions_that_its_head_names(path: Path) -> None:
    text = path.read_text()
    package = text[: text.index("# Behaviour:")]
    commands = re.findall(r"^[^#\n]*(?:pip\"?|npm) install (.+)", text, flags=re.MULTILINE)
    assert commands
    for word in (word.strip('"') for command in commands for word in command.split()):
        if word.startswith("--"):
            continue
        pin = re.fullmatch(r"(@?[\w./-]+)(?:\[[\w,]+\])?(?:==|@)(\d[\w.]*)", word)
        assert pin, f"{word} is no exact version"
        assert {pin[1], pin[2]} <= set(re.split(r"[ ,;()\[\]\n]+", package)), (
            f"{word} is not in the head"
        )


def test_the_index_has_every_finding_once_and_no_other() -> None:
    named = re.findall(r"^\| \[([\w-]+)\]\(\1\.sh\) \| \S.* \| \S.* \|$", INDEX, flags=re.MULTILINE)
    assert sorted(named) == [path.stem for path in SCRIPTS]


def test_files_that_the_index_names_exist() -> None:
    root = FINDINGS.parent
    bases = (root, root / "worker/src", root / "worker/src/gateway")
    for name in re.findall(r"`([\w./-]+/[\w.-]+)`", INDEX):
        assert any((base / name).exists() for base in bases), name
