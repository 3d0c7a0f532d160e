"""The staff site in a browser: health, feature switches, and the dashboard as a customer."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.e2e.browser.conftest import (
    SCREENSHOTS,
    Stack,
    confirm_address,
    running_stack,
    until_shown,
)
from tests.e2e.browser.looks import ALL_IMPACTS, LOOKS, Visitor, too_wide, violations

CUSTOMER = "grace@example.com"
PASSWORD = "correct horse battery"
REASON = "Ticket 4711: the chart looks wrong"
HEALTH = "/admin/staff/healthreport/"
SWITCHES = "/admin/features/featureoverride/"
PERSON = "/admin/accounts/user/?q=grace%40example.com"


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory, migrated_sqlite: Path) -> Iterator[Stack]:
    """One of this module's own: it switches features off for everybody."""
    with running_stack(tmp_path_factory.mktemp("stack"), migrated_sqlite) as stack:
        yield stack


@pytest.fixture(scope="module")
def desk(chromium: Browser, stack: Stack) -> Iterator[BrowserContext]:
    """A staff member's browser."""
    context = chromium.new_context(base_url=stack.dashboard, reduced_motion="reduce")
    page = context.new_page()
    stack.sign_in(page)
    page.close()
    yield context
    context.close()


@pytest.fixture(scope="module")
def customer(chromium: Browser, stack: Stack) -> Iterator[BrowserContext]:
    """A customer's browser, with an organization and a project."""
    context = chromium.new_context(base_url=stack.dashboard, reduced_motion="reduce")
    page = context.new_page()
    page.goto("/accounts/signup/")
    page.get_by_label("Organization").fill("Hopper")
    page.get_by_label("Email").fill(CUSTOMER)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Create account").click()
    confirm_address(page, CUSTOMER)
    page.get_by_label("Project name").fill("Compiler")
    page.get_by_role("button", name="Create project").click()
    page.wait_for_url("**/app/hopper/compiler/start/")
    page.close()
    yield context
    context.close()


def _page(context: BrowserContext, problems: list[str]) -> Page:
    page = context.new_page()
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda line: problems.append(line.text) if line.type == "error" else None)
    return page


def _confirmed(page: Page, stack: Stack) -> None:
    """Whoever begins a visit has confirmed within five minutes that it is them."""
    if "/accounts/reauthenticate/" in page.url:
        page.get_by_label("Password").fill(stack.password)
        page.get_by_role("button", name="Confirm").click()
        page.wait_for_url("**/impersonate/")


def test_an_examination_shows_up_by_itself(desk: BrowserContext, axe: str) -> None:
    problems: list[str] = []
    page = _page(desk, problems)
    page.goto(HEALTH)
    page.get_by_role("button", name="Examine now").click()
    expect(page.get_by_text("asked for by")).to_be_visible(timeout=60_000)
    box = page.locator("#examination")
    expect(box).to_contain_text("all migrations run")
    expect(box).to_contain_text("DJANGO_DEBUG is on")
    expect(page.get_by_text("Requests not yet counted")).to_be_visible()
    assert violations(page, axe) == []
    assert problems == []
    page.close()


def test_a_switch_turned_off_shows_to_the_customer(
    desk: BrowserContext, customer: BrowserContext, axe: str
) -> None:
    problems: list[str] = []
    page = _page(desk, problems)
    page.goto(f"{SWITCHES}add/")
    page.get_by_label("Feature").select_option("semantic_cache")
    page.get_by_label("Note").fill("wrong answers reported")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("Semantic cache for everybody").first).to_be_visible()
    assert violations(page, axe) == []
    theirs = _page(customer, problems)
    notice = theirs.get_by_text("switched off by the operator")
    # Other processes of the dashboard notice within ten seconds.
    until_shown(theirs, "/app/hopper/compiler/cache/", notice)
    expect(notice).to_be_visible()
    theirs.close()
    assert problems == []
    page.close()


def test_the_dashboard_as_a_customer(
    desk: BrowserContext, customer: BrowserContext, stack: Stack, axe: str
) -> None:
    problems: list[str] = []
    page = _page(desk, problems)
    page.goto(PERSON)
    page.get_by_role("link", name=CUSTOMER).first.click()
    page.get_by_role("link", name="See the dashboard as this person").click()
    page.wait_for_url("**/accounts/reauthenticate/**")
    _confirmed(page, stack)
    page.get_by_label("Reason").fill(REASON)
    page.get_by_role("button", name="Open the dashboard").click()
    page.wait_for_url("**/app/hopper/compiler/")
    banner = page.get_by_role("complementary", name="Impersonation")
    expect(banner).to_contain_text(CUSTOMER)
    expect(banner).to_contain_text("read only")
    assert violations(page, axe) == []
    assert problems == []

    page.goto("/app/hopper/compiler/keys/new/")
    page.get_by_label("Name").fill("Mine now")
    page.locator("main").get_by_role("button", name="Create").click()
    expect(page.get_by_text("may not change anything")).to_be_visible()
    page.goto("/accounts/email/")
    expect(page.get_by_text("belong to the customer")).to_be_visible()
    assert violations(page, axe) == []
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_text(f"no longer {CUSTOMER}")).to_be_visible()
    assert page.goto("/app/hopper/compiler/").status == 404  # type: ignore[union-attr]
    page.close()

    log = customer.new_page()
    log.goto("/app/hopper/-/audit/?kind=impersonation")
    expect(log.locator("main")).to_contain_text(REASON)
    expect(log.locator("main")).to_contain_text("impersonation.stop")
    log.goto("/app/hopper/compiler/keys/")
    expect(log.locator("main")).not_to_contain_text("Mine now")
    log.close()


@pytest.mark.parametrize("look", LOOKS)
def test_it_looks_right(
    desk: BrowserContext,
    customer: BrowserContext,
    chromium: Browser,
    stack: Stack,
    look: str,
) -> None:
    context = chromium.new_context(
        base_url=stack.dashboard,
        storage_state=desk.storage_state(),
        reduced_motion="reduce",
        **LOOKS[look],
    )
    page = context.new_page()
    page.goto(PERSON)
    person = page.get_by_role("link", name=CUSTOMER).first.get_attribute("href")
    assert person is not None
    start = person.partition("change/")[0] + "impersonate/"
    for name, address in (("health", HEALTH), ("switches", SWITCHES), ("impersonate", start)):
        page.goto(address)
        _confirmed(page, stack)
        _shoot(page, look, f"staff-{name}")
    page.get_by_label("Reason").fill(REASON)
    page.get_by_role("button", name="Open the dashboard").click()
    page.wait_for_url("**/app/hopper/compiler/")
    _shoot(page, look, "impersonation")
    page.get_by_role("button", name="Stop").click()
    page.wait_for_url("**/admin/**")
    context.close()


@pytest.fixture(scope="module")
def problems(
    desk: BrowserContext, chromium: Browser, stack: Stack, axe: str
) -> Iterator[dict[str, list[str]]]:
    """What axe finds at all, and what is wider than the screen: in each list and a form of it."""
    context = chromium.new_context(
        base_url=stack.dashboard, storage_state=desk.storage_state(), reduced_motion="reduce"
    )
    visitor = Visitor(context.new_page(), axe, ALL_IMPACTS)
    visitor.page.goto("/admin/")
    lists = _paths(visitor.page, "#nav-sidebar-inner a")
    assert len(lists) > 20
    for path in lists:
        visitor.visit(path)
        forms = _paths(visitor.page, "#result_list a[href*='/change/']")[:1]
        forms += [form for form in _paths(visitor.page, "#main a") if form == f"{path}add/"]
        for form in forms:
            visitor.visit(form)
    yield visitor.problems
    context.close()


@pytest.mark.parametrize("look", LOOKS)
def test_every_staff_page(problems: dict[str, list[str]], look: str) -> None:
    assert not problems[look], "\n".join(problems[look])


def _paths(page: Page, selector: str) -> list[str]:
    """Of the staff site's links among ``selector``, each once, without their queries."""
    found = page.eval_on_selector_all(selector, "links => links.map(a => a.getAttribute('href'))")
    paths = (link.partition("?")[0] for link in found if link and link.startswith("/admin/"))
    return list(dict.fromkeys(paths))


def _shoot(page: Page, look: str, name: str) -> None:
    page.screenshot(path=SCREENSHOTS / look / f"{name}.png", full_page=True)
    assert too_wide(page) == [], name
