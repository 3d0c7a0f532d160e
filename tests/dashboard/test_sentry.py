"""Reports to Sentry: what went wrong and on which route, and nothing about the person."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from config import env
from tests.doubles.sentry import SentryDouble

ROOT = Path(__file__).resolve().parents[2]
COMPLETE = {
    "DJANGO_SECRET_KEY": "x",
    "API_KEY_PEPPER": "x",
    "ENCRYPTION_KEYS": "k:" + "A" * 43 + "=",
}
PROGRAM = """
import logging
import django
django.setup()
import sentry_sdk
from django.test import Client
browser = Client(headers={"host": "localhost"}, raise_request_exception=False)
browser.cookies["sessionid"] = "a-secret"
assert browser.post("/errors/500/?token=a-secret", {"password": "a-secret"}).status_code == 500
logging.getLogger("apps.billing").error("asked %s in vain", "a-secret")
logging.getLogger("somebody.else").error("quotes a-secret")
logging.getLogger("django.security.DisallowedHost").error("Invalid HTTP_HOST header: a-secret")
sentry_sdk.flush()
"""


def _run(dsn: str) -> None:
    """In a process of its own: the SDK's hooks cannot be taken out again."""
    environment = COMPLETE | {
        "PATH": os.environ["PATH"],
        "DJANGO_SETTINGS_MODULE": "tests.dashboard.sentry_settings",
        "DJANGO_DEBUG": "true",
        "DATABASE_URL": "sqlite:///:memory:",
        "SENTRY_DSN": dsn,
        "ENVIRONMENT": "staging",
        "RELEASE": "1.2.3",
        "PYTHONPATH": os.pathsep.join(map(str, (ROOT, ROOT / "dashboard", ROOT / "shared/src"))),
    }
    subprocess.run(
        [sys.executable, "-W", "ignore", "-c", PROGRAM],
        env=environment,
        check=True,
        capture_output=True,
    )


def test_reports_name_the_error_and_the_route_and_nothing_else() -> None:
    with SentryDouble() as sentry:
        _run(sentry.dsn)
        error, ours, theirs = sentry.events("event")
        assert b"a-secret" not in b"".join(sentry.raw)
    assert error["transaction"] == "/errors/500/"
    (raised,) = error["exception"]["values"]
    assert (raised["type"], raised["value"]) == ("RuntimeError", "")
    frame = raised["stacktrace"]["frames"][-1]
    assert (frame["function"], "vars" in frame) == ("broken", False)
    assert (error["environment"], error["release"]) == ("staging", "1.2.3")
    assert not {"request", "user", "breadcrumbs", "extra", "server_name"} & error.keys()
    assert ours["logentry"] == {"message": "asked %s in vain"}
    assert theirs["logentry"] == {"message": "somebody.else"}


def test_without_a_dsn_the_sdk_is_not_even_imported() -> None:
    program = "import django; django.setup(); import sys; assert 'sentry_sdk' not in sys.modules"
    subprocess.run(
        [sys.executable, "-W", "ignore", "-c", program],
        env=COMPLETE
        | {
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "PYTHONPATH": f"{ROOT / 'dashboard'}{os.pathsep}{ROOT / 'shared/src'}",
        },
        check=True,
    )


@pytest.mark.parametrize("share", ["2", "-0.1", "nan", "often"])
def test_a_share_of_requests_is_a_number_from_0_to_1(share: str) -> None:
    with pytest.raises(env.SettingError, match="SENTRY_TRACES_SAMPLE_RATE"):
        env.parse(COMPLETE | {"SENTRY_TRACES_SAMPLE_RATE": share})
