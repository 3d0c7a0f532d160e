"""What providers charge for an answer: a dated table, and the sum in integer nano-USD."""

from shared.pricing.cost import cost_nanousd
from shared.pricing.table import AS_OF, SOURCE, Rates, rates

__all__ = ["AS_OF", "SOURCE", "Rates", "cost_nanousd", "rates"]
