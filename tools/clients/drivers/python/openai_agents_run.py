"""OpenAI's Agents SDK over the Responses API: all items of a run, streamed, and with a tool."""

import asyncio
from typing import Any

from agents import Agent, OpenAIResponsesModel, Runner, function_tool, set_tracing_disabled
from openai import AsyncOpenAI
from steps import EDGE, KEY, MODEL, NO_MODEL, serve, weather

set_tracing_disabled(True)
CLIENT = AsyncOpenAI(base_url=f"{EDGE}/v1", api_key=KEY, max_retries=0)
LOOP = asyncio.new_event_loop()


def agent(model: str, *tools: Any) -> Agent:
    return Agent(
        name="one", model=OpenAIResponsesModel(model, openai_client=CLIENT), tools=list(tools)
    )


def run(made: Agent, text: str) -> Any:
    result = LOOP.run_until_complete(Runner.run(made, text))
    return [result.final_output, result.to_input_list()]


async def streamed(text: str) -> Any:
    result = Runner.run_streamed(agent(MODEL), text)
    kinds = [event.type async for event in result.stream_events()]
    return [result.final_output, result.to_input_list(), sorted(set(kinds))]


serve(
    plain=lambda text: run(agent(MODEL), text),
    stream=lambda text: LOOP.run_until_complete(streamed(text)),
    tools=lambda text: run(agent(MODEL, function_tool(weather)), text),
    error=lambda text: run(agent(NO_MODEL), text),
)
