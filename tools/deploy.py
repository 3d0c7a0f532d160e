"""The steps of a deployment, as .github/workflows/deploy.yml runs them; each works by hand too.

    python tools/deploy.py database                     # migrate, then try every outside service
    python tools/deploy.py database --check             # only say whether migrations are missing
    python tools/deploy.py edge staging --release 3f2c  # upload the Worker
    python tools/deploy.py edge staging --dry-run       # build it, upload nothing
    python tools/deploy.py smoke --release 3f2c         # ask what is up now

Settings come from the environment; a step names those it misses before it does anything.
WRANGLER is the command that uploads, ``uv run --group dev pywrangler`` unless set. Standard library
only; exit code 1 when a step failed.
"""

import argparse
import os
import shlex
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
ENVIRONMENTS = ("staging", "production")
_PYWRANGLER = "uv run --group dev pywrangler"

NEEDED: dict[str, tuple[str, ...]] = {
    "database": (
        *("DATABASE_URL", "DJANGO_SECRET_KEY", "DJANGO_ALLOWED_HOSTS", "DASHBOARD_BASE_URL"),
        *("EDGE_BASE_URL", "API_KEY_PEPPER", "ENCRYPTION_KEYS", "SUPABASE_URL", "SUPABASE_KEY"),
        *("UPSTASH_REDIS_REST_URL", "UPSTASH_REDIS_REST_TOKEN"),
    ),
    "edge": ("SUPABASE_URL", "UPSTASH_REDIS_REST_URL"),
    "upload": ("CLOUDFLARE_API_TOKEN", "CLOUDFLARE_ACCOUNT_ID"),
    "smoke": ("EDGE_BASE_URL",),
}
"""Variables that a step cannot do without; ``upload`` comes on top of ``edge``."""


class StepFailed(Exception):
    """The message says what to do about it."""


def require(*steps: str) -> None:
    """Raise ``StepFailed`` that names every variable that is missing."""
    names = [name for step in steps for name in NEEDED[step]]
    missing = [name for name in names if not os.environ.get(name)]
    if missing:
        raise StepFailed(f"not set: {', '.join(missing)}")


def run(command: Sequence[str], folder: Path = ROOT) -> None:
    """Raises ``StepFailed`` when the command does not end with status 0."""
    ended = subprocess.run(command, cwd=folder, check=False).returncode
    if ended:
        raise StepFailed(f"{shlex.join(command[:4])} … ended with status {ended}")


def database(*, check: bool) -> None:
    """Migrations only add what the running version does not miss, so they come before the edge.
    The edge itself may not be there yet; ``smoke`` asks it."""
    require("database")
    paths = [str(ROOT / "shared/src"), str(ROOT / "dashboard")]
    os.environ["PYTHONPATH"] = os.pathsep.join(paths)
    manage = (sys.executable, "manage.py")
    if check:
        run((*manage, "migrate", "--check"), ROOT / "dashboard")
        return
    run((*manage, "migrate", "--noinput"), ROOT / "dashboard")
    run((*manage, "doctor", "--skip", "edge"), ROOT / "dashboard")


def edge(environment: str, release: str, *, dry_run: bool) -> None:
    """Secrets stay at Cloudflare; the addresses and the release's name go along as variables."""
    require("edge", *(() if dry_run else ("upload",)))
    variables = {
        "RELEASE": release,
        "SUPABASE_URL": os.environ["SUPABASE_URL"],
        "UPSTASH_REDIS_REST_URL": os.environ["UPSTASH_REDIS_REST_URL"],
    }
    given = [part for name, value in variables.items() for part in ("--var", f"{name}:{value}")]
    uploader = shlex.split(os.environ.get("WRANGLER") or _PYWRANGLER)
    run([*uploader, "deploy", "--env", environment, *given, *(["--dry-run"] if dry_run else [])])


def smoke(release: str) -> None:
    """See ``tools/smoke_test.py``."""
    require("smoke")
    script = str(ROOT / "tools/smoke_test.py")
    run((sys.executable, script, os.environ["EDGE_BASE_URL"], "--release", release))


def main() -> int:
    """Run one step."""
    parser = argparse.ArgumentParser(description="One step of a deployment.")
    steps = parser.add_subparsers(dest="step", required=True)
    database_step = steps.add_parser("database", help="migrate and try every outside service")
    database_step.add_argument("--check", action="store_true")
    edge_step = steps.add_parser("edge", help="upload the Worker")
    edge_step.add_argument("environment", choices=ENVIRONMENTS)
    edge_step.add_argument("--release", default="")
    edge_step.add_argument("--dry-run", action="store_true")
    smoke_step = steps.add_parser("smoke", help="ask what is up now")
    smoke_step.add_argument("--release", default="")
    options = parser.parse_args()
    try:
        if options.step == "database":
            database(check=options.check)
        elif options.step == "edge":
            edge(options.environment, options.release, dry_run=options.dry_run)
        else:
            smoke(options.release)
    except StepFailed as error:
        print(f"{options.step}: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
