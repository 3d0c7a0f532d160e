"""Forms of a project's Settings page."""

from typing import Any

from django import forms

from apps.projects.fields import JsonField, LabelNamesField, UsdField
from apps.projects.models import Project
from apps.projects.providers import PROVIDERS
from apps.projects.routes import validate_routes

MOST_CHARTED_LABELS = 5
_MEGABYTE = 1024 * 1024
SIZES = {size * _MEGABYTE: f"{size} MB" for size in (1, 2, 4, 8)}


class ProjectSettingsForm(forms.Form):
    """What is not about the cache."""

    name = forms.CharField(max_length=120)
    default_provider = forms.ChoiceField(
        choices=PROVIDERS, help_text="For models whose name says nothing and no rule knows."
    )
    routes = JsonField(
        label="Routing rules",
        required=False,
        validators=[validate_routes],
        widget=forms.Textarea(attrs={"rows": 6, "spellcheck": "false", "class": "mono"}),
        help_text="JSON, the first match wins: "
        '[{"match": "gpt-*", "provider": "openai", "fallbacks": ["groq/…"]}]',
    )
    max_body_bytes = forms.TypedChoiceField(
        label="Largest answer to cache",
        coerce=int,
        choices=list(SIZES.items()),
        help_text="Larger ones are passed on and not stored. The edge has a limit of its own, 1 MB "
        "unless its operator raises it.",
    )
    monthly_budget_nanousd = UsdField(
        label="Monthly budget in US dollars",
        required=False,
        help_text="Past it, only hits are served until the first of the next month (UTC). "
        "Empty: none.",
    )
    log_retention_days = forms.IntegerField(
        label="Days that requests stay in the log",
        min_value=1,
        max_value=730,
        help_text="Then they are deleted. Sums in the charts stay.",
    )
    charted_labels = LabelNamesField(
        label="Labels to chart",
        most=MOST_CHARTED_LABELS,
        help_text="The Labels page sums requests by these from now on. Names with commas between "
        "them, such as user, app.",
    )
    plain_user_labels = forms.BooleanField(
        label="Keep ids of users plain",
        required=False,
        help_text="Otherwise the request log has pseudonyms of the ids that requests name in user, "
        "safety_identifier and metadata.user_id.",
    )
    log_prompts = forms.BooleanField(
        label="Log prompts and answers",
        required=False,
        help_text="Everybody in your organization can read them in the request log.",
    )

    @classmethod
    def for_project(cls, project: Project, data: Any = None) -> "ProjectSettingsForm":
        """Filled with what the project has now."""
        form = cls(data, initial={name: getattr(project, name) for name in cls.base_fields})
        sizes = form.fields["max_body_bytes"]
        assert isinstance(sizes, forms.TypedChoiceField)  # noqa: S101 (declared above)
        if project.max_body_bytes not in SIZES:
            # Staff may have set another size; saving something else must not change it.
            own = (project.max_body_bytes, f"{project.max_body_bytes:,} bytes")
            sizes.choices = [own, *SIZES.items()]
        return form

    def clean_routes(self) -> list[Any]:
        """An empty field is no rules."""
        return self.cleaned_data["routes"] or []


class DeleteForm(forms.Form):
    """The project's name, typed, so that nobody deletes one by mistake."""

    confirmation = forms.CharField(
        label="Type the project's name", widget=forms.TextInput(attrs={"autocomplete": "off"})
    )

    def __init__(self, *args: Any, project: Project, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._name = project.name

    def clean_confirmation(self) -> str:
        """Exactly the name."""
        if self.cleaned_data["confirmation"] != self._name:
            raise forms.ValidationError(f"This is not “{self._name}”.")
        return self._name
