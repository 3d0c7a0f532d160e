"""About traffic, savings and keys. Numbers are text already."""

from apps.emails.content import Button, Content, Paragraph, facts


def first_hit(*, organization: str, project: str, usage_url: str) -> Content:
    """The cache answered for the first time."""
    return Content(
        name="first_hit",
        subject="Your first answer from the cache",
        blocks=(
            Paragraph(
                f"{project} of {organization} just got an answer without asking the provider. "
                "From here on, every repeated question costs nothing."
            ),
            Button("See what you save", usage_url),
        ),
        optional="tips",
    )


def usage_alert(
    *,
    organization: str,
    percent: int,
    used: str,
    quota: str,
    resets: str,
    past_quota: str,
    billing_url: str,
) -> Content:
    """50, 80, 90 or 100 % of the month's quota; ``past_quota`` says what happens beyond."""
    return Content(
        name="usage_alert",
        subject=f"{organization} has used {percent}% of this month's requests",
        title=f"{percent}% of this month's requests are used",
        blocks=(
            facts(
                ("Organization", organization),
                ("Used", used),
                ("Quota", quota),
                ("Starts again", resets),
            ),
            Paragraph(past_quota),
            Button("Compare plans", billing_url),
        ),
        optional="usage_alerts",
    )


def budget_alert(
    *, organization: str, budget_of: str, percent: int, spent: str, budget: str, url: str
) -> Content:
    """``budget_of`` is the project or key whose budget it is."""
    return Content(
        name="budget_alert",
        subject=f"{budget_of} has spent {percent}% of its budget",
        title=f"{percent}% of a monthly budget is spent",
        blocks=(
            facts(
                ("Organization", organization),
                ("Budget of", budget_of),
                ("Spent", spent),
                ("Budget", budget),
            ),
            Button("See where it went", url),
        ),
        optional="usage_alerts",
    )


def anomaly(
    *, organization: str, what: str, now: str, usual: str, hour: str, usage_url: str
) -> Content:
    """``what`` is ``spend`` or ``errors``."""
    return Content(
        name="anomaly",
        subject=f"Unusual {what} in {organization}",
        title=f"Unusual {what}",
        blocks=(
            facts(
                ("Organization", organization),
                ("Hour", hour),
                ("In that hour", now),
                ("Usually at most", usual),
            ),
            Paragraph("Compared with the hours of the seven days before."),
            Button("Look at the requests", usage_url),
        ),
        optional="anomalies",
    )


def semantic_bound(
    *,
    organization: str,
    project: str,
    mode: str,
    target: str,
    bound: str,
    checks: str,
    quality_url: str,
) -> Content:
    """``checks`` says how many were wrong (``4 of 460``); shares are text (``1.0 %``)."""
    return Content(
        name="semantic_bound",
        subject=f"Semantic hits of {project} may be wrong too often",
        blocks=(
            facts(
                ("Organization", organization),
                ("Mode", mode),
                ("Wrong of checked", checks),
                ("Upper bound", bound),
                ("Target", target),
            ),
            Paragraph(
                "A sample of the answers to paraphrased prompts is checked against a fresh answer "
                "of the provider. After the checks of the last 30 days, the share of wrong ones "
                "may be as high as the upper bound. The cache asks for more certainty by itself "
                "as checks come in. If wrong answers hurt, turn paraphrases off until you have "
                "looked at them."
            ),
            Button("See the checked hits", quality_url),
        ),
        optional="anomalies",
    )


def weekly_report(
    *,
    organization: str,
    week: str,
    requests: str,
    hit_rate: str,
    saved: str,
    spent: str,
    usage_url: str,
) -> Content:
    """Sums of the past week, Monday to Sunday (UTC)."""
    return Content(
        name="weekly_report",
        subject=f"{organization} saved {saved} last week",
        title=f"{saved} saved last week",
        blocks=(
            facts(
                ("Organization", organization),
                ("Week", week),
                ("Requests", requests),
                ("From the cache", hit_rate),
                ("Spent at providers", spent),
                ("Saved", saved),
            ),
            Button("See the details", usage_url),
        ),
        optional="weekly_report",
    )


def key_created(*, organization: str, project: str, key: str, by: str, keys_url: str) -> Content:
    """To owners and admins. ``key`` is masked."""
    return Content(
        name="key_created",
        subject=f"New API key in {project}",
        title="A new API key was created",
        blocks=(
            facts(("Organization", organization), ("Project", project), ("Key", key), ("By", by)),
            Paragraph("If you do not expect this, revoke the key and look at the audit log."),
            Button("See the keys", keys_url),
        ),
    )


def key_expiring(
    *, organization: str, project: str, key: str, expires: str, keys_url: str
) -> Content:
    """A week before."""
    return Content(
        name="key_expiring",
        subject=f"An API key of {project} expires on {expires}",
        title=f"An API key expires on {expires}",
        blocks=(
            facts(("Organization", organization), ("Project", project), ("Key", key)),
            Paragraph(
                "Requests with it are refused from then on. Make a new key and swap it in time."
            ),
            Button("See the keys", keys_url),
        ),
    )
