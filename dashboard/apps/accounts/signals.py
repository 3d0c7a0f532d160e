"""Signals that apps above this one react to. Receivers run within the transaction of the change."""

from django.dispatch import Signal

key_records_changed = Signal()
"""``organizations``: the queryset of those whose key records are to be read anew by the edge."""

organization_deleting = Signal()
"""``organization``, ``actor``. A receiver that raises ``ValidationError`` prevents it."""

invitation_created = Signal()
"""``invitation``, and ``token``: the secret of its link, which is stored nowhere."""
