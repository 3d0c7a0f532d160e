"""LlamaIndex's OpenAI: a message, the last of a stream, a tool."""

from llama_index.core.llms import ChatMessage
from llama_index.core.tools import FunctionTool
from llama_index.llms.openai import OpenAI
from steps import EDGE, KEY, MODEL, NO_MODEL, serve, weather

CHAT = OpenAI(model=MODEL, api_base=f"{EDGE}/v1", api_key=KEY, max_retries=0)
TOOL = FunctionTool.from_defaults(weather)


def asked(text: str) -> list[ChatMessage]:
    return [ChatMessage(role="user", content=text)]


serve(
    plain=lambda text: CHAT.chat(asked(text)).model_dump(),
    stream=lambda text: list(CHAT.stream_chat(asked(text)))[-1].message.model_dump(),
    tools=lambda text: CHAT.chat_with_tools([TOOL], user_msg=text).model_dump(),
    error=lambda text: CHAT.chat(asked(text), model=NO_MODEL).model_dump(),
)
