"""Keys in log lines, of every provider we know the form of."""

import pytest

from gateway.core.log import redact

TAIL = "0aB1cD2eF3gH4iJ5kL6mN7oP8qR9sT0u"


@pytest.mark.parametrize(
    "prefix",
    [
        *("lgw_", "lgr_", "sk-", "sk-proj-", "sk-ant-", "gsk_", "xai-", "AIza", "hf_", "pplx-"),
        *("csk-", "tgp_", "tgp_v1_"),
    ],
)
def test_a_key_is_cut_down_to_its_prefix(prefix: str) -> None:
    for line in ("key {}", '{{"key": "{}"}}', "https://x.example/?key={}&more", "Bearer {}"):
        cut = redact(line.format(prefix + TAIL))
        assert TAIL not in cut
        assert "[redacted]" in cut


def test_other_lines_stay() -> None:
    for line in ("half_done", "a task done", "AI", "sk-1"):
        assert redact(line) == line
