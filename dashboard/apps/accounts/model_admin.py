"""The base class of staff pages that change something."""

from __future__ import annotations  # ModelForm[…] exists in the stubs only

from collections.abc import Callable
from typing import Any, ClassVar, cast

from django.db.models import Model
from django.forms import ModelForm
from django.http import HttpRequest
from unfold.admin import ModelAdmin

from apps.accounts.models import User


def actor_of(request: HttpRequest) -> User:
    """The staff member; the admin site lets in nobody else."""
    return cast(User, request.user)


class ServiceAdmin(ModelAdmin):
    """Saves changes through a service, so that a page here audits and publishes like any other.

    Nothing is deleted here: keys are revoked, projects archived, organizations disabled.
    """

    compressed_fields = True
    warn_unsaved_form = True
    update_service: ClassVar[Callable[..., Model]]
    update_argument: ClassVar[str]

    def save_model(
        self,
        request: HttpRequest,
        obj: Model,
        form: ModelForm[Any],
        change: bool,  # noqa: FBT001 - the base class's signature
    ) -> None:
        """Creating differs from model to model; see ``create``."""
        values = {name: form.cleaned_data[name] for name in form.changed_data}
        if change:
            # The form has already set the new values on ``obj``; the service compares with the old.
            stored = type(obj)._default_manager.get(pk=obj.pk)
            saved = type(self).update_service(
                **{type(self).update_argument: stored}, actor=actor_of(request), **values
            )
        else:
            saved = self.create(request, form.cleaned_data)
        obj.__dict__.update(saved.__dict__)

    def create(self, request: HttpRequest, values: dict[str, Any]) -> Model:
        """Makes the object from the form's cleaned values."""
        raise NotImplementedError

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """See the class."""
        del request, obj
        return False
