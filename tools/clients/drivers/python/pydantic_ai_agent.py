"""Pydantic AI: all messages of a run, of a streamed run, of one with a tool."""

import asyncio
import json
from typing import Any

from openai import AsyncOpenAI
from pydantic_ai import Agent
from pydantic_ai.models.openai import OpenAIChatModel
from pydantic_ai.providers.openai import OpenAIProvider
from steps import EDGE, KEY, MODEL, NO_MODEL, serve, weather

PROVIDER = OpenAIProvider(
    openai_client=AsyncOpenAI(base_url=f"{EDGE}/v1", api_key=KEY, max_retries=0)
)
LOOP = asyncio.new_event_loop()


def agent(model: str, *tools: Any) -> Agent:
    return Agent(OpenAIChatModel(model, provider=PROVIDER), tools=tools)


def run(made: Agent, text: str) -> Any:
    return json.loads(LOOP.run_until_complete(made.run(text)).all_messages_json())


async def streamed(text: str) -> Any:
    async with agent(MODEL).run_stream(text) as result:
        words = [word async for word in result.stream_text(delta=True)]
        return ["".join(words), json.loads(result.all_messages_json())]


serve(
    plain=lambda text: run(agent(MODEL), text),
    stream=lambda text: LOOP.run_until_complete(streamed(text)),
    tools=lambda text: run(agent(MODEL, weather), text),
    error=lambda text: run(agent(NO_MODEL), text),
)
