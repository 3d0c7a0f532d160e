"""About traffic, savings and keys. Numbers are text already."""

from apps.emails.content import Button, Content, Paragraph, facts, message


def first_hit(*, organization: str, project: str, usage_url: str) -> Content:
    """The cache answered for the first time."""
    return message(
        "first_hit",
        "Your first answer from the cache",
        Paragraph(
            f"{project} of {organization} just got an answer without asking the provider. "
            "From here on, every repeated question costs nothing."
        ),
        Button("See what you save", usage_url),
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
    return message(
        "usage_alert",
        f"{organization} has used {percent}% of this month's requests",
        facts(
            ("Organization", organization),
            ("Used", used),
            ("Quota", quota),
            ("Starts again", resets),
        ),
        Paragraph(past_quota),
        Button("Compare plans", billing_url),
        title=f"{percent}% of this month's requests are used",
        optional="usage_alerts",
    )


def budget_alert(
    *, organization: str, budget_of: str, percent: int, spent: str, budget: str, url: str
) -> Content:
    """``budget_of`` is the project or key whose budget it is."""
    return message(
        "budget_alert",
        f"{budget_of} has spent {percent}% of its budget",
        facts(
            ("Organization", organization),
            ("Budget of", budget_of),
            ("Spent", spent),
            ("Budget", budget),
        ),
        Button("See where it went", url),
        title=f"{percent}% of a monthly budget is spent",
        optional="usage_alerts",
    )


def anomaly(
    *, organization: str, what: str, now: str, usual: str, hour: str, usage_url: str
) -> Content:
    """``what`` is ``spend`` or ``errors``."""
    return message(
        "anomaly",
        f"Unusual {what} in {organization}",
        facts(
            ("Organization", organization),
            ("Hour", hour),
            ("In that hour", now),
            ("Usually at most", usual),
        ),
        Paragraph("Compared with the hours of the seven days before."),
        Button("Look at the requests", usage_url),
        title=f"Unusual {what}",
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
    """``checks`` says how many differed (``4 of 460``); shares are text (``1.0 %``)."""
    return message(
        "semantic_bound",
        f"Semantic hits of {project} may be wrong too often",
        facts(
            ("Organization", organization),
            ("Mode", mode),
            ("Differed of checked", checks),
            ("Upper bound", bound),
            ("Target", target),
        ),
        Paragraph(
            "A sample of the answers to paraphrased prompts is checked against a fresh answer "
            "of the provider. In the last 30 days more of them differed than two fresh answers "
            "to one prompt would: more are expected to be wrong than the target allows, and their "
            "share may be as high as the upper bound. The cache asks for more certainty by "
            "itself as checks come in. If wrong answers hurt, turn paraphrases off until you have "
            "looked at them."
        ),
        Button("See the checked hits", quality_url),
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
    return message(
        "weekly_report",
        f"{organization} saved {saved} last week",
        facts(
            ("Organization", organization),
            ("Week", week),
            ("Requests", requests),
            ("From the cache", hit_rate),
            ("Spent at providers", spent),
            ("Saved", saved),
        ),
        Button("See the details", usage_url),
        title=f"{saved} saved last week",
        optional="weekly_report",
    )


def key_created(*, organization: str, project: str, key: str, by: str, keys_url: str) -> Content:
    """To owners and admins. ``key`` is masked."""
    return message(
        "key_created",
        f"New API key in {project}",
        facts(("Organization", organization), ("Project", project), ("Key", key), ("By", by)),
        Paragraph("If you do not expect this, revoke the key and look at the audit log."),
        Button("See the keys", keys_url),
        title="A new API key was created",
    )


def key_expiring(
    *, organization: str, project: str, key: str, expires: str, keys_url: str
) -> Content:
    """A week before."""
    return message(
        "key_expiring",
        f"An API key of {project} expires on {expires}",
        facts(("Organization", organization), ("Project", project), ("Key", key)),
        Paragraph("Requests with it are refused from then on. Make a new key and swap it in time."),
        Button("See the keys", keys_url),
        title=f"An API key expires on {expires}",
    )
