"""The first request, in the code of each supported client. Onboarding shows these snippets and
tests run them.

Each asks the same short question, so that sending any of them twice gives a hit.
"""

from dataclasses import dataclass

KEY_PLACEHOLDER = "$WATCHLLM_API_KEY"
_QUESTION = "What is a cache? One sentence."


@dataclass(frozen=True, slots=True)
class Snippet:
    """``slug`` names the tab; ``install`` is the command before, or empty."""

    slug: str
    label: str
    install: str
    code: str


def snippets(base_url: str, api_key: str | None) -> list[Snippet]:
    """``base_url`` is the edge's address without ``/v1``; without a key a placeholder stands in."""
    key = api_key or KEY_PLACEHOLDER
    return [
        Snippet(
            slug,
            label,
            install,
            template.replace("{base}", base_url)
            .replace("{key}", key)
            .replace("{question}", _QUESTION)
            .strip("\n"),
        )
        for slug, label, install, template in _TEMPLATES
    ]


_TEMPLATES = (
    (
        "curl",
        "curl",
        "",
        """
curl -i {base}/v1/chat/completions \\
  -H "Authorization: Bearer {key}" \\
  -H "Content-Type: application/json" \\
  -d '{"model": "gpt-4o-mini",
       "messages": [{"role": "user", "content": "{question}"}]}'
""",
    ),
    (
        "python",
        "Python",
        "pip install openai",
        """
from openai import OpenAI

client = OpenAI(
    base_url="{base}/v1",
    api_key="{key}",
)
answer = client.chat.completions.with_raw_response.create(
    model="gpt-4o-mini",
    messages=[{"role": "user", "content": "{question}"}],
)
print(answer.headers["x-watchllm-cache"], answer.parse().choices[0].message.content)
""",
    ),
    (
        "node",
        "Node",
        "npm install openai",
        """
import OpenAI from "openai";

const client = new OpenAI({
  baseURL: "{base}/v1",
  apiKey: "{key}",
});
const { data, response } = await client.chat.completions
  .create({
    model: "gpt-4o-mini",
    messages: [{ role: "user", content: "{question}" }],
  })
  .withResponse();
console.log(response.headers.get("x-watchllm-cache"), data.choices[0].message.content);
""",
    ),
    (
        "langchain",
        "LangChain",
        "pip install langchain-openai",
        """
from langchain_openai import ChatOpenAI

model = ChatOpenAI(
    model="gpt-4o-mini",
    base_url="{base}/v1",
    api_key="{key}",
)
print(model.invoke("{question}").content)
""",
    ),
    (
        "anthropic",
        "Anthropic SDK",
        "pip install anthropic",
        """
from anthropic import Anthropic

client = Anthropic(
    base_url="{base}",
    api_key="{key}",
)
answer = client.messages.create(
    model="claude-haiku-4-5",
    max_tokens=100,
    messages=[{"role": "user", "content": "{question}"}],
)
print(answer.content[0].text)
""",
    ),
)
