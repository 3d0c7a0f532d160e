"""The edge API served alone, as ``make run ARGS=--bare`` starts it: a process of its own."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from django.conf import settings

from config import REPOSITORY

_ENVIRONMENT = {
    "PATH": os.environ["PATH"],
    "DJANGO_SECRET_KEY": "tests-only",
    "API_KEY_PEPPER": "tests-only",
    "ENCRYPTION_KEYS": "test:" + "A" * 43 + "=",
    "PYTHONPATH": str(REPOSITORY / "dashboard"),
}
_SCRIPT = """
import io, json, sys
from config.edge_api_wsgi import application

def call(path, payload):
    body = json.dumps(payload).encode()
    status = []
    answer = application(
        {
            "REQUEST_METHOD": "POST", "PATH_INFO": path, "SERVER_NAME": "localhost",
            "SERVER_PORT": "80", "wsgi.url_scheme": "http", "wsgi.input": io.BytesIO(body),
            "CONTENT_LENGTH": str(len(body)), "CONTENT_TYPE": "application/json",
            "HTTP_APIKEY": "standalone-key",
        },
        lambda line, headers: status.append(int(line.split()[0])),
    )
    return [status[0], json.loads(b"".join(answer) or "null")]

hash_ = sys.argv[1]
print(json.dumps({
    "known": call("/rest/v1/rpc/resolve_api_key", {"key_hash": hash_}),
    "unknown": call("/rest/v1/rpc/resolve_api_key", {"key_hash": "0"}),
    "elsewhere": call("/rest/v1/api_keys", {}),
    "modules": sorted(sys.modules),
}))
"""


def _run(database: Path, *arguments: str, **more: str) -> str:
    environment = _ENVIRONMENT | {"DATABASE_URL": f"sqlite:///{database}"} | more
    done = subprocess.run(
        [sys.executable, *arguments], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_it_answers_and_imports_no_staff_site(tmp_path: Path, migrated_sqlite: Path) -> None:
    from shared import api_keys

    database, manage = tmp_path / "db.sqlite3", str(REPOSITORY / "dashboard" / "manage.py")
    shutil.copyfile(migrated_sqlite, database)
    made = json.loads(_run(database, manage, "seed_demo", "--bare"))
    key_hash = api_keys.key_hash(made["api_key"], settings.API_KEY_PEPPER)
    answer: dict[str, Any] = json.loads(
        _run(database, "-c", _SCRIPT, key_hash, SUPABASE_KEY="standalone-key")
    )
    status, record = answer["known"]
    assert (status, record["status"], record["plan"]["slug"]) == (200, "active", "unlimited")
    assert answer["unknown"] == [200, None]
    assert answer["elsewhere"][0] == 404
    loaded = {name.partition(".")[0] for name in answer["modules"]}
    assert not loaded & {"allauth", "unfold", "supabase", "stripe", "upstash_redis"}
    assert "django.contrib.admin.sites" not in answer["modules"]


def test_it_does_not_start_without_its_key(tmp_path: Path) -> None:
    environment = _ENVIRONMENT | {"DATABASE_URL": f"sqlite:///{tmp_path / 'db.sqlite3'}"}
    done = subprocess.run(
        [sys.executable, "-c", "import config.edge_api_wsgi"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode != 0
    assert "SUPABASE_KEY must be set" in done.stderr
