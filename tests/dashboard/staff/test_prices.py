"""Staff pages of prices that replace the shipped table's."""

import pytest
from django.core.exceptions import ValidationError
from django.test import Client

from apps.accounts.models import User
from apps.audit.models import AuditLog
from apps.features import prices
from apps.features.models import PriceOverride
from tests.dashboard.pages.conftest import signed_in

pytestmark = pytest.mark.django_db
LIST = "/admin/features/priceoverride/"
PRICE = {"provider": "openai", "model": "gpt-next", "input": "2.5", "output": "10"}


@pytest.fixture
def staff() -> Client:
    user = User.objects.create_user("root@example.com", is_staff=True, is_superuser=True)
    return signed_in(user)


def test_staff_set_change_and_delete_a_price(staff: Client) -> None:
    assert staff.post(f"{LIST}add/", PRICE).status_code == 302
    price = PriceOverride.objects.get()
    assert staff.post(f"{LIST}{price.pk}/change/", {**PRICE, "input": "3"}).status_code == 302
    assert prices.price_overrides()[0]["input"] == 3.0
    assert staff.get(LIST).status_code == 200
    staff.post(f"{LIST}{price.pk}/delete/", {"post": "yes"})
    assert prices.price_overrides() == []
    actions = AuditLog.objects.filter(action__startswith="price.").order_by("id")
    assert [entry.action for entry in actions] == ["price.create", "price.update", "price.delete"]


def test_a_model_has_one_price_and_no_negative_one() -> None:
    prices.price_override_create(actor=None, **PRICE)
    with pytest.raises(ValidationError, match="already"):
        prices.price_override_create(actor=None, **PRICE)
    with pytest.raises(ValidationError):
        prices.price_override_create(actor=None, **{**PRICE, "model": "other", "input": "-1"})


def test_records_stay_small() -> None:
    PriceOverride.objects.bulk_create(
        PriceOverride(provider="openai", model=f"m{number}", input=1, output=1)
        for number in range(prices.MOST_PRICES)
    )
    with pytest.raises(ValidationError, match="delete one"):
        prices.price_override_create(actor=None, **PRICE)
