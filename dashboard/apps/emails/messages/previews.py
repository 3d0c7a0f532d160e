"""Every message with sample values."""

from apps.emails.content import Content
from apps.emails.messages import account, billing, usage

_APP = "https://app.example.com"

PREVIEWS: tuple[Content, ...] = (
    account.welcome(name="Ada", base_url="https://edge.example.com/v1", app_url=f"{_APP}/app/"),
    account.verify(url=f"{_APP}/accounts/confirm-email/sample/"),
    account.password_reset(url=f"{_APP}/accounts/password/reset/key/sample/"),
    account.account_notice(
        subject="Password changed",
        text="Your password was changed.\n\nIf it was not you, reset it.",
    ),
    account.invitation(
        organization="Acme",
        inviter="Ada Lovelace",
        role="member",
        url=f"{_APP}/invitations/sample/",
    ),
    account.new_device(
        when="12 March 2026, 09:30 UTC",
        browser="Firefox on Linux",
        address="192.0.2.7",
        password_url=f"{_APP}/accounts/password/change/",
    ),
    billing.payment_failed(
        organization="Acme",
        amount="$29.00",
        plan="Starter",
        service_until="19 March 2026",
        pay_url=f"{_APP}/app/acme/billing/",
    ),
    billing.payment_recovered(organization="Acme", amount="$29.00", plan="Starter"),
    billing.plan_changed(
        organization="Acme",
        before="Pro",
        after="Starter",
        reason="You changed the plan",
        consequences=(
            "The month's quota is 250,000 requests.",
            "You have 12 projects and the plan allows 10: all keep working, none is added.",
        ),
        billing_url=f"{_APP}/app/acme/billing/",
    ),
    billing.cancellation_scheduled(
        organization="Acme",
        plan="Starter",
        until="12 April 2026",
        billing_url=f"{_APP}/app/acme/billing/",
    ),
    billing.trial_ending(
        organization="Acme",
        plan="Pro",
        ends="15 March 2026",
        amount="$49.00",
        billing_url=f"{_APP}/app/acme/billing/",
    ),
    billing.refund_issued(organization="Acme", amount="$29.00", invoice="WLLM-0007"),
    usage.first_hit(organization="Acme", project="Search", usage_url=f"{_APP}/app/acme/"),
    usage.usage_alert(
        organization="Acme",
        percent=90,
        used="225,017",
        quota="250,000",
        resets="1 April 2026",
        past_quota="At 100 % the edge answers with status 429 until the month ends.",
        billing_url=f"{_APP}/app/acme/billing/",
    ),
    usage.budget_alert(
        organization="Acme",
        subject="Search",
        percent=80,
        spent="$80.14",
        budget="$100.00",
        url=f"{_APP}/app/acme/",
    ),
    usage.anomaly(
        organization="Acme",
        what="spend",
        now="$12.40",
        usual="$1.10",
        hour="12 March 2026, 09:00 UTC",
        usage_url=f"{_APP}/app/acme/",
    ),
    usage.semantic_bound(
        organization="Acme",
        project="Search",
        mode="strict",
        target="1.0 %",
        bound="2.2 %",
        checks="4 of 520",
        cache_url=f"{_APP}/app/acme/search/cache/",
    ),
    usage.weekly_report(
        organization="Acme",
        week="2 to 8 March 2026",
        requests="48,210",
        hit_rate="41.3 %",
        saved="$96.20",
        spent="$131.75",
        usage_url=f"{_APP}/app/acme/",
    ),
    usage.key_created(
        organization="Acme",
        project="Search",
        key="lgw_ab12…9xyz",
        by="ada@example.com",
        keys_url=f"{_APP}/app/acme/",
    ),
    usage.key_expiring(
        organization="Acme",
        project="Search",
        key="lgw_ab12…9xyz",
        expires="19 March 2026",
        keys_url=f"{_APP}/app/acme/",
    ),
)
