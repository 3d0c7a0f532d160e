"""The content of a message, from which both its HTML and its text part are made."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Running text."""

    text: str
    kind: str = "paragraph"


@dataclass(frozen=True, slots=True)
class Button:
    """The one thing to do next. ``url`` is absolute."""

    label: str
    url: str
    kind: str = "button"


@dataclass(frozen=True, slots=True)
class Facts:
    """Names and values, one a line."""

    rows: tuple[tuple[str, str], ...]
    kind: str = "facts"


def facts(*rows: tuple[str, str]) -> Facts:
    """A name and a value each."""
    return Facts(rows)


@dataclass(frozen=True, slots=True)
class Code:
    """Something to copy."""

    text: str
    kind: str = "code"


Block = Paragraph | Button | Facts | Code


@dataclass(frozen=True, slots=True)
class Content:
    """``name`` is the message's name in the registry, and its tag at the provider.

    ``title`` replaces the subject as the heading of the text. ``optional`` is a key of
    ``apps.emails.kinds.OPTIONAL``, or None for what cannot be declined.
    """

    name: str
    subject: str
    blocks: tuple[Block, ...]
    title: str = ""
    optional: str | None = None
    sensitive: bool = False

    @property
    def heading(self) -> str:
        """What stands above the text."""
        return self.title or self.subject


def message(
    name: str,
    subject: str,
    *blocks: Block,
    title: str = "",
    optional: str | None = None,
    sensitive: bool = False,
) -> Content:
    """A message, its blocks in their order; see `Content`."""
    return Content(name, subject, blocks, title, optional, sensitive)
