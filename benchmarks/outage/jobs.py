"""`migrate` and `tick` killed where they stand, on a real PostgreSQL: both begin again there."""

import os
import random
import signal
import subprocess
import sys
import time
from typing import Any

import psycopg

from tests.contract.postgres import Cluster, PostgresMissingError, cluster
from tests.worker.edge import ROOT

_KILLS = 6
_ROWS = 20_000
_SEED = 1


def main() -> None:
    """Print a line for each."""
    print(f"\n{'jobs':36}")
    try:
        with cluster() as postgres:
            print(f"{'migrate killed':36}", _migrate(postgres), flush=True)
            print(f"{'tick killed':36}", _tick(postgres), flush=True)
    except PostgresMissingError as error:
        print(error)


def _migrate(postgres: Cluster) -> str:
    chance = random.Random(_SEED)
    killed = 0
    for _ in range(_KILLS):
        killed += _killed_after(postgres, chance.uniform(2, 8), "migrate", "--verbosity", "0")
    _manage(postgres, "migrate", "--verbosity", "0").wait()
    missing = _manage(postgres, "migrate", "--check", "--verbosity", "0").wait()
    return f"{killed} of {_KILLS} killed; then {'incomplete' if missing else 'complete'}"


def _tick(postgres: Cluster) -> str:
    _manage(postgres, "seed_demo", "--bare").wait()
    if _manage(postgres, "generate_usage", "bare", "--rows", str(_ROWS)).wait():
        return "no rows could be made"
    with psycopg.connect(postgres.url("postgres"), autocommit=True) as database:
        before = _sums(database)
        # As if nobody had counted them yet.
        for table in ("usage_hourly", "usage_daily", "usage_latency_hourly", "usage_rollup_state"):
            database.execute(f"DELETE FROM {table}")  # type: ignore[arg-type] # noqa: S608
        chance = random.Random(_SEED)
        killed = 0
        for _ in range(_KILLS):
            killed += _killed_after(postgres, chance.uniform(2, 5), "tick", "--every", "1")
        deadline = time.monotonic() + 120
        last = _manage(postgres, "tick", "--every", "1")
        while _sums(database) != before and time.monotonic() < deadline:
            time.sleep(1)
        os.killpg(last.pid, signal.SIGKILL)
        last.wait()
        after = _sums(database)
    return f"{killed} of {_KILLS} killed; rows and their hourly sum {after}, {before} expected"


def _sums(database: "psycopg.Connection[Any]") -> tuple[int, int]:
    row = database.execute(
        "SELECT (SELECT count(*) FROM usage_logs),"
        " (SELECT coalesce(sum(requests), 0) FROM usage_hourly)"
    ).fetchone()
    assert row is not None
    return int(row[0]), int(row[1])


def _killed_after(postgres: Cluster, seconds: float, *command: str) -> int:
    """1 where it was still running."""
    process = _manage(postgres, *command)
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        return 1
    return 0


def _manage(postgres: Cluster, *command: str) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [sys.executable, str(ROOT / "dashboard" / "manage.py"), *command],
        env={
            "PATH": os.environ["PATH"],
            "PYTHONPATH": f"{ROOT / 'shared' / 'src'}:{ROOT / 'dashboard'}",
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "DJANGO_SECRET_KEY": "outage",
            "DJANGO_DEBUG": "true",
            "DATABASE_URL": postgres.url("postgres"),
            "API_KEY_PEPPER": "outage",
            "ENCRYPTION_KEYS": "outage:" + "A" * 43 + "=",
        },
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
