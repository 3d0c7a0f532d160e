"""The command palette with nothing but a keyboard."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.e2e.browser.conftest import SCREENSHOTS, Stack
from tests.e2e.browser.looks import COLOUR_RULES, LOOKS, too_wide, violations

HOME = "/app/demo/demo/"


@pytest.fixture(scope="module")
def session(chromium: Browser, stack: Stack) -> Iterator[BrowserContext]:
    """The demo's owner, signed in."""
    context = chromium.new_context(base_url=stack.dashboard, reduced_motion="reduce")
    page = context.new_page()
    stack.sign_in(page)
    page.close()
    yield context
    context.close()


@pytest.fixture
def page(session: BrowserContext) -> Iterator[Page]:
    """The overview; a test fails when the page complained about anything."""
    page = session.new_page()
    problems: list[str] = []
    page.on("console", lambda line: problems.append(line.text) if line.type == "error" else None)
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.goto(HOME)
    yield page
    page.close()
    assert problems == []


def _open(page: Page, key: str = "Control+k") -> None:
    page.keyboard.press(key)
    expect(page.get_by_role("option").first).to_be_visible()


def _chosen(page: Page) -> str:
    """The option that the input points at, as a screen reader is told it."""
    found = page.evaluate(
        """() => {
            const input = document.getElementById("palette-input");
            const option = document.getElementById(input.getAttribute("aria-activedescendant"));
            return [option.querySelector("span").textContent, option.getAttribute("aria-selected")];
        }"""
    )
    assert found[1] == "true"
    name: str = found[0]
    return name


def test_to_a_page_by_typing_a_part_of_its_name(page: Page) -> None:
    _open(page)
    field = page.get_by_role("combobox")
    expect(field).to_be_focused()
    expect(field).to_have_attribute("aria-expanded", "true")
    page.keyboard.type("prov")
    assert _chosen(page) == "Providers"
    page.keyboard.press("Enter")
    page.wait_for_url(f"**{HOME}providers/")


def test_arrows_go_round_and_one_option_is_chosen(page: Page) -> None:
    _open(page)
    first = _chosen(page)
    page.keyboard.press("ArrowUp")
    assert _chosen(page) == "Dark theme"
    page.keyboard.press("ArrowDown")
    assert _chosen(page) == first
    page.keyboard.press("ArrowDown")
    assert _chosen(page) != first
    expect(page.locator('#palette [aria-selected="true"]')).to_have_count(1)


def test_a_question_mark_opens_it_but_not_while_typing(page: Page) -> None:
    _open(page, "?")
    page.keyboard.press("Escape")
    expect(page.get_by_role("combobox")).to_be_hidden()
    page.goto(f"{HOME}keys/new/")
    page.get_by_label("Name").focus()
    page.keyboard.type("what?")
    expect(page.get_by_label("Name")).to_have_value("what?")
    expect(page.locator("#palette")).to_be_hidden()


def test_escape_gives_the_focus_back(page: Page) -> None:
    button = page.get_by_role("button", name="Go to…").first
    button.focus()
    expect(button).to_contain_text("Ctrl K")
    page.keyboard.press("Enter")
    expect(page.get_by_role("combobox")).to_be_focused()
    page.keyboard.press("Escape")
    expect(button).to_be_focused()


def test_the_theme_changes_at_once(page: Page) -> None:
    _open(page)
    page.keyboard.type("dark")
    assert _chosen(page) == "Dark theme"
    page.keyboard.press("Enter")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    expect(page.locator("#palette")).to_be_hidden()
    _open(page)
    page.keyboard.type("system theme")
    page.keyboard.press("Enter")
    assert page.evaluate("document.documentElement.dataset.theme ?? 'system'") == "system"


def test_the_documentation_is_searched_as_one_types(page: Page) -> None:
    _open(page)
    page.keyboard.type("x-watchllm-cache-ttl")
    passage = page.locator("#palette-passages").get_by_role("option").first
    expect(passage).to_be_visible()
    page.keyboard.press("Enter")
    page.wait_for_url("**/docs/headers/**")


def test_what_matches_nothing_is_said(page: Page) -> None:
    _open(page)
    page.keyboard.type("qqzzqq")
    expect(page.get_by_text("Nothing matches “qqzzqq”.")).to_be_visible()
    expect(page.get_by_role("combobox")).to_have_attribute("aria-expanded", "false")
    page.keyboard.press("Enter")  # goes nowhere
    expect(page.locator("#palette")).to_be_visible()


def test_a_server_that_is_away_is_said_and_tried_again(session: BrowserContext) -> None:
    page = session.new_page()
    page.goto(HOME)
    page.route("**/palette/", lambda route: route.abort())
    page.keyboard.press("Control+k")
    expect(page.get_by_text("This could not be loaded.")).to_be_visible()
    page.keyboard.press("Escape")
    page.unroute("**/palette/")
    _open(page)
    page.close()


@pytest.mark.parametrize("look", LOOKS)
def test_it_looks_right(
    session: BrowserContext, chromium: Browser, stack: Stack, look: str, axe: str
) -> None:
    context = chromium.new_context(
        base_url=stack.dashboard,
        storage_state=session.storage_state(),
        reduced_motion="reduce",
        **LOOKS[look],
    )
    page = context.new_page()
    page.goto(HOME)
    page.locator("[data-palette]:visible").click()
    expect(page.get_by_role("option").first).to_be_visible()
    page.screenshot(path=SCREENSHOTS / look / "palette.png")
    assert too_wide(page) == []
    assert violations(page, axe, COLOUR_RULES if look == "dark" else ()) == []
    context.close()
