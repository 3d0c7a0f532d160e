"""The workflows of .github: well-formed, and everything that they refer to exists."""

import re
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.worker.edge import ROOT

FOLDER = ROOT / ".github/workflows"
NAMES = sorted(path.name for path in FOLDER.glob("*.yml"))
EXPRESSION = re.compile(r"\$\{\{\s*(.*?)\s*\}\}")
REFERENCE = re.compile(r"\b(secrets|vars|inputs|matrix|needs|github|env)\.([A-Za-z_-]+)")
DEPLOYING = (ROOT / "docs/public/deploying.md").read_text()
RUNNER_TOOLS = {"python", "pip", "npm", "npx", "uv", "make", "echo", "{", "}", ">>"}


def load(name: str) -> dict[str, Any]:
    """A workflow. YAML 1.1 reads the key ``on`` as true."""
    text = (FOLDER / name).read_text()
    workflow: dict[Any, Any] = yaml.safe_load(text)
    workflow["on"] = workflow.pop(True)
    return workflow


def steps(workflow: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for job in workflow["jobs"].values():
        yield from job.get("steps", ())


def references(name: str, kind: str) -> set[str]:
    """Names of secrets, variables, … that a workflow's expressions use."""
    found: set[str] = set()
    for expression in EXPRESSION.findall((FOLDER / name).read_text()):
        found |= {member for group, member in REFERENCE.findall(expression) if group == kind}
    return found


@pytest.mark.parametrize("name", NAMES)
def test_jobs_and_steps_are_whole(name: str) -> None:
    workflow = load(name)
    assert set(workflow) <= {"name", "on", "permissions", "concurrency", "jobs", "env"}
    assert workflow["permissions"] == {"contents": "read"}
    for job in workflow["jobs"].values():
        needed = job.get("needs", [])
        assert set([needed] if isinstance(needed, str) else needed) <= set(workflow["jobs"])
        if "uses" in job:
            assert (ROOT / job["uses"]).is_file()
            assert "workflow_call" in load(Path(job["uses"]).name)["on"]
        else:
            assert job["runs-on"]
            assert 0 < job["timeout-minutes"] <= 30
    for step in steps(workflow):
        assert ("uses" in step) != ("run" in step), step
        if "uses" in step:
            assert re.fullmatch(r"actions/[a-z-]+@[0-9a-f]{40}", step["uses"])
        if step.get("uses", "").startswith("actions/checkout@"):
            assert step["with"]["persist-credentials"] is False


@pytest.mark.parametrize("name", NAMES)
def test_what_runs_is_named_by_its_version(name: str) -> None:
    """A tag can be moved: an action is its commit, with the tag beside it for people."""
    text = (FOLDER / name).read_text()
    assert re.findall(r"uses: actions/[^\n]*", text) == re.findall(
        r"uses: actions/[a-z-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+(?=\n)", text
    )
    assert "-latest" not in text
    for step in steps(load(name)):
        for installed in re.findall(r"pip install ([^\n-]\S*)", step.get("run", "")):
            assert "==" in installed
        for tool in re.findall(r"npx --yes (\S+)", step.get("run", "")):
            assert re.fullmatch(r"[a-z-]+@\d+\.\d+\.\d+", tool)


def test_the_worker_is_uploaded_by_the_tools_that_are_locked() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    locked = (ROOT / "requirements/dev.txt").read_text()
    for tool in project["dependency-groups"]["dev"]:
        assert re.search(rf"^{re.escape(tool)} ", locked, re.MULTILINE), tool


def test_one_action_has_one_version() -> None:
    used = {use for name in NAMES for step in steps(load(name)) if (use := step.get("uses"))}
    assert len({use.partition("@")[0] for use in used}) == len(used)


@pytest.mark.parametrize("name", NAMES)
def test_commands_parse_and_name_files_that_exist(name: str) -> None:
    for step in steps(load(name)):
        if "run" not in step:
            continue
        script = EXPRESSION.sub("value", step["run"])
        parsed = subprocess.run(
            ["bash", "-n", "-c", script], capture_output=True, text=True, check=False
        )
        assert parsed.returncode == 0, parsed.stderr
        for path in re.findall(r"\b(?:tools|requirements|dashboard|tests)/[\w./-]+", script):
            assert (ROOT / path).exists(), path
        first = {line.split()[0] for line in script.splitlines() if line.strip()}
        assert first <= RUNNER_TOOLS, first


@pytest.mark.parametrize("name", NAMES)
def test_inputs_and_matrices_are_declared(name: str) -> None:
    workflow = load(name)
    dispatch = (workflow["on"].get("workflow_dispatch") or {}).get("inputs", {})
    assert references(name, "inputs") <= set(dispatch)
    matrices = [job.get("strategy", {}).get("matrix", {}) for job in workflow["jobs"].values()]
    assert references(name, "matrix") <= {key for matrix in matrices for key in matrix}


def test_nothing_of_the_caller_reaches_a_shell() -> None:
    # What a stranger can choose (titles, branch names) would be run as code.
    for name in NAMES:
        for step in steps(load(name)):
            for expression in EXPRESSION.findall(step.get("run", "")):
                assert expression in ("inputs.environment", "github.sha")


def test_secrets_and_variables_of_the_deployment_are_documented() -> None:
    section = DEPLOYING.split("## Deploy from GitHub")[1].split("\n## ")[0]
    secrets, variables = section.split("- Variables:")
    quoted = re.compile(r"`([A-Z][A-Z_]+)`")
    assert references("deploy.yml", "secrets") == set(quoted.findall(secrets.split("Secrets:")[1]))
    assert references("deploy.yml", "vars") == set(quoted.findall(variables.split("\n\n")[0]))


def test_environments_are_those_of_the_worker() -> None:
    options = load("deploy.yml")["on"]["workflow_dispatch"]["inputs"]["environment"]["options"]
    configured = tomllib.loads((ROOT / "wrangler.toml").read_text())["env"]
    assert set(options) == set(configured)


def test_every_version_that_is_supported_is_tested() -> None:
    jobs = load("test.yml")["jobs"]
    (everything,) = [step["with"] for step in jobs["test"]["steps"] if "python" in str(step)]
    others = jobs["other-pythons"]["strategy"]["matrix"]["python"]
    matrix = [everything["python-version"], *others]
    oldest = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["requires-python"]
    assert f">={matrix[0]}" == oldest
    assert matrix == sorted(matrix, key=lambda version: int(version.split(".")[1]))
