"""Finding the log rows that have a label."""

from django.db import connection
from django.db.models import Q, Value
from django.db.models.fields.json import KeyTextTransform
from django.db.models.lookups import Exact

from apps.projects.models import Project
from apps.usage.models import UsageLog
from shared import labels


def has_label(name: str, value: str) -> Q:
    """On PostgreSQL in the form that the index of labels answers."""
    if connection.vendor == "postgresql":
        return Q(labels__isnull=False, labels__contains={name: value})
    return Q(Exact(KeyTextTransform(name, "labels"), Value(value)))


def stored_value(project: Project, name: str, typed: str) -> str:
    """The value in the log for one that a person typed: the same, or the pseudonym of a user's
    id."""
    if name != labels.USER:
        return typed
    rows = UsageLog.objects.filter(has_label(name, typed), project=project)
    return typed if rows.exists() else labels.pseudonym(project.data_key_salt, typed)
