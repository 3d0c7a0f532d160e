"""Requests that cannot have a semantic hit load neither the rules nor the table of that tier."""

import os
import subprocess
import sys

import pytest

from tests.worker.edge import ROOT
from tests.worker.semantic_footprint import CHAT

PATHS = os.pathsep.join(str(ROOT / part) for part in ("shared/src", "worker/src", "tools", "."))
QUESTION = "How do I reverse a list in Python?"


def footprint(*asked: str) -> tuple[int, int]:
    """Modules of the decision imported, and files of the model opened, by one question."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.worker.semantic_footprint", *asked],
        env={"PYTHONPATH": PATHS},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    rules, files = done.stdout.splitlines()[-1].split()
    return int(rules), int(files)


@pytest.mark.parametrize(
    ("mode", "header", "path"),
    [
        pytest.param("off", "", CHAT, id="project without semantic hits"),
        pytest.param("strict", "off", CHAT, id="switched off by the request"),
        pytest.param("strict", "", "/v1/completions", id="other endpoint"),
    ],
)
def test_without_semantic_hits_nothing_of_the_tier_is_loaded(
    mode: str, header: str, path: str
) -> None:
    assert footprint(mode, header, path, QUESTION) == (0, 0)


def test_a_refused_prompt_costs_the_rules_and_no_table() -> None:
    rules, files = footprint("strict", "", CHAT, "What is the weather today?")
    assert rules > 0
    assert files == 0


def test_an_eligible_prompt_loads_the_table_once() -> None:
    rules, files = footprint("strict", "", CHAT, QUESTION)
    assert rules > 0
    assert files == 1  # the pair model waits for the first candidate
