"""Form fields that several pages share."""

from decimal import Decimal
from typing import Any

from django import forms

_NANO = 10**9


class UsdField(forms.DecimalField):
    """Dollars and cents in the form; integer nano-USD, as everywhere else, outside of it."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(min_value=Decimal("0.01"), max_digits=9, decimal_places=2, **kwargs)

    def clean(self, value: Any) -> int | None:
        """None when left empty."""
        dollars = super().clean(value)
        return None if dollars is None else int(dollars * _NANO)

    def prepare_value(self, value: Any) -> Any:
        """An initial value is nano-USD; what somebody typed is a string and stays as it is."""
        return f"{Decimal(value) / _NANO:.2f}" if isinstance(value, int) else value
