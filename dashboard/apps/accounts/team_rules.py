"""Who may change which member on the Team page. Admins manage everybody but owners; only owners
make owners. So nobody can raise their own role.
"""

from apps.accounts.access import Access
from apps.accounts.models import Membership, Role


def roles_to_give(access: Access) -> list[Role]:
    """The roles that the person may give to others, highest first."""
    if not access.can_manage:
        return []
    return [role for role in Role if access.is_owner or role != Role.OWNER]


def may_manage(access: Access, membership: Membership) -> bool:
    """True when the person may change or remove that member."""
    return access.can_manage and (access.is_owner or membership.role != Role.OWNER)
