"""About plans and payments. Money is text already (``$29.00``), dates too (``12 March 2026``)."""

from apps.emails.content import Button, Content, Paragraph, facts, message


def payment_failed(
    *, organization: str, amount: str, plan: str, service_until: str, pay_url: str
) -> Content:
    """The first failure of an invoice; says until when nothing changes."""
    return message(
        "payment_failed",
        f"Payment failed for {organization}",
        facts(("Organization", organization), ("Plan", plan), ("Amount", amount)),
        Paragraph(
            f"Your service goes on unchanged until {service_until}. If the invoice is still "
            "open then, the organization continues on the Free plan. Nothing is deleted."
        ),
        Button("Pay or change the card", pay_url),
        title="A payment did not go through",
    )


def payment_recovered(*, organization: str, amount: str, plan: str) -> Content:
    """The failed invoice is paid after all."""
    return message(
        "payment_recovered",
        f"Payment received for {organization}",
        facts(("Organization", organization), ("Plan", plan), ("Amount", amount)),
        Paragraph("Thank you. There is nothing left to do."),
        title="The payment went through",
    )


def plan_changed(
    *,
    organization: str,
    before: str,
    after: str,
    reason: str,
    consequences: tuple[str, ...],
    billing_url: str,
) -> Content:
    """``consequences`` are sentences: what is different from now on."""
    return message(
        "plan_changed",
        f"{organization} is on the {after} plan",
        facts(("Before", before), ("Now", after), ("Why", reason)),
        *(Paragraph(sentence) for sentence in consequences),
        Button("See plan and invoices", billing_url),
    )


def cancellation_scheduled(
    *, organization: str, plan: str, until: str, billing_url: str
) -> Content:
    """The subscription ends with the paid period."""
    return message(
        "cancellation_scheduled",
        f"{organization}: {plan} ends on {until}",
        Paragraph(
            f"{organization} stays on {plan} until {until} and continues on Free from then on. "
            "Nothing is deleted. You can keep the subscription until that day."
        ),
        Button("Keep the subscription", billing_url),
        title="Your subscription will end",
    )


def subscription_ended(*, organization: str, plan: str, billing_url: str) -> Content:
    """Every attempt to collect the payment failed; the organization was already on Free."""
    return message(
        "subscription_ended",
        f"{organization}: the {plan} subscription has ended",
        Paragraph(
            f"The last payment for {plan} never went through, so the subscription has ended. "
            "You owe nothing: the open invoice was cancelled."
        ),
        Paragraph(
            f"{organization} stays on Free, and nothing is deleted. You can choose a plan "
            "again at any time."
        ),
        Button("Choose a plan", billing_url),
        title="Your subscription has ended",
    )


def trial_ending(
    *, organization: str, plan: str, ends: str, amount: str, billing_url: str
) -> Content:
    """Three days before the first payment."""
    return message(
        "trial_ending",
        f"Your {plan} trial ends on {ends}",
        Paragraph(
            f"{organization} then pays {amount} a month. Cancel before that day to stay on "
            "Free instead."
        ),
        Button("See plan and card", billing_url),
    )


def refund_issued(*, organization: str, amount: str, invoice: str) -> Content:
    """Money goes back."""
    return message(
        "refund_issued",
        f"Refund for {organization}",
        facts(("Organization", organization), ("Invoice", invoice), ("Refunded", amount)),
        Paragraph("Your bank shows it within five to ten days."),
        title="We have refunded a payment",
    )
