"""The values of a request and its host that asking a provider needs."""

from dataclasses import dataclass

from gateway.core.http import Request
from gateway.core.platform import Platform
from gateway.core.settings import Settings
from gateway.core.timing import Timing
from gateway.providers.memory import ProviderMemory
from shared.key_record import KeyRecord


@dataclass(frozen=True, slots=True)
class UpstreamContext:
    """``endpoint``: the path as usage rows have it. ``memory`` outlives the request."""

    platform: Platform
    settings: Settings
    memory: ProviderMemory
    timing: Timing
    record: KeyRecord
    request: Request
    endpoint: str
