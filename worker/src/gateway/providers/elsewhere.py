"""What is known of providers and servers that have no entry of their own. A customer's own address
may be any of them."""

from collections.abc import Mapping

from gateway.formats.endings import BY_ITSELF, Endings
from gateway.providers.base import LiveData

LIVE: Mapping[str, LiveData] = {
    "azure": LiveData(
        fields=("data_sources",),
        source="Microsoft, Azure OpenAI On Your Data, API reference (read 2026-12)",
    ),
    "perplexity": LiveData(
        models=("sonar", "sonar-*", "*-online"),
        source="Perplexity, Sonar models; its older ones by LobeChat 1.94 (read 2026-12)",
    ),
    "dashscope": LiveData(
        fields=("enable_search", "extra_body.enable_search"),
        source="Alibaba Cloud, Model Studio, Web search (from clients' code, 2026-12)",
    ),
    "hunyuan": LiveData(
        fields=("enable_enhancement",),
        source="Tencent Cloud, Hunyuan (from clients' code, 2026-12)",
    ),
}
"""See ``Capabilities.live``."""

ENDINGS: Endings = {"eos_token": BY_ITSELF, "stop_sequence": BY_ITSELF}
"""Those of Hugging Face's text-generation-inference (its ``FinishReason``, from memory)."""
