"""The consequences of a change of plan, in sentences: shown before it, and sent by e-mail after
it."""

from django.utils import timezone

from apps.accounts.models import Organization, Overage, Plan
from apps.projects.models import Project
from apps.usage.month import requests_this_month


def consequences(organization: Organization, plan: Plan) -> tuple[str, ...]:
    """The worst first. Overrides that staff gave the organization stay in force."""
    sentences = []
    quota = organization.override_monthly_requests or plan.monthly_requests
    if quota is None:
        sentences.append("The number of requests is not limited.")
    else:
        used = requests_this_month(organization, timezone.now())
        sentences.append(f"The month's quota is {quota:,} requests.")
        if used >= quota:
            sentences.append(
                f"This month's {used:,} requests are above it already: {past_quota(plan.overage)}"
            )
    rate = organization.override_requests_per_minute or plan.requests_per_minute
    if rate is not None:
        sentences.append(f"Each project may send {rate:,} requests a minute.")
    streams = organization.override_concurrent_streams or plan.concurrent_streams
    if streams is not None:
        sentences.append(f"Each project may have {streams:,} streams open at providers at once.")
    allowed = organization.override_max_projects or plan.max_projects
    projects = Project.objects.filter(organization=organization, archived_at=None).count()
    if allowed is not None and projects > allowed:
        sentences.append(
            f"You have {projects} projects and the plan allows {allowed}: all of them keep working "
            f"and nothing is deleted, but new ones can be made only once there are fewer."
        )
    return tuple(sentences)


def past_quota(overage: str) -> str:
    """What the edge does beyond the quota."""
    if overage == Overage.CACHE_ONLY:
        return "cached answers are still served, everything else gets status 429 until it ends."
    return "requests get status 429 until the month ends or you upgrade."
