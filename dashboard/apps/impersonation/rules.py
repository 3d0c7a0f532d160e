"""Which staff may see the dashboard as which customer, and which pages stay closed to them."""

from apps.accounts.models import User

SEE = "impersonation.impersonate"
WRITE = "impersonation.impersonate_write"

PERSONAL = "/accounts/"
"""Password, e-mail address, second factors, sessions, connections: a person's own."""
OWN = frozenset(
    {
        "/accounts/logout/",
        "/accounts/reauthenticate/",
        "/accounts/2fa/reauthenticate/",
        "/accounts/2fa/webauthn/reauthenticate/",
    }
)
"""Exceptions that act on the staff member's own account: signing out, confirming a password."""


def refusal(staff: User, user: User) -> str:
    """Why ``staff`` may not see the dashboard as ``user``; empty when they may.

    Checked at the start and with every request: a withdrawn permission ends the visit at once.
    """
    if not (staff.is_active and staff.is_staff and staff.has_perm(SEE)):
        return "You do not have the permission to see the dashboard as a customer."
    if user.pk == staff.pk:
        return "This is your own account: open the dashboard directly."
    if user.is_staff or user.is_superuser:
        return "Accounts of staff cannot be entered."
    if not user.is_active:
        return "This account is not active."
    return ""
