"""From sign-up to the first cached answer, as a person does it."""

import json
import urllib.request

from playwright.sync_api import Browser, expect

from tests.e2e.browser.conftest import SCREENSHOTS, Stack, confirm_address, until_shown


def _ask(base_url: str, api_key: str) -> str:
    """One request with the values of the page; the cache verdict that came back."""
    request = urllib.request.Request(  # noqa: S310 - our own address
        f"{base_url}/chat/completions",
        data=json.dumps(
            {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "What is a cache?"}]}
        ).encode(),
        headers={"Authorization": f"Bearer {api_key}", "Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request) as response:  # noqa: S310
        assert response.status == 200
        verdict: str = response.headers["x-watchllm-cache"]
        return verdict


def test_from_sign_up_to_the_first_hit(chromium: Browser, stack: Stack) -> None:
    context = chromium.new_context(base_url=stack.dashboard, timezone_id="Asia/Kolkata")
    page = context.new_page()
    problems: list[str] = []
    page.on("console", lambda line: problems.append(line.text) if line.type == "error" else None)
    page.on("pageerror", lambda error: problems.append(str(error)))

    page.goto("/")
    page.get_by_role("link", name="Start free").first.click()
    page.get_by_label("Organization").fill("Rockets")
    page.get_by_label("Email").fill("ada@example.com")
    page.get_by_label("Password").fill("correct horse battery")
    page.get_by_role("button", name="Create account").click()
    expect(page.get_by_text("It confirms the address of the account")).to_be_visible()
    page.screenshot(path=SCREENSHOTS / "confirm-address.png", full_page=True)
    confirm_address(page, "ada@example.com")

    page.get_by_label("Project name").fill("Support bot")
    page.get_by_role("button", name="Create project").click()
    expect(page).to_have_url(f"{stack.dashboard}/app/rockets/support-bot/start/")
    expect(page.get_by_text("Waiting for your first request")).to_be_visible()

    page.get_by_role("button", name="Create API key").click()
    api_key = page.locator("#new-key").inner_text()
    assert api_key.startswith("lgw_")
    snippet = page.locator("#code-curl")
    expect(snippet).to_contain_text(api_key)
    expect(snippet).to_contain_text(stack.edge)
    page.get_by_role("tab", name="curl").focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator("#code-python")).to_be_visible()
    expect(page.locator("#code-python")).to_contain_text(api_key)
    page.screenshot(path=SCREENSHOTS / "onboarding-key.png", full_page=True)

    assert _ask(stack.edge, api_key) == "MISS"
    expect(page.get_by_text("First request received")).to_be_visible(timeout=60_000)
    assert _ask(stack.edge, api_key) == "HIT"
    expect(page.get_by_text("Your cache works")).to_be_visible(timeout=60_000)
    page.screenshot(path=SCREENSHOTS / "onboarding-hit.png", full_page=True)

    page.reload()
    assert api_key not in page.content()

    page.get_by_role("link", name="Go to the overview").click()
    rate = page.locator(".stat").filter(has_text="Hit rate")
    expect(rate).to_be_visible()
    until_shown(page, page.url, rate.filter(has_text="50.0%"))
    page.get_by_role("link", name="Requests", exact=True).click()
    expect(page.locator("tbody tr")).to_have_count(2)
    page.locator("tbody tr a").first.click()
    drawer = page.get_by_role("dialog")
    expect(drawer).to_contain_text("A stored answer to exactly this request")
    page.keyboard.press("Escape")
    expect(drawer).to_be_hidden()
    assert problems == []
    context.close()
