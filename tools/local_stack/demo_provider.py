"""WatchLLM's demo provider: what answers when `make run` finds no provider key.

It speaks OpenAI's API and Anthropic's and names itself in every answer, so that nobody takes it
for a model. It is about as slow as a quick one (600 ms an answer), so that a cache hit shows to the
naked eye.

    python -m local_stack.demo_provider --port 9100
"""

import argparse
from typing import Any

from aiohttp import web

from local_stack.anthropic_api.service import AnthropicService
from local_stack.openai_api.answers import last_user_text
from local_stack.openai_api.service import OpenAIService, Pace

_PACE = Pace(first=0.35, between_chunks=0.005)
_QUOTED = 120


def speak(request: dict[str, Any]) -> str:
    """The answer to a chat request; the same request hears the same answer."""
    asked = " ".join(last_user_text(request).split())
    if len(asked) > _QUOTED:
        asked = asked[:_QUOTED].rstrip() + "…"
    return (
        f"This is WatchLLM's demo provider, standing in for {request['model']}: "
        f"no model was asked. You said: “{asked}”. Ask exactly the same again and the "
        f"answer comes from the cache. Set {_variable(request['model'])} and start again to talk "
        "to a real model."
    )


def _variable(model: str) -> str:
    return "ANTHROPIC_API_KEY" if model.startswith("claude-") else "OPENAI_API_KEY"


def create_app() -> web.Application:
    """The demo provider as an aiohttp application; it takes any key."""
    openai = OpenAIService(speak=speak, accepts_key=lambda _key: True, pace=_PACE)
    anthropic = AnthropicService(speak=speak, accepts_key=lambda _key: True, pace=_PACE)

    async def handle(request: web.Request) -> web.StreamResponse:
        # Both have /v1/models; only Anthropic's clients name a version.
        service = anthropic if "anthropic-version" in request.headers else openai
        return await service.respond(request, await request.read())

    app = web.Application(client_max_size=64 * 1024 * 1024)
    app.router.add_route("*", "/{path:.*}", handle)
    return app


def main() -> None:
    """Serve on loopback until stopped."""
    parser = argparse.ArgumentParser(prog="python -m local_stack.demo_provider")
    parser.add_argument("--port", type=int, required=True)
    options = parser.parse_args()
    web.run_app(
        create_app(), host="127.0.0.1", port=options.port, access_log=None, print=lambda _text: None
    )


if __name__ == "__main__":
    main()
