"""Forms of the Team page."""

from collections.abc import Iterable
from typing import Any

from django import forms

from apps.accounts.models import Membership, Role

_MEANINGS = {
    Role.OWNER: "Owner: everything, billing and ownership too",
    Role.ADMIN: "Admin: projects, team and settings",
    Role.MEMBER: "Member: keys, providers and the cache",
    Role.VIEWER: "Viewer: looks, changes nothing",
}


class InviteForm(forms.Form):
    """An address and a role, of those that the inviting person may give."""

    email = forms.EmailField(
        label="Email address",
        widget=forms.EmailInput(attrs={"autocomplete": "off", "placeholder": "ada@example.com"}),
    )
    role = forms.ChoiceField(initial=Role.MEMBER)

    def __init__(self, *args: Any, roles: Iterable[Role], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["role"].choices = [(role.value, _MEANINGS[role]) for role in roles]  # type: ignore[attr-defined]


class RoleForm(forms.Form):
    """Another role for a member."""

    role = forms.ChoiceField()

    def __init__(self, *args: Any, roles: Iterable[Role], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["role"].choices = [(role.value, role.label) for role in roles]  # type: ignore[attr-defined]


class TransferForm(forms.Form):
    """The member who is to own the organization."""

    member = forms.ModelChoiceField(Membership.objects.none(), label="New owner", empty_label=None)

    def __init__(self, *args: Any, members: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["member"]
        field.queryset = members  # type: ignore[attr-defined]
        field.label_from_instance = lambda member: member.user.get_full_name()  # type: ignore[attr-defined]
