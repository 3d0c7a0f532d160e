"""The playground, a real semantic hit, and a person's verdict that takes its answer away."""

import json
import urllib.request
from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import Browser, Page, expect

from tests.e2e.browser.conftest import SCREENSHOTS, SOON, Stack, until_shown
from tests.e2e.browser.looks import COLOUR_RULES, LOOKS, too_wide, violations
from tests.worker.edge import until

ASKED = "How do I reverse a list in Python?"
PARAPHRASE = "How can I reverse a list in Python?"
CACHE = "/app/demo/demo/cache/"


def test_from_the_playground_to_a_verdict(chromium: Browser, stack: Stack, axe: str) -> None:
    context = chromium.new_context(base_url=stack.dashboard, reduced_motion="reduce")
    page = context.new_page()
    problems: list[str] = []
    page.on("console", lambda line: problems.append(line.text) if line.type == "error" else None)
    page.on("pageerror", lambda error: problems.append(str(error)))
    stack.sign_in(page)

    page.goto(f"{CACHE}playground/")
    expect(page.get_by_text("Nothing compared yet")).to_be_visible()
    page.get_by_role("link", name="An opposite").click()
    expect(page.get_by_label("Asked now")).to_have_value("How do I sell a house?")
    expect(page.get_by_text("The guard “opposites” refuses").first).to_be_visible()
    page.get_by_label("Asked before").fill(ASKED)
    page.get_by_label("Asked now").fill(PARAPHRASE)
    page.get_by_role("button", name="Compare").click()
    expect(page.get_by_text("serve", exact=True)).to_have_count(2)
    expect(page.get_by_text("open by the shipped prior").first).to_be_visible()
    shared = parse_qs(urlsplit(page.url).query)
    assert shared == {"asked": [PARAPHRASE], "cached": [ASKED]}
    page.reload()
    expect(page.get_by_text("serve", exact=True)).to_have_count(2)
    _look(page, "playground-result", axe, problems)
    page.reload()  # axe leaves marks in a page, which htmx would put into its history
    page.get_by_role("link", name="Another number").click()
    expect(page.get_by_text("The guard “numbers” refuses").first).to_be_visible()
    _look(page, "playground-refused", axe, problems)

    page.goto("/app/demo/demo/settings/")
    page.get_by_label("Log prompts").check()
    page.get_by_role("button", name="Save").first.click()
    expect(page.get_by_text("Saved.")).to_be_visible()

    assert _ask(stack, ASKED) == "MISS"
    # Stored after its answer; asked exactly again, it says when that was.
    until(lambda: _ask(stack, ASKED) == "HIT", "the answer in the cache", SOON, every=0.1)
    hit = _ask(stack, PARAPHRASE)
    row = page.locator(".pair").filter(has_text=PARAPHRASE)
    until_shown(page, f"{CACHE}quality/", row)
    expect(row).to_contain_text(PARAPHRASE)
    expect(row).to_contain_text(ASKED)
    page.locator("summary", has_text="By probability and model").click()
    _look(page, "quality", axe, problems)
    page.reload()
    page.get_by_role("link", name="Near misses").click()
    expect(page.get_by_text("No near miss yet")).to_be_visible()
    page.go_back()
    row.get_by_role("button", name="Wrong hit").click()
    expect(page.locator(".toast")).to_contain_text("removed from the cache")
    expect(row).to_contain_text(stack.email)
    expect(row.get_by_role("button")).to_have_count(0)
    assert hit == "HIT-SEMANTIC"
    assert _ask(stack, PARAPHRASE) == "MISS"
    page.screenshot(path=SCREENSHOTS / "quality-verdict.png", full_page=True)

    page.goto(f"{CACHE}entries/")
    kept = page.locator("#kept")
    expect(kept).to_contain_text("gpt-4o-mini")
    expect(kept).to_contain_text("Together")
    _look(page, "entries", axe, problems)
    assert problems == []
    context.close()


def _ask(stack: Stack, question: str) -> str:
    """One request; the cache verdict that came back."""
    request = urllib.request.Request(  # noqa: S310 - our own address
        f"{stack.edge}/chat/completions",
        data=json.dumps(
            {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": question}]}
        ).encode(),
        headers={"Authorization": f"Bearer {stack.api_key}", "Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request) as response:  # noqa: S310
        verdict: str = response.headers["x-watchllm-cache"]
        return verdict


def _look(page: Page, name: str, axe: str, problems: list[str]) -> None:
    """Pictures in each look; nothing too wide, no serious accessibility issue."""
    for look, options in LOOKS.items():
        page.set_viewport_size(options["viewport"])
        page.emulate_media(color_scheme=options["color_scheme"])
        page.screenshot(path=SCREENSHOTS / look / f"semantic-{name}.png", full_page=True)
        found = too_wide(page) + violations(page, axe, COLOUR_RULES if look == "dark" else ())
        problems.extend(f"{name} in {look}: {problem}" for problem in found)
    page.set_viewport_size(LOOKS["light"]["viewport"])
    page.emulate_media(color_scheme="light")
