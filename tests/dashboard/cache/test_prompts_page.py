"""The page of how prompts begin: what it reads from Redis, advises, and shows of their text."""

from typing import Any

import pytest
from django.utils import timezone

from apps.cache.selectors.prompt_advice import Advice, advice
from apps.cache.selectors.prompt_heads import difference, prompt_heads
from apps.projects.models import Project
from apps.projects.redis import redis_client
from apps.projects.services.api_keys import CreatedApiKey
from shared import redis_keys
from shared.prompt_cache.heads import Head, HeadBlock, week
from tests.dashboard.pages.conftest import Cast
from tests.dashboard.usage_rows import usage_row
from tests.doubles.prompt_caches import AnthropicPromptCache
from tests.doubles.upstash import UpstashDouble
from tests.worker.edge import Edge, Tenant, until

pytestmark = pytest.mark.django_db
SYSTEM = "Answer as a patient teacher would. " * 400


def this_week() -> int:
    return week(int(timezone.now().timestamp() * 1000))


def keep(project: Project, saved: int, blocks: str, name: str = "one", requests: int = 9) -> None:
    counts = f"{requests} 900 9000 7000 800 50 {saved} 1795392000000 f00dcafe r1 r0"
    with redis_client() as client:
        heads = redis_keys.prompt_heads(str(project.pk), this_week())
        client.hset(heads, name, f"{counts}|{blocks}|claude-sonnet-5-5")


def page(client: Any, home: str, query: str = "") -> str:
    return " ".join(client.get(f"{home}cache/prompts/{query}").content.decode().split())


def test_what_the_edge_counted_is_shown(
    edge: Edge, tenant: Tenant, project: Project, cast: Cast, home: str
) -> None:
    edge.anthropic.prompt_cache = AnthropicPromptCache(minimum=512, first_byte=0.0)
    for number in range(3):
        message = {
            "model": "claude-sonnet-5-5",
            "max_tokens": 100,
            "system": SYSTEM,
            "messages": [{"role": "user", "content": f"question {number}"}],
        }
        tenant.post("/v1/messages", message, {"x-watchllm-prompt-cache": "auto"})
        edge.settled()
        until(lambda n=number: [r.head.requests for r in _rows(project)] == [n + 1], "the count")
    (row,) = prompt_heads(project, this_week())
    assert (row.head.model, len(row.head.blocks)) == ("claude-sonnet-5-5", 1)
    assert row.head.read > 0
    assert row.head.written > 0
    assert row.head.saved_nanousd > 0
    assert row.first_words == ""
    shown = page(cast.viewer, home)
    assert row.head.prefix[:12] in shown
    assert "patient teacher" not in shown


def _rows(project: Project) -> list[Any]:
    return prompt_heads(project, this_week())


def test_money_comes_first_and_a_loss_is_said(
    project: Project, redis: UpstashDouble, cast: Cast, home: str
) -> None:
    keep(project, 2_000_000, "system:900:aa:0", "small")
    keep(project, -5_000_000_000, "system:900:aa:0", "lost")
    keep(project, 7_000_000_000, "system:900:aa:0", "large")
    keep(project, 3, "system:900:aa:0:and more", "of a later release")
    assert [row.head.saved_nanousd for row in _rows(project)] == [
        7_000_000_000,
        -5_000_000_000,
        2_000_000,
    ]
    shown = page(cast.viewer, home)
    assert "$7.00, $5.00 lost" in shown
    assert "Writes have cost more than reads saved so far." in shown
    assert "No prompts in this week" not in shown
    assert "$5.00" not in page(cast.viewer, home, "?week=last")


def test_text_is_shown_where_prompts_may_be_logged_only(
    project: Project, redis: UpstashDouble, created_key: CreatedApiKey, cast: Cast, home: str
) -> None:
    for request, minute in (("r0", "10:05"), ("r1", "10:06")):
        prompt = f'{{"system":"It is {minute}. Be <b>kind</b>.","messages":[]}}'
        usage_row(created_key.api_key, request_id=request, prompt=prompt).save()
    keep(project, 10, "system:900:aa:7")
    assert "Be &lt;b&gt;kind" not in page(cast.viewer, home)
    Project.objects.filter(pk=project.pk).update(log_prompts=True)
    shown = page(cast.viewer, home)
    assert "“It is 10:06. Be &lt;b&gt;kind&lt;/b&gt;.…”" in shown
    assert "differ from byte 21 of" in shown
    assert "The system prompt changes in 7 of 8 requests" in shown


def test_it_says_when_there_is_nothing_and_when_redis_is_away(
    project: Project, redis: UpstashDouble, cast: Cast, home: str, settings: Any
) -> None:
    assert "The provider's prompt cache is off" in page(cast.viewer, home)
    Project.objects.filter(pk=project.pk).update(prompt_cache="auto")
    assert "No prompts in this week" in page(cast.viewer, home)
    settings.UPSTASH_REDIS_REST_URL = ""
    assert "Redis cannot be reached" in page(cast.viewer, home)


def test_where_two_prompts_differ():
    found = difference('{"system":"é is 1', '{"system":"é is 2')
    assert found is not None
    assert (found.byte, found.one, found.other) == (17, "1", "2")
    assert difference("same", "same") is None
    assert difference("same", "same and more") is None


def head(*blocks: HeadBlock, requests: int = 101, saved: int = 5, read: int = 9) -> Head:
    tokens = sum(block.tokens for block in blocks)
    return Head(requests, tokens, 5000, read, 0, 0, saved, 0, "f00d", "r1", "", "m", [*blocks])


def test_a_block_that_changes_before_others_is_told():
    tools, system = HeadBlock("tools", 500, 0), HeadBlock("system", 100, 0)
    date, rules = HeadBlock("system", 50, 100), HeadBlock("system", 8950, 2)
    found = advice(head(tools, system, date, rules))
    assert found.finding == (
        "The 2nd block of the system prompt changes in 100 of 100 requests, and breaks a "
        "prefix of 9,000 tokens."
    )
    assert found.change.startswith("The 8,950 tokens after it stay the same")


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (head(HeadBlock("system", 50, 0), requests=4), "Too few requests"),
        (head(HeadBlock("tools", 50, 60), HeadBlock("system", 9, 0)), "The list of tools changes"),
        (head(HeadBlock("system", 50, 100)), "The system prompt changes in 100 of 100"),
        (head(), "No tools and no system prompt"),
        (head(HeadBlock("system", 50, 3), saved=-1), "Writes have cost more"),
        (head(HeadBlock("system", 50, 3), saved=0, read=0), "Comes too seldom"),
    ],
)
def test_what_else_is_said(found: Head, words: str):
    assert advice(found).finding.startswith(words)


def test_a_prompt_that_is_read_needs_no_advice():
    assert advice(head(HeadBlock("system", 50, 3))) == Advice()
