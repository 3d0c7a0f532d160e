"""Providers that have no entry of their own, which an address of a customer's own may be: what of
theirs is never cached (see ``Capabilities.live``)."""

from collections.abc import Mapping

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
        source="Alibaba Cloud, Model Studio, Web search (read 2026-12)",
    ),
    "hunyuan": LiveData(
        fields=("enable_enhancement",),
        source="Tencent Cloud, Hunyuan, OpenAI compatible interface (read 2026-12)",
    ),
}
