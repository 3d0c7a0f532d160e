"""Keys of the Usage API: made, shown once, revoked."""

from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from apps.accounts.models import Role
from apps.projects.access import ProjectAccess, project_view
from apps.ui.made_once import MADE_ALREADY, AlreadyMadeError, MadeOnceForm
from apps.usage.models import ReadKey
from apps.usage.models.read_key import Scope
from apps.usage.read_keys import TooManyReadKeysError, read_key_create, read_key_revoke


class ReadKeyForm(MadeOnceForm):
    """A new key."""

    name = forms.CharField(max_length=120)
    scopes = forms.MultipleChoiceField(
        label="May read", choices=Scope.choices, widget=forms.SelectMultiple(attrs={"size": 3})
    )


@require_http_methods(["GET", "POST"])
@project_view(read=Role.ADMIN, write=Role.ADMIN)
def read_keys(request: HttpRequest, access: ProjectAccess) -> HttpResponse:
    """GET lists the keys, POST makes one and shows it."""
    form = ReadKeyForm(request.POST or None)
    text = ""
    if request.method == "POST" and form.is_valid():
        try:
            _, text = read_key_create(
                project=access.project, actor=access.user, **form.cleaned_data
            )
        except AlreadyMadeError:
            messages.warning(request, f"No further key. {MADE_ALREADY}")
            return redirect("read_keys", access.organization.slug, access.project.slug)
        except TooManyReadKeysError:
            form.add_error(None, "A project has at most 20 keys: revoke one first.")
        else:
            form = ReadKeyForm()
    context = {
        "access": access,
        "form": form,
        "new_key": text,
        "keys": ReadKey.objects.filter(project=access.project, revoked_at=None),
    }
    return render(request, "app/settings/read_keys.html", context)


@require_POST
@project_view(write=Role.ADMIN)
def read_key_end(request: HttpRequest, access: ProjectAccess, read_key_id: UUID) -> HttpResponse:
    """The key opens nothing from now on."""
    ended = read_key_revoke(project=access.project, read_key_id=read_key_id, actor=access.user)
    if ended is None:
        raise Http404
    messages.success(request, f"“{ended.name}” is revoked.")
    return redirect("read_keys", access.organization.slug, access.project.slug)
