from apps.accounts.models.invitation import Invitation
from apps.accounts.models.organization import Membership, Organization, Role
from apps.accounts.models.plan import Overage, Plan, PlanLimits
from apps.accounts.models.user import User

__all__ = [
    "Invitation",
    "Membership",
    "Organization",
    "Overage",
    "Plan",
    "PlanLimits",
    "Role",
    "User",
]
