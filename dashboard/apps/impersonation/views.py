"""Beginning a visit from a person's page of the staff site, and ending it from the banner."""

from typing import cast

from allauth.account.decorators import reauthentication_required
from django import forms
from django.contrib import messages
from django.contrib.admin import AdminSite
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.views.decorators.http import require_POST
from unfold.widgets import UnfoldAdminTextInputWidget, UnfoldBooleanWidget

from apps.accounts.models import User
from apps.impersonation.middleware import SESSION_KEY
from apps.impersonation.models import Impersonation
from apps.impersonation.rules import SEE, WRITE, refusal
from apps.impersonation.services import LASTS, impersonation_end, impersonation_start


class StartForm(forms.Form):
    """``may_write`` is there for those only who hold the second permission."""

    reason = forms.CharField(
        max_length=300,
        help_text="The customer reads this in their audit log: a ticket, a question they asked.",
        widget=UnfoldAdminTextInputWidget(attrs={"autofocus": True}),
    )
    may_write = forms.BooleanField(
        required=False,
        label="Change things as this person",
        help_text="Each request that changes something is recorded.",
        widget=UnfoldBooleanWidget(),
    )

    def __init__(self, *args: object, staff: User, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        if not staff.has_perm(WRITE):
            del self.fields["may_write"]


def start(request: HttpRequest, user: User, site: AdminSite) -> HttpResponse:
    """GET asks for the reason, POST opens the dashboard. Reached through ``UserAdmin`` only.

    Both need a recent confirmation by password or second factor, so that a session left open or a
    stolen cookie shows no customer's data.
    """
    if not cast(User, request.user).has_perm(SEE):
        raise PermissionDenied
    confirmed = reauthentication_required(_start)
    return cast(HttpResponse, confirmed(request, user, site))


def _start(request: HttpRequest, user: User, site: AdminSite) -> HttpResponse:
    staff = cast(User, request.user)
    why_not = refusal(staff, user)
    form = StartForm(request.POST or None, staff=staff)
    if request.method == "POST" and not why_not and form.is_valid():
        try:
            impersonation = impersonation_start(
                staff=staff,
                user=user,
                reason=form.cleaned_data["reason"],
                may_write=form.cleaned_data.get("may_write", False),
            )
        except ValidationError as error:
            form.add_error("reason", error.messages)
        else:
            request.session[SESSION_KEY] = str(impersonation.pk)
            return redirect("app_home")
    context = {
        **site.each_context(request),
        "title": f"See the dashboard as {user}",
        "opts": User._meta,
        "person": user,
        "organizations": user.organizations.all(),
        "form": form,
        "why_not": why_not,
        "minutes": int(LASTS.total_seconds() // 60),
    }
    return TemplateResponse(request, "impersonation/start.html", context)


@require_POST
@login_required
def stop(request: HttpRequest) -> HttpResponse:
    """Back to the person's page. Pressed twice it does no harm."""
    key = request.session.pop(SESSION_KEY, None)
    found = Impersonation.objects.filter(pk=key, staff=cast(User, request.user)).first()
    if found is None:
        return redirect("app_home")
    impersonation_end(impersonation=found, how="stopped")
    messages.success(request, f"You are yourself again, and no longer {found.user}.")
    return redirect("admin:accounts_user_change", found.user_id)
