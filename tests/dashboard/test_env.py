"""The environment: parsed once, with errors that name the variable."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from config import env
from config.settings.database import database

ROOT = Path(__file__).resolve().parents[2]

COMPLETE = {
    "DJANGO_SECRET_KEY": "s3cret",
    "API_KEY_PEPPER": "pepper",
    "ENCRYPTION_KEYS": "k1:" + "A" * 43 + "=",
}


def test_defaults_are_those_of_production() -> None:
    environment = env.parse(COMPLETE)
    assert environment.debug is False
    assert environment.behind_tls_proxy is False
    assert environment.edge_api_enabled is False
    assert environment.redis_url == ""
    assert environment.database_url.startswith("sqlite:///")


@pytest.mark.parametrize("name", sorted(COMPLETE))
@pytest.mark.parametrize("value", [None, "", "  "])
def test_a_missing_secret_is_named(name: str, value: str | None) -> None:
    source = {key: text for key, text in COMPLETE.items() if key != name}
    if value is not None:
        source[name] = value
    with pytest.raises(env.SettingError, match=name):
        env.parse(source)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DJANGO_DEBUG", "maybe"),
        ("ENCRYPTION_KEYS", "k1:tooshort"),
        ("EDGE_API_ENABLED", "true"),
        ("DATABASE_URL", "mysql://root:tooshort@127.0.0.1/watchllm"),
        ("DATABASE_URL", "postgres"),
        ("UPSTASH_REDIS_REST_URL", "https://redis.example"),
    ],
)
def test_a_wrong_value_is_named_and_not_repeated(name: str, value: str) -> None:
    with pytest.raises(env.SettingError) as caught:
        env.parse(COMPLETE | {name: value})
    assert name in str(caught.value)
    assert "tooshort" not in str(caught.value)


def test_no_secret_is_printed() -> None:
    assert "s3cret" not in repr(env.parse(COMPLETE))


def test_every_variable_is_listed_once() -> None:
    names = env.variable_names()
    assert len(names) == len(set(names))
    assert {*COMPLETE, "DATABASE_URL", "SUPABASE_KEY"} <= set(names)


def test_the_transaction_pooler_gets_no_prepared_statements() -> None:
    pooled = database("postgres://u:p@pooler.example:6543/postgres")
    assert pooled["DISABLE_SERVER_SIDE_CURSORS"] is True
    assert pooled["OPTIONS"]["prepare_threshold"] is None
    direct = database("postgres://u:p@db.example:5432/postgres")
    assert "DISABLE_SERVER_SIDE_CURSORS" not in direct
    assert "prepare_threshold" not in direct["OPTIONS"]


@pytest.mark.parametrize("keys", [None, "k1:tooshort"])
def test_a_command_says_which_setting_is_wrong_and_no_more(keys: str | None) -> None:
    source = {**COMPLETE, "PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT / "shared/src")}
    del source["ENCRYPTION_KEYS"]
    if keys is not None:
        source["ENCRYPTION_KEYS"] = keys
    ended = subprocess.run(
        [sys.executable, str(ROOT / "dashboard/manage.py"), "doctor"],
        env=source,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 1
    first, second = ended.stderr.splitlines()
    assert first.startswith("Wrong setting: ENCRYPTION_KEYS")
    assert "tooshort" not in ended.stderr
    assert ".env.example" in second
