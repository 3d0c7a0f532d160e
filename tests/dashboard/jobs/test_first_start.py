"""`tick --every` beside a database that is still being made, as on the first `make run`."""

import os
import subprocess
import sys
from pathlib import Path

from tests.worker.edge import until

ROOT = Path(__file__).resolve().parents[3]
MANAGE = (sys.executable, str(ROOT / "dashboard" / "manage.py"))
SOON = 120.0


def test_it_waits_for_the_tables_and_then_works(tmp_path: Path) -> None:
    environment = {
        "PATH": os.environ["PATH"],
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "DJANGO_DEBUG": "true",
        "DJANGO_SECRET_KEY": "x",
        "API_KEY_PEPPER": "x",
        "ENCRYPTION_KEYS": "k:" + "A" * 43 + "=",
        "DATABASE_URL": f"sqlite:///{tmp_path / 'db.sqlite3'}",
        "PYTHONPATH": f"{ROOT / 'dashboard'}{os.pathsep}{ROOT / 'shared/src'}",
    }
    log = tmp_path / "output.log"
    with log.open("w") as output:
        ticking = subprocess.Popen(
            [*MANAGE, "tick", "--every", "1"],
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        try:
            until(lambda: "waits for" in log.read_text(), "it waits", SOON, every=0.2)
            subprocess.run([*MANAGE, "migrate", "--verbosity=0"], env=environment, check=True)
            until(lambda: "outbox: 0" in log.read_text(), "jobs run", SOON, every=0.2)
        finally:
            ticking.terminate()
            ticking.wait(timeout=60)
    assert "no such table" not in log.read_text()
