"""A SQLite database with today's tables, for processes of the product that tests start.

Each would spend some seconds on migrations that another has run a moment ago. What migrates by
itself still does, and finds nothing to do. Tests of the migration itself start without it.
"""

import fcntl
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file, made once for all workers of a run. To be copied, not to be opened."""
    folder = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        folder = folder.parent
    target = folder / "migrated.sqlite3"
    with (folder / "migrated.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not target.exists():
            partial = folder / "partial.sqlite3"
            subprocess.run(
                [sys.executable, str(ROOT / "dashboard/manage.py"), "migrate", "--verbosity=0"],
                env={
                    "PATH": os.environ["PATH"],
                    "DJANGO_DEBUG": "true",
                    "DJANGO_SECRET_KEY": "template",
                    "API_KEY_PEPPER": "template",
                    "ENCRYPTION_KEYS": "k:" + "A" * 43 + "=",
                    "DATABASE_URL": f"sqlite:///{partial}",
                    "PYTHONPATH": os.pathsep.join(
                        (str(ROOT / "dashboard"), str(ROOT / "shared/src"))
                    ),
                },
                check=True,
            )
            partial.rename(target)
    return target


def put_into(state: Path, migrated: Path) -> None:
    """Where a local stack with this state folder looks for its database."""
    state.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(migrated, state / "dashboard.sqlite3")
