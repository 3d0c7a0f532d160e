"""Forms of the Cache page."""

from datetime import timedelta
from typing import Any

from django import forms
from django.core.validators import RegexValidator

from apps.projects.cache_control import Scope
from apps.projects.fields import PercentField, SpanField
from apps.projects.models import Project, PromptCache, SemanticMode
from apps.projects.models.project import LONGEST_TTL

_NAMESPACE = RegexValidator(
    r"^[A-Za-z0-9._:/@-]+$", "Letters, digits and the characters . _ : / @ - only."
)
AGES = {
    0: "Any age",
    3_600: "Older than 1 hour",
    86_400: "Older than 1 day",
    604_800: "Older than 7 days",
}
SCOPES = {"all": "Everything", "some": "One model or namespace"}


class CacheSettingsForm(forms.Form):
    """The project's cache settings; the edge applies them within a minute."""

    cache_enabled = forms.BooleanField(
        label="Answer from the cache",
        required=False,
        help_text="Off: every request goes to the provider and is marked BYPASS.",
    )
    ttl_seconds = SpanField(
        label="Completions live for",
        longest=LONGEST_TTL,
        help_text="Such as 90m, 12 hours or 7 days.",
    )
    embeddings_ttl_seconds = SpanField(label="Embeddings live for", longest=LONGEST_TTL)
    max_temperature = forms.FloatField(
        label="Temperature ceiling",
        min_value=0,
        max_value=2,
        required=False,
        widget=forms.NumberInput(attrs={"step": "0.1"}),
        help_text="Hotter requests are not cached; one without a temperature counts as 1. "
        "Empty: all are.",
    )
    namespace = forms.CharField(
        label="Default namespace",
        max_length=64,
        validators=[_NAMESPACE],
        help_text="For requests that name none. Entries of different namespaces never meet.",
    )
    semantic_mode = forms.ChoiceField(
        label="Paraphrases",
        choices=SemanticMode.choices,
        help_text="How far a differently worded question may be answered from the cache.",
    )
    semantic_opened = forms.BooleanField(
        label="Serve paraphrases before there is evidence, at your own risk",
        required=False,
        help_text="Off: a namespace serves them once checks of its own traffic have shown that few "
        "enough are wrong, in strict after about 460 that agree. On: from the start, until checks "
        "show too many wrong ones. For admins and owners.",
    )
    semantic_check_share = PercentField(
        label="Paraphrases that are checked, in %",
        required=False,
        help_text="A checked one is also sent to the provider after you were answered, and paid "
        "for. Empty: 25% until there are 300 checks, 5% from then on.",
    )
    prompt_cache = forms.ChoiceField(
        label="Providers' prompt caches",
        choices=PromptCache.choices,
        help_text="Places the markers of Anthropic's and OpenAI's own caches where a write is "
        "expected to pay, from what your requests repeated so far.",
    )
    cache_on_disconnect = forms.BooleanField(
        label="Keep the answer when the client leaves",
        required=False,
        help_text="Its tokens are paid for either way, and a retry then finds it.",
    )

    @classmethod
    def for_project(
        cls, project: Project, data: Any = None, *, manages: bool
    ) -> "CacheSettingsForm":
        """Filled with the project's settings. ``manages``: whether the person may change
        ``semantic_opened``, which raises the risk of wrong hits.
        """
        form = cls(data, initial={name: getattr(project, name) for name in cls.base_fields})
        form.fields["semantic_opened"].disabled = not manages
        return form


class PurgeForm(forms.Form):
    """What to purge."""

    scope = forms.ChoiceField(choices=list(SCOPES.items()), initial="all")
    model = forms.CharField(
        max_length=128,
        required=False,
        widget=forms.TextInput(attrs={"list": "models", "autocomplete": "off"}),
        help_text="As the provider names it, without a prefix such as groq/.",
    )
    namespace = forms.CharField(max_length=128, required=False, validators=[_NAMESPACE])
    older_than = forms.TypedChoiceField(
        label="Age", choices=list(AGES.items()), coerce=int, initial=0
    )

    def clean(self) -> dict[str, Any]:
        """A narrow purge must name a model or namespace, a purge of everything neither."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        named = bool(cleaned.get("model") or cleaned.get("namespace"))
        if cleaned.get("scope") == "some" and not named and not self.errors:
            raise forms.ValidationError("Name a model, a namespace, or both.")
        if cleaned.get("scope") == "all" and named:
            raise forms.ValidationError(
                "“Everything” takes neither model nor namespace. Choose the narrower one."
            )
        return cleaned

    def chosen(self) -> Scope:
        """The scope of a valid form."""
        data = self.cleaned_data
        older_than = timedelta(seconds=data["older_than"])
        return Scope(data["model"], data["namespace"], older_than)
