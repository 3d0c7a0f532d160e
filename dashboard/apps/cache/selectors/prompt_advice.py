"""What to change in prompts so that the provider's prompt cache finds them again."""

from dataclasses import dataclass

from django.contrib.humanize.templatetags.humanize import ordinal

from shared.prompt_cache.heads import Head, HeadBlock

_FEWEST = 5
"""Requests before anything is said."""
_OFTEN = 0.5
"""Share of the requests in which a block that changes is a reason."""


@dataclass(frozen=True, slots=True)
class Advice:
    """``finding``: what was seen; ``change``: what to do about it. Both may be empty."""

    finding: str = ""
    change: str = ""


def advice(head: Head) -> Advice:
    """From the counts alone."""
    if head.requests < _FEWEST:
        return Advice("Too few requests to tell.")
    for at, block in enumerate(head.blocks):
        if _changes(head, block):
            return _broken(head, at)
    if not head.blocks:
        return Advice(
            "No tools and no system prompt: only conversations can be read again.",
            "Put what the requests have in common into a system prompt.",
        )
    if head.saved_nanousd < 0:
        return Advice("Writes have cost more than reads saved so far.")
    if not head.read and not head.written:
        return Advice("Comes too seldom for a write to pay.")
    return Advice()


def _changes(head: Head, block: HeadBlock) -> bool:
    return block.changes >= _OFTEN * (head.requests - 1)


def _broken(head: Head, at: int) -> Advice:
    block, after = head.blocks[at], head.blocks[at + 1 :]
    tokens = block.tokens + sum(each.tokens for each in after)
    steady = sum(each.tokens for each in after if not _changes(head, each))
    finding = (
        f"{_name(head, at)} changes in {block.changes:,} of {head.requests - 1:,} requests, "
        f"and breaks a prefix of {tokens:,} tokens."
    )
    if block.kind == "tools":
        return Advice(finding, "Send the same tools in the same order, members of objects as well.")
    if steady:
        return Advice(
            finding,
            f"The {steady:,} tokens after it stay the same: put it behind them, or into the last "
            "message.",
        )
    return Advice(
        finding, "Put what changes in it (a date, a name, an id) at its end or into a message."
    )


def _name(head: Head, at: int) -> str:
    if head.blocks[at].kind == "tools":
        return "The list of tools"
    system = [place for place, block in enumerate(head.blocks) if block.kind == "system"]
    if len(system) == 1:
        return "The system prompt"
    return f"The {ordinal(system.index(at) + 1)} block of the system prompt"
