"""The Python samples of the documentation, run as they stand against a real edge."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.worker.edge import Edge, Tenant

PUBLIC = Path(__file__).resolve().parents[2] / "docs/public"
_PYTHON = re.compile(r"^```python[^\n]*\n(.*?)^```$", re.MULTILINE | re.DOTALL)

SAMPLES = [
    pytest.param(code, id=f"{path.stem}-{number}")
    for path in sorted(PUBLIC.glob("*.md"))
    for number, code in enumerate(_PYTHON.findall(path.read_text()), start=1)
]


@pytest.fixture(scope="module")
def edge() -> Iterator[Edge]:
    with Edge("cpython") as running:
        yield running


@pytest.fixture(scope="module")
def tenant(edge: Edge) -> Tenant:
    return edge.tenant()


@pytest.mark.parametrize("code", SAMPLES)
def test_sample_runs(code: str, edge: Edge, tenant: Tenant) -> None:
    missing = [name for name in _imported(code) if find_spec(name) is None]
    if missing:
        pytest.skip(f"not installed here: {', '.join(missing)}")
    ran = subprocess.run(
        [
            sys.executable,
            "-W",
            "error",
            "-c",
            code.replace("{{ base_url }}", f"{edge.base_url}/v1"),
        ],
        env={"PATH": os.environ["PATH"], "WATCHLLM_API_KEY": tenant.key},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.strip(), "a sample shows what it did"


def _imported(code: str) -> list[str]:
    return re.findall(r"^(?:from|import) (\w+)", code, re.MULTILINE)
