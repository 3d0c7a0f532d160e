"""Every file of ``cases/``: what the provider sends becomes what the client gets."""

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from tests.conformance import cases
from tests.conformance.edge import Answer, Edge


@dataclass(slots=True)
class Step:
    """One step as it went: what was expected, and what came. ``got``: every response so far."""

    edge: Edge
    case: cases.Case
    expect: dict[str, Any]
    got: list[httpx.Response]

    @property
    def response(self) -> httpx.Response:
        return self.got[-1]

    def assembled(self, number: int = -1) -> Any:
        """The answer of a step, as its dialect's SDK has it."""
        return cases.assembled(self.case.path, self.got[number])


@pytest.mark.parametrize("name", cases.names())
def test_case(conformance_edge: Edge, name: str) -> None:
    case = cases.load(name)
    edge = conformance_edge
    got: list[httpx.Response] = []
    with edge.client(edge.project(own_key=case.own_key)) as client:
        for number, step in enumerate(case.steps):
            request = cases.merged(case.request, step.get("send", {}))
            edge.answers(*_answers(case, request, asked=len(edge.sent)))
            method = step.get("method", "POST")
            response = client.request(
                method,
                step.get("path", case.path),
                json=request if method == "POST" else None,
                headers=cases.merged(case.headers, step.get("headers", {})),
            )
            got.append(response)
            wrong = _wrong(Step(edge, case, step["expect"], got))
            assert not wrong, f"step {number} of {name} ({case.about}): {wrong}\n{response.text}"


def test_every_case_says_what_it_shows() -> None:
    about = sorted(cases.load(name).about for name in cases.names())
    assert all(about)
    assert [text for text, group in itertools.groupby(about) if len(list(group)) > 1] == []


def _answers(case: cases.Case, request: dict[str, Any], *, asked: int) -> list[Answer]:
    given = case.upstream if isinstance(case.upstream, list) else [case.upstream]
    left = given[asked:] or given[-1:]
    stream = bool(request.get("stream"))
    return [cases.upstream_answer(one, stream=stream) for one in left]


def _wrong(step: Step) -> str | None:
    unknown = set(step.expect) - {*_CHECKS, "status", "but"}
    if unknown:
        return f"unknown expectations {unknown}"
    if step.response.status_code != step.expect.get("status", 200):
        return f"status {step.response.status_code}"
    found = (_CHECKS[name](step, step.expect[name]) for name in step.expect if name in _CHECKS)
    return next(filter(None, found), None)


def _cache(step: Step, expected: str) -> str | None:
    status = step.response.headers.get("x-watchllm-cache")
    return None if status == expected else f"x-watchllm-cache: {status}"


def _answer(step: Step, expected: Any) -> str | None:
    return cases.difference(expected, step.assembled(), "answer")


def _same_as(step: Step, number: int) -> str | None:
    left_out = (*step.expect.get("but", ()), "object")
    one, other = (
        {name: value for name, value in step.assembled(of).items() if name not in left_out}
        for of in (number, -1)
    )
    return None if one == other else f"{other} is not {one}"


def _kinds(step: Step, expected: list[str]) -> str | None:
    kinds = cases.kinds(step.response)
    return None if kinds == expected else f"kinds {kinds}"


def _has(step: Step, texts: list[str]) -> str | None:
    missing = [text for text in texts if text not in step.response.text]
    return f"{missing} must be there" if missing else None


def _lacks(step: Step, texts: list[str]) -> str | None:
    there = [text for text in texts if text in step.response.text]
    return f"{there} must not be there" if there else None


def _longest_line(step: Step, most: int) -> str | None:
    longest = max(map(len, step.response.content.split(b"\n")))
    return None if longest <= most else f"a line of {longest} bytes"


def _sent(step: Step, expected: Any) -> str | None:
    return cases.difference(expected, step.edge.sent[-1].body, "sent")


def _sent_lacks(step: Step, names: list[str]) -> str | None:
    there = [name for name in names if name in step.edge.sent[-1].body]
    return f"{there} must not be sent" if there else None


def _sent_to(step: Step, end: str) -> str | None:
    url = step.edge.sent[-1].url
    return None if url.endswith(end) else f"sent to {url}"


def _asked(step: Step, times: int) -> str | None:
    return None if len(step.edge.sent) == times else f"asked {len(step.edge.sent)} times"


def _row(step: Step, expected: Any) -> str | None:
    return cases.difference(expected, step.edge.rows[-1], "row")


def _headers(step: Step, expected: dict[str, str | None]) -> str | None:
    told = {name: step.response.headers.get(name) for name in expected}
    return None if told == expected else f"headers {told}"


_CHECKS: dict[str, Callable[[Step, Any], str | None]] = {
    "cache": _cache,
    "answer": _answer,
    "same_as": _same_as,
    "kinds": _kinds,
    "has": _has,
    "lacks": _lacks,
    "longest_line": _longest_line,
    "sent": _sent,
    "sent_lacks": _sent_lacks,
    "sent_to": _sent_to,
    "asked": _asked,
    "headers": _headers,
    "row": _row,
}
