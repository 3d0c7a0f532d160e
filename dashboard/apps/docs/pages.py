"""The documentation's table of contents: one ordered table, from which everything else is made.

Navigation, previous and next, search, ``llms.txt`` and the sitemap follow it. Adding a page is one
Markdown file under ``docs/public`` and one line here.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Page:
    """``slug`` is the file's name without ``.md`` and the page's address under ``/docs/``."""

    slug: str
    title: str
    summary: str


@dataclass(frozen=True, slots=True)
class Section:
    """A group of pages in the navigation."""

    title: str
    pages: tuple[Page, ...]


API_REFERENCE = "api-reference"
"""Made from ``openapi.json`` instead of a Markdown file."""

SECTIONS: tuple[Section, ...] = (
    Section(
        "Get started",
        (
            Page("quickstart", "Quickstart", "From an API key to the first cached answer."),
            Page("openai-python", "OpenAI SDK for Python", "Two arguments change."),
            Page("openai-node", "OpenAI SDK for Node.js", "Two options change."),
            Page("anthropic", "Anthropic SDK", "Claude through the cache, or any model its way."),
            Page("groq", "Groq", "Groq's SDK, or the OpenAI SDK with Groq's models."),
            Page("langchain", "LangChain", "ChatOpenAI and embeddings through the cache."),
            Page("claude-code", "Claude Code", "Two variables, and what comes from the cache."),
            Page("codex", "Codex", "One line of config.toml, or a provider of its own."),
            Page("opencode", "opencode", "A provider of its own in opencode.json."),
            Page("cline", "Cline", "The OpenAI-compatible provider, in editor or terminal."),
            Page("continue", "Continue", "A model in config.yaml."),
            Page("open-webui", "Open WebUI", "A connection, or two variables."),
            Page("more-agents", "Qwen Code and aider", "Two more agents, by environment."),
            Page("curl", "curl", "Plain HTTP, and reading the cache headers."),
        ),
    ),
    Section(
        "The cache",
        (
            Page("caching", "Caching explained", "What makes two requests the same question."),
            Page(
                "semantic-quality",
                "How good the semantic cache is",
                "Paraphrases: what is served, and how often wrong.",
            ),
            Page(
                "prompt-caches",
                "Providers' prompt caches",
                "Markers where a write pays, and what they save.",
            ),
            Page("headers", "Headers", "Every header that WatchLLM reads and sends."),
            Page("errors", "Errors", "Every error code, and what to do about it."),
            Page(
                "providers", "Providers and models", "Who is asked, and what happens if they fail."
            ),
            Page("usage-api", "Usage API", "The dashboard’s numbers as JSON."),
            Page("labels", "Labels: who costs what", "Cost by user, session or anything else."),
            Page("limits", "Limits and plans", "Requests, projects and prices of each plan."),
            Page("byok", "Your own provider keys", "How provider keys are stored and used."),
        ),
    ),
    Section(
        "Operate",
        (
            Page("billing", "Plans, payments and messages", "Changes, alerts and webhooks."),
            Page("self-hosting", "Self-hosting", "The edge on your own machines."),
            Page("deploying", "Deploying to Cloudflare", "The edge as a Worker."),
            Page("upgrading", "Upgrading", "From one version to the next, and back."),
            Page("reliability", "Reliability", "What fails without your requests, and the proof."),
            Page("security", "Security", "How tenants, keys and answers are protected."),
            Page("privacy", "Privacy", "What is stored, for how long, and who can read it."),
        ),
    ),
    Section(
        "Reference",
        (Page(API_REFERENCE, "API reference", "Every endpoint, its parameters and answers."),),
    ),
)

PAGES: tuple[Page, ...] = tuple(page for section in SECTIONS for page in section.pages)
BY_SLUG: dict[str, Page] = {page.slug: page for page in PAGES}


def neighbours(page: Page) -> tuple[Page | None, Page | None]:
    """The pages before and after ``page`` in reading order."""
    at = PAGES.index(page)
    return (
        PAGES[at - 1] if at > 0 else None,
        PAGES[at + 1] if at + 1 < len(PAGES) else None,
    )
