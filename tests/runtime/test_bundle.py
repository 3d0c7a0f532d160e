"""What `wrangler deploy` would upload: the Worker, its dependencies, nothing else, not much."""

import re
import zlib
from dataclasses import dataclass
from pathlib import Path

import pytest

from local_stack.worker_packages import worker_modules
from tests.runtime.wrangler import ROOT, make_project, wrangler, wrangler_missing

BUDGET_KIB = 3 * 1024
GZIP = re.compile(r"Total Upload: .* / gzip: ([\d.]+) KiB")


@dataclass(frozen=True)
class Bundle:
    """`files` are the paths that are uploaded; sizes are compressed."""

    files: frozenset[str]
    total_kib: float
    model_kib: float


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    reason = wrangler_missing()
    if reason:
        pytest.skip(reason)
    project = make_project(tmp_path_factory.mktemp("bundle"))
    printed = wrangler(project, "deploy", "--dry-run", "--outdir", "out")
    size = GZIP.search(printed)
    assert size, printed
    out = project / "out"
    files = {str(path.relative_to(out)) for path in out.rglob("*") if path.is_file()}
    files.discard("README.md")  # wrangler's own note about the folder
    models = (project / "python_modules" / "shared").rglob("*.bin")
    model_bytes = sum(len(zlib.compress(model.read_bytes())) for model in models)
    return Bundle(frozenset(files), float(size[1]), model_bytes / 1024)


def sources(folder: Path) -> set[str]:
    """Python, and the Lua and JavaScript beside it."""
    files = [file for kind in ("py", "lua", "mjs") for file in folder.rglob(f"*.{kind}")]
    return {str(path.relative_to(folder)) for path in files}


def test_it_holds_the_whole_worker(bundle: Bundle) -> None:
    assert sources(ROOT / "worker" / "src") <= bundle.files
    assert "hosts/cloudflare/steps.mjs" in bundle.files
    shared = {f"python_modules/shared/{name}" for name in sources(ROOT / "shared/src/shared")}
    assert shared <= bundle.files
    assert "python_modules/upstash_redis/asyncio/client.py" in bundle.files


def test_it_holds_nothing_else(bundle: Bundle) -> None:
    top = {file.split("/")[0] for file in bundle.files}
    assert top == {
        path.name for path in (ROOT / "worker/src").iterdir() if path.suffix == ".py"
    } | {
        "gateway",
        "hosts",
        "python_modules",
    }
    vendored = {f.split("/")[1] for f in bundle.files if f.startswith("python_modules/")}
    assert vendored <= {path.name for path in worker_modules()}
    assert not vendored & {"django", "apps", "config", "stripe", "aiohttp", "cryptography"}


def test_it_stays_within_its_budget(bundle: Bundle, capsys: pytest.CaptureFixture[str]) -> None:
    rest = bundle.total_kib - bundle.model_kib
    with capsys.disabled():
        print(  # noqa: T201 - a figure to be read in every run
            f"\nWorker bundle, compressed: {rest:.0f} KiB (budget {BUDGET_KIB}) "
            f"+ {bundle.model_kib:.0f} KiB semantic model"
        )
    assert rest < BUDGET_KIB
