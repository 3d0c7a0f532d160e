"""The commands of deploy.yml, taken from the file and run: against doubles, and as a dry run."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.doubles.postgrest import PostgrestDouble
from tests.doubles.upstash import UpstashDouble
from tests.runtime.wrangler import (
    make_project,
    wrangler_command,
    wrangler_environment,
    wrangler_missing,
)
from tests.worker.edge import ROOT, Edge

pytestmark = pytest.mark.spread
RELEASE = "3f2c1a9"
WORKFLOW = yaml.safe_load((ROOT / ".github/workflows/deploy.yml").read_text())
STEPS = {step.get("name", ""): step for step in WORKFLOW["jobs"]["deploy"]["steps"]}
JOB_ENVIRONMENT: dict[str, str] = WORKFLOW["jobs"]["deploy"]["env"]


def run_step(
    name: str, settings: dict[str, str], **more: str
) -> "subprocess.CompletedProcess[str]":
    """Run a step as GitHub would: its ``env``, then its ``run``, expressions filled in from
    ``settings``. ``more`` is what the runner's own environment holds."""
    step: dict[str, Any] = STEPS[name]

    def filled(text: str) -> str:
        known = {"inputs.environment": "staging", "github.sha": RELEASE}
        return re.sub(
            r"\$\{\{\s*(?:(?:secrets|vars)\.(\w+)|([\w.]+))\s*\}\}",
            lambda found: settings.get(found[1], "") if found[1] else known[found[2]],
            text,
        )

    own = {**JOB_ENVIRONMENT, **step.get("env", {})}
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    environment = {"PATH": path, "HOME": os.environ.get("HOME", "/"), **more}
    environment |= {variable: filled(value) for variable, value in own.items()}
    return subprocess.run(
        ["bash", "-eo", "pipefail", "-c", filled(step["run"])],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def settings(tmp_path: Path) -> Iterator[dict[str, str]]:
    """Secrets and variables of an environment whose services are doubles."""
    with PostgrestDouble() as supabase, UpstashDouble() as upstash:
        yield {
            "DATABASE_URL": f"sqlite:///{tmp_path / 'database.sqlite3'}",
            "DJANGO_SECRET_KEY": "a-secret-key-of-this-test-alone-" * 2,
            "DJANGO_ALLOWED_HOSTS": "app.example.com",
            "DASHBOARD_BASE_URL": "https://app.example.com",
            "EDGE_BASE_URL": "https://edge.example.com",
            "API_KEY_PEPPER": "a-pepper-that-is-long-enough-for-doctor",
            "ENCRYPTION_KEYS": "k1:" + "A" * 43 + "=",
            "SUPABASE_URL": supabase.url,
            "SUPABASE_KEY": supabase.key,
            "UPSTASH_REDIS_REST_URL": upstash.url,
            "UPSTASH_REDIS_REST_TOKEN": upstash.token,
        }


MIGRATE = "Migrate, then check every outside service"


def migrations_missing(settings: dict[str, str]) -> bool:
    """What ``database --check`` says, which changes nothing."""
    checked = subprocess.run(
        [sys.executable, "tools/deploy.py", "database", "--check"],
        cwd=ROOT,
        # Not pytest's own: that names the tests' Django settings.
        env={"PATH": os.environ["PATH"], **settings},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "migrate --check" in checked.stderr or checked.returncode == 0, checked.stderr
    return checked.returncode == 1


def test_the_database_is_migrated_and_the_services_tried(settings: dict[str, str]) -> None:
    assert migrations_missing(settings)
    done = run_step(MIGRATE, settings)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    assert "Applying accounts.0001" in done.stdout
    assert re.search(r"^ok +supabase", done.stdout, re.MULTILINE)
    assert re.search(r"^ok +redis", done.stdout, re.MULTILINE)
    assert not migrations_missing(settings)
    # Once more, and a service does not answer: nothing is deployed.
    settings["UPSTASH_REDIS_REST_TOKEN"] = "wrong"
    stopped = run_step(MIGRATE, settings)
    assert stopped.returncode == 1
    assert "No migrations to apply" in stopped.stdout
    assert re.search(r"^FAILED +redis", stopped.stdout, re.MULTILINE)


@pytest.mark.parametrize("name", [MIGRATE, "Deploy", "Smoke test"])
def test_a_step_names_the_settings_that_it_misses(name: str) -> None:
    done = run_step(name, {})
    assert done.returncode == 1
    assert "not set: " in done.stderr
    assert {"Deploy": "CLOUDFLARE_API_TOKEN", "Smoke test": "EDGE_BASE_URL"}.get(
        name, "DATABASE_URL"
    ) in done.stderr


def test_the_upload_is_given_environment_release_and_addresses(
    settings: dict[str, str], tmp_path: Path
) -> None:
    # In pywrangler's place, a program that shows how it was called.
    settings |= {"CLOUDFLARE_API_TOKEN": "t", "CLOUDFLARE_ACCOUNT_ID": "a"}
    done = run_step("Deploy", settings, WRANGLER="printf '%s\\n'")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        *("deploy", "--env", "staging"),
        *("--var", f"RELEASE:{RELEASE}"),
        *("--var", f"SUPABASE_URL:{settings['SUPABASE_URL']}"),
        *("--var", f"UPSTASH_REDIS_REST_URL:{settings['UPSTASH_REDIS_REST_URL']}"),
    ]


def test_wrangler_takes_the_upload_as_it_is_called(
    settings: dict[str, str], tmp_path: Path
) -> None:
    reason = wrangler_missing()
    if reason:
        pytest.skip(reason)
    project = make_project(tmp_path)
    command = " ".join([*wrangler_command("--cwd", str(project))])
    done = subprocess.run(
        [
            sys.executable,
            "tools/deploy.py",
            "edge",
            "production",
            "--release",
            RELEASE,
            "--dry-run",
        ],
        cwd=ROOT,
        env={**wrangler_environment(project), **settings, "WRANGLER": command},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    assert "Total Upload" in done.stdout
    for name in ("RELEASE", "SUPABASE_URL", "UPSTASH_REDIS_REST_URL", "ENVIRONMENT"):
        assert f"env.{name} " in done.stdout
    assert "--dry-run: exiting now" in done.stdout


def test_the_smoke_test_asks_what_is_up(settings: dict[str, str]) -> None:
    with Edge("cpython", RELEASE=RELEASE) as edge:
        told = {"EDGE_BASE_URL": edge.base_url, "WATCHLLM_SMOKE_KEY": edge.tenant().key}
        done = run_step("Smoke test", told)
        assert (done.returncode, done.stderr) == (0, "")
        assert f"{edge.base_url} works" in done.stdout
        assert edge.openai.calls() == 1
        edge.openai.break_with("refused")
        told["WATCHLLM_SMOKE_KEY"] = edge.tenant().key
        failed = run_step("Smoke test", told)
        assert failed.returncode == 1
        assert "status 502" in failed.stderr


def test_a_failure_tells_how_to_go_back(tmp_path: Path) -> None:
    summary = tmp_path / "summary.md"
    done = run_step("How to go back", {}, GITHUB_STEP_SUMMARY=str(summary))
    assert done.returncode == 0, done.stderr
    assert "npx wrangler rollback --env staging" in summary.read_text()
    assert STEPS["How to go back"]["if"] == "failure()"
