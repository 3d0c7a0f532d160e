"""The staff member behind a request that is made as a customer.

The pages of a customer name the customer as the actor of a change. During an impersonation that
would be wrong, so the audit log asks here. The context belongs to one request: work that the
request hands to another thread is recorded as the system's.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from django.contrib.auth.models import AbstractBaseUser

_staff: ContextVar[AbstractBaseUser | None] = ContextVar("acting_staff", default=None)


@contextmanager
def acting_for_customer(staff: AbstractBaseUser) -> Iterator[None]:
    """Within, audit entries name ``staff`` as the actor, beside the customer they act as."""
    token = _staff.set(staff)
    try:
        yield
    finally:
        _staff.reset(token)


def acting_staff() -> AbstractBaseUser | None:
    """The staff member behind the present request; None when people act for themselves."""
    return _staff.get()
