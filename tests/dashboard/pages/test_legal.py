"""The operator's own legal pages: linked where their addresses are set, and only there."""

from typing import Any

import pytest
from django.test import Client

from config import env
from tests.dashboard.pages.conftest import Cast
from tests.dashboard.pages.test_account import COMPLETE

pytestmark = pytest.mark.django_db
LINKS = {"terms": "https://example.com/terms", "contact": "mailto:help@example.com"}


@pytest.mark.parametrize("name", env.LEGAL_PAGES)
def test_without_a_setting_there_is_neither_link_nor_page(client: Client, name: str) -> None:
    assert client.get(f"/{name}/").status_code == 404
    assert f">{name.capitalize()}</a>" not in client.get("/").content.decode()


def test_what_is_set_is_linked_and_led_to(
    client: Client, cast: Cast, home: str, settings: Any
) -> None:
    settings.LEGAL_LINKS = LINKS
    for page in (client.get("/"), client.get("/accounts/signup/"), cast.viewer.get(home)):
        text = page.content.decode()
        for link in LINKS.values():
            assert f'href="{link}"' in text
        assert ">Status</a>" not in text
    for name, link in LINKS.items():
        led = client.get(f"/{name}/")
        assert (led.status_code, led["Location"]) == (302, link)
    assert client.get("/status/").status_code == 404


def test_the_settings_are_read_from_the_environment() -> None:
    given = COMPLETE | {"TERMS_URL": LINKS["terms"], "CONTACT_URL": LINKS["contact"]}
    assert env.parse(given).legal_links == LINKS
    assert env.parse(COMPLETE).legal_links == {}


@pytest.mark.parametrize("link", ["example.com/terms", "javascript:alert(1)", "https://a b", "//x"])
def test_only_links_to_pages_and_mail_are_taken(link: str) -> None:
    with pytest.raises(env.SettingError, match="PRIVACY_URL"):
        env.parse(COMPLETE | {"PRIVACY_URL": link})
