"""Asking addresses that customers chose, over real sockets: webhooks and provider checks do it."""

import pytest

from apps.outgoing import guarded
from tests.doubles.openai_api import OpenAIDouble
from tests.doubles.webhook_receiver import WebhookReceiver

WEB = ("https", "http")


def test_the_status_is_told_and_a_redirect_not_followed() -> None:
    with WebhookReceiver() as receiver:
        receiver.answer(302, Location=receiver.url + "/elsewhere")
        parts = guarded.parse(f"{receiver.url}/in?a=1", schemes=WEB)
        assert guarded.ask("POST", parts, {"x-a": "b"}, b"{}", private=True) == 302
        (sent,) = receiver.requests
    assert (sent.method, sent.path, sent.query, sent.body) == ("POST", "/in", "a=1", b"{}")
    assert sent.headers["x-a"] == "b"
    assert sent.headers["host"] == receiver.url.removeprefix("http://")


def test_an_environments_proxy_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    with OpenAIDouble() as proxy, WebhookReceiver() as receiver:
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
            monkeypatch.setenv(name, proxy.url)
        parts = guarded.parse(receiver.url, schemes=WEB)
        assert guarded.ask("GET", parts, {}, private=True) == 204
        assert proxy.requests == []


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "169.254.169.254", "10.0.0.1"])
def test_private_addresses_are_not_connected_to(host: str) -> None:
    parts = guarded.parse(f"http://{host}:1/", schemes=WEB)
    with pytest.raises(guarded.NotPublicError):
        guarded.ask("GET", parts, {}, private=False)


def test_nobody_there() -> None:
    with WebhookReceiver() as receiver:
        receiver.break_with("refused")
        parts = guarded.parse(receiver.url, schemes=WEB)
        with pytest.raises(guarded.UnreachableError):
            guarded.ask("GET", parts, {}, private=True)
    with pytest.raises(guarded.AddressRefusedError, match="not known"):
        guarded.ask("GET", guarded.parse("http://a..b/", schemes=WEB), {}, private=True)
