"""What the self-hosting guide has people copy works as it stands."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

from gateway.core import settings

ROOT = Path(__file__).resolve().parents[2]
GUIDE = (ROOT / "docs/public/self-hosting.md").read_text()
ENVIRONMENT = """DJANGO_SECRET_KEY='a $ecret & more'
API_KEY_PEPPER='pepper'
ENCRYPTION_KEYS='k1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA='
DATABASE_URL='sqlite:///{database}'
"""


def test_the_crontab_line_finds_its_settings(tmp_path: Path) -> None:
    """Run by a shell with cron's environment, which is next to none."""
    (line,) = re.findall(r"^\* \* \* \* \* (.*)$", GUIDE, re.MULTILINE)
    assert line.endswith("manage.py tick")
    file = tmp_path / "dashboard.env"
    file.write_text(ENVIRONMENT.format(database=tmp_path / "db.sqlite3"))
    here = (
        line.replace("/etc/watchllm/dashboard.env", shlex.quote(str(file)))
        .replace("../.venv/bin/python", shlex.quote(sys.executable))
        .replace("/opt/watchllm", shlex.quote(str(ROOT)))
        .replace("manage.py tick", "manage.py check")
    )
    cron = {"HOME": str(tmp_path), "PATH": "/usr/bin:/bin", "SHELL": "/bin/sh"}
    run = subprocess.run(
        ["/bin/sh", "-c", here], env=cron, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr


def test_the_proxy_lets_through_what_the_edge_takes() -> None:
    (megabytes,) = re.findall(r"client_max_body_size (\d+)m;", GUIDE)
    edges = re.search(r"`MAX_BODY_BYTES` \| (\d+)", GUIDE)
    assert edges is not None
    assert int(megabytes) * 2**20 >= int(edges[1])
    assert "MAX_BODY_BYTES" in settings.variables({})


def test_help_needs_no_settings(tmp_path: Path) -> None:
    bare = {"PATH": os.environ["PATH"], "HOME": str(tmp_path)}
    for arguments in (["tick", "--help"], ["help", "doctor"]):
        command = [sys.executable, str(ROOT / "dashboard/manage.py"), *arguments]
        run = subprocess.run(command, env=bare, capture_output=True, text=True, check=False)
        assert run.returncode == 0, run.stderr
        assert "usage: manage.py" in run.stdout
    command = [sys.executable, str(ROOT / "dashboard/manage.py"), "tick"]
    run = subprocess.run(command, env=bare, capture_output=True, text=True, check=False)
    assert "is not set" in run.stderr
    assert run.returncode != 0
