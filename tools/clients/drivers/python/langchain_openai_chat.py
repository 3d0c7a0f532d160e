"""LangChain's ChatOpenAI: a message, the sum of its chunks, a bound tool."""

from langchain_openai import ChatOpenAI
from steps import EDGE, KEY, MODEL, NO_MODEL, TOOLS, serve

OPTIONS = {"base_url": f"{EDGE}/v1", "api_key": KEY, "max_retries": 0, "stream_usage": True}
CHAT = ChatOpenAI(model=MODEL, **OPTIONS)


def stream(text: str) -> object:
    whole = None
    for chunk in CHAT.stream(text):
        whole = chunk if whole is None else whole + chunk
    return whole.model_dump()


serve(
    plain=lambda text: CHAT.invoke(text).model_dump(),
    stream=stream,
    tools=lambda text: CHAT.bind_tools(TOOLS).invoke(text).model_dump(),
    error=lambda text: ChatOpenAI(model=NO_MODEL, **OPTIONS).invoke(text).model_dump(),
)
