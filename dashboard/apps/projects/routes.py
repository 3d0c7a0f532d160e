"""A project's routing rules: JSON that the edge applies in order, first match wins."""

from typing import Any

from django.core.exceptions import ValidationError

from shared.key_record import MOST_FALLBACKS

_MAX_RULES = 100


def validate_routes(value: Any) -> None:
    """``[{"match": glob, "provider": str, "model": str|null, "fallbacks": [str, …]}, …]``.

    ``model`` and ``fallbacks`` may be left out. Raises ``ValidationError`` naming the rule.
    """
    if not isinstance(value, list) or len(value) > _MAX_RULES:
        raise ValidationError(f"Routes must be a list of at most {_MAX_RULES} rules.")
    for position, rule in enumerate(value, start=1):
        if not isinstance(rule, dict) or not _is_rule(rule):
            raise ValidationError(
                f"Rule {position} must have the strings match and provider, and may have a string "
                f"model and a list of at most {MOST_FALLBACKS} strings fallbacks."
            )


def _is_rule(rule: dict[str, Any]) -> bool:
    known = rule.keys() <= {"match", "provider", "model", "fallbacks"}
    named = all(isinstance(rule.get(name), str) and rule[name] for name in ("match", "provider"))
    model = rule.get("model")
    fallbacks = rule.get("fallbacks", [])
    return (
        known
        and named
        and (model is None or isinstance(model, str))
        and isinstance(fallbacks, list)
        and len(fallbacks) <= MOST_FALLBACKS
        and all(isinstance(item, str) and item for item in fallbacks)
    )
