"""Upgrade, pay, fail to pay, recover and cancel, as a customer does it on the local stack: through
the dashboard, Stripe's double and the mailbox, with the edge's limits looked at after each step.
"""

import urllib.error
import urllib.request

from playwright.sync_api import Browser, Page, expect

from tests.e2e.browser.conftest import SCREENSHOTS, SOON, Stack, confirm_address
from tests.worker.edge import until

FOLDER = SCREENSHOTS / "upgrade"


class Customer:
    """A person with a browser and an API key."""

    def __init__(self, page: Page, stack: Stack) -> None:
        self.page = page
        self.stack = stack
        self.api_key = ""
        self.billing = f"{stack.dashboard}/app/boosters/-/billing/"

    def sign_up(self) -> None:
        page = self.page
        page.goto("/accounts/signup/")
        page.get_by_label("Organization").fill("Boosters")
        page.get_by_label("Email").fill("edith@example.com")
        page.get_by_label("Password").fill("correct horse battery")
        page.get_by_role("button", name="Create account").click()
        confirm_address(page, "edith@example.com")
        page.get_by_label("Project name").fill("Support bot")
        page.get_by_role("button", name="Create project").click()
        page.get_by_role("button", name="Create API key").click()
        self.api_key = page.locator("#new-key").inner_text()

    def requests_per_minute(self) -> int:
        """As the edge says with each answer, a 429 included."""
        request = urllib.request.Request(  # noqa: S310 - our own address
            f"{self.stack.edge}/models", headers={"Authorization": f"Bearer {self.api_key}"}
        )
        try:
            with urllib.request.urlopen(request) as response:  # noqa: S310
                return int(response.headers["x-ratelimit-limit-requests"])
        except urllib.error.HTTPError as error:
            return int(error.headers["x-ratelimit-limit-requests"])

    def expect_limit(self, limit: int) -> None:
        until(
            lambda: self.requests_per_minute() == limit,
            f"{limit} requests a minute at the edge",
            SOON,
            every=1.0,
        )

    def wait_for(self, text: str) -> None:
        """The billing page says so, once the event has arrived and was handled."""

        def said() -> bool:
            self.page.goto(self.billing)
            return self.page.get_by_text(text).first.is_visible()

        until(said, f"'{text}' on the billing page", SOON, every=0.5)

    def look(self, name: str) -> None:
        self.page.screenshot(path=FOLDER / f"{name}.png", full_page=True)

    def mail(self, subject: str) -> str:
        """The text of the newest message with this subject, as the mailbox page shows it."""

        def arrived() -> bool:
            self.page.goto("/dev/mailbox/")
            return self.page.get_by_role("link", name=subject).first.is_visible()

        until(arrived, f"a message '{subject}'", SOON, every=0.5)
        self.page.get_by_role("link", name=subject).first.click()
        text = self.page.locator(".mail-text")
        expect(text).to_contain_text("-- ")  # whole, up to its signature
        return text.inner_text()


def test_upgrade_fail_recover_cancel(chromium: Browser, stack: Stack) -> None:
    context = chromium.new_context(base_url=stack.dashboard)
    page = context.new_page()
    problems: list[str] = []
    page.on("console", lambda line: problems.append(line.text) if line.type == "error" else None)
    page.on("pageerror", lambda error: problems.append(str(error)))
    edith = Customer(page, stack)
    edith.sign_up()
    assert edith.requests_per_minute() == 10

    page.goto(edith.billing)
    edith.look("1-free")
    page.get_by_role("link", name="Choose Starter").click()
    expect(page.get_by_text("250,000 requests")).to_be_visible()
    edith.look("2-consequences")
    page.get_by_role("button", name="Continue to payment").click()

    # At Checkout: a card that is declined, then one that pays.
    expect(page.get_by_text("Stripe test double")).to_be_visible()
    edith.look("3-checkout")
    card = page.get_by_label("Test card")
    card.select_option("4000000000000002")
    page.get_by_role("button", name="Subscribe").click()
    expect(page.get_by_role("alert")).to_contain_text("declined")
    edith.look("4-declined")
    card.select_option("4242424242424242")
    page.get_by_role("button", name="Subscribe").click()
    expect(page).to_have_url(edith.billing)
    expect(page.get_by_text("Starter plan, paid for")).to_be_visible()
    edith.look("5-starter")
    edith.expect_limit(50)
    assert "Starter" in edith.mail("Boosters is on the Starter plan")

    # A renewal that fails: the card is changed in the portal, and the double lets a month pass.
    page.goto(edith.billing)
    page.get_by_role("button", name="Card, invoices, cancelling").click()
    edith.look("6-portal")
    page.get_by_label("Test card").select_option("4000000000000341")
    page.get_by_role("button", name="Use this card").click()
    double = page.url.partition("/portal")[0]
    page.goto(double)
    page.get_by_role("button", name="Let a month pass").click()
    edith.wait_for("A payment did not go through")
    expect(page.get_by_text("Service goes on unchanged until")).to_be_visible()
    expect(page.get_by_text("payment failed")).to_be_visible()
    edith.look("7-past-due")
    assert edith.requests_per_minute() == 50
    assert "Your service goes on unchanged until" in edith.mail("Payment failed for Boosters")

    # The invoice is paid after all, with another card.
    page.goto(edith.billing)
    page.get_by_role("button", name="Card, invoices, cancelling").click()
    page.get_by_label("Test card").select_option("4242424242424242")
    page.get_by_role("button", name="Use this card").click()
    page.goto(edith.billing)
    page.get_by_role("link", name="Pay $29.00").click()
    page.get_by_role("button", name="Pay now").click()
    edith.wait_for("Starter plan, paid for")
    edith.mail("Payment received for Boosters")

    # Cancelled in the portal; the billing page says what happens, and it does.
    page.goto(edith.billing)
    page.get_by_role("button", name="Card, invoices, cancelling").click()
    page.get_by_role("button", name="Cancel at the end of the period").click()
    page.get_by_role("link", name="Back to WatchLLM").click()
    edith.wait_for("from then on the plan is Free")
    edith.look("8-cancelled")
    assert "Nothing is deleted" in edith.mail("Boosters: Starter ends on")
    assert edith.requests_per_minute() == 50
    page.goto(double)
    page.get_by_role("button", name="Let a month pass").click()
    edith.wait_for("Free plan")
    edith.expect_limit(10)
    edith.look("9-free-again")
    edith.mail("Boosters is on the Free plan")
    edith.look("10-message")
    assert problems == []
    context.close()
