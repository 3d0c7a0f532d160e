"""The running product and a real browser in front of it."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

from local_stack import ports
from tests.doubles.migrated_sqlite import put_into
from tests.worker.edge import until

REPOSITORY = Path(__file__).resolve().parents[3]
SCREENSHOTS = REPOSITORY / ".screenshots"
_AXE = REPOSITORY / "tests" / "e2e" / "node_modules" / "axe-core" / "axe.min.js"
_CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
_START_SECONDS = 180
SOON = 120.0
"""Seconds that what happens by itself (sums, messages, events) may take on a busy machine."""

expect.set_options(timeout=30_000)  # a condition comes true when the machine gets to it


@dataclass(frozen=True)
class Stack:
    """Where ``python -m local_stack`` answers, whom it let in, and the demo project's key."""

    dashboard: str
    edge: str
    api_key: str
    email: str
    password: str

    def sign_in(self, page: Page) -> None:
        """The demo's owner, who is staff too; leaves ``page`` in the dashboard."""
        page.goto("/accounts/login/")
        page.get_by_label("Email").fill(self.email)
        page.get_by_label("Password", exact=True).fill(self.password)
        page.get_by_role("button", name="Sign in", exact=True).click()
        page.wait_for_url("**/app/**")


@pytest.fixture(scope="session")
def shared_stack(
    tmp_path_factory: pytest.TempPathFactory, migrated_sqlite: Path
) -> Iterator[Stack]:
    """The whole product, for all modules; what one of them signs up is named as in no other."""
    with running_stack(tmp_path_factory.mktemp("stack"), migrated_sqlite) as stack:
        yield stack


@pytest.fixture(scope="module")
def stack(shared_stack: Stack) -> Stack:
    """What a module that changes something for everybody replaces by one of its own."""
    return shared_stack


@contextmanager
def running_stack(state: Path, migrated: Path) -> Iterator[Stack]:
    """The product on its own ports, with a month of made-up traffic in the demo project."""
    put_into(state, migrated)
    edge, dashboard = ports.unused(), ports.unused()
    environment = {
        name: value
        for name, value in os.environ.items()
        if name in ("PATH", "HOME", "LANG") or name.startswith("COVERAGE")
    } | {
        "WATCHLLM_EDGE_PORT": str(edge),
        "WATCHLLM_DASHBOARD_PORT": str(dashboard),
        "PYTHONPATH": str(REPOSITORY / "tools"),
    }
    log = (state / "output.log").open("w")
    process = subprocess.Popen(
        [sys.executable, "-m", "local_stack", "--state", str(state)],
        cwd=REPOSITORY,
        env=environment,
        stdout=log,
        stderr=subprocess.STDOUT,
    )
    try:
        dev = _wait_for(state / "dev.json", process)
        _generate_traffic(state)
        yield Stack(
            dashboard=dev["dashboard_url"],
            edge=dev["base_url"],
            api_key=dev["api_key"],
            email=dev["staff"]["email"],
            password=dev["staff"]["password"],
        )
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(timeout=60)
        log.close()


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Debian's Chromium. Playwright's own loop must be gone before other modules run, so this is
    not the session-wide fixture of pytest-playwright.
    """
    found = next(filter(None, map(shutil.which, _CHROMIUM)), None)
    if found is None:
        pytest.skip("no Chromium on this machine: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=_ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def axe() -> str:
    """axe-core's source, which ``page.evaluate`` puts into a page past its policy."""
    if not _AXE.exists():
        pytest.skip("axe-core is not installed: npm ci --prefix tests/e2e")
    return _AXE.read_text()


def confirm_address(page: Page, email: str) -> None:
    """Types the code of the newest message to ``email`` into the page that asks for it.

    The outbox sends soon after the sign-up, and more than one message: the mailbox is looked
    through, in a tab of its own, until the one with the code is there.
    """
    mailbox = page.context.new_page()
    message = mailbox.get_by_role("row").filter(has_text=email)
    link = message.get_by_role("link", name="Your confirmation code")
    until_shown(mailbox, "/dev/mailbox/", link)
    link.first.click()
    code = re.search(r"^ {4}(\S+)$", mailbox.locator("pre").inner_text(), re.MULTILINE)
    assert code is not None
    mailbox.close()
    page.get_by_label("Code").fill(code[1])
    page.get_by_role("button", name="Confirm", exact=True).click()


def until_shown(page: Page, path: str, wanted: Locator) -> None:
    """Opens ``path`` again and again until ``wanted`` is on the page."""

    def shown() -> bool:
        page.goto(path)
        return wanted.count() > 0

    until(shown, f"{wanted} on {path}", SOON, every=0.5)


def _wait_for(path: Path, process: subprocess.Popen[bytes]) -> dict[str, Any]:
    end = time.monotonic() + _START_SECONDS
    while time.monotonic() < end:
        if path.exists():
            found: dict[str, Any] = json.loads(path.read_text())
            return found
        if process.poll() is not None:
            break
        time.sleep(0.2)
    output = (path.parent / "output.log").read_text()[-3000:]
    pytest.fail(f"the local stack did not start:\n{output}")


def _generate_traffic(state: Path) -> None:
    secrets = json.loads((state / "secrets.json").read_text())
    environment = {name.upper(): value for name, value in secrets.items()} | {
        "PATH": os.environ["PATH"],
        "DATABASE_URL": f"sqlite:///{state / 'dashboard.sqlite3'}",
        "PYTHONPATH": f"{REPOSITORY / 'shared/src'}{os.pathsep}{REPOSITORY / 'dashboard'}",
        "DJANGO_DEBUG": "true",
    }
    subprocess.run(
        [sys.executable, "manage.py", "generate_usage", "demo", "--rows", "8000", "--days", "45"],
        cwd=REPOSITORY / "dashboard",
        env=environment,
        check=True,
        capture_output=True,
    )
