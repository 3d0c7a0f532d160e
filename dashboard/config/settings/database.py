"""SQLite by default, PostgreSQL through DATABASE_URL.

Supabase offers three addresses. Direct (5432, IPv6) and the session pooler (5432) behave like any
PostgreSQL. The transaction pooler (6543) gives another backend to each transaction, so prepared
statements and server-side cursors must be off; both are switched off for that port here.
"""

from pathlib import Path
from typing import Any

import environ

from config import env

__all__ = ["DATABASES"]

_TRANSACTION_POOLER_PORT = 6543


def database(url: str) -> dict[str, Any]:
    """Django's ``DATABASES`` entry for ``url``."""
    config: dict[str, Any] = environ.Env.db_url_config(url)
    options: dict[str, Any] = config.setdefault("OPTIONS", {})
    if config["ENGINE"] == "django.db.backends.sqlite3":
        if config["NAME"] != ":memory:":
            Path(config["NAME"]).parent.mkdir(parents=True, exist_ok=True)
        # WAL lets the edge's inserts and a page's reads run side by side. IMMEDIATE takes the write
        # lock at BEGIN, so that two writers wait for each other instead of failing on upgrade.
        options |= {
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
        }
    else:
        config["CONN_MAX_AGE"] = 60
        config["CONN_HEALTH_CHECKS"] = True
        if config["PORT"] == _TRANSACTION_POOLER_PORT:
            config["DISABLE_SERVER_SIDE_CURSORS"] = True
            options["prepare_threshold"] = None
    return config


DATABASES = {"default": database(env.current().database_url)}
