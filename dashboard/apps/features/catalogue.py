"""Every switch that staff can turn, and what it does. A switch is here only if something reads it.

Adding one is a constant, an entry of ``FEATURES``, and ``selectors.enabled`` where it matters.
"""

from dataclasses import dataclass
from typing import Final

SIGNUPS_OPEN: Final = "signups_open"
SOCIAL_LOGIN: Final = "social_login"
PURCHASES: Final = "purchases"
WEBHOOKS: Final = "webhooks"
PLAYGROUND: Final = "playground"
SEMANTIC_CACHE: Final = "semantic_cache"


@dataclass(frozen=True, slots=True)
class Feature:
    """``per_organization`` false: it concerns people who have no organization yet."""

    name: str
    title: str
    description: str
    default: bool = True
    per_organization: bool = True


FEATURES: tuple[Feature, ...] = (
    Feature(
        SIGNUPS_OPEN,
        "Sign-up",
        "New accounts. While it is off, only people with an invitation can make one.",
        per_organization=False,
    ),
    Feature(
        SOCIAL_LOGIN,
        "Social log-in",
        "The buttons of GitHub and Google, where they are configured, and signing in through them.",
        per_organization=False,
    ),
    Feature(
        PURCHASES,
        "Purchases",
        "Buying a paid plan or changing to one. Cancelling and the invoices stay open.",
    ),
    Feature(
        WEBHOOKS,
        "Webhook deliveries",
        "Events to customers' endpoints. While it is off they wait, and go out afterwards.",
    ),
    Feature(
        PLAYGROUND,
        "Playground",
        "Comparing two prompts in the dashboard, which costs the dashboard's processor.",
    ),
    Feature(
        SEMANTIC_CACHE,
        "Semantic cache",
        "Answers to paraphrases. Off is in force at the edge within a minute, whatever a project "
        "or a request says; exact hits go on.",
    ),
)
BY_NAME: dict[str, Feature] = {feature.name: feature for feature in FEATURES}
