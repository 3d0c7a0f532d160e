"""The playground: the edge's decision on two prompts, with its reasons."""

import json
import subprocess
import sys
from typing import Any
from urllib.parse import urlencode

import pytest

from apps.cache.playground import EXAMPLES, LONGEST, compare
from apps.projects.models import Project
from apps.projects.redis import redis_client
from shared import redis_keys
from shared.decision import MODES
from tests.dashboard.pages.conftest import Cast
from tests.doubles.upstash import UpstashDouble

pytestmark = pytest.mark.django_db

PARAPHRASE, OPPOSITE = EXAMPLES[0], EXAMPLES[1]


def plain(response: Any) -> str:
    return " ".join(response.content.decode().split())


def test_each_example_shows_what_it_says() -> None:
    found = {example.label: compare(example.asked, example.cached, {}) for example in EXAMPLES}
    served = [
        label
        for label, comparison in found.items()
        if any(outcome.decision.serve for outcome in comparison.outcomes)
    ]
    assert served == ["A paraphrase"]
    guards = {
        label: outcome.decision.guard
        for label, comparison in found.items()
        for outcome in comparison.outcomes
        if outcome.decision.guard
    }
    assert guards["An opposite"] == "opposites"
    assert guards["Another number"] == "numbers"
    assert found["Changes with time"].explanation is None
    assert found["Changes with time"].asked.reason == "volatile"


def test_a_comparison_by_its_address(cast: Cast, home: str) -> None:
    page = plain(cast.viewer.get(f"{home}cache/playground/?{OPPOSITE.query}"))
    assert OPPOSITE.asked in page
    assert "The guard “opposites” refuses, whatever the probability." in page
    assert "Guards that refuse" in page
    assert page.index("<code>opposites</code>") < page.index("<code>numbers</code>")
    for mode in MODES.values():
        if mode.threshold <= 1:
            assert f"P ≥ {mode.threshold:.2f}" in page
    assert "unknown: Redis cannot be reached" in page


def test_what_the_namespace_serves_now(
    cast: Cast, home: str, project: Project, redis: UpstashDouble
) -> None:
    page = plain(cast.viewer.get(f"{home}cache/playground/?{PARAPHRASE.query}"))
    assert "open by the shipped prior, from P ≥ 0.70" in page
    with redis_client() as client:
        name = redis_keys.semantic_evidence(str(project.pk), project.namespace)
        bad = {f"{what}:{number}": 60 for number in range(7) for what in ("checked", "wrong")}
        client.hset(name, values=bad)
    page = plain(cast.viewer.get(f"{home}cache/playground/?{PARAPHRASE.query}"))
    assert "closed: checks differ too often" in page
    assert "<strong>not served</strong>" in page
    with redis_client() as client:
        client.delete(name)
        client.hset(name, values={f"checked:{number}": 600 for number in range(7)})
    page = plain(cast.viewer.get(f"{home}cache/playground/?{PARAPHRASE.query}"))
    assert "open by evidence, from P ≥ 0.70" in page
    assert '<strong class="good">served</strong>' in page


@pytest.mark.parametrize(
    ("params", "told"),
    [
        ({}, "Nothing compared yet"),
        ({"asked": "How do I swim?"}, "Two prompts are needed"),
        ({"asked": " ", "cached": "How do I swim?"}, "Two prompts are needed"),
        ({"asked": "a" * (LONGEST + 1), "cached": "b"}, "The new prompt is longer than 1,000"),
        (
            {"asked": "a" * (LONGEST + 1), "cached": "b" * (LONGEST + 1)},
            "The new prompt and The cached prompt are longer",
        ),
        ({"asked": "?", "cached": "\x00"}, "Two prompts are needed"),
        ({"asked": "🐍🐍", "cached": "What is a cache?"}, "not-english"),
        ({"asked": "x" * 900, "cached": "What is a cache?"}, "too-long"),
        ({"asked": "<b>What</b> is a cache?", "cached": "What is a cache?"}, "&lt;b&gt;What"),
        ({"asked": "What is a cache?", "cached": "What is a cache?"}, "The same text"),
    ],
)
def test_whatever_is_typed(cast: Cast, home: str, params: dict[str, str], told: str) -> None:
    answer = cast.member.get(f"{home}cache/playground/?{urlencode(params)}")
    assert answer.status_code == 200
    assert told in plain(answer)


def test_htmx_gets_the_tool_alone(cast: Cast, home: str) -> None:
    url = f"{home}cache/playground/?{PARAPHRASE.query}"
    part = cast.owner.get(url, headers={"HX-Request": "true", "HX-Target": "playground"})
    assert part.content.decode().lstrip().startswith('<div id="playground"')
    assert "<html" not in part.content.decode()


def test_few_queries(cast: Cast, home: str, django_assert_max_num_queries: Any) -> None:
    cast.viewer.get(f"{home}cache/playground/")
    with django_assert_max_num_queries(12):
        cast.viewer.get(f"{home}cache/playground/?{PARAPHRASE.query}")


def test_strangers_find_nothing(cast: Cast, home: str) -> None:
    assert cast.stranger.get(f"{home}cache/playground/").status_code == 404


_START = """
import json, os, django
os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
django.setup()
from django.urls import get_resolver
get_resolver().url_patterns
from shared.decision.pair_model import pair_model
from shared.embedding.table import load
before = [load.cache_info().currsize, pair_model.cache_info().currsize]
from apps.cache.playground import compare
compare("How do I swim?", "How can I swim?", {})
print(json.dumps([before, [load.cache_info().currsize, pair_model.cache_info().currsize]]))
"""


def test_the_model_is_read_by_the_first_comparison() -> None:
    """Not by the start of Django, of which the most processes never need it."""
    done = subprocess.run(
        [sys.executable, "-c", _START],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONPATH": ":".join(path for path in sys.path if path)},
    )
    assert json.loads(done.stdout.splitlines()[-1]) == [[0, 0], [1, 1]]
