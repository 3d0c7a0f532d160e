"""The Team page, and the page behind an invitation's link."""

from typing import cast
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.accounts.access import Access, organization_view
from apps.accounts.models import Invitation, Membership, Role, User
from apps.accounts.models.invitation import token_hash
from apps.accounts.services.invitations import (
    invitation_accept,
    invitation_create,
    invitation_revoke,
)
from apps.accounts.services.memberships import membership_delete, membership_update
from apps.accounts.services.ownership import ownership_transfer
from apps.accounts.team_forms import InviteForm, RoleForm, TransferForm
from apps.accounts.team_rules import may_manage, roles_to_give


@require_safe
@organization_view()
def team(request: HttpRequest, access: Access) -> HttpResponse:
    """Members, and invitations that are open."""
    return _page(request, access)


@require_POST
@organization_view()
def team_invite(request: HttpRequest, access: Access) -> HttpResponse:
    """Sends an invitation."""
    form = InviteForm(request.POST, roles=roles_to_give(access))
    if form.is_valid():
        try:
            invitation = invitation_create(
                organization=access.organization, actor=access.user, **form.cleaned_data
            )
        except ValidationError as error:
            form.add_error("email", error.messages)
        else:
            messages.success(request, f"{invitation.email} has been sent a link, good for a week.")
            return _back(access)
    return _page(request, access, form)


@require_POST
@organization_view()
def team_withdraw(request: HttpRequest, access: Access, invitation_id: UUID) -> HttpResponse:
    """The invitation's link stops working."""
    invitation = get_object_or_404(access.organization.invitations, pk=invitation_id)
    invitation_revoke(invitation=invitation, actor=access.user)
    messages.success(request, f"The invitation of {invitation.email} is withdrawn.")
    return _back(access)


@require_POST
@organization_view()
def team_role(request: HttpRequest, access: Access, membership_id: int) -> HttpResponse:
    """Another role for a member."""
    membership = _managed(access, membership_id)
    form = RoleForm(request.POST, roles=roles_to_give(access))
    if not form.is_valid():
        raise PermissionDenied(Role.OWNER.label)
    try:
        membership_update(membership=membership, role=form.cleaned_data["role"], actor=access.user)
    except ValidationError as error:
        messages.error(request, error.messages[0])
    else:
        label = Role(membership.role).label.lower()
        messages.success(request, f"{membership.user.get_full_name()} is {label} now.")
    return _back(access)


@require_POST
@organization_view()
def team_remove(request: HttpRequest, access: Access, membership_id: int) -> HttpResponse:
    """The person loses access at once. Keys they made go on working."""
    membership = _managed(access, membership_id)
    name = membership.user.get_full_name()
    try:
        membership_delete(membership=membership, actor=access.user)
    except ValidationError as error:
        messages.error(request, error.messages[0])
    else:
        messages.success(request, f"{name} is no longer a member. Keys they made go on working.")
    return redirect("app_home") if membership.user_id == access.user.pk else _back(access)


@require_POST
@organization_view(write=Role.VIEWER)
def team_leave(request: HttpRequest, access: Access) -> HttpResponse:
    """Leaves the organization. The last owner cannot."""
    membership = get_object_or_404(access.organization.memberships, user=access.user)
    try:
        membership_delete(membership=membership, actor=access.user)
    except ValidationError as error:
        messages.error(request, f"{error.messages[0]} Hand it over first.")
        return _back(access)
    messages.success(request, f"You have left {access.organization.name}.")
    return redirect("app_home")


@require_POST
@organization_view(write=Role.OWNER)
def team_transfer(request: HttpRequest, access: Access) -> HttpResponse:
    """Another member becomes the owner, the owner an admin."""
    form = TransferForm(request.POST, members=_others(access))
    if form.is_valid():
        to = form.cleaned_data["member"]
        ownership_transfer(organization=access.organization, to=to, actor=access.user)
        messages.success(request, f"{to.user.get_full_name()} owns {access.organization.name} now.")
    else:
        messages.error(request, "Choose a member of this organization.")
    return _back(access)


@never_cache
@login_required
@require_http_methods(["GET", "POST"])
def invitation(request: HttpRequest, token: str) -> HttpResponse:
    """GET says who invites to what; POST accepts. A link that was never sent answers 404."""
    user = cast(User, request.user)
    found = (
        Invitation.objects.select_related("organization", "invited_by")
        .filter(token_hash=token_hash(token))
        .first()
    )
    if found is None:
        raise Http404
    error = ""
    if request.method == "POST":
        try:
            invitation_accept(invitation=found, user=user)
        except ValidationError as refused:
            error = refused.messages[0]
        else:
            messages.success(request, f"Welcome to {found.organization.name}.")
            return redirect("team", found.organization.slug)
    still_open = (
        found.accepted_at is None and found.revoked_at is None and found.expires_at > timezone.now()
    )
    context = {
        "invitation": found,
        "role": Role(found.role).label.lower(),
        "still_open": still_open,
        "is_theirs": found.email == user.email,
        "error": error,
    }
    return render(request, "app/team/invitation.html", context)


def _page(request: HttpRequest, access: Access, form: InviteForm | None = None) -> HttpResponse:
    roles = roles_to_give(access)
    members = list(access.organization.memberships.select_related("user").order_by("created_at"))
    open_invitations = access.organization.invitations.filter(
        accepted_at=None, revoked_at=None, expires_at__gt=timezone.now()
    ).select_related("invited_by")
    context = {
        "access": access,
        "members": [(member, may_manage(access, member)) for member in members],
        "roles": roles,
        "invitations": open_invitations if access.can_manage else [],
        "form": form or InviteForm(roles=roles),
        "transfer": TransferForm(members=_others(access)) if len(members) > 1 else None,
    }
    return render(request, "app/team/team.html", context)


def _managed(access: Access, membership_id: int) -> Membership:
    membership = get_object_or_404(
        access.organization.memberships.select_related("user", "organization"), pk=membership_id
    )
    if not may_manage(access, membership):
        raise PermissionDenied(Role.OWNER.label)
    return membership


def _others(access: Access) -> object:
    return access.organization.memberships.exclude(user=access.user).select_related("user")


def _back(access: Access) -> HttpResponse:
    return redirect("team", access.organization.slug)
