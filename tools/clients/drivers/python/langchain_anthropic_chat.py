"""LangChain's ChatAnthropic: a message, the sum of its chunks, a bound tool."""

from langchain_anthropic import ChatAnthropic
from steps import EDGE, KEY, TOOLS, serve

OPTIONS = {"base_url": EDGE, "api_key": KEY, "max_retries": 0, "max_tokens": 200}
CHAT = ChatAnthropic(model="claude-sonnet-5-5", **OPTIONS)


def stream(text: str) -> object:
    whole = None
    for chunk in CHAT.stream(text):
        whole = chunk if whole is None else whole + chunk
    return whole.model_dump()


serve(
    plain=lambda text: CHAT.invoke(text).model_dump(),
    stream=stream,
    tools=lambda text: CHAT.bind_tools(TOOLS).invoke(text).model_dump(),
    error=lambda text: ChatAnthropic(model="claude-no-such", **OPTIONS).invoke(text).model_dump(),
)
