"""One attempt to deliver a webhook, by ``apps.outgoing.guarded``."""

from dataclasses import dataclass
from urllib.parse import SplitResult

from django.conf import settings

from apps.outgoing import guarded


@dataclass(frozen=True, slots=True)
class Answer:
    """``error`` is empty when the receiver answered, whatever it said."""

    status: int | None
    error: str

    @property
    def accepted(self) -> bool:
        """Any 2xx."""
        return self.status is not None and 200 <= self.status < 300


def check_url(url: str) -> SplitResult:
    """Scheme, host and form of an address; names are resolved when something is sent. Raises
    ``guarded.AddressRefusedError``.
    """
    if settings.WEBHOOKS_MAY_BE_LOCAL:
        return guarded.parse(url, schemes=("https", "http"))
    parts = guarded.parse(url, schemes=("https",))
    guarded.refuse_private_literal(str(parts.hostname))
    return parts


def post(url: str, body: bytes, headers: dict[str, str]) -> Answer:
    """One attempt; never raises for what the receiver or the network does."""
    headers = {**headers, "User-Agent": "WatchLLM-Webhooks/1"}
    private = settings.WEBHOOKS_MAY_BE_LOCAL
    try:
        return Answer(guarded.ask("POST", check_url(url), headers, body, private=private), "")
    except (guarded.AddressRefusedError, guarded.UnreachableError) as error:
        return Answer(None, str(error))
