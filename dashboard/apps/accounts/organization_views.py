"""The General page of an organization: renaming and deleting it."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from apps.accounts.access import Access, organization_view
from apps.accounts.models import Role
from apps.accounts.organization_forms import DeleteOrganizationForm, NameForm
from apps.accounts.services.organization_deletion import organization_delete
from apps.accounts.services.organizations import organization_update


@require_http_methods(["GET", "POST"])
@organization_view(read=Role.ADMIN)
def organization_settings(request: HttpRequest, access: Access) -> HttpResponse:
    """GET shows the settings, POST saves them."""
    form = NameForm(request.POST or None, initial={"name": access.organization.name})
    if request.method == "POST" and form.is_valid():
        organization_update(
            organization=access.organization, actor=access.user, **form.cleaned_data
        )
        messages.success(request, "Saved.")
        return redirect("organization_settings", access.organization.slug)
    return _page(request, access, form, DeleteOrganizationForm(organization=access.organization))


@require_POST
@organization_view(write=Role.OWNER)
def organization_delete_page(request: HttpRequest, access: Access) -> HttpResponse:
    """The organization's name must be typed."""
    organization = access.organization
    form = DeleteOrganizationForm(request.POST, organization=organization)
    if form.is_valid():
        try:
            organization_delete(organization=organization, actor=access.user)
        except ValidationError as refused:
            form.add_error(None, refused.messages)
        else:
            messages.success(
                request, f"“{organization.name}” is deleted. Its keys are refused from now on."
            )
            return redirect("app_home")
    return _page(request, access, NameForm(initial={"name": organization.name}), form)


def _page(
    request: HttpRequest, access: Access, form: NameForm, delete: DeleteOrganizationForm
) -> HttpResponse:
    context = {"access": access, "form": form, "delete": delete}
    return render(request, "app/settings/organization.html", context)
