"""The Python and curl samples of the documentation, run as they stand against a real edge."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest
from _pytest.mark import ParameterSet

from tests.worker.edge import Edge, Tenant

ROOT = Path(__file__).resolve().parents[2]
PAGES = (ROOT / "README.md", *sorted((ROOT / "docs/public").glob("*.md")))
LOCAL = "http://127.0.0.1:8787"
"""The README's samples name the address that `make run` prints."""

_PYTHON = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
"""Scripts. A block with a title is a file of the repository (test_adding_a_provider.py)."""

_CURL = re.compile(
    r"^```bash[^\n]*\n[^`]*?^(curl [^\n]*(?:\{\{|127).*?)^```$", re.MULTILINE | re.DOTALL
)


def _samples(pattern: re.Pattern[str]) -> list[ParameterSet]:
    return [
        pytest.param(code, id=f"{path.stem}-{number}")
        for path in PAGES
        for number, code in enumerate(pattern.findall(path.read_text()), start=1)
    ]


@pytest.fixture(scope="module")
def edge() -> Iterator[Edge]:
    with Edge("cpython") as running:
        yield running


@pytest.fixture(scope="module")
def tenant(edge: Edge) -> Tenant:
    return edge.tenant()


@pytest.mark.parametrize("code", _samples(_PYTHON))
def test_python_sample(code: str, edge: Edge, tenant: Tenant) -> None:
    missing = [name for name in _imported(code) if find_spec(name) is None]
    if missing:
        pytest.skip(f"not installed here: {', '.join(missing)}")
    shown = _run([sys.executable, "-W", "error", "-c", _here(code, edge)], tenant)
    assert shown.strip(), "a sample shows what it did"


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed here")
@pytest.mark.parametrize("code", _samples(_CURL))
def test_curl_sample(code: str, edge: Edge, tenant: Tenant) -> None:
    script = 'curl() { command curl --silent --show-error "$@"; }\n'
    shown = _run(["bash", "-c", script + _here(code, edge)], tenant)
    assert '"' in shown
    # The feedback's request id is the reader's to fill in; all else must be taken as it stands.
    expected = "/cache/feedback" in code
    assert ('"error"' in shown) == expected, shown
    assert ('"unknown_request"' in shown) == expected, shown


def _here(code: str, edge: Edge) -> str:
    code = code.replace("{{ base_url }}", f"{edge.base_url}/v1").replace(LOCAL, edge.base_url)
    return code.replace("{{ edge_url }}", edge.base_url)


def _run(command: list[str], tenant: Tenant) -> str:
    """What the command printed. Fails with what it complained about."""
    ran = subprocess.run(
        command,
        env={"PATH": os.environ["PATH"], "WATCHLLM_API_KEY": tenant.key},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr + ran.stdout
    return ran.stdout


def _imported(code: str) -> list[str]:
    return re.findall(r"^(?:from|import) (\w+)", code, re.MULTILINE)
